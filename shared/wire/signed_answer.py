"""An answer of the ledger that only the box which asked can use, and only once: signed over box and question. Frozen.

LedgerTime, EpochAnswer and Recover go down so to a box of form 2, a BackupMark to one of form 3, a ReleaseWanted to one
of form 4; one of form 1 gets the first three bare. Refuses, with
WireFault, what is malformed or an answer of another kind; whether the signature is right is judged elsewhere.
"""

from dataclasses import dataclass

from shared.errors import WireFault
from shared.ids import BoxId
from shared.wire import codec, topics
from shared.wire.form import fields
from shared.wire.form.layout import Field, Layout, Message
from shared.wire.tags import Tag

ASKED_MAX = 32
"""Longest name of a question."""
CONTEXTS: dict[int, bytes] = {
    Tag.EPOCH_ANSWER: b"openykt epoch answer v1\0",
    Tag.RECOVER: b"openykt recover v1\0",
    Tag.LEDGER_TIME: b"openykt ledger time v1\0",
    Tag.BACKUP_MARK: b"openykt backup mark v1\0",
    Tag.RELEASE_WANTED: b"openykt release wanted v1\0",
}
"""What the signature begins with, for each kind of answer."""


@dataclass(frozen=True, slots=True)
class SignedAnswer:
    """down/now. asked: names the question (`asked` of Hello, EpochRequest, OnlineRequest). body: the bare message.
    signature: Ed25519 of the ledger-ack key over `covered`."""

    asked: bytes
    body: bytes
    signature: bytes


def covered(box: BoxId, asked: bytes, body: bytes) -> bytes:
    """What is signed: the context of its kind ‖ box and question, each behind its length ‖ body. WireFault when the
    body is none of the answers that are signed."""
    name = box.encode("ascii")
    return CONTEXTS[kind_of(body)] + bytes((len(name),)) + name + bytes((len(asked),)) + asked + body


def kind_of(body: bytes) -> Tag:
    """Which of the answers this is."""
    tag = next(iter(codec.unpack(body)), None)
    if type(tag) is not int or tag not in CONTEXTS:
        raise WireFault("a signed answer of another kind")
    return Tag(tag)


def _body(raw: bytes) -> bytes:
    kind_of(raw)
    return raw


SIGNED_ANSWER = Message(
    Tag.SIGNED_ANSWER, topics.DOWN_NOW,
    Layout(
        "signed answer", SignedAnswer, fields.octets("asked", ASKED_MAX, least=1),
        Field("body", bytes, f"{', '.join(Tag(tag).name for tag in CONTEXTS)} as it would come bare", _body),
        fields.signature(),
    ),
    (SignedAnswer(b"n" * 16, codec.pack([Tag.LEDGER_TIME, 1_784_000_000_000]), bytes(fields.SIGNATURE_SIZE)),),
)  # fmt: skip
