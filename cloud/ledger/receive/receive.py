"""Records into the books: one transaction for all the batches at hand, an unsigned ack for each (box, store) after it.

The TACs are asked before the transaction, in one call. Every record ends as a verdict that is committed; nothing is
dropped and nothing is refused. The same batch again changes nothing but the count of duplicates.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from cloud.ledger.books.entry import EntryKind
from cloud.ledger.fleet.epochs import is_ahead, known_epochs
from cloud.ledger.funds.meals.taking import Given, is_known, take_meals
from cloud.ledger.funds.offline.taking import Shown, signed_by, take_codes
from cloud.ledger.funds.payments.settle import Said, take_payments
from cloud.ledger.journal.mark_rows import (
    BoxKey,
    DeviceKey,
    DeviceRow,
    box_marks,
    device_rows,
    save_box_marks,
    save_device_rows,
)
from cloud.ledger.journal.registry import Place
from cloud.ledger.journal.seen import Seen
from cloud.ledger.journal.writing import Writing, first_verdict_key
from cloud.ledger.loads.cases import is_granted, take_records
from cloud.ledger.loads.words import note_not_credited, note_unproven
from cloud.ledger.receive.acks import build_ack
from cloud.ledger.receive.apart import ApartRows, Row, is_posted_apart, without
from cloud.ledger.receive.beyond import QUARANTINED_MAX, UNCOUNTED, Beyond, Flow, flow_of
from cloud.ledger.receive.lot import ArrivedBatch, Lot, keys_of
from cloud.ledger.receive.put_back import count_again
from cloud.ledger.receive.quarantine import open_cases as open_quarantine
from cloud.ledger.receive.suspense import Touched, note_claims, open_cases, open_load_cases, settle_touched
from cloud.ledger.receive.voids import Opened, open_voids, settle_voids
from cloud.ledger.records.arrival import (
    Arrival,
    is_by_code,
    key_beside,
    names_other_purse,
    purse_key,
    target_key,
)
from cloud.ledger.records.judge import DUPLICATE, PLACES, Judgement, Known, Reason, apart, judge, proves_nothing
from cloud.ledger.records.marks import EMPTY, Mark, add
from cloud.ledger.records.values import Received, Verdict
from cloud.store.db import Rows
from shared.clocks.clock import day_number
from shared.facts.books import QuarantineFull, TtnTwoCards
from shared.facts.money.codes import OfflineCodeUnproven
from shared.facts.terminals import RecordFork
from shared.ids import BoxId, DeviceId, StoreId
from shared.purse.tac import TacVerdict
from shared.records import CodeRecord, Kind, MealRecord, PaymentRecord, VoidRecord
from shared.wire.messages import FORM_2, RANGES_MAX, AckBody


@dataclass(slots=True)
class _Later:
    """What needs more than the record itself: done when all of them are in the books."""

    loads: list[tuple[Arrival, int]] = field(default_factory=list)
    load_unproven: list[tuple[Arrival, int]] = field(default_factory=list)
    not_credited: list[Arrival] = field(default_factory=list)
    unproven: list[tuple[Arrival, int]] = field(default_factory=list)
    claims: list[tuple[bytes, Arrival, int]] = field(default_factory=list)
    quarantined: list[tuple[int, Reason]] = field(default_factory=list)
    voids: list[Opened] = field(default_factory=list)
    payments: list[Said] = field(default_factory=list)
    meals: list[Given] = field(default_factory=list)
    codes: list[Shown] = field(default_factory=list)
    void_targets: set[bytes] = field(default_factory=set)
    touched: Touched = field(default_factory=Touched)


NO_ROW = 0
NO_STORE = StoreId(bytes(8))
"""Of a copy that runs ahead of its row."""


def _row(by: Received, number: int) -> Row | None:
    return Row(by.box, by.store, number) if number != NO_ROW else None


class Booked(NamedTuple):
    """Where a record stands in the books: its number, its fork number, how it came; is_apart: under its row's key."""

    record: int
    fork: int
    box: str
    partition: int
    received_s: int
    is_apart: bool = False


