"""Void records 撤销 of one terminal: which sale may be void, which payment is owed back. The one place of both rules.

A mixed payment is whole, or what was paid of it is given back: the newest record tells what is owed, so nothing has to
be remembered across a power cut. Between the two purchases of a pair no other record is written: another card that
comes ends the pair first.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypeGuard

from edge.terminal.store.book import Book, Row
from edge.terminal.store.flash import Flash
from edge.terminal.store.signing import stored
from shared.clocks.clock import CampusTime
from shared.errors import WireFault
from shared.ids import CardId, DeviceId
from shared.keys.void_bounds import Moved, is_within
from shared.purse.outcomes import PendingPurchase
from shared.purse.reasons import Reason
from shared.purse.tac import challenge_of
from shared.records import (
    MAC_SIZE,
    PROVEN,
    WITNESS_SIZE,
    Cause,
    CodeRecord,
    Kind,
    Pair,
    PurchaseRecord,
    Record,
    VoidRecord,
    Witness,
    decode,
    encode,
    parse_flags,
)

LOOK_BACK = 32
"""Records that are looked at for the last sale; what lies further back is no longer the last one that anybody means."""
HALVES = 2
SHIFT_MAX = 4_096
"""Records of a shift that are listed, counted, and looked through for the newest sale. A sale that lies further back is
void by its number, as long as the ring has it."""


class Debt(NamedTuple):
    """A purchase that is to be given back, and why."""

    sale: PurchaseRecord
    cause: Cause


class ShiftSale(NamedTuple):
    """A paid purchase of this shift, each half of a mixed payment by itself."""

    seq: int
    time_s: int
    fen: int
    card: CardId
    is_void: bool


class Voids:
    """Over one store. key_version: of K_term, with which the book signs. is_closed: is a record, by its number, of a
    shift that is over?"""

    def __init__(
        self, flash: Flash, book: Book, day_of: Callable[[int], int], device: DeviceId, key_version: int,
        is_closed: Callable[[int], bool] = lambda _: False,
    ) -> None:  # fmt: skip
        self._key_version = key_version
        self._flash = flash
        self._book = book
        self._day_of = day_of
        self._device = device
        self._is_closed = is_closed
        self.may_owe = True
        """Something was written that may leave a payment to be given back; at power-on nobody knows."""

    def write(self, sale: PurchaseRecord, cause: Cause, now: CampusTime) -> Row:
        """The record, durable and signed by this terminal alone."""
        self.may_owe = True
        return self._book.void(self._book.draft_void(sale, cause, now, self._flash.next_seq()))

    def drafts(self, sale: PurchaseRecord, cause: Cause, witness: CardId, now: CampusTime) -> list[VoidRecord]:
        """Of every half of this payment, the second first, for the witness to stand for: nothing is written yet."""
        version = sale.key_version if cause is Cause.SAME_CARD else self._key_version
        signs = Witness(witness, version, bytes(MAC_SIZE))
        numbered = enumerate(self.halves(sale), self._flash.next_seq())
        made = [self._book.draft_void(half, cause, now, seq) for seq, half in numbered]
        return [draft._replace(kind=Kind.WITNESSED_VOID, witness=signs) for draft in made]

    def challenge(self, draft: VoidRecord) -> bytes:
        """What the witness is to answer."""
        return challenge_of(stored(self._flash, self._device, encode(draft)[: -MAC_SIZE - WITNESS_SIZE]))

    def write_witnessed(self, drafts: Sequence[VoidRecord]) -> list[Row]:
        """All of them, each with the witness's MAC in it; the records, durable and signed by this terminal."""
        self.may_owe = True
        return [self._book.void(draft) for draft in drafts]

    def halves(self, sale: PurchaseRecord) -> list[PurchaseRecord]:
        """The payment that this sale ends, the second half first."""
        is_second = parse_flags(sale.flags).pair is Pair.SECOND
        first = self.first_half(sale.card, sale.seq) if is_second else None
        return [sale] if first is None else [sale, first]

    def sale_of_shift(self, seq: int, now: CampusTime) -> PurchaseRecord | Reason:
        """The payment with this number, 0: the newest one; or why it cannot be void. By its second half, if it has two.

        One that is void already stays what 0 means, so that who asks again takes back no other sale; what was torn is
        no sale. A ride is none: the card's transit record would go on as if it were paid.
        """
        if self._book.without_record:
            return Reason.VOID_NOT_YET
        if self._is_by_code(seq):
            return Reason.VOID_CODE
        wanted = self._whole(seq) if seq else self._newest(self._torn_seqs())
        if wanted is None or wanted.trip:
            return Reason.VOID_NO_SALE
        if not self._is_today(wanted.time, now):
            return Reason.VOID_OTHER_DAY
        if self._is_closed(wanted.seq):
            return Reason.VOID_SHIFT_OVER
        return Reason.VOID_TWICE if self._is_void(wanted) else wanted

    def _is_by_code(self, seq: int) -> bool:
        """Has a phone's code paid what is meant, 0: the newest sale? What an older card has paid is not meant then."""
        if seq:
            return isinstance(self.record_of(seq), CodeRecord)
        newest = next((one for one in self._back() if _is_paid(one) or isinstance(one, CodeRecord)), None)
        return isinstance(newest, CodeRecord)

    def newest_sale(self) -> PurchaseRecord | None:
        """The newest payment that is not void."""
        return self._newest(self._void_seqs())

    def sales_of_shift(self, now: CampusTime) -> list[ShiftSale]:
        """All of them, the newest first; a ride is none."""
        dead = self._void_seqs()
        paid = (r for r in self._back() if _is_paid(r) and not r.trip and self._is_today(r.time, now))
        sales = [r for r in paid if not self._is_closed(r.seq)]
        return [ShiftSale(r.seq, r.time, r.amount_fen, r.card, r.seq in dead) for r in sales]

    def by_same_card(self, now: CampusTime) -> int:
        """Voids of today for which no supervisor stood."""
        return len(self._today(Cause.SAME_CARD, now))

    def move_by_themselves(self, drafts: Sequence[VoidRecord], now: CampusTime) -> bool:
        """May the centre give all of these back without a person, as far as this ring remembers the day?"""
        moved: list[VoidRecord] = []
        for void in (*reversed(self._today(drafts[0].cause, now)), *drafts):
            if self._moves(void, moved):
                moved.append(void)
        return all(draft in moved for draft in drafts)

    def _moves(self, void: VoidRecord, moved: Sequence[VoidRecord]) -> bool:
        """moved: those of the same cause before it that nobody holds; the bounds keep them few."""
        sale = self.record_of(void.seq - void.linked)
        sale_s = void.time if sale is None else sale.time
        witness = void.witness and void.witness.card
        by_witness = [one for one in moved if one.witness and one.witness.card == witness]
        return is_within(void, sale_s, _sum(moved), _sum(by_witness))

    def _today(self, cause: int, now: CampusTime) -> list[VoidRecord]:
        """The voids of today for this cause, the newest first."""
        voids = (record for record in self._back() if isinstance(record, VoidRecord))
        return [void for void in voids if void.cause == cause and self._is_today(void.time, now)]

    def _whole(self, seq: int) -> PurchaseRecord | None:
        """The paid purchase with this number; of a first half, its second one."""
        found = self.record_of(seq) if 0 < seq <= self._last_seq() else None
        if not _is_paid(found) or parse_flags(found.flags).pair is not Pair.FIRST:
            return found if _is_paid(found) else None
        behind = self.record_of(seq + 1)
        return behind if _is_paid(behind) and behind.card == found.card else found

    def _newest(self, without: set[int]) -> PurchaseRecord | None:
        return next((r for r in self._back() if _is_paid(r) and r.seq not in without), None)

    def _torn_seqs(self) -> set[int]:
        """Numbers of the payments that were given back because they were torn: nobody asked for that."""
        return {r.seq - r.linked for r in self._back() if isinstance(r, VoidRecord) and r.cause == Cause.TORN_PAIR}

    def _is_void(self, sale: PurchaseRecord) -> bool:
        """However far back in the day it lies: its void stands behind it."""
        behind = self._between(sale.seq, self._last_seq())
        return any(isinstance(r, VoidRecord) and r.seq - r.linked == sale.seq for r in behind)

    def _void_seqs(self) -> set[int]:
        """Numbers of the payments that are void."""
        return {r.seq - r.linked for r in self._back() if isinstance(r, VoidRecord)}

    def _back(self) -> Iterator[Record]:
        """SHIFT_MAX records of this epoch, those that are still in the ring, the newest first."""
        newest = self._last_seq()
        return self._between(newest - SHIFT_MAX, newest)

    def _between(self, above: int, newest: int) -> Iterator[Record]:
        for seq in range(newest, max(above, 0), -1):
            record = self.record_of(seq)
            if record is not None:
                yield record

    def _is_today(self, time_s: int, now: CampusTime) -> bool:
        return self._day_of(time_s) == self._day_of(now.seconds)

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
            if isinstance(record, CodeRecord):
                return Reason.VOID_CODE
            if isinstance(record, VoidRecord):
                if record.cause != Cause.TORN_PAIR:
                    return Reason.VOID_TWICE
                dead.add(seq - record.linked)
            elif _is_paid(record) and seq not in dead:
                if self._is_closed(seq):
                    return Reason.VOID_SHIFT_OVER
                return record if self._is_today(record.time, now) else Reason.VOID_OTHER_DAY
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
        """Both halves are taken back, the second comes first; a witness that has gone does not stand for the other."""
        sale = self.record_of(void.seq - void.linked)
        if void.cause == Cause.TORN_PAIR or not _is_paid(sale) or parse_flags(sale.flags).pair is not Pair.SECOND:
            return None
        cause = Cause.CASHIER if void.cause == Cause.CASHIER else Cause.TORN_PAIR
        return _debt(self.first_half(sale.card, sale.seq), cause)

    def _second_waits(self) -> bool:
        """Is the second half of the newest pair still open in its slot?"""
        slots = (waiting.slot for waiting in self._flash.waiting if not waiting.slot.unproven)
        return any(isinstance(slot.body, PendingPurchase) and slot.body.pair is Pair.SECOND for slot in slots)

    def _last_seq(self) -> int:
        current = self._flash.current
        return current.last if current is not None else 0



def _is_paid(record: Record | None) -> TypeGuard[PurchaseRecord]:
    return isinstance(record, PurchaseRecord) and record.kind in PROVEN and record.amount_fen > 0


def _sum(voids: Sequence[VoidRecord]) -> Moved:
    return Moved(len(voids), sum(void.amount_fen for void in voids))


def _debt(first: PurchaseRecord | None, cause: Cause) -> Debt | None:
    return None if first is None else Debt(first, cause)
