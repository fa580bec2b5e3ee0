"""Documents of the fleet between centre and box: down/bulk, and what a box says of them on up/now. Frozen bytes.

The box says at each connection, and after each change, what it holds durably (Held). The centre answers with the keys
and heads that the box lacks; the box asks for the pages that differ (PagesWanted), and takes a document when its digest
is right. A live change goes to a box that holds the generation before it as a delta. A terminal's word on a document
comes up as it was said (Reported). Refuses, with WireFault, what is malformed; signatures are judged elsewhere.
"""

from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise
from typing import Any, NamedTuple

from shared.errors import WireFault
from shared.fleet.delta import DELTA_MAX
from shared.fleet.document import (
    CAMPUS,
    DIGEST_SIZE,
    GENERATION_MAX,
    LENGTH_MAX,
    PAGE_SIZE,
    SIGNATURE_SIZE,
    DocumentKind,
    Head,
    Scope,
    SignedHead,
    decode_head,
    model_scope,
    page_count,
    scope,
)
from shared.ids import DeviceId
from shared.keys.document_key import PUBLIC_SIZE, DocumentKey
from shared.wire import codec, topics
from shared.wire.form import fields
from shared.wire.form.layout import Field, Layout, Message
from shared.wire.lanes.release_lane import RELEASE_PART, ReleasePart
from shared.wire.tags import NUMBER_MAX, SHORT_MAX

HELD_MAX = 512
"""Documents that a box tells of in one message: campus-wide ones, and those of its terminals."""
PAGES_MAX = 32
"""Pages that a box asks for at a time; the centre sends no more before it is asked again."""
DETAIL_MAX = 64
"""Bytes of what a terminal says beside its verdict."""
PROGRESS_MAX = 256
"""Terminals in one message of progress; a box with more says several."""
PIECE_SIZE = 512
PIECES_MAX = 64
"""Of what a terminal says at length about one order, a log or a slip: 32 KiB."""
DECLINES_MAX = 32
"""Reasons of one tally; the rarest beyond it are not told apart from the last one."""
BYTE_MAX = 0xFF


class FleetTag(IntEnum):
    """First element of each message; apart from the tags of other lanes (shared/wire/tags.py)."""

    KEY = 32
    HEAD = 33
    DELTA = 34
    PAGE = 35
    HELD = 36
    PAGES_WANTED = 37
    REPORTED = 38
    FIRMWARE_PROGRESS = 39
    PIECE = 48
    TALLIED = 49
    ON_LINK = 50


class Verdict(IntEnum):
    """What a terminal says of a document. From REFUSED on it has not taken it, and keeps what it had."""

    IN_USE = 0
    """Digest recomputed from what is in use, not from what was sent."""
    FETCHING = 1
    STORED = 2
    """Durable, and takes effect later: at the next meal period, or after the self-test."""
    REFUSED = 16
    WRONG_SIGNATURE = 17
    UNKNOWN_KEY = 18
    OLDER = 19
    FORK = 20
    WRONG_DIGEST = 21
    MALFORMED = 22
    TOO_LONG = 23
    NOT_FOR_ME = 24
    NO_ROOM = 25
    BUSY = 26
    """A sale, a meal period or undrained records stand against it; it may be offered again."""
    EXPIRED = 27
    UNSUPPORTED = 28


class Stage(IntEnum):
    """How far a release of firmware has come at one terminal, as its box sees it."""

    WAITING = 1
    """Nothing is sent: Why says what stands against it."""
    ERASING = 2
    """Announced; the terminal makes room and has not said yet that it is ready."""
    COMING = 3
    """On its way: so many of so many symbols, or of pages where they are asked for, are lacking."""
    WHOLE = 4
    """Durable and proven there; it is tried at a quiet moment."""
    TRIED = 5
    """The terminal has begun anew since it was whole, and has not said yet what became of it."""
    IN_USE = 6
    RETURNED = 7
    """It failed its self-test: what ran before runs again, and this image never will."""


class Why(IntEnum):
    """What keeps a release from a terminal."""

    NOTHING = 0
    MEAL = 1
    """A meal period is on, or just about to begin."""
    UNDRAINED = 2
    """Records at the terminal that the ledger has not answered."""
    BUS_LOAD = 3
    """The wire is fuller than what a broadcast may add to."""
    TURN = 4
    """Another release goes over this wire first, or no permit names this one here."""
    AWAY = 5
    """The terminal is not there."""
    TAPPING = 6
    """The terminal says that it is in use: a card just now, or a tap."""
    NO_ROOM = 7
    REFUSED = 8
    """It will not take it; its own word on the document says why."""