class Receiving:
    """One transaction's reception."""

    def __init__(self, writing: Writing, lot: Lot, answers: Sequence[Rows], tacs: dict[bytes, int]) -> None:
        self._writing, self._registry, self._booking = writing, writing.registry, writing.booking
        writing.neighbours.at_hand = lot.arrivals
        self._tacs = tacs
        self._later = _Later()
        devices, card_keys, psams, stores, *found = answers
        for partition, rows in zip(lot.partitions, found, strict=True):
            writing.booking.know_head(partition, rows)
        self.box_marks = box_marks(stores)
        self._rows: dict[DeviceKey, DeviceRow] = device_rows(lot.keys, devices)
        self._seen = Seen(writing.db, lot.arrivals, self._rows, card_keys, psams)
        known = known_epochs(writing.db, lot.keys)
        self._ahead = frozenset(key for key in lot.keys if is_ahead(key[1], known.get(key[0], 0)))
        self.apart = ApartRows()
        self._beyond = Beyond(writing.db, day_number(writing.now.campus_s))
        self._counted_beyond: set[Row] = set()

    def look_apart(self, batches: Sequence[ArrivedBatch]) -> None:
        """Before the first is taken: which of the rows that may be answered without their device are known."""
        rows = [
            Row(batch.box, batch.store, number)
            for batch, arrivals, keys in batches
            if self.is_doubtful(batch.box, keys)
            for number, a in enumerate(arrivals, batch.first_row)
            if self._elsewhere(batch.box, a)
        ]
        self.apart.look(self._writing.db, rows)

    def is_doubtful(self, box: str, keys: Iterable[DeviceKey]) -> bool:
        """May one of them be elsewhere? Nearly never, so that nearly no batch is looked through."""
        return any(key in self._ahead or not self._registry.serves(box, DeviceId(key[0])) for key in keys)

    def take(self, a: Arrival, by: Received, number: int = NO_ROW, *, doubtful: bool = True) -> Verdict:
        """Judge one record and put it into the books. number: of its outbox row. doubtful: it may be elsewhere."""
        if self._seen.has(a):
            return self._counted(a, DUPLICATE)
        judgement, known, place = self._judged(a, by.box)
        elsewhere = self._elsewhere(by.box, a) if doubtful else Reason.NONE
        if elsewhere and proves_nothing(judgement, known):
            return self._take_apart(a, apart(a.record, judgement, elsewhere), place, by.partition, _row(by, number))
        if elsewhere and self._speaks_for_another(a):
            alone = judge(a.record, known._replace(other=False))
            return self._take_apart(a, alone, place, by.partition, _row(by, number))
        if judgement.verdict is Verdict.QUARANTINED and self._is_beyond(a, judgement.reason, _row(by, number), by.box):
            return judgement.verdict
        self._enter(a, judgement, place, known, by.box, by.partition)
        return self._counted(a, judgement)

    def take_again(self, a: Arrival, booked: Booked) -> Judgement:
        """Judge a record that stands in quarantine; what can be posted is posted."""
        known, place = self._known(a, booked.box)
        other = bool(booked.fork) and a.has_key and not booked.is_apart
        judgement = judge(a.record, known._replace(other=other))
        elsewhere = self._elsewhere(booked.box, a)
        if elsewhere and proves_nothing(judgement, known):
            judgement = apart(a.record, judgement, elsewhere)
        if judgement.verdict is not Verdict.QUARANTINED:
            self._follow(a, judgement, place, booked)
        return judgement

    def finish(self) -> None:
        """Loads, suspense, quarantine, marks: everything but the seal of the batch."""
        writing, later = self._writing, self._later
        writing.booking.flush()
        if later.loads:
            take_records(writing, later.loads)
        if later.load_unproven:
            open_load_cases(writing, note_unproven(writing, later.load_unproven), later.touched)
        note_not_credited(writing, later.not_credited)
        open_cases(writing, later.unproven, later.touched)
        note_claims(writing, later.claims, later.touched)
        open_quarantine(writing, later.quarantined)
        settle_touched(writing, later.touched)
        take_payments(writing, later.payments)
        take_meals(writing, later.meals)
        take_codes(writing, later.codes)
        settle_voids(writing, later.void_targets | open_voids(writing, later.voids))
        for row in self._touched():
            row.mark, row.last_seq = add(row.mark, row.seqs), max(row.last_seq, max(row.seqs, default=0))
        save_device_rows(writing.db, self._rows, writing.now.unix_ms)
        self._seen.save(writing.db)
        self._beyond.save()

    def marks(self) -> dict[DeviceKey, Mark]:
        """Of every (device, epoch) at hand."""
        return {key: row.mark for key, row in self._rows.items()}

    def _touched(self) -> list[DeviceRow]:
        return [row for row in self._rows.values() if row.touched]

    def _counted(self, a: Arrival, judgement: Judgement) -> Verdict:
        row = self._rows.get((a.device, a.epoch))
        if row is not None:
            row.count(a.seq, judgement.verdict)
        return judgement.verdict

    def _elsewhere(self, box: str, a: Arrival) -> Reason:
        """Why what it says of its device is not to be believed unproven; NONE where it is."""
        if not a.has_key:
            return Reason.NONE
        if (a.device, a.epoch) in self._ahead:
            return Reason.EPOCH_AHEAD
        if self._registry.is_at(box, a):
            return Reason.NONE
        return Reason.OTHER_BOX if a.device in self._registry.devices else Reason.DEVICE_UNKNOWN

    def _speaks_for_another(self, a: Arrival) -> bool:
        """Does its TAC prove a card's debit, and nothing about the device that it names? A TAC covers the PSAM and not
        the device: a thief could put his own terminals' genuine sales under another's numbers."""
        is_ours = a.device in self._registry.devices
        return is_ours and bool(a.card_key) and not self._registry.is_in(a.psam, a.device)

    def _take_apart(
        self, a: Arrival, judgement: Judgement, place: Place, partition: int, row: Row | None
    ) -> Verdict:
        """A copy is merely not believed: its row comes, and is kept."""
        if row is None:
            return judgement.verdict
        verdict, reason = judgement
        if not self.apart.take(row, a):
            return Verdict.DUPLICATE
        if verdict in _UNPROVEN_APART and not self._has_room(a, reason, row.box):
            self._count_beyond(a, row)
            return verdict
        named = a._replace(key=row.key)
        record = self._booking.add_record(named, verdict, reason, a.fork_number, partition, row.box)
        if verdict is Verdict.QUARANTINED:
            self._later.quarantined.append((record, reason))
        else:
            booked = Booked(record, a.fork_number, row.box, partition, self._writing.now.campus_s, is_apart=True)
            self._follow(named, judgement, place, booked)
        self._writing.notes.elsewhere(reason, row.box, self._writing.named(a.device), a.seq)
        return judgement.verdict

    def _is_named(self, row: Row) -> bool:
        """Was it answered before?"""
        return self.box_marks.get((row.box, row.store), EMPTY).holds(row.number)

    def _is_beyond(self, a: Arrival, reason: Reason, row: Row | None, box: str) -> bool:
        """Of what goes to quarantine: is there no room for it, or was it answered by its digest before?"""
        named = row is not None and a.has_key and self._is_named(row)
        if named and self._beyond.holds((a.device, a.epoch), a.seq):
            self._counted(a, DUPLICATE)
            return True
        if self._has_room(a, reason, box):
            return False
        self._take_beyond(a, row)
        return True

    def _has_room(self, a: Arrival, reason: Reason, box: str) -> bool:
        return reason in UNCOUNTED or self._beyond.has_room(self._flow(box, a))

    def _flow(self, box: str, a: Arrival) -> Flow:
        return flow_of(box, a.device, known=a.device in self._registry.devices)

    def _take_beyond(self, a: Arrival, row: Row | None) -> None:
        """Acknowledged as anything else that came, and not kept; what cannot be named settles by itself. A copy is not
        even counted: its row comes."""
        if row is None:
            return
        if a.has_key and not self._beyond.name((a.device, a.epoch), a.seq):
            self.apart.leave(row.box, row.store, [row.number])
        elif a.has_key:
            self._rows[a.device, a.epoch].name(a.seq)
        self._count_beyond(a, row)

    def _count_beyond(self, a: Arrival, row: Row) -> None:
        """Once, however often it comes."""
        if row in self._counted_beyond or self._is_named(row):
            return
        self._counted_beyond.add(row)
        if self._beyond.add(self._flow(row.box, a), a.sha):
            self._writing.notes.tell(QuarantineFull(QUARANTINED_MAX), box=row.box, device=self._writing.named(a.device))

    def _judged(self, a: Arrival, box: str) -> tuple[Judgement, Known, Place]:
        known, place = self._known(a, box)
        judgement = judge(a.record, known)
        taken = judgement.verdict is Verdict.QUARANTINED and judgement.reason in _TAKEN
        if taken and is_posted_apart(self._writing.db, a):
            judgement = _POSTED_APART
        return judgement, known, place

    def _known(self, a: Arrival, box: str) -> tuple[Known, Place]:
        place = self._registry.origin(box, a)
        if self._ahead and (a.device, a.epoch) in self._ahead and not place.reason:
            place = place._replace(reason=Reason.EPOCH_AHEAD)
        card_known = a.record is not None and (a.record.card in self._registry.cards or is_by_code(a))
        tac = self._tacs.get(a.item) if a.item is not None else None
        known = self._seen.known(a, tac, place.reason, card_known=card_known)
        if isinstance(a.record, MealRecord) and tac == TacVerdict.OK:
            known = known._replace(card_known=is_known(self._writing.db, a))
        if isinstance(a.record, CodeRecord) and tac == TacVerdict.OK:
            signed = signed_by(self._writing.db, a)
            known = known._replace(card_known=signed is not None, witness=signed or TacVerdict.OK)
        if a.witness is not None:
            known = known._replace(witness=self._tacs.get(a.witness, TacVerdict.UNKNOWN_KEY))
        if names_other_purse(a) and not is_granted(self._writing.db, a):
            known = known._replace(other_purse=True)
        return known, place

    def _enter(self, a: Arrival, judgement: Judgement, place: Place, known: Known, box: str, partition: int) -> None:
        verdict, reason = judgement
        if known.other:
            self._writing.notes.tell(RecordFork(a.epoch, a.seq), box=box, device=self._writing.named(a.device))
        fork = self._seen.fork_of(a)
        record = self._booking.add_record(a, verdict, reason, fork, partition, box)
        self._seen.accept(a, fork)
        if verdict is Verdict.QUARANTINED:
            self._later.quarantined.append((record, reason))
            self._writing.notes.quarantined(reason, box, self._writing.named(a.device), a.seq, a.why)
            if reason in _CODE_UNPROVEN:
                told = OfflineCodeUnproven(reason.word, a.seq)
                self._writing.notes.tell(told, box=box, device=self._writing.named(a.device))
        elif judgement is not _POSTED_APART:
            booked = Booked(record, fork, box, partition, self._writing.now.campus_s)
            self._follow(a, judgement, place, booked)

    def _follow(self, a: Arrival, judgement: Judgement, place: Place, booked: Booked) -> None:
        waiting = self._writing.picture.void_targets  # a void that this transaction brings looks by itself
        if waiting and a.has_key and not booked.is_apart:
            self._later.void_targets.update(waiting.intersection((a.key, key_beside(a.key, -1))))
        if isinstance(a.record, VoidRecord):
            self._later.voids.append(Opened(a, booked.record, booked.received_s, place.reason))
        elif isinstance(a.record, PaymentRecord):
            self._later.payments.append(Said(a, booked.record, booked.received_s, _doubt(judgement, place)))
        elif isinstance(a.record, MealRecord):
            self._give(a, judgement, booked)
        elif isinstance(a.record, CodeRecord):
            self._show(a, judgement, booked)
        elif a.item is not None:
            self._prove(a, judgement, place, booked)
        else:
            self._set_aside(a, booked.record)

    def _give(self, a: Arrival, judgement: Judgement, booked: Booked) -> None:
        """A meal without a card: its terminal's word."""
        self._later.meals.append(
            Given(a, booked.record, booked.fork, booked.box, booked.partition, booked.received_s, judgement.reason)
        )

    def _show(self, a: Arrival, judgement: Judgement, booked: Booked) -> None:
        """A phone's code without a card: its terminal's word, and the phone's."""
        self._later.codes.append(
            Shown(a, booked.record, booked.fork, booked.box, booked.partition, booked.received_s, judgement.reason)
        )

    def _prove(self, a: Arrival, judgement: Judgement, place: Place, booked: Booked) -> None:
        """A valid TAC with new card keys: the card side posts."""
        if a.slot and self._seen.other_card(a):
            self._writing.notes.tell(TtnTwoCards(a.seq), box=booked.box, device=self._writing.named(a.device))
        self._seen.claim(a)
        self._booking.claim_keys(a, booked.record)
        if judgement.reason in _MERCHANT_REASONS:
            self._writing.notes.held(judgement.reason, booked.box, self._writing.named(a.device), a.seq)
        purse = purse_key(a.card_key)
        if purse in self._writing.picture.grey_purses:  # a case that this transaction opens touches itself
            _touch(self._later.touched, a, purse)
        if judgement.verdict is not Verdict.NO_ENTRY:
            self._post(a, judgement.verdict, place, booked)

    def _post(self, a: Arrival, verdict: Verdict, place: Place, booked: Booked) -> None:
        row = None if booked.is_apart else self._rows.get((a.device, a.epoch))
        amount_fen = a.record.amount_fen if a.record else 0
        if a.slot:
            self._post_purchase(a, verdict, place, booked)
        else:
            self._later.loads.append((a, booked.record))
        if row is not None:
            row.touched = True
            row.counts["spent_fen" if a.slot else "loaded_fen"] += amount_fen

    def _post_purchase(self, a: Arrival, verdict: Verdict, place: Place, booked: Booked) -> None:
        key = first_verdict_key(EntryKind.PURCHASE, a, booked.fork)
        entry = self._writing.purchase_entry(
            EntryKind.PURCHASE, a, booked.record, key, place, self._registry.cards[a.card_key[:10]],
            held=verdict is Verdict.HELD, received_s=booked.received_s,
        )  # fmt: skip
        self._booking.add_entry(entry, booked.partition)

    def _set_aside(self, a: Arrival, record: int) -> None:
        """Kinds without a TAC."""
        later, kind = self._later, a.record.kind if a.record else 0
        if kind == Kind.UNPROVEN:
            later.unproven.append((a, record))
        elif kind == Kind.LOAD_UNPROVEN:
            later.load_unproven.append((a, record))
        elif kind == Kind.NOT_CREDITED:
            later.not_credited.append(a)
        elif (target := target_key(a)) is not None:
            later.claims.append((target, a, record))


