"""Voids 撤销 in the books: a terminal's signed record gives what a card has paid to its pending load 过渡余额.

A case is a function of what is held about its purchase, looked at again whenever that grows, so the order in which
purchase and void arrive changes nothing. A purchase is void once: the entry's key is made of the purchase's own. What
nobody but its terminal stands for, what comes from elsewhere than registered, and what is above the bounds of its cause
is held 待核: until two persons have decided, it moves nothing.
"""

from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import NamedTuple

from cloud.ledger.books.entry import Entry, EntryKind
from cloud.ledger.books.keys import release_key, void_key
from cloud.ledger.books.posting import voided
from cloud.ledger.journal.writing import Writing, first_verdict_key
from cloud.ledger.records.arrival import Arrival, arrive, key_beside, split_key, target_key
from cloud.ledger.records.judge import PLACES, Reason
from cloud.ledger.records.values import OWN_PARTITION
from cloud.store.db import Row
from shared.clocks.clock import day_number
from shared.errors import RuleBroken
from shared.facts.books import VoidByOperator, VoidBySameCard, VoidHeld
from shared.keys.void_bounds import Moved, is_alone, is_within
from shared.records import PROVEN, Cause, Kind, Pair, PurchaseRecord, VoidRecord, Witness, parse_flags

COLUMNS = (
    "record, target, card, amount_fen, state, reason, entry, received_s, opened_ms, changed_ms, cause, day, witness"
)
_CASES = (
    "SELECT v.record, v.target, v.state, v.reason, v.received_s, v.proposal, r.stored, r.fork FROM void_case v "
    "JOIN record r ON r.id = v.record WHERE v.target"
)


class VoidState(IntEnum):
    """Of a void case. Frozen numbers: they stand in the books."""

    WAITING = 0
    """Its purchase is not here, or not posted yet."""
    POSTED = 1
    HELD = 2
    """It does not fit what is held, or too little stands for it: a person looks at it. What arrives later may still
    make it fit."""


class Opened(NamedTuple):
    """A void with a right MAC, by its number in the books. place: why it does not come from where it should, if so."""

    arrival: Arrival
    record: int
    received_s: int
    place: Reason


class _Case(NamedTuple):
    """An open case and its record."""

    record: int
    target: bytes
    state: int
    reason: int
    received_s: int
    proposal: int
    """By which two persons let it move; 0: none."""
    arrival: Arrival
    fork: int

    @property
    def void(self) -> VoidRecord:
        return _void(self.arrival)


class _Purchase(NamedTuple):
    """A proven purchase that fits, and its entry: number and credited account, None while there is none."""

    key: bytes
    entry: tuple[int, int] | None
    record: PurchaseRecord


Finding = tuple[VoidState, Reason, _Purchase | None]


def open_voids(writing: Writing, voids: Sequence[Opened]) -> set[bytes]:
    """A case for each; the keys of the purchases that they name. What comes from elsewhere is held for good."""
    ms, rows, targets = writing.now.unix_ms, [], set()
    for arrival, record, received_s, place in voids:
        void, target = _void(arrival), target_key(arrival)
        if target is None:
            raise RuleBroken("a void names a purchase")
        targets.add(target)
        first = (VoidState.HELD, place) if place else (VoidState.WAITING, Reason.VOID)
        witness = None if void.witness is None else void.witness.card
        told = (*map(int, first), None, received_s, ms, ms, void.cause, day_number(received_s), witness)
        rows.append((record, target, void.card, void.amount_fen, *told))
        if place:
            _tell(writing, arrival, target, place)
    writing.db.insert("void_case", COLUMNS, rows)
    return targets


def settle_voids(writing: Writing, targets: Iterable[bytes]) -> None:
    """Look again at every open case of these purchases, and of the other halves of those that are void now."""
    wanted = set(targets)
    if not wanted:
        return
    writing.booking.flush()
    fronts = _settled(writing, wanted)
    if fronts:
        _settled(writing, fronts)
    writing.db.run("UPDATE watermark SET value = value + 1 WHERE name = 'voids'")


def _settled(writing: Writing, targets: set[bytes]) -> set[bytes]:
    """Keys of the records in front of those that were made void: perhaps the first halves of the same payments."""
    fronts = set()
    for case in sorted(map(_case, writing.db.find(_CASES, sorted(targets)))):
        if case.state == VoidState.POSTED:
            continue
        finding = _judge(writing, case)
        _apply(writing, case, finding)
        if finding[0] is VoidState.POSTED:
            fronts.add(key_beside(case.target, -1))
    return fronts