@dataclass(frozen=True, slots=True)
class OfferedHead:
    """down/bulk. table: CRC-32 of each page, so that the box asks only for those that differ."""

    head: SignedHead
    table: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OfferedDelta:
    """down/bulk. From the generation before the head's; delta: shared/fleet/delta.py."""

    head: SignedHead
    delta: bytes


@dataclass(frozen=True, slots=True)
class Page:
    """down/bulk. One page of that generation."""

    kind: DocumentKind
    scope: Scope
    generation: int
    number: int
    data: bytes


class HeldRow(NamedTuple):
    """A document that is durable at a box. as_of: of the newest head of it that the box knows."""

    kind: DocumentKind
    scope: Scope
    generation: int
    digest: bytes
    as_of: int


@dataclass(frozen=True, slots=True)
class Held:
    """up/now. All that is durable here; what the box's terminals should have and is not named is not here."""

    rows: tuple[HeldRow, ...]


@dataclass(frozen=True, slots=True)
class PagesWanted:
    """up/now. These pages of the offered generation, ascending."""

    kind: DocumentKind
    scope: Scope
    generation: int
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Reported:
    """up/now. A terminal's word. generation, digest: of what is in use (0 and zeros: nothing); echo: CRC-32 over its
    table; seq: the last record written before it took effect; offered: the generation that the verdict is about."""

    device: DeviceId
    kind: DocumentKind
    scope: Scope
    generation: int
    digest: bytes
    echo: int
    seq: int
    as_of: int
    offered: int
    verdict: Verdict
    detail: bytes = b""


class Progress(NamedTuple):
    """Of one terminal. lacking, total: of COMING, else 0. running: the release that its HELLO named, 0: not known."""

    device: DeviceId
    stage: Stage
    why: Why
    lacking: int
    total: int
    running: int


@dataclass(frozen=True, slots=True)
class FirmwareProgress:
    """up/now. One release at the terminals of this box whose progress is another one than was said. All of them are
    said again at each connection. Nothing of it is proven: what is in use, a terminal's own word (Reported) says."""

    scope: Scope
    generation: int
    rows: tuple[Progress, ...]


class Piece(NamedTuple):
    """up/now. Part `number` of `total` of what a terminal says at length about the order of that generation; crc:
    CRC-32 of all of it."""

    device: DeviceId
    generation: int
    crc: int
    number: int
    total: int
    data: bytes


class Declines(NamedTuple):
    """How often a terminal has refused a card for one reason (shared.purse.reasons.Reason)."""

    reason: int
    times: int


class Tallied(NamedTuple):
    """up/now. What a terminal has served and refused since its power-on, on that business day, under that generation
    of its parameters: totals, so one that is lost is made good by the next."""

    device: DeviceId
    boot: int
    day: int
    generation: int
    served: int
    declines: tuple[Declines, ...]


class OnLink(NamedTuple):
    """up/now. A box has put the order of that generation on its terminal's link; nobody there has answered yet."""

    device: DeviceId
    generation: int


FleetDown = DocumentKey | OfferedHead | OfferedDelta | Page | ReleasePart
FleetUp = Held | PagesWanted | Reported | FirmwareProgress | Piece | Tallied | OnLink


def encode_fleet_down(m: FleetDown) -> bytes:
    """Bytes of a message of down/bulk."""
    return _BY_TYPE[type(m)].encode(m)


def decode_fleet_down(message: bytes) -> FleetDown:
    """A message of down/bulk; WireFault when malformed or not for this lane."""
    body = codec.unpack(message)
    layout = _DOWN.get(body[0]) if body and type(body[0]) is int else None
    if layout is None:
        raise WireFault("unknown message tag on this lane")
    return layout.value(body[1:])  # type: ignore[no-any-return]  # the table below fixes the types


def _offered_head(raw: bytes, signature: bytes, table: tuple[int, ...]) -> OfferedHead:
    if len(table) != page_count(decode_head(raw).length):
        raise WireFault(f"document head: a table of {len(table)} pages")
    return OfferedHead(SignedHead(raw, signature), table)