class SettingAside(Receiving):
    """Of what our own code stumbles over: nothing is looked at, everything goes to quarantine."""

    def _known(self, _: Arrival, __: str) -> tuple[Known, Place]:
        return Known(), _NOWHERE

    def _judged(self, a: Arrival, box: str) -> tuple[Judgement, Known, Place]:
        return _DEFECT, *self._known(a, box)


_NOWHERE = Place(Reason.DEFECT, None, 0, 0, 0)
_DEFECT = Judgement(Verdict.QUARANTINED, Reason.DEFECT)
_UNPROVEN_APART = frozenset({Verdict.QUARANTINED, Verdict.SUSPENSE})
"""What has a cap; what a valid TAC has posted has none."""
_CODE_UNPROVEN = frozenset({Reason.CODE_UNKNOWN, Reason.CODE_SIGNATURE})
"""Somebody makes codes, or our own certificates are gone: told by name."""
_TAKEN = frozenset({Reason.CARD_KEY_TAKEN, Reason.TTN_TAKEN})
_POSTED_APART = Judgement(Verdict.NO_ENTRY, Reason.OTHER_BOX)
"""Of bytes that were posted as another box had brought them, when their key became known."""
_MERCHANT_REASONS = PLACES | {Reason.FORK}


def _doubt(judgement: Judgement, place: Place) -> Reason:
    """Of a terminal's word: does it come from where it should, and is it the only one under its number?"""
    return place.reason or (Reason.FORK if judgement.reason is Reason.FORK else Reason.NONE)


