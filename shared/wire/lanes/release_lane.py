"""Releases of a box 网关发行 between box and platform: what runs, what should, and its bytes. Frozen values.

The box asks and the platform answers: nothing is remembered of a box that is away. What it fetches it believes by the
officers' chain alone (shared/keys/trust.py); what it should fetch now, by an answer that is signed for it. Spoken from
form 4 on. Refuses, with WireFault, what is malformed.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from shared.fleet.box_release import ARCHIVE_MAX
from shared.wire import topics
from shared.wire.form import fields
from shared.wire.form.fields import NONCE_SIZE
from shared.wire.form.layout import Layout, Message
from shared.wire.form.versions import Versions
from shared.wire.tags import FORM_MAX, NUMBER_MAX, Tag

PART_SIZE = 32 * 1024
"""Bytes of an archive in one message."""
NAME_MAX, WORDS_MAX = 120, 200
SHA256_SIZE = 32


class ReleaseTag(IntEnum):
    """First element of each message; apart from the tags of other lanes (shared/wire/tags.py, fleet_lane.py)."""

    RELEASE_SAID = 51
    RELEASE_PART_WANTED = 52
    RELEASE_PART = 53


class ReleaseStage(IntEnum):
    """How far a box has come with what it was told to fetch. Frozen numbers: they stand in the ledger."""

    NOTHING = 0
    """Nothing is asked of it."""
    COMING = 1
    WAITING = 2
    """Whole and proven; it begins anew at a quiet moment."""
    TRIED = 3
    """It runs, and has not found itself well yet."""
    IN_USE = 4
    RETURNED = 5
    """Not kept: `why` and `words` say so; what ran before runs."""
    REFUSED = 6
    """Not even tried."""


@dataclass(frozen=True, slots=True)
class ReleaseSaid:
    """up/now, at each connection, after each change, again and again. running, number: the release that says this, 0:
    the one that came with the package. about: the number that the stage is about, 0: none. got: bytes of it that are
    here. why: of edge/upgrade's Why, empty: nothing. nonce: what the answer is bound to."""

    running: str
    number: int
    machine: str
    about: int
    stage: ReleaseStage
    got: int
    why: str
    words: str
    nonce: bytes

    @property
    def asked(self) -> bytes:
        """What its signed answer names."""
        return self.nonce


@dataclass(frozen=True, slots=True)
class ReleaseWanted:
    """down/now, signed. What this box should run: number 0: nothing else than it does. at_once: at no quiet moment."""

    number: int
    length: int
    digest: bytes
    at_once: bool


@dataclass(frozen=True, slots=True)
class ReleasePartWanted:
    """up/now. Bytes of that archive from `offset` on, PART_SIZE of them."""

    number: int
    machine: str
    offset: int


@dataclass(frozen=True, slots=True)
class ReleasePart:
    """down/bulk. Proven by the whole archive's digest alone."""

    number: int
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class LedgerVersions:
    """down/now, after a Hello that said the box's. Unsigned: a forged one makes a box say less, no record is lost."""

    versions: Versions


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """down/now, and never another layout: the forms that the ledger understands. The box keeps all that it has, goes on
    taking records, and tells it."""

    least: int
    most: int
    words: str


_NUMBER = fields.whole("number", NUMBER_MAX)
_OFFSET = fields.whole("offset", ARCHIVE_MAX)
_FORMS = fields.whole("least", FORM_MAX), fields.whole("most", FORM_MAX)
_DIGEST = b"d" * SHA256_SIZE

RELEASE_SAID = Message(
    ReleaseTag.RELEASE_SAID, topics.UP_NOW,
    Layout(
        "release said", ReleaseSaid, fields.text("running", NAME_MAX), _NUMBER, fields.text("machine", NAME_MAX),
        fields.whole("about", NUMBER_MAX), fields.chosen("stage", ReleaseStage), fields.whole("got", ARCHIVE_MAX),
        fields.text("why"), fields.text("words"), fields.nonce(),
    ),
    (
        ReleaseSaid(
            "openykt-edge-1-aarch64", 1, "aarch64", 2, ReleaseStage.RETURNED, 0, "unwell", "can0", b"n" * NONCE_SIZE
        ),
    ),
)  # fmt: skip
RELEASE_WANTED = Message(
    Tag.RELEASE_WANTED, topics.DOWN_NOW,
    Layout(
        "release wanted", ReleaseWanted, _NUMBER, fields.whole("length", ARCHIVE_MAX),
        fields.octets("digest", SHA256_SIZE, SHA256_SIZE), fields.truth("at_once"),
    ),
    (ReleaseWanted(2, 5_000_000, _DIGEST, False),),
)  # fmt: skip
RELEASE_PART_WANTED = Message(
    ReleaseTag.RELEASE_PART_WANTED,
    topics.UP_NOW,
    Layout("release part wanted", ReleasePartWanted, _NUMBER, fields.text("machine", NAME_MAX), _OFFSET),
    (ReleasePartWanted(2, "aarch64", PART_SIZE),),
)
RELEASE_PART = Message(
    ReleaseTag.RELEASE_PART,
    topics.DOWN_BULK,
    Layout("release part", ReleasePart, _NUMBER, _OFFSET, fields.octets("data", PART_SIZE, least=1)),
    (ReleasePart(2, PART_SIZE, b"data"),),
)
VERSIONS = Message(
    Tag.VERSIONS,
    topics.DOWN_NOW,
    Layout(
        "versions",
        lambda least, most: LedgerVersions(Versions(least, most)),
        fields.whole("versions.least", FORM_MAX),
        fields.whole("versions.most", FORM_MAX),
    ),
    (LedgerVersions(Versions(1, 3)),),
)
NOT_UNDERSTOOD = Message(
    Tag.NOT_UNDERSTOOD,
    topics.DOWN_NOW,
    Layout("not understood", NotUnderstood, *_FORMS, fields.text("words")),
    (NotUnderstood(4, 5, "box 2..3"),),
)
RELEASES_UP: tuple[Message[Any], ...] = (RELEASE_SAID, RELEASE_PART_WANTED)
RELEASES_DOWN: tuple[Message[Any], ...] = (RELEASE_WANTED, VERSIONS, NOT_UNDERSTOOD)


def is_release_part(message: bytes) -> bool:
    """By its first bytes: down/bulk is mostly documents, and nothing is decoded twice."""
    return message[1:4] == _PART_BEGINS


_PART_BEGINS = RELEASE_PART.encode(ReleasePart(0, 0, b"-"))[1:4]