def _offered_delta(raw: bytes, signature: bytes, delta: bytes) -> OfferedDelta:
    decode_head(raw)
    return OfferedDelta(SignedHead(raw, signature), delta)


def _page(kind: DocumentKind, whom: Scope, generation: int, number: int, data: bytes) -> Page:
    return Page(kind, whom, generation, _page_of(kind, number), data)


def _pages_wanted(kind: DocumentKind, whom: Scope, generation: int, numbers: tuple[int, ...]) -> PagesWanted:
    found = tuple(_page_of(kind, one) for one in numbers)
    if not found or any(a >= b for a, b in pairwise(found)):
        raise WireFault(f"pages wanted: {len(found)}, ascending")
    return PagesWanted(kind, whom, generation, found)


def _piece(device: DeviceId, generation: int, crc: int, number: int, total: int, data: bytes) -> Piece:
    if number >= total:
        raise WireFault(f"piece {number} of {total}")
    return Piece(device, generation, crc, number, total, data)


def _page_of(kind: DocumentKind, number: int) -> int:
    if number >= page_count(LENGTH_MAX[kind]):
        raise WireFault(f"document page {number}")
    return number


def _numbers(name: str, most: int, count: int) -> Field:
    """Whole numbers, `count` of them at most."""
    one = Layout(name, int, fields.whole(name, most))
    return Field(name, list, f"up to {count} × 0…{most}", lambda raw: _each(one, raw, count), list)


def _each(one: Layout[int], raw: list[Any], count: int) -> tuple[int, ...]:
    if len(raw) > count:
        raise WireFault(f"{one.name}: {len(raw)}, at most {count}")
    return tuple(one.value([value]) for value in raw)


_KIND = fields.chosen("kind", DocumentKind)
_SCOPE = Field("scope", bytes, "scope", scope)
_GENERATION = fields.whole("generation", GENERATION_MAX, least=1)
_DIGEST = fields.octets("digest", DIGEST_SIZE, DIGEST_SIZE)
_AS_OF = fields.whole("as_of", NUMBER_MAX)
_DOCUMENT = _KIND, _SCOPE, _GENERATION
_HELD_ROW = Layout("document held", HeldRow, *_DOCUMENT, _DIGEST, _AS_OF)
_OFFERED = Head(1, DocumentKind.HOTLIST, CAMPUS, 9, 848_000_000, PAGE_SIZE + 1, b"d" * DIGEST_SIZE)
_SIGNED_HEAD = SignedHead(_OFFERED.encode(), b"s" * SIGNATURE_SIZE)

