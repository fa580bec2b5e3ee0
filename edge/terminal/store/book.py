"""Which record a pending slot becomes, and when (RECORDS "Who", seq): the one place of that rule in a terminal.

A slot becomes a purchase or load, or is erased, or becomes unproven; a later outcome is a new record linked to the
unproven one. A seq is given here, when the record is written. StoreFault passes through: then nothing was written.
"""

from collections.abc import Callable
from typing import NamedTuple

from edge.terminal.store.flash import Flash, Waiting
from edge.terminal.store.layout import AskedLoad, AskedPayment
from edge.terminal.store.signing import Sign
from shared import records
from shared.clocks.clock import CampusTime
from shared.errors import RuleBroken
from shared.ids import CardId
from shared.keys.offline_code import Code
from shared.online import CLAIMS
from shared.purse.outcomes import PendingLoad, PendingPurchase
from shared.records import (
    Cause,
    CodeRecord,
    CounterKind,
    Flags,
    Kind,
    LoadRecord,
    MealRecord,
    Pair,
    PaymentRecord,
    Proof,
    PurchaseRecord,
    VoidRecord,
)

UNPROVEN_AFTER_S = 60.0
"""A pending transaction without its card goes into the records after this."""
LINK_MAX = 0xFFFF


class Row(NamedTuple):
    """A record that was written: enough for the shown log and for whoever counts. trip: of a ride, else empty.

    application: 0 main, 1 subsidy 补助. pair, other_fen: of half a mixed payment, and what its other half is over.
    """

    epoch: int
    seq: int
    kind: Kind
    card: CardId
    counter: int
    amount_fen: int
    time: int
    trip: bytes = b""
    application: int = 0
    pair: Pair = Pair.ALONE
    other_fen: int = 0

    @property
    def sale_fen(self) -> int:
        """What the whole sale is over."""
        return self.amount_fen + self.other_fen


