"""Documents of the fleet between centre and box: down/bulk, and what a box says of them on up/now. Frozen encodings.

The box says at each connection, and after each change, what it holds durably (Held). The centre answers with the keys
and heads that the box lacks; the box asks for the pages that differ (PagesWanted), and takes a document when its digest
is right. A live change goes to a box that holds the generation before it as a delta. A terminal's word on a document
comes up as it was said (Reported). Refuses, with WireFault, what is malformed; signatures are judged elsewhere.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise
from typing import Any, NamedTuple

from shared.errors import WireFault
from shared.fleet.delta import DELTA_MAX
from shared.fleet.document import (
    DIGEST_SIZE,
    GENERATION_MAX,
    LENGTH_MAX,
    PAGE_SIZE,
    SIGNATURE_SIZE,
    DocumentKind,
    Scope,
    SignedHead,
    decode_head,
    page_count,
    scope,
)
from shared.ids import DeviceId, device_id
from shared.keys.document_key import DocumentKey, document_key
from shared.wire import codec
from shared.wire.tags import NUMBER_MAX, SHORT_MAX, within

HELD_MAX = 512
"""Documents that a box tells of in one message: campus-wide ones, and those of its terminals."""
PAGES_MAX = 32
"""Pages that a box asks for at a time; the centre sends no more before it is asked again."""
DETAIL_MAX = 64
"""Bytes of what a terminal says beside its verdict."""


class FleetTag(IntEnum):
    """First element of each message; apart from the tags of other lanes (shared/wire/tags.py)."""

    KEY = 32
    HEAD = 33
    DELTA = 34
    PAGE = 35
    HELD = 36
    PAGES_WANTED = 37
    REPORTED = 38


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


FleetDown = DocumentKey | OfferedHead | OfferedDelta | Page
FleetUp = Held | PagesWanted | Reported


def encode_fleet_down(m: FleetDown) -> bytes:
    """Bytes of a message of down/bulk."""
    return codec.pack(_down_body(m))


def _down_body(m: FleetDown) -> list[object]:
    match m:
        case DocumentKey():
            return [FleetTag.KEY, m.kind, m.version, m.public, m.certificate]
        case OfferedHead():
            return [FleetTag.HEAD, m.head.raw, m.head.signature, list(m.table)]
        case OfferedDelta():
            return [FleetTag.DELTA, m.head.raw, m.head.signature, m.delta]
        case Page():
            return [FleetTag.PAGE, m.kind, m.scope, m.generation, m.number, m.data]


def fleet_up_body(m: FleetUp) -> list[object]:
    """The array of a message of up/now."""
    match m:
        case Held():
            return [FleetTag.HELD, [list(row) for row in m.rows]]
        case PagesWanted():
            return [FleetTag.PAGES_WANTED, m.kind, m.scope, m.generation, list(m.numbers)]
        case Reported():
            state = [m.generation, m.digest, m.echo, m.seq, m.as_of, m.offered, m.verdict, m.detail]
            return [FleetTag.REPORTED, m.device, m.kind, m.scope, *state]


def decode_fleet_down(message: bytes) -> FleetDown:
    """A message of down/bulk; WireFault when malformed or not for this lane."""
    body = codec.unpack(message)
    parse = _DOWN.get(body[0]) if body and type(body[0]) is int else None
    if parse is None:
        raise WireFault("unknown message tag on this lane")
    return parse(body[1:])


def _key(b: Sequence[Any]) -> DocumentKey:
    kind, version, public, certificate = codec.fields(b, int, int, bytes, bytes, what="document key")
    return document_key(kind, within(version, 0xFF), public, certificate)


def _head(b: Sequence[Any]) -> OfferedHead:
    raw, signature, table = codec.fields(b, bytes, bytes, list, what="document head")
    head = decode_head(raw)
    if len(table) != page_count(head.length):
        raise WireFault(f"document head: a table of {len(table)} pages")
    return OfferedHead(_signed(raw, signature), tuple(within(_number(one), NUMBER_MAX) for one in table))


def _delta(b: Sequence[Any]) -> OfferedDelta:
    raw, signature, delta = codec.fields(b, bytes, bytes, bytes, what="document delta")
    decode_head(raw)
    if len(delta) > DELTA_MAX:
        raise WireFault(f"document delta of {len(delta)} bytes")
    return OfferedDelta(_signed(raw, signature), delta)


def _page(b: Sequence[Any]) -> Page:
    kind, whom, generation, number, data = codec.fields(b, int, bytes, int, int, bytes, what="document page")
    which = _kind(kind)
    if not 0 < len(data) <= PAGE_SIZE:
        raise WireFault(f"document page of {len(data)} bytes")
    return Page(which, scope(whom), _generation(generation), _page_number(which, number), data)


def _held(b: Sequence[Any]) -> Held:
    (rows,) = codec.fields(b, list, what="documents held")
    if len(rows) > HELD_MAX:
        raise WireFault(f"documents held: {len(rows)}, at most {HELD_MAX}")
    return Held(tuple(map(_held_row, rows)))


def _held_row(row: Any) -> HeldRow:  # noqa: ANN401  # straight from CBOR
    kind, whom, generation, digest, as_of = codec.fields(row, int, bytes, int, bytes, int, what="document held")
    return HeldRow(_kind(kind), scope(whom), _generation(generation), _digest(digest), within(as_of, NUMBER_MAX))


def _pages_wanted(b: Sequence[Any]) -> PagesWanted:
    kind, whom, generation, numbers = codec.fields(b, int, bytes, int, list, what="pages wanted")
    which = _kind(kind)
    found = tuple(_page_number(which, _number(one)) for one in numbers)
    if not 0 < len(found) <= PAGES_MAX or any(a >= b for a, b in pairwise(found)):
        raise WireFault(f"pages wanted: {len(found)}, ascending, 1 to {PAGES_MAX}")
    return PagesWanted(which, scope(whom), _generation(generation), found)


def _reported(b: Sequence[Any]) -> Reported:
    types = (bytes, int, bytes, int, bytes, int, int, int, int, int, bytes)
    device, kind, whom, generation, digest, echo, seq, as_of, offered, verdict, detail = codec.fields(
        b, *types, what="document reported"
    )
    for value in (generation, echo, seq, as_of, offered):
        within(value, NUMBER_MAX)
    if verdict not in _VERDICTS or len(detail) > DETAIL_MAX:
        raise WireFault(f"document reported: verdict {verdict}, {len(detail)} bytes beside it")
    of = device_id(device), _kind(kind), scope(whom)
    return Reported(*of, generation, _digest(digest), echo, seq, as_of, offered, _VERDICTS[verdict], detail)


def _signed(raw: bytes, signature: bytes) -> SignedHead:
    if len(signature) != SIGNATURE_SIZE:
        raise WireFault(f"document: a signature of {len(signature)} bytes")
    return SignedHead(raw, signature)


def _kind(value: int) -> DocumentKind:
    if value not in _KINDS:
        raise WireFault(f"document of kind {value}")
    return _KINDS[value]


def _generation(value: int) -> int:
    if not value:
        raise WireFault("document: a generation is from 1 on")
    return within(value, GENERATION_MAX)


def _page_number(kind: DocumentKind, value: int) -> int:
    return within(value, min(SHORT_MAX, page_count(LENGTH_MAX[kind]) - 1))


def _digest(raw: bytes) -> bytes:
    if len(raw) != DIGEST_SIZE:
        raise WireFault(f"document: a digest of {len(raw)} bytes")
    return raw


def _number(value: Any) -> int:  # noqa: ANN401  # straight from CBOR
    (number,) = codec.fields([value], int, what="number")
    return int(number)


_KINDS = {int(kind): kind for kind in DocumentKind}
_VERDICTS = {int(verdict): verdict for verdict in Verdict}
_DOWN: dict[int, Callable[[Sequence[Any]], FleetDown]] = {
    FleetTag.KEY: _key,
    FleetTag.HEAD: _head,
    FleetTag.DELTA: _delta,
    FleetTag.PAGE: _page,
}
FLEET_UP: dict[int, Callable[[Sequence[Any]], FleetUp]] = {
    FleetTag.HELD: _held,
    FleetTag.PAGES_WANTED: _pages_wanted,
    FleetTag.REPORTED: _reported,
}
"""What reads a message of up/now, by its tag."""
