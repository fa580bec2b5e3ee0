"""Void records 撤销 of one terminal: which sale may be void, which payment is owed back. The one place of both rules.

A mixed payment is whole, or what was paid of it is given back: the newest record tells what is owed, so nothing has to
be remembered across a power cut. Between the two purchases of a pair no other record is written: another card that
comes ends the pair first.
"""

from collections.abc import Callable
from typing import NamedTuple, TypeGuard

from edge.terminal.store.book import Book, Row
from edge.terminal.store.flash import Flash
from edge.terminal.store.parameters import Parameters
from shared.clocks.clock import CampusTime
from shared.errors import RuleBroken, WireFault
from shared.ids import CardId, DeviceId
from shared.keys.terminal_mac import mac_input, terminal_mac
from shared.purse.outcomes import PendingPurchase
from shared.purse.reasons import Reason
from shared.records import PROVEN, Cause, Kind, Pair, PurchaseRecord, Record, Stored, VoidRecord, decode, parse_flags

LOOK_BACK = 32
"""Records that are looked at for the last sale; what lies further back is no longer the last one that anybody means."""
HALVES = 2


class Debt(NamedTuple):
    """A purchase that is to be given back, and why."""

    sale: PurchaseRecord
    cause: Cause


class Voids:
    """Over one store. key: K_term."""

    def __init__(self, flash: Flash, book: Book, parameters: Parameters, device: DeviceId, key: bytes) -> None:
        self._flash = flash
        self._book = book
        self._parameters = parameters
        self._device = device
        self._sign_with = key
        self.may_owe = True
        """Something was written that may leave a payment to be given back; at power-on nobody knows."""

    def __repr__(self) -> str:
        return "Voids()"

    def write(self, sale: PurchaseRecord, cause: Cause, now: CampusTime) -> Row:
        """The record, durable and signed by this terminal."""
        self.may_owe = True
        return self._book.void(sale, cause, now, self._signer())

    def pay_back(self, now: CampusTime) -> list[Row]:
        """Write what is owed, as far as the ring has room; the rest waits. Not in the middle of a payment."""
        written: list[Row] = []
        while self.may_owe and len(written) <= HALVES:
            debt = self._owed()
            self.may_owe = debt is not None
            if debt is None or self._flash.free <= 0:
                break
            written.append(self.write(debt.sale, debt.cause, now))
        return written

    def last_sale(self, now: CampusTime) -> PurchaseRecord | Reason:
        """The newest proven purchase, or why it cannot be void. Halves that were given back are no sale.

        Nor is a ride: the card's transit record would go on as if it were paid.
        """
        if self._book.without_record:
            return Reason.VOID_NOT_YET
        newest, dead = self._last_seq(), set()
        for seq in range(newest, max(newest - LOOK_BACK, 0), -1):
            record = self.record_of(seq)
            if isinstance(record, PurchaseRecord) and record.trip:
                break
            if isinstance(record, VoidRecord):
                if record.cause == Cause.CASHIER:
                    return Reason.VOID_TWICE
                dead.add(seq - record.linked)
            elif _is_paid(record) and seq not in dead:
                days = self._parameters
                is_today = days.day_of(record.time) == days.day_of(now.seconds)
                return record if is_today else Reason.VOID_OTHER_DAY
        return Reason.VOID_NO_SALE

    def record_of(self, seq: int) -> Record | None:
        """A record of the current epoch that is still in the ring and can be read."""
        wire = self._flash.kept(seq)
        try:
            return None if wire is None else decode(wire)
        except WireFault:
            return None  # a kind of a later version

    def first_half(self, card: CardId, below: int) -> PurchaseRecord | None:
        """The paid first half of this card's mixed payment, the newest in front of this seq."""
        for seq in range(below - 1, max(below - LOOK_BACK, 1) - 1, -1):
            record = self.record_of(seq)
            if _is_paid(record) and record.card == card:
                return record if parse_flags(record.flags).pair is Pair.FIRST else None
        return None

    def _owed(self) -> Debt | None:
        """The newest record is half of something: what stands paid for nothing?"""
        newest = self.record_of(self._last_seq())
        if isinstance(newest, VoidRecord):
            return self._other_half(newest)
        if not isinstance(newest, PurchaseRecord):
            return None
        pair = parse_flags(newest.flags).pair
        if _is_paid(newest):
            is_open = pair is Pair.FIRST or (pair is Pair.SECOND and newest.kind == Kind.RECOVERED)
            return Debt(newest, Cause.TORN_PAIR) if is_open and not self._second_waits() else None
        if newest.kind == Kind.UNPROVEN and pair is Pair.SECOND:
            return _debt(self.first_half(newest.card, newest.seq), Cause.TORN_PAIR)
        return None

    def _other_half(self, void: VoidRecord) -> Debt | None:
        """A cashier takes back both halves; the second comes first."""
        sale = self.record_of(void.seq - void.linked)
        if void.cause != Cause.CASHIER or not _is_paid(sale) or parse_flags(sale.flags).pair is not Pair.SECOND:
            return None
        return _debt(self.first_half(sale.card, sale.seq), Cause.CASHIER)

    def _second_waits(self) -> bool:
        """Is the second half of the newest pair still open in its slot?"""
        slots = (waiting.slot for waiting in self._flash.waiting if not waiting.slot.unproven)
        return any(isinstance(slot.body, PendingPurchase) and slot.body.pair is Pair.SECOND for slot in slots)

    def _last_seq(self) -> int:
        current = self._flash.current
        return current.last if current is not None else 0

    def _signer(self) -> Callable[[bytes], bytes]:
        epoch = self._flash.current
        if epoch is None:
            raise RuleBroken("no epoch, no void")

        def sign(before: bytes) -> bytes:
            covered = mac_input(Stored(self._device, epoch.epoch, epoch.psam, before).to_bytes())
            return terminal_mac(self._sign_with, covered)

        return sign


def _is_paid(record: Record | None) -> TypeGuard[PurchaseRecord]:
    return isinstance(record, PurchaseRecord) and record.kind in PROVEN and record.amount_fen > 0


def _debt(first: PurchaseRecord | None, cause: Cause) -> Debt | None:
    return None if first is None else Debt(first, cause)
