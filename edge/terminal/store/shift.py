"""The shift 班次 of a till: which records are of it, what they sum up to, and where the one before ended. Frozen bytes.

A shift begins where the one before was closed, and is closed by an order; its slip is counted from the records that
this body still holds. The mark is one paper, so a shift is closed whole or not at all, and by one order once. Form 1:
form 1 ‖ number 2 ‖ generation of the order 4 ‖ begins behind epoch 2, seq 4 ‖ ends with epoch 2, seq 4 ‖ campus second
at which it was closed 4 ‖ CRC-32 4.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple
from zlib import crc32

from edge.terminal.store.flash import Flash
from edge.terminal.store.papers import Papers
from shared.errors import StoreFault, WireFault
from shared.money import yuan
from shared.records import (
    PROVEN,
    PURCHASE_SHAPED,
    CodeRecord,
    Kind,
    LoadRecord,
    MealRecord,
    PurchaseRecord,
    Record,
    VoidRecord,
    decode,
)

NAME = "shift"
_FORM = 1
_FIXED, _CRC = struct.Struct(">BHIHIHII"), struct.Struct(">I")


class Place(NamedTuple):
    """A record of this body, by storage epoch and number; the lower one is the older one."""

    epoch: int
    seq: int


class Mark(NamedTuple):
    """The shift that was closed last: its number, by which order, behind which record it began, which was its last."""

    number: int = 0
    generation: int = 0
    behind: Place = Place(0, 0)
    last: Place = Place(0, 0)
    at_s: int = 0

    def encode(self) -> bytes:
        """As it is kept."""
        raw = _FIXED.pack(_FORM, self.number, self.generation, *self.behind, *self.last, self.at_s)
        return raw + _CRC.pack(crc32(raw))


class Sum(NamedTuple):
    """How many, over how much."""

    times: int = 0
    fen: int = 0

    def add(self, fen: int) -> "Sum":
        """One more."""
        return Sum(self.times + 1, self.fen + fen)


class Slip(NamedTuple):
    """A closed shift 结班单. discounts: in sales, what others bear or the merchant gives; gone: records that this body
    does not hold any more, so that the sums are too small."""

    mark: Mark
    sales: Sum = Sum()
    discounts: Sum = Sum()
    rides: Sum = Sum()
    voids: Sum = Sum()
    loads: Sum = Sum()
    unproven: Sum = Sum()
    gone: int = 0

    @property
    def net_fen(self) -> int:
        """What was taken and not given back."""
        return self.sales.fen + self.rides.fen - self.voids.fen

    def short(self) -> str:
        """In 64 bytes."""
        return f"slip {self.mark.number} sales {_said(self.sales)} voids {_said(self.voids)} net {yuan(self.net_fen)}"


class Shifts:
    """Of one body. `boot` first."""

    def __init__(self, papers: Papers, flash: Flash) -> None:
        self._papers, self._flash = papers, flash
        self.mark = Mark()
        self.damaged = 0

    def boot(self) -> None:
        """A mark that cannot be read is none: the next shift then begins with the oldest record that is here."""
        try:
            if NAME in self._papers.names():
                self.mark = read_mark(self._papers.read(NAME))
        except (StoreFault, WireFault):
            self.damaged += 1

    def close(self, generation: int, campus_s: int) -> Slip:
        """By that order, which closes one shift however often it is asked. StoreFault: it is not closed."""
        if generation != self.mark.generation:
            current = self._flash.current
            last = Place(current.epoch, current.last) if current is not None else self.mark.last
            mark = Mark(self.mark.number % 0xFFFF + 1, generation, self.mark.last, last, campus_s)
            self._papers.keep(NAME, mark.encode())
            self.mark = mark
        return self.slip()

    def is_closed(self, seq: int) -> bool:
        """Is this record of the current epoch one of a shift that is closed?"""
        current = self._flash.current
        return current is not None and Place(current.epoch, seq) <= self.mark.last

    def slip(self) -> Slip:
        """Of the shift that was closed last, by its records."""
        found = Slip(self.mark)
        for record in self._records():
            found = found._replace(gone=found.gone + 1) if record is None else _with(found, record)
        return found

    def _records(self) -> Iterator[Record | None]:
        for epoch in self._flash.epochs:
            for seq in range(1, epoch.last + 1):
                if self.mark.behind < (epoch.epoch, seq) <= self.mark.last:
                    yield self._record(self._flash.still(epoch, seq))

    def _record(self, wire: bytes | None) -> Record | None:
        try:
            return None if wire is None else decode(wire)
        except WireFault:
            return None  # a kind of a later version


def read_mark(raw: bytes) -> Mark:
    """WireFault when it is not what was kept."""
    body = raw[: -_CRC.size]
    if len(body) != _FIXED.size or body[0] != _FORM or raw[-_CRC.size :] != _CRC.pack(crc32(body)):
        raise WireFault(f"a kept shift of {len(raw)} bytes")
    _, number, generation, epoch, seq, last_epoch, last_seq, at_s = _FIXED.unpack(body)
    return Mark(number, generation, Place(epoch, seq), Place(last_epoch, last_seq), at_s)


def _with(slip: Slip, record: Record) -> Slip:
    """With one record more."""
    name = _name(record)
    if name is None:
        return slip
    found = slip._replace(**{name: getattr(slip, name).add(record.amount_fen)})
    off = -record.price_adjust_fen if isinstance(record, PurchaseRecord) and name == "sales" else 0
    return found._replace(discounts=found.discounts.add(off)) if off > 0 else found


def _name(record: Record) -> str | None:
    """In which sum it counts; None: what was not debited."""
    match record:
        case PurchaseRecord() if record.kind in PURCHASE_SHAPED & PROVEN:
            return "rides" if record.trip else "sales"
        case PurchaseRecord() if record.kind == Kind.UNPROVEN:
            return "unproven"
        case LoadRecord() if record.kind in PROVEN:
            return "loads"
        case MealRecord() | CodeRecord():
            return "sales"
        case VoidRecord():
            return "voids"
    return None


def _said(one: Sum) -> str:
    return f"{one.times}/{yuan(one.fen)}"
