"""Voids 撤销 in the books: a terminal's signed record gives what a card has paid to its pending load 过渡余额.

A case is a function of what is held about its purchase, looked at again whenever that grows, so the order in which
purchase and void arrive changes nothing. A purchase is void once: the entry's key is made of the purchase's own.
"""

from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import NamedTuple

from cloud.ledger.books.entry import Entry, EntryKind
from cloud.ledger.books.keys import release_key, void_key
from cloud.ledger.books.posting import voided
from cloud.ledger.journal.writing import Writing, first_verdict_key
from cloud.ledger.records.arrival import Arrival, arrive, split_key, target_key
from cloud.ledger.records.judge import Reason
from cloud.ledger.records.values import OWN_PARTITION
from cloud.store.db import Row
from shared.errors import RuleBroken
from shared.facts.books import VoidHeld
from shared.records import PROVEN, PurchaseRecord, VoidRecord

COLUMNS = "record, target, card, amount_fen, state, reason, entry, received_s, opened_ms, changed_ms"
_CASES = (
    "SELECT v.record, v.target, v.state, v.reason, v.received_s, r.stored, r.fork FROM void_case v "
    "JOIN record r ON r.id = v.record WHERE v.target"
)


class VoidState(IntEnum):
    """Of a void case. Frozen numbers: they stand in the books."""

    WAITING = 0
    """Its purchase is not here, or not posted yet."""
    POSTED = 1
    HELD = 2
    """It does not fit what is held: a person looks at it. What arrives later may still make it fit."""


class Opened(NamedTuple):
    """A void with a right MAC, by its number in the books. is_stolen: its terminal was reported stolen before."""

    arrival: Arrival
    record: int
    received_s: int
    is_stolen: bool


class _Case(NamedTuple):
    """An open case and its record."""

    record: int
    target: bytes
    state: int
    reason: int
    received_s: int
    arrival: Arrival
    fork: int

    @property
    def void(self) -> VoidRecord:
        return _void(self.arrival)


class _Purchase(NamedTuple):
    """A proven purchase that fits, and its entry: number and credited account, None while there is none."""

    key: bytes
    entry: tuple[int, int] | None


Finding = tuple[VoidState, Reason, _Purchase | None]


def open_voids(writing: Writing, voids: Sequence[Opened]) -> set[bytes]:
    """A case for each; the keys of the purchases that they name. What a stolen terminal signs is held for good."""
    ms, rows, targets = writing.now.unix_ms, [], set()
    for arrival, record, received_s, is_stolen in voids:
        void, target = _void(arrival), target_key(arrival)
        if target is None:
            raise RuleBroken("a void names a purchase")
        targets.add(target)
        first = (VoidState.HELD, Reason.STOLEN) if is_stolen else (VoidState.WAITING, Reason.VOID)
        rows.append((record, target, void.card, void.amount_fen, *map(int, first), None, received_s, ms, ms))
        if is_stolen:
            _tell(writing, arrival, target, Reason.STOLEN)
    writing.db.insert("void_case", COLUMNS, rows)
    return targets


def settle_voids(writing: Writing, targets: Iterable[bytes]) -> None:
    """Look again at every open case of these purchases."""
    wanted = sorted(targets)
    if not wanted:
        return
    writing.booking.flush()
    for case in sorted(map(_case, writing.db.find(_CASES, wanted))):
        if case.state != VoidState.POSTED:
            _apply(writing, case, _judge(writing, case))
    writing.db.run("UPDATE watermark SET value = value + 1 WHERE name = 'voids'")


def _judge(writing: Writing, case: _Case) -> Finding:
    if case.fork or case.reason == Reason.STOLEN:
        return VoidState.HELD, Reason.FORK if case.fork else Reason.STOLEN, None
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
    return VoidState.POSTED, Reason.VOID, posted


def _fits(void: VoidRecord, a: Arrival) -> bool:
    """A proven purchase, of this card, purse, counter and terminal number, over this sum."""
    r = a.record
    if not isinstance(r, PurchaseRecord) or r.kind not in PROVEN:
        return False
    named = (void.card, void.purse, void.counter, void.ttn, void.amount_fen)
    return named == (r.card, r.purse, r.counter, r.ttn, r.amount_fen)


def _purchase(writing: Writing, a: Arrival, fork: int) -> _Purchase:
    key = first_verdict_key(EntryKind.PURCHASE, a, fork)
    rows = writing.db.run("SELECT entry, credit FROM posting WHERE key = ?", (key,))
    return _Purchase(key, _now(writing, *rows[0]) if rows else None)


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


def _tell(writing: Writing, arrival: Arrival, target: bytes, reason: Reason) -> None:
    writing.notes.tell(VoidHeld(reason.word, arrival.seq, split_key(target)[2]), device=arrival.device)


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
    record, target, state, reason, received_s, stored, fork = row
    return _Case(record, target, state, reason, received_s, arrive(stored), fork)


def _void(arrival: Arrival) -> VoidRecord:
    if not isinstance(arrival.record, VoidRecord):
        raise RuleBroken("a void case has a void record")
    return arrival.record