class Book:
    """Writes records for pending slots."""

    def __init__(self, flash: Flash, day_of: Callable[[int], int], key_version: int, sign: Sign) -> None:
        """day_of: business day of a campus second, by the parameters in use. sign: with K_term, of key_version."""
        self._key_version = key_version
        self._sign = sign
        self._flash = flash
        self._day_of = day_of
        self._since_s: dict[int, float] = {}

    def open_purchase(self, pending: PendingPurchase, *, clock_set: bool, mono_s: float) -> Waiting:
        """Durable before the debit."""
        waiting = self._flash.put_open(pending, clock_set=clock_set)
        self._since_s[waiting.slot.generation] = mono_s
        return waiting

    def open_load(self, body: AskedLoad | PendingLoad, number: int, *, clock_set: bool, mono_s: float) -> Waiting:
        """Durable before the request leaves (AskedLoad) or before the credit (PendingLoad)."""
        waiting = self._flash.put_open(body, clock_set=clock_set, number=number)
        self._since_s[waiting.slot.generation] = mono_s
        return waiting

    def open_payment(self, asked: AskedPayment, number: int, *, clock_set: bool, mono_s: float) -> Waiting:
        """Durable before the request leaves."""
        waiting = self._flash.put_open(asked, clock_set=clock_set, number=number)
        self._since_s[waiting.slot.generation] = mono_s
        return waiting

    def waits_since(self, waiting: Waiting, mono_s: float) -> None:
        """Its minute begins now: a power cut has lost when it began."""
        self._since_s[waiting.slot.generation] = mono_s

    def waiting_for(self, card: CardId, kind: type[PendingPurchase] | type[PendingLoad]) -> Waiting | None:
        """The newest pending slot of this card."""
        for waiting in reversed(self._flash.waiting):
            if isinstance(waiting.slot.body, kind) and card_of(waiting) == card:
                return waiting
        return None

    @property
    def without_record(self) -> int:
        """Pending slots that have no record yet: what STATUS calls open."""
        count = 0
        for waiting in self._flash.waiting:  # asked at every input
            if not waiting.slot.unproven:
                count += 1
        return count

    def proven(self, waiting: Waiting, tac: bytes, proof: Proof) -> Row:
        """The TAC is here: a purchase or load, or the recovery of an unproven one."""
        body = waiting.slot.body
        if isinstance(body, PendingPurchase):
            kind = Kind.COMPOSITE if body.trip else Kind.PURCHASE
            kind = Kind.RECOVERED if waiting.slot.unproven else kind
        else:
            kind = Kind.LOAD_RECOVERED if waiting.slot.unproven else Kind.LOAD
        row = self._write(waiting, kind, proof, tac, 0)
        self._finish(waiting)
        return row

    def unproven(self, waiting: Waiting, now_s: int) -> Row:
        """No card, no proof: write it down and go on waiting. A request that was never used is closed instead."""
        if isinstance(waiting.slot.body, AskedLoad):
            return self.not_credited(waiting, now_s)
        if isinstance(waiting.slot.body, AskedPayment):
            return self.reversed(waiting, now_s)
        is_load = isinstance(waiting.slot.body, PendingLoad)
        row = self._write(waiting, Kind.LOAD_UNPROVEN if is_load else Kind.UNPROVEN, Proof.NONE, records.NO_TAC, now_s)
        self._flash.mark_unproven(waiting, row.seq)
        self._since_s.pop(waiting.slot.generation, None)
        return row

    def not_debited(self, waiting: Waiting) -> Row | None:
        """The card's counter has not moved: erased, or a record when an unproven one stands."""
        if not waiting.slot.unproven:
            self._flash.erase(waiting)
            self._since_s.pop(waiting.slot.generation, None)
            return None
        row = self._write(waiting, Kind.NOT_DEBITED, Proof.NONE, records.NO_TAC, 0)
        self._finish(waiting)
        return row

    def not_credited(self, waiting: Waiting, now_s: int) -> Row:
        """The centre may have set money aside, so it hears of a load that came to nothing in every case."""
        row = self._write(waiting, Kind.NOT_CREDITED, Proof.NONE, records.NO_TAC, now_s)
        self._finish(waiting)
        return row

    def paid(self, waiting: Waiting, now_s: int) -> Row:
        """The centre has said yes to an account payment, and its account has paid."""
        return self._of_payment(waiting, Kind.ONLINE, now_s)

    def reversed(self, waiting: Waiting, now_s: int) -> Row:
        """Nobody has heard what the centre said to an account payment: it counts as not paid, for ever."""
        return self._of_payment(waiting, Kind.REVERSAL, now_s)

    def _of_payment(self, waiting: Waiting, kind: Kind, now_s: int) -> Row:
        """The one record of this request, signed."""
        flash, slot = self._flash, waiting.slot
        if not isinstance(slot.body, AskedPayment):
            raise RuleBroken("no account payment")
        seq, r = flash.next_seq(), slot.body.request
        flags = Flags(Proof.NONE, CounterKind.ONLINE, online=True, clock_set=slot.clock_set).to_int()
        record = PaymentRecord(
            records.VERSION, kind, flags, seq, slot.number, r.card, r.amount_fen, now_s, self._key_version, 0,
            *self._versions(), 0, bytes(records.MAC_SIZE),
        )  # fmt: skip
        before = records.encode(record)[: -records.MAC_SIZE]
        flash.append(before + self._sign(before), slot.generation)
        self._mark_day(now_s, seq, is_set=slot.clock_set)
        self._finish(waiting)
        return Row(flash.epochs[-1].epoch, seq, kind, r.card, r.counter, r.amount_fen, now_s)

    def meal(self, person: CardId, meal: int, taken: int, fen: int, now: CampusTime) -> Row:
        """An emergency meal 应急餐 was given out: signed, and durable on return."""
        flash, seq = self._flash, self._flash.next_seq()
        flags = Flags(Proof.NONE, CounterKind.OFFLINE, clock_set=now.is_set).to_int()
        record = MealRecord(
            records.VERSION, Kind.MEAL, flags, seq, person, meal, min(taken, 0xFF), fen, now.seconds, self._key_version,
            0, *self._versions(), 0, bytes(records.MAC_SIZE),
        )  # fmt: skip
        self._append_signed(record, now)
        return Row(flash.epochs[-1].epoch, seq, Kind.MEAL, person, 0, fen, now.seconds)

    def code(self, code: Code, fen: int, now: CampusTime) -> Row:
        """An offline code 脱机付款码 was taken: signed, and durable on return."""
        flash, seq = self._flash, self._flash.next_seq()
        flags = Flags(Proof.NONE, CounterKind.OFFLINE, clock_set=now.is_set).to_int()
        phone, use = code.certificate.phone, code.use
        record = CodeRecord(
            records.VERSION, Kind.CODE, flags, seq, phone.card, phone.number, use.use, now.seconds - use.made_s,
            use.nonce, code.signature, fen, now.seconds, self._key_version, 0, self._versions()[1],
            bytes(records.MAC_SIZE),
        )  # fmt: skip
        self._append_signed(record, now)
        return Row(flash.epochs[-1].epoch, seq, Kind.CODE, phone.card, 0, fen, now.seconds)

    def _append_signed(self, record: MealRecord | CodeRecord, now: CampusTime) -> None:
        """By the terminal, with nothing pending behind it."""
        before = records.encode(record)[: -records.MAC_SIZE]
        self._flash.append(before + self._sign(before))
        self._mark_day(now.seconds, record.seq, is_set=now.is_set)

    def drop(self, waiting: Waiting) -> None:
        """Nothing to tell: the centre refused, or a later slot took over."""
        self._finish(waiting)

    def close_unproven(self, waiting: Waiting, now_s: int) -> None:
        """The card can say no more: make sure that the unproven record stands, and stop waiting."""
        if not waiting.slot.unproven:
            self.unproven(waiting, now_s)
        self._finish(waiting)

    def draft_void(self, sale: PurchaseRecord, cause: Cause, now: CampusTime, seq: int) -> VoidRecord:
        """撤销 of a sale of the current epoch, under this seq, which nobody has signed yet."""
        flags = Flags(Proof.NONE, CounterKind.OFFLINE, clock_set=now.is_set).to_int()
        return VoidRecord(
            records.VERSION, Kind.VOID, flags, seq, sale.ttn, sale.card, sale.counter, sale.purse, sale.amount_fen,
            now.seconds, cause, self._key_version, 0, *self._versions(), seq - sale.seq, bytes(records.MAC_SIZE),
        )  # fmt: skip

    def void(self, draft: VoidRecord) -> Row:
        """Sign and write it."""
        flash, seq = self._flash, draft.seq
        if seq != flash.next_seq():
            raise RuleBroken("a void was signed under another seq")
        before = records.encode(draft)[: -records.MAC_SIZE]
        flash.append(before + self._sign(before))
        self._mark_day(draft.time, seq, is_set=records.parse_flags(draft.flags).clock_set)
        return Row(
            flash.epochs[-1].epoch, seq, Kind(draft.kind), draft.card, draft.counter, draft.amount_fen, draft.time,
            application=records.application_of(draft.purse),
        )  # fmt: skip

    def overdue(self, mono_s: float, card: CardId | None = None) -> list[Waiting]:
        """Slots without record that must get one: their minute is over, or another card has come."""
        return [w for w in self._flash.waiting if not w.slot.unproven and self._is_due(w, mono_s, card)]

    def next_due_s(self) -> float:
        """Monotonic second at which the next slot is overdue."""
        since_s = float("inf")
        for waiting in self._flash.waiting:
            if not waiting.slot.unproven:
                since_s = min(since_s, self._since_s.get(waiting.slot.generation, float("-inf")))
        return since_s + UNPROVEN_AFTER_S

    def _is_due(self, waiting: Waiting, mono_s: float, card: CardId | None) -> bool:
        if card is not None:
            return card_of(waiting) != card
        return mono_s - self._since_s.get(waiting.slot.generation, float("-inf")) >= UNPROVEN_AFTER_S

    def _finish(self, waiting: Waiting) -> None:
        self._flash.finish(waiting)
        self._since_s.pop(waiting.slot.generation, None)

    def _write(self, waiting: Waiting, kind: Kind, proof: Proof, tac: bytes, now_s: int) -> Row:
        flash = self._flash
        seq = flash.next_seq()
        body = waiting.slot.body
        if isinstance(body, PendingPurchase):
            record: PurchaseRecord | LoadRecord = self._purchase(waiting, body, kind, proof, tac, seq)
            time = body.time_s
        elif isinstance(body, AskedPayment):
            raise RuleBroken("an account payment is signed")
        else:
            time = body.time_s if isinstance(body, PendingLoad) else now_s
            record = self._load(waiting, body, kind, proof, tac, seq, time)
        flash.append(records.encode(record), waiting.slot.generation)
        epoch = flash.epochs[-1].epoch
        self._mark_day(time, seq, is_set=waiting.slot.clock_set)
        if not isinstance(body, PendingPurchase):
            return Row(epoch, seq, kind, record.card, record.counter, record.amount_fen, time)
        application = records.application_of(body.purse)
        return Row(
            epoch, seq, kind, record.card, record.counter, record.amount_fen, time, body.trip, application, body.pair,
            body.other_fen,
        )  # fmt: skip

    def _purchase(
        self, waiting: Waiting, p: PendingPurchase, kind: Kind, proof: Proof, tac: bytes, seq: int
    ) -> PurchaseRecord:
        flags = Flags(proof, CounterKind.OFFLINE, p.pair, clock_set=waiting.slot.clock_set).to_int()
        hotlist, parameters = self._versions()
        return PurchaseRecord(
            records.VERSION, kind, flags, seq, p.ttn, p.card_id, p.counter, p.type, p.purse, p.amount_fen,
            p.balance_fen, p.time_s, p.key_version, p.algorithm, tac, p.overdraft, 0, hotlist, parameters,
            p.price_adjust_fen, _link(waiting, seq), p.trip,
        )  # fmt: skip

    def _load(
        self, waiting: Waiting, body: AskedLoad | PendingLoad, kind: Kind, proof: Proof, tac: bytes, seq: int, time: int
    ) -> LoadRecord:
        r = body.request
        is_claim = r.purpose in CLAIMS
        flags = Flags(proof, CounterKind.ONLINE, online=True, clock_set=waiting.slot.clock_set, claim=is_claim).to_int()
        hotlist, parameters = self._versions()
        return LoadRecord(
            records.VERSION, kind, flags, seq, waiting.slot.number, r.card, r.counter, r.type, body.purse, r.amount_fen,
            r.balance_fen, time, r.key_version, r.algorithm, tac, 0, hotlist, parameters, _link(waiting, seq),
        )  # fmt: skip

    def _versions(self) -> tuple[int, int]:
        return self._flash.hotlist_version & 0xFFFF, self._flash.parameter_version & 0xFFFF

    def _mark_day(self, time: int, seq: int, *, is_set: bool) -> None:
        """A clock that is not set knows no day."""
        day = self._day_of(time)
        if is_set and day > self._flash.day:
            self._flash.mark_day(day, seq)


def card_of(waiting: Waiting) -> CardId:
    """Whose transaction it is."""
    body = waiting.slot.body
    return body.card_id if isinstance(body, PendingPurchase) else body.request.card


def _link(waiting: Waiting, seq: int) -> int:
    """Distance to the unproven record, 0 when there is none or it lies too far back to be named."""
    back = seq - waiting.slot.unproven if waiting.slot.unproven else 0
    return back if back <= LINK_MAX else 0