def _judge(writing: Writing, case: _Case) -> Finding:
    if not case.proposal and (case.fork or case.reason in PLACES):
        return VoidState.HELD, Reason.FORK if case.fork else Reason(case.reason), None
    rows = writing.db.run("SELECT stored, fork FROM record WHERE key = ? ORDER BY id", (case.target,))
    if not rows:
        return VoidState.WAITING, Reason.VOID, None
    fitting = [(a, fork) for a, fork in ((arrive(stored), fork) for stored, fork in rows) if _fits(case.void, a)]
    if not fitting:
        return VoidState.HELD, Reason.VOID_NO_SALE, None
    found = [_purchase(writing, a, fork) for a, fork in fitting]
    posted = next((purchase for purchase in found if purchase.entry is not None), None)
    if posted is None:
        return VoidState.WAITING, Reason.VOID, None
    if _is_given_back(writing, posted):
        return VoidState.HELD, Reason.VOID_TWICE, None
    held = _held_for(writing, case, posted.record)
    return (VoidState.POSTED, Reason.VOID, posted) if held is None else (*held, None)


def _held_for(writing: Writing, case: _Case, sale: PurchaseRecord) -> tuple[VoidState, Reason] | None:
    """Why a void that fits its purchase does not move money by itself; None: it does."""
    if case.proposal:
        return None
    if is_alone(case.void):
        return VoidState.HELD, Reason.VOID_PIN
    if case.void.cause == Cause.TORN_PAIR and (waits := _is_not_torn(writing, case, sale)) is not None:
        return waits
    moved = _moved_by_terminal(writing, case), _moved_by_witness(writing, case)
    return None if is_within(case.void, sale.time, *moved) else (VoidState.HELD, Reason.VOID_BOUND)


_OF_THE_DAY = (
    "SELECT COUNT(*), CAST(COALESCE(SUM(amount_fen), 0) AS BIGINT) FROM void_case WHERE day = ? AND state = ? AND "
)


def _moved_by_terminal(writing: Writing, case: _Case) -> Moved:
    device, posted = bytes(case.arrival.device), int(VoidState.POSTED)
    last = device + b"\xff" * (len(case.target) - len(device))
    asked = (day_number(case.received_s), posted, case.void.cause, device, last)
    return Moved(*writing.db.run(f"{_OF_THE_DAY} cause = ? AND target >= ? AND target <= ?", asked)[0])


def _moved_by_witness(writing: Writing, case: _Case) -> Moved:
    witness = case.void.witness
    if witness is None:
        return Moved(0, 0)
    asked = (day_number(case.received_s), int(VoidState.POSTED), witness.card)
    return Moved(*writing.db.run(f"{_OF_THE_DAY} witness = ?", asked)[0])


def _is_not_torn(writing: Writing, case: _Case, sale: PurchaseRecord) -> tuple[VoidState, Reason] | None:
    """A payment is torn when its first half is paid and its second is not, or is void, too: the record behind the first
    half tells. A second half that turned out to be paid only later belongs to a payment that was torn."""
    pair = parse_flags(sale.flags).pair
    if pair is Pair.SECOND and sale.kind == Kind.RECOVERED:
        return None
    if pair is not Pair.FIRST:
        return VoidState.HELD, Reason.VOID_WHOLE
    behind = key_beside(case.target, 1)
    if behind == case.arrival.key:
        return None
    rows = writing.db.run("SELECT stored, fork FROM record WHERE key = ? ORDER BY id", (behind,))
    if not rows:
        return VoidState.WAITING, Reason.VOID
    seconds = [(a, fork) for a, fork in ((arrive(stored), fork) for stored, fork in rows) if _is_second(a, sale)]
    is_whole = any(not _is_given_back(writing, _purchase(writing, a, fork)) for a, fork in seconds)
    return (VoidState.HELD, Reason.VOID_WHOLE) if is_whole else None


def _is_second(a: Arrival, first: PurchaseRecord) -> bool:
    """The proven second half of this payment."""
    r = a.record
    if not isinstance(r, PurchaseRecord) or r.kind not in PROVEN:
        return False
    return r.card == first.card and parse_flags(r.flags).pair is Pair.SECOND