def _touch(touched: Touched, a: Arrival, purse: bytes) -> None:
    """A proven record may decide grey records of its purse."""
    if a.slot:
        touched.purchase(a, int.from_bytes(a.card_key[-2:], "big"))
    else:
        touched.load(purse)


def receive(writing: Writing, batches: Sequence[ArrivedBatch], receiving: Receiving) -> list[AckBody]:
    """Inside of the transaction; the acks are true once it is committed."""
    receiving.look_apart(batches)
    verdicts = [_take_all(receiving, one) for one in batches]
    receiving.finish()
    marks, apart_rows = receiving.marks(), receiving.apart
    touched = _remember_devices(writing, batches, apart_rows)
    _leave_what_has_no_room(batches, marks, apart_rows)
    boxes = _mark_rows(writing, batches, marks, receiving)
    if writing.picture.recovering:
        came = [
            (one.batch, list(zip(one.arrivals, found, strict=True)))
            for one, found in zip(batches, verdicts, strict=True)
        ]
        count_again(writing, came, receiving.box_marks, boxes)
    writing.close()
    return [
        build_ack(
            writing, batch.box, batch.partition, batch.store, boxes[batch.box, batch.store],
            [(key, marks[key]) for key in sorted(touched[batch.box, batch.store])],
            apart_rows.named(batch.box, batch.store) if batch.form >= FORM_2 else (), batch.form,
        )
        for batch in {(b.box, b.store): b for b, _, _ in batches}.values()
    ]  # fmt: skip


