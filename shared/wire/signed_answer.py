"""An answer of the ledger that only the box which asked can use, and only once: signed over box and question. Frozen.

LedgerTime, EpochAnswer and Recover go down so to a box of form 2; one of form 1 gets them bare. Refuses, with
WireFault, what is malformed or an answer of another kind; whether the signature is right is judged elsewhere.
"""

from dataclasses import dataclass
from typing import Any

from shared.errors import WireFault
from shared.ids import BoxId
from shared.wire import codec
from shared.wire.tags import Tag

SIGNATURE_SIZE = 64
ASKED_MAX = 32
"""Longest name of a question."""
CONTEXTS: dict[int, bytes] = {
    Tag.EPOCH_ANSWER: b"openykt epoch answer v1\0",
    Tag.RECOVER: b"openykt recover v1\0",
    Tag.LEDGER_TIME: b"openykt ledger time v1\0",
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
    """Which of the three answers this is."""
    tag = next(iter(codec.unpack(body)), None)
    if type(tag) is not int or tag not in CONTEXTS:
        raise WireFault("a signed answer of another kind")
    return Tag(tag)


def signed_answer(b: list[Any]) -> SignedAnswer:
    """Of the elements behind the tag."""
    asked, body, signature = codec.fields(b, bytes, bytes, bytes, what="signed answer")
    if not 0 < len(asked) <= ASKED_MAX or len(signature) != SIGNATURE_SIZE:
        raise WireFault(f"signed answer: a question of 1..{ASKED_MAX} bytes and a signature of {SIGNATURE_SIZE}")
    kind_of(body)
    return SignedAnswer(asked, body, signature)