def _fits(void: VoidRecord, a: Arrival) -> bool:
    """A proven purchase, of this card, purse, counter and terminal number, over this sum."""
    r = a.record
    if not isinstance(r, PurchaseRecord) or r.kind not in PROVEN:
        return False
    named = (void.card, void.purse, void.counter, void.ttn, void.amount_fen)
    return named == (r.card, r.purse, r.counter, r.ttn, r.amount_fen)


def _purchase(writing: Writing, a: Arrival, fork: int) -> _Purchase:
    if not isinstance(a.record, PurchaseRecord):
        raise RuleBroken("a purchase has a purchase record")
    key = first_verdict_key(EntryKind.PURCHASE, a, fork)
    rows = writing.db.run("SELECT entry, credit FROM posting WHERE key = ?", (key,))
    return _Purchase(key, _now(writing, *rows[0]) if rows else None, a.record)


def _now(writing: Writing, entry: int, credited: int) -> tuple[int, int]:
    """Entry, and who has its sum now: its merchant, if it was held and released."""
    rows = writing.db.run("SELECT credit FROM posting WHERE key = ?", (release_key(entry),))
    return entry, rows[0][0] if rows else credited


def _is_given_back(writing: Writing, purchase: _Purchase) -> bool:
    """Was it made void, or returned to the holder by two persons?"""
    known = writing.db.run("SELECT 1 FROM posting WHERE key = ?", (void_key(purchase.key),))
    if known or purchase.entry is None:
        return bool(known)
    kinds = writing.db.run("SELECT kind FROM posting WHERE key = ?", (release_key(purchase.entry[0]),))
    return any(kind == EntryKind.HELD_RETURNED for (kind,) in kinds)


def _apply(writing: Writing, case: _Case, finding: Finding) -> None:
    state, reason, purchase = finding
    if (state, reason) == (case.state, case.reason):
        return
    entry = None if purchase is None else _post(writing, case, purchase)
    writing.db.run(
        "UPDATE void_case SET state = ?, reason = ?, entry = ?, changed_ms = ? WHERE record = ?",
        (int(state), int(reason), entry, writing.now.unix_ms, case.record),
    )
    if state is VoidState.HELD:
        _tell(writing, case.arrival, case.target, reason)
    elif state is VoidState.POSTED and case.void.witness is not None:
        _tell_who(writing, case, case.void.witness)


def _tell_who(writing: Writing, case: _Case, witness: Witness) -> None:
    """Who stood for it."""
    numbers = (case.void.amount_fen, case.arrival.seq, split_key(case.target)[2])
    if case.void.cause == Cause.OPERATOR:
        writing.notes.tell(VoidByOperator(witness.card, *numbers), device=case.arrival.device)
    else:
        writing.notes.tell(VoidBySameCard(*numbers), device=case.arrival.device)


def _tell(writing: Writing, arrival: Arrival, target: bytes, reason: Reason) -> None:
    writing.notes.tell(VoidHeld(reason.word, arrival.seq, split_key(target)[2]), device=writing.named(arrival.device))


def _post(writing: Writing, case: _Case, purchase: _Purchase) -> int:
    if purchase.entry is None:
        raise RuleBroken("a void of what is not posted")
    _, merchant_side = purchase.entry
    card = writing.registry.cards[case.void.card]
    place = writing.registry.place("", case.arrival.device, case.arrival.psam)
    day, doubt = writing.day_of(case.arrival, place, card, case.received_s)
    entry = Entry(
        EntryKind.VOID, day, void_key(purchase.key), case.arrival.sha,
        voided(card.accounts, case.void.purse, merchant_side, case.void.amount_fen), record=case.record, flags=doubt,
    )  # fmt: skip
    number = writing.booking.add_entry(entry, OWN_PARTITION)
    writing.booking.flush()
    return number


def _case(row: Row) -> _Case:
    record, target, state, reason, received_s, proposal, stored, fork = row
    return _Case(record, target, state, reason, received_s, proposal or 0, arrive(stored), fork)


def _void(arrival: Arrival) -> VoidRecord:
    if not isinstance(arrival.record, VoidRecord):
        raise RuleBroken("a void case has a void record")
    return arrival.record