KEY = Message(
    FleetTag.KEY, topics.DOWN_BULK,
    Layout(
        "document key", DocumentKey, _KIND, fields.whole("version", 0xFF),
        fields.octets("public", PUBLIC_SIZE, PUBLIC_SIZE), fields.octets("certificate", SIGNATURE_SIZE, SIGNATURE_SIZE),
    ),
    (DocumentKey(DocumentKind.HOTLIST, 1, b"p" * PUBLIC_SIZE, b"c" * SIGNATURE_SIZE),),
)  # fmt: skip
HEAD = Message(
    FleetTag.HEAD, topics.DOWN_BULK,
    Layout(
        "document head", _offered_head, fields.octets("head.raw"), fields.signature("head.signature"),
        _numbers("table", NUMBER_MAX, page_count(max(LENGTH_MAX.values()))),
    ),
    (OfferedHead(_SIGNED_HEAD, (1, NUMBER_MAX)),),
)  # fmt: skip
DELTA = Message(
    FleetTag.DELTA,
    topics.DOWN_BULK,
    Layout(
        "document delta",
        _offered_delta,
        fields.octets("head.raw"),
        fields.signature("head.signature"),
        fields.octets("delta", DELTA_MAX),
    ),
    (OfferedDelta(_SIGNED_HEAD, b"delta"),),
)
PAGE = Message(
    FleetTag.PAGE,
    topics.DOWN_BULK,
    Layout(
        "document page", _page, *_DOCUMENT, fields.whole("number", SHORT_MAX), fields.octets("data", PAGE_SIZE, least=1)
    ),
    (Page(DocumentKind.HOTLIST, CAMPUS, 9, 1, b"data"),),
)
HELD = Message(
    FleetTag.HELD, topics.UP_NOW, Layout("documents held", Held, fields.rows("rows", _HELD_ROW, HELD_MAX)),
    (Held((HeldRow(DocumentKind.HOTLIST, CAMPUS, 9, b"d" * DIGEST_SIZE, 848_000_000),)), Held(())),
)  # fmt: skip
PAGES_WANTED = Message(
    FleetTag.PAGES_WANTED, topics.UP_NOW,
    Layout("pages wanted", _pages_wanted, *_DOCUMENT, _numbers("numbers", SHORT_MAX, PAGES_MAX)),
    (PagesWanted(DocumentKind.HOTLIST, CAMPUS, 9, (0, 7)),),
)  # fmt: skip
REPORTED = Message(
    FleetTag.REPORTED, topics.UP_NOW,
    Layout(
        "document reported", Reported, fields.device(), _KIND, _SCOPE, fields.whole("generation", NUMBER_MAX), _DIGEST,
        fields.whole("echo", NUMBER_MAX), fields.whole("seq", NUMBER_MAX), _AS_OF, fields.whole("offered", NUMBER_MAX),
        fields.chosen("verdict", Verdict), fields.octets("detail", DETAIL_MAX),
    ),
    (
        Reported(
            DeviceId(b"\0\1\0\0\0\1"), DocumentKind.HOTLIST, CAMPUS, 9, b"d" * DIGEST_SIZE, 7, 5, 848_000_000, 9,
            Verdict.IN_USE, b"why",
        ),
    ),
)  # fmt: skip
_PROGRESS = Layout(
    "progress", Progress, fields.device(), fields.chosen("stage", Stage), fields.chosen("why", Why),
    fields.whole("lacking", NUMBER_MAX), fields.whole("total", NUMBER_MAX), fields.whole("running", NUMBER_MAX),
)  # fmt: skip
FIRMWARE_PROGRESS = Message(
    FleetTag.FIRMWARE_PROGRESS, topics.UP_NOW,
    Layout("firmware progress", FirmwareProgress, _SCOPE, _GENERATION, fields.rows("rows", _PROGRESS, PROGRESS_MAX)),
    (
        FirmwareProgress(
            model_scope(1), 2,
            (
                Progress(DeviceId(b"\0\1\0\0\0\1"), Stage.COMING, Why.NOTHING, 7, 32_768, 1),
                Progress(DeviceId(b"\0\1\0\0\0\2"), Stage.WAITING, Why.MEAL, 0, 0, 1),
            ),
        ),
    ),
)  # fmt: skip
_DEVICE = DeviceId(b"\0\1\0\0\0\1")
PIECE = Message(
    FleetTag.PIECE, topics.UP_NOW,
    Layout(
        "piece", _piece, fields.device(), _GENERATION, fields.whole("crc", NUMBER_MAX),
        fields.whole("number", PIECES_MAX - 1), fields.whole("total", PIECES_MAX, least=1),
        fields.octets("data", PIECE_SIZE, least=1),
    ),
    (Piece(_DEVICE, 9, 0xABCDEF01, 1, 2, b"data"),),
)  # fmt: skip
_DECLINES = Layout("declines", Declines, fields.whole("reason", BYTE_MAX), fields.whole("times", NUMBER_MAX))
TALLIED = Message(
    FleetTag.TALLIED, topics.UP_NOW,
    Layout(
        "tallied", Tallied, fields.device(), fields.whole("boot", NUMBER_MAX), fields.whole("day", SHORT_MAX),
        fields.whole("generation", NUMBER_MAX), fields.whole("served", NUMBER_MAX),
        fields.rows("declines", _DECLINES, DECLINES_MAX),
    ),
    (Tallied(_DEVICE, 3, 9828, 9, 120, (Declines(23, 4),)),),
)  # fmt: skip
ON_LINK = Message(
    FleetTag.ON_LINK,
    topics.UP_NOW,
    Layout("order on link", OnLink, fields.device(), _GENERATION),
    (OnLink(_DEVICE, 9),),
)
FLEET: tuple[Message[Any], ...] = (
    KEY, HEAD, DELTA, PAGE, HELD, PAGES_WANTED, REPORTED, FIRMWARE_PROGRESS, PIECE, TALLIED, ON_LINK, RELEASE_PART,
)  # fmt: skip
"""All of them, by their tags."""
_BY_TYPE: dict[type, Message[Any]] = {type(one.examples[0]): one for one in FLEET}
_DOWN = {one.tag: one.layout for one in FLEET if one.lane == topics.DOWN_BULK}
