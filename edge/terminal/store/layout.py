"""Bytes of a terminal's non-volatile store: two metadata pages, a few pending slots, a ring of record slots.

Pure. Everything carries a CRC-32; what does not check is not there. Pages are written in turn (the newest valid
generation wins). A pending slot is a body, written once, and two marks beside it that are bound to the body's
generation, so that no later write ever touches what an earlier one said. Behind the pending slots stands the head: how
many records there are. Pages and slots of the other format version are refused.

A slot with one flipped bit is put right: its CRC-32 names the bit, for no two sound slots lie so near to each other.
A CRC is linear: what one flipped bit does to it depends on nothing but where the bit lies, so it is looked up.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from struct import Struct
from typing import NamedTuple
from zlib import crc32

from shared.errors import StoreFault
from shared.ids import PsamId, StorageId, StoreId, psam_id
from shared.online import LoadRequest, parse_request
from shared.purse.outcomes import PendingLoad, PendingPurchase
from shared.records import Pair
from shared.words.voice import Text

FORMAT = 1
PAGE_SIZE = 512
PAGE_STRIDE = 4096
"""The pages lie in different device blocks."""
SLOTS_AT = 2 * PAGE_STRIDE
SLOT_SIZE = 128
OPEN_SLOTS = 8
"""Pending slots. One at most is without a record; the others wait, unproven, for their card."""
HEAD_AT = SLOTS_AT + OPEN_SLOTS * SLOT_SIZE
RING_AT = SLOTS_AT + PAGE_STRIDE
RING_MAX = 32_767
RING_MIN = 8
EPOCH_ROWS = 4
KNOWN_EPOCHS = 8
"""Earlier epochs whose end is remembered, so that a PSAM put back goes on counting; the oldest is forgotten."""

_CRC = Struct(">I")
_PAGE = Struct(">4sBQ8sHIIIIIHI8sBB")
_PAGE_MARK = b"YKTF"
_REVOKED = 0x80
_EPOCH = Struct(">H6siII")
_KNOWN = Struct(">H6sI")
_RING = Struct(">2sIIHB")
_RING_MARK = b"R\x01"
RECORD_MAX = SLOT_SIZE - _RING.size - _CRC.size
"""Longest record that a ring slot takes."""
KIND_AT = _RING.size + 1
"""Where a ring slot says of what kind its record is."""
_HEAD = Struct(">2sI")
_HEAD_MARK = b"H\x01"
HEAD_SIZE = _HEAD.size + _CRC.size
_SLOT = Struct(">2sIBBH")
_SLOT_MARK = b"P\x01"
_PURCHASE = Struct(">10sHI3sIBB6sIIBB4sh")
_COMPOSITE = Struct(_PURCHASE.format + "12s")
_PAIR = Struct(">BI")
_PAIRED = Struct(_PURCHASE.format + "BI")
_LOAD = Struct(">I33sB6sI")
_GRANTED = Struct(_LOAD.format + "4s")
_ASKED = Struct(">I33sB6s")
_PAYMENT = Struct(">I33s")
_MARKS_AT = 96
_UNPROVEN = Struct(">II")
_DONE_AT = _MARKS_AT + _UNPROVEN.size
_RING_LENGTH_AT = _RING.size - 1
_SLOT_KIND_AT = 6


class SlotKind(IntEnum):
    """What a pending slot holds: a purchase, ride or half of a mixed payment before its debit, a load asked for, a load
    before its credit, LOAD as terminals wrote it that kept no MAC2, and an account payment asked for."""

    PURCHASE = 1
    ASKED = 2
    LOAD = 3
    COMPOSITE = 4
    PAIRED = 5
    GRANTED = 6
    PAYMENT = 7


class EpochRow(NamedTuple):
    """One undrained epoch, or the current one. Record (epoch, seq) has ring index `first_index` + seq − 1.

    `last` is exact for a closed epoch and a lower bound for the current one, whose end the ring itself knows.
    """

    epoch: int
    psam: PsamId
    first_index: int
    last: int
    settled: int


class KnownEpoch(NamedTuple):
    """An epoch that was closed: where its numbers ended."""

    epoch: int
    psam: PsamId
    last: int


class Page(NamedTuple):
    """The metadata. request: every online request number below it may have been used. store: last edge joined.

    revoked: an edge has proven that this body or its PSAM was reported stolen; the top bit of the last count.
    """

    generation: int
    storage: StorageId
    ring_slots: int
    boot: int
    request: int
    hotlist_version: int
    hotlist_seq: int
    parameter_version: int
    day: int
    day_first_seq: int
    store: StoreId
    epochs: tuple[EpochRow, ...]
    known: tuple[KnownEpoch, ...]
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class AskedLoad:
    """An online request that has left or is about to leave, and whose answer has not been used yet."""

    request: LoadRequest
    purse: int
    terminal_id: bytes


@dataclass(frozen=True, slots=True)
class AskedPayment:
    """An account payment that has been asked for, or is about to be: it ends paid or reversed, or was refused."""

    request: LoadRequest


PendingBody = PendingPurchase | AskedLoad | PendingLoad | AskedPayment


class RingSlot(NamedTuple):
    """A record in its slot. `generation` names the pending slot that it settles or turns unproven, 0 = none."""

    ordinal: int
    generation: int
    epoch: int
    wire: bytes


class OpenSlot(NamedTuple):
    """A pending slot that is not done. number: its online request (loads). unproven: seq of its record, 0 = none."""

    generation: int
    epoch: int
    clock_set: bool
    number: int
    body: PendingBody
    unproven: int


def render_page(page: Page) -> bytes:
    """PAGE_SIZE bytes at most, to be written at (generation mod 2) × PAGE_STRIDE."""
    rows = b"".join(_EPOCH.pack(*row) for row in page.epochs) + b"".join(_KNOWN.pack(*row) for row in page.known)
    head = _PAGE.pack(
        _PAGE_MARK, FORMAT, page.generation, page.storage, page.ring_slots, page.boot, page.request,
        page.hotlist_version, page.hotlist_seq, page.parameter_version, page.day, page.day_first_seq,
        page.store, len(page.epochs), len(page.known) | (_REVOKED if page.revoked else 0),
    )  # fmt: skip
    return _closed(head + rows)


def parse_page(raw: bytes) -> Page | None:
    """The page in these PAGE_SIZE bytes, or None when they hold no sound page."""
    fields = _PAGE.unpack_from(raw)
    mark, form, *_, epochs, count = fields
    known = count & ~_REVOKED
    middle = _PAGE.size + epochs * _EPOCH.size
    size = middle + known * _KNOWN.size
    if mark != _PAGE_MARK or not _sound(raw, size):
        return None
    if form != FORMAT:
        raise StoreFault(Text(f"流水存储格式是 {form}，应为 {FORMAT}", f"flash format {form} is not {FORMAT}"))
    rows = tuple(EpochRow(e, psam_id(psam), *ns) for e, psam, *ns in _EPOCH.iter_unpack(raw[_PAGE.size : middle]))
    ends = tuple(KnownEpoch(e, psam_id(psam), last) for e, psam, last in _KNOWN.iter_unpack(raw[middle:size]))
    return Page._make((*fields[2:-2], rows, ends, bool(count & _REVOKED)))


def render_record(slot: RingSlot) -> bytes:
    """SLOT_SIZE bytes at most; StoreFault when the record is too long for a slot."""
    if len(slot.wire) > RECORD_MAX:
        size = len(slot.wire)
        raise StoreFault(Text(f"记录有 {size} 字节，一格放不下", f"a record of {size} bytes does not fit a slot"))
    return _closed(_RING.pack(_RING_MARK, slot.ordinal, slot.generation, slot.epoch, len(slot.wire)) + slot.wire)


def parse_record(raw: bytes) -> RingSlot | None:
    """The record in these SLOT_SIZE bytes, or None."""
    mark, index, generation, epoch, length = _RING.unpack_from(raw)
    size = _RING.size + length
    if mark != _RING_MARK or length > RECORD_MAX or not _sound(raw, size):
        return None
    return RingSlot(index, generation, epoch, raw[_RING.size : size])


def healed_record(raw: bytes, index: int) -> RingSlot | None:
    """The record of this ring index in SLOT_SIZE bytes of which one bit has flipped, or None."""
    if not any(raw):
        return None
    found = (parse_record(tried) for tried in _tries(raw, _RING_LENGTH_AT, _record_size))
    return next((slot for slot in found if slot is not None and slot.ordinal == index), None)


def render_head(next_index: int) -> bytes:
    """HEAD_SIZE bytes: all ring indexes below this one were written."""
    return _closed(_HEAD.pack(_HEAD_MARK, next_index))


def parse_head(raw: bytes) -> int:
    """The index, 0 when no sound head stands here: releases before it wrote none."""
    mark, next_index = _HEAD.unpack_from(raw)
    return next_index if mark == _HEAD_MARK and _sound(raw, _HEAD.size) else 0


def render_open(slot: OpenSlot) -> bytes:
    """SLOT_SIZE bytes: the body, and marks that say nothing yet."""
    kind, body = _render_body(slot)
    head = _SLOT.pack(_SLOT_MARK, slot.generation, kind, slot.clock_set, slot.epoch)
    return _closed(head + body).ljust(SLOT_SIZE, b"\0")


def parse_open(raw: bytes) -> OpenSlot | None:
    """The slot in these SLOT_SIZE bytes, or None when nothing is there or it is done."""
    mark, generation, kind, clock_set, epoch = _SLOT.unpack_from(raw)
    layout = _LAYOUTS.get(kind)
    if mark != _SLOT_MARK or layout is None or not _sound(raw, _SLOT.size + layout.size):
        return None
    if _is_done(raw, generation):
        return None
    number, body = _parse_body(kind, layout.unpack_from(raw, _SLOT.size))
    return OpenSlot(generation, epoch, bool(clock_set), number, body, _unproven_seq(raw, generation))


def healed_open(raw: bytes) -> bytes | None:
    """The bytes of a pending slot, done or not, of whose body one bit has flipped; None when that is not so."""
    if not any(raw[: _SLOT.size]) or generation_of(raw):
        return None
    return next((tried for tried in _tries(raw, _SLOT_KIND_AT, _open_size) if generation_of(tried)), None)


def generation_of(raw: bytes) -> int:
    """The generation of a pending slot, done or not; 0 when nothing sound is there."""
    mark, generation, kind, _, _ = _SLOT.unpack_from(raw)
    layout = _LAYOUTS.get(kind)
    sound = mark == _SLOT_MARK and layout is not None and _sound(raw, _SLOT.size + layout.size)
    return generation if sound else 0


def unproven_mark(generation: int, seq: int) -> tuple[int, bytes]:
    """(offset in the slot, bytes): the slot now has an unproven record of this seq."""
    return _MARKS_AT, _UNPROVEN.pack(seq, _unproven_check(generation, seq))


def done_mark(generation: int) -> tuple[int, bytes]:
    """(offset in the slot, bytes): the slot is free."""
    return _DONE_AT, _done(generation)


def _render_body(slot: OpenSlot) -> tuple[SlotKind, bytes]:
    match slot.body:
        case PendingPurchase() as p:
            body = _PURCHASE.pack(
                p.card_id, p.counter, p.balance_fen, p.overdraft, p.amount_fen, p.type, p.purse, p.psam_id,
                p.ttn, p.time_s, p.key_version, p.algorithm, p.mac1, p.price_adjust_fen,
            )  # fmt: skip
            if p.pair is not Pair.ALONE:
                return SlotKind.PAIRED, body + _PAIR.pack(p.pair, p.other_fen)
            return (SlotKind.COMPOSITE, body + p.trip) if p.trip else (SlotKind.PURCHASE, body)
        case AskedLoad(request, purse, terminal_id):
            return SlotKind.ASKED, _ASKED.pack(slot.number, request.to_bytes(), purse, terminal_id)
        case AskedPayment(request):
            return SlotKind.PAYMENT, _PAYMENT.pack(slot.number, request.to_bytes())
        case PendingLoad(request, purse, terminal_id, time_s, mac2):
            body = _LOAD.pack(slot.number, request.to_bytes(), purse, terminal_id, time_s)
            return (SlotKind.GRANTED, body + mac2) if mac2 else (SlotKind.LOAD, body)


def _parse_body(kind: int, fields: tuple[object, ...]) -> tuple[int, PendingBody]:
    if kind == SlotKind.PAIRED:
        half = PendingPurchase(*fields[:-2])  # type: ignore[arg-type]  # as below
        return 0, half._replace(pair=Pair(fields[-2]), other_fen=fields[-1])  # type: ignore[arg-type]  # as below
    if kind in (SlotKind.PURCHASE, SlotKind.COMPOSITE):
        return 0, PendingPurchase(*fields)  # type: ignore[arg-type]  # the struct fixes the types
    if kind == SlotKind.PAYMENT:
        return fields[0], AskedPayment(parse_request(fields[1]))  # type: ignore[return-value,arg-type]  # as below
    number, raw, purse, terminal_id, *granted = fields
    request = parse_request(raw)  # type: ignore[arg-type]  # as above
    if kind == SlotKind.ASKED:
        return number, AskedLoad(request, purse, terminal_id)  # type: ignore[return-value,arg-type]  # as above
    return number, PendingLoad(request, purse, terminal_id, *granted)  # type: ignore[return-value,arg-type]  # as above


def _closed(body: bytes) -> bytes:
    return body + _CRC.pack(crc32(body))


def _sound(raw: bytes, size: int) -> bool:
    return len(raw) >= size + _CRC.size and _CRC.unpack_from(raw, size)[0] == crc32(raw[:size])


def _tries(raw: bytes, says_size_at: int, size_of: Callable[[bytes], int]) -> Iterator[bytes]:
    """The few bytes that these can have been: the byte that says the size had the flipped bit, or another had it."""
    size = size_of(raw)
    if size + _CRC.size <= len(raw):
        yield from _mended(raw, size)
    for bit in range(8):
        yield _flipped(raw, 8 * (len(raw) - 1 - says_size_at) + bit)


def _mended(raw: bytes, size: int) -> Iterator[bytes]:
    """These bytes with the bit put right that the CRC-32 behind the first `size` of them names, if it names one."""
    bit = _bits_of_syndromes().get(crc32(raw[:size]) ^ _CRC.unpack_from(raw, size)[0])
    if bit is not None and bit < 8 * (size + _CRC.size):
        yield _flipped(raw, bit + 8 * (len(raw) - size - _CRC.size))


def _flipped(raw: bytes, bit: int) -> bytes:
    """These bytes with one bit flipped; 0 is the last one."""
    return (int.from_bytes(raw, "big") ^ 1 << bit).to_bytes(len(raw), "big")


@cache
def _bits_of_syndromes() -> dict[int, int]:
    """By what one flipped bit of a slot does to its CRC-32: which bit, counted from the end of the CRC."""
    nothing = crc32(bytes(SLOT_SIZE))
    body = range(8 * (SLOT_SIZE - _CRC.size))
    told = {crc32((1 << bit).to_bytes(SLOT_SIZE, "big")) ^ nothing: bit + 8 * _CRC.size for bit in body}
    return told | {1 << bit: bit for bit in range(8 * _CRC.size)}


def _record_size(raw: bytes) -> int:
    return _RING.size + raw[_RING_LENGTH_AT]


def _open_size(raw: bytes) -> int:
    """SLOT_SIZE when the kind is none."""
    layout = _LAYOUTS.get(raw[_SLOT_KIND_AT])
    return SLOT_SIZE if layout is None else _SLOT.size + layout.size


def _is_done(raw: bytes, generation: int) -> bool:
    """A mark with a flipped bit is a mark: nothing else ever stands there."""
    mark, due = (int.from_bytes(one, "big") for one in (raw[_DONE_AT : _DONE_AT + _CRC.size], _done(generation)))
    return (mark ^ due).bit_count() <= 1


def _unproven_seq(raw: bytes, generation: int) -> int:
    mark = raw[_MARKS_AT : _MARKS_AT + _UNPROVEN.size]
    if not any(mark):
        return 0
    head = _unproven_head(generation)
    whole, size = head + mark, len(head) + _CRC.size
    told = (one for one in (whole, *_mended(whole, size)) if one.startswith(head) and _sound(one, size))
    return next((int(_UNPROVEN.unpack_from(one, len(head))[0]) for one in told), 0)


def _done(generation: int) -> bytes:
    return _CRC.pack(crc32(b"done" + _CRC.pack(generation)))


def _unproven_check(generation: int, seq: int) -> int:
    return crc32(_unproven_head(generation) + _CRC.pack(seq))


def _unproven_head(generation: int) -> bytes:
    return b"unproven" + _CRC.pack(generation)


_LAYOUTS: dict[int, Struct] = {
    SlotKind.PURCHASE: _PURCHASE,
    SlotKind.ASKED: _ASKED,
    SlotKind.LOAD: _LOAD,
    SlotKind.GRANTED: _GRANTED,
    SlotKind.COMPOSITE: _COMPOSITE,
    SlotKind.PAIRED: _PAIRED,
    SlotKind.PAYMENT: _PAYMENT,
}