def _take_all(receiving: Receiving, one: ArrivedBatch) -> list[Verdict]:
    batch, doubtful = one.batch, receiving.is_doubtful(one.batch.box, one.keys)
    return [receiving.take(a, batch, n, doubtful=doubtful) for n, a in enumerate(one.arrivals, batch.first_row)]


class Copy(NamedTuple):
    """A record without an outbox row, who brought it, and in which partition."""

    arrival: Arrival
    box: str
    partition: int


def receive_copies(writing: Writing, copies: Sequence[Copy], receiving: Receiving) -> list[Verdict]:
    """Later rows with the same bytes are duplicates."""
    verdicts = [
        receiving.take(a, Received(BoxId(box), partition, NO_STORE, NO_ROW, ())) for a, box, partition in copies
    ]
    receiving.finish()
    writing.close()
    return verdicts


def _mark_rows(
    writing: Writing, batches: Sequence[ArrivedBatch], marks: dict[DeviceKey, Mark], receiving: Receiving
) -> dict[BoxKey, Mark]:
    """Name a row only if its record is named too, so that what did not fit into a mark comes again."""
    held, apart_rows = receiving.box_marks, receiving.apart
    changed: dict[BoxKey, tuple[int, Mark]] = {}
    for batch, arrivals, _ in batches:
        key = (batch.box, batch.store)
        mark = changed[key][1] if key in changed else held.get(key, EMPTY)
        changed[key] = batch.partition, add(mark, _named_rows(batch, arrivals, marks, apart_rows.of(*key)))
    save_box_marks(writing.db, changed, writing.now.unix_ms)
    return {key: mark for key, (_, mark) in changed.items()}


def _leave_what_has_no_room(
    batches: Sequence[ArrivedBatch], marks: dict[DeviceKey, Mark], apart_rows: ApartRows
) -> None:
    """A box of form 1 hears of none: what does not fit into a mark comes again from there, as it always did."""
    if not any(len(mark.ranges) == RANGES_MAX for mark in marks.values()):
        return
    for batch, arrivals, _ in batches:
        if batch.form >= FORM_2:
            named = set(_named_rows(batch, arrivals, marks, apart_rows.of(batch.box, batch.store)))
            rows = range(batch.first_row, batch.first_row + len(arrivals))
            apart_rows.leave(batch.box, batch.store, (row for row in rows if row not in named))


def _named_rows(
    batch: Received, arrivals: Sequence[Arrival], marks: dict[DeviceKey, Mark], apart_rows: frozenset[int]
) -> Iterable[int]:
    if not any(mark.ranges for mark in marks.values()):  # then each number is in its mark, or its row apart
        return range(batch.first_row, batch.first_row + len(arrivals))
    return [
        row for row, a in enumerate(arrivals, batch.first_row)
        if row in apart_rows or not a.has_key or marks[a.device, a.epoch].holds(a.seq)
    ]  # fmt: skip


def _remember_devices(
    writing: Writing, batches: Sequence[ArrivedBatch], apart_rows: ApartRows
) -> dict[BoxKey, set[DeviceKey]]:
    """Which (device, epoch) each store has brought records of; what was answered without its device is none of them."""
    touched: dict[BoxKey, set[DeviceKey]] = {}
    for batch, arrivals, keys in batches:
        rows = apart_rows.of(batch.box, batch.store)
        left = keys_of(without(arrivals, batch.first_row, rows)) if rows else keys
        touched.setdefault((batch.box, batch.store), set()).update(left)
    columns = "box, store, device, epoch"
    brought = [(box, bytes(store), device, epoch) for (box, store), keys in touched.items() for device, epoch in keys]
    writing.brought = writing.picture.unknown(brought)
    writing.db.upsert("box_device", columns, columns, writing.brought)
    return touched
