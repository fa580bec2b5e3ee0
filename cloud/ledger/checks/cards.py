"""Each card against the books: its purse accounts, and the chains of balances that its own records read (I3).

balance read next = balance read before − purchase + loads in between. A card with open cases or missing counters is
not judged yet, only counted: a late record is no fault of the card. A counter that was posted twice is one of ours.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import NamedTuple

from cloud.ledger.books.entry import EntryKind
from cloud.ledger.checks.check import Check, proven
from cloud.ledger.journal.balances import all_balances
from cloud.ledger.loads.cases import CaseState
from cloud.ledger.loads.unloads import TAKEN, UnloadState
from cloud.ledger.records.arrival import Arrival, arrive, loaded_purse
from cloud.ledger.records.grey import State
from cloud.store.db import Database
from shared.records import LoadRecord, PurchaseRecord, VoidRecord, application_of, purse_of

MAIN, SUBSIDY = 0, 1
"""Applications of a card (records.application_of)."""
ED_EP, EP = 0b11, 0b10
"""Bits of records.purse_of."""
Purse = tuple[bytes, int]
"""Card, application."""
Step = tuple[int, int, int]
"""Counter, balance as read before, sum."""


@dataclass(slots=True)
class _History:
    """What is certain about one application of a card, main or subsidy 补助."""

    purchases: list[Step] = field(default_factory=list)
    loads: list[Step] = field(default_factory=list)
    others_fen: int = 0
    """Moved in its ED: in the sum, not in the chain."""


class _Found(NamedTuple):
    """Of one purse. fault: what is wrong for certain. chain_holds: true as well where a counter is missing."""

    fault: str
    has_gap: bool
    chain_holds: bool


def check_cards(db: Database) -> Check:
    """Purse accounts = opening + loads − purchases, and the chain of balances of every card that is complete."""
    surplus, open_cards, extra = all_balances(db), _open_cards(db), _by_evidence(db)
    checked = waiting = 0
    histories, moved = _histories(db, extra), _moved(db)
    for card, label, main_fen, purse, subsidy_fen, subsidy in db.run(
        "SELECT card, label, opening_fen, purse_account, subsidy_fen, subsidy_account FROM card ORDER BY card"
    ):
        checked += 1
        found = [
            _purse_fault(
                histories.get((card, application)) or _History(), opening,
                moved.get(account, 0) - surplus.get(account, 0),
            )
            for application, opening, account in ((MAIN, main_fen, purse), (SUBSIDY, subsidy_fen, subsidy))
        ]
        wrong = next((one.fault for one in found if one.fault), "")
        if wrong:
            return Check("cards", checked, f"card {label}: {wrong}")
        if card in open_cards or any(one.has_gap for one in found):
            waiting += 1
        elif not all(one.chain_holds for one in found):
            return Check("cards", checked, f"card {label}: the balances that it read do not follow from each other")
    return Check("cards", checked, "", f"未收齐 not complete yet: {waiting}" if waiting else "")


def _purse_fault(known: _History, opening_fen: int, actual_fen: int) -> _Found:
    spent, loaded = sum(s[2] for s in known.purchases), sum(s[2] for s in known.loads)
    expected = opening_fen + loaded - spent + known.others_fen
    wrong = f"purse account {actual_fen} fen, its records say {expected}" if expected != actual_fen else _twice(known)
    gap = _has_gap(known, opening_fen)
    return _Found(wrong, gap, gap or chain_holds(opening_fen, known.purchases, known.loads))


def _twice(known: _History) -> str:
    of_kind = (("a purchase", twice_posted(known.purchases)), ("a load", twice_posted(known.loads)))
    return next((f"counter {n} of {kind} was posted twice" for kind, n in of_kind if n is not None), "")


def twice_posted(steps: Sequence[Step]) -> int | None:
    """The first counter that stands twice in these steps, which are in order."""
    return next((a[0] for a, b in pairwise(steps) if a[0] == b[0]), None)


def chain_holds(opening_fen: int, purchases: Sequence[Step], loads: Sequence[Step]) -> bool:
    """Is there an order of these purchases and loads, each in its own order, in which every balance read is right?"""
    spent = list(accumulate((fen for _, _, fen in purchases), initial=0))
    loaded = list(accumulate((fen for _, _, fen in loads), initial=0))
    reached, done = {(0, 0)}, (len(purchases), len(loads))
    while reached and done not in reached:
        reached = {
            step for i, j in reached for step in _steps(i, j, opening_fen - spent[i] + loaded[j], purchases, loads)
        }
    return done in reached


def _steps(
    i: int, j: int, balance_fen: int, purchases: Sequence[Step], loads: Sequence[Step]
) -> Iterator[tuple[int, int]]:
    if i < len(purchases) and purchases[i][1] == balance_fen:
        yield i + 1, j
    if j < len(loads) and loads[j][1] == balance_fen:
        yield i, j + 1


def _has_gap(known: _History, opening_fen: int) -> bool:
    steps = (known.purchases, known.loads)
    if any(b[0] != a[0] + 1 for some in steps for a, b in pairwise(some)):
        return True
    begins = {some[0][1] for some in steps if some}
    return bool(begins) and opening_fen not in begins and any(some and some[0][0] > 0 for some in steps)


def _histories(db: Database, extra: dict[bytes, list[Arrival]]) -> dict[Purse, _History]:
    found: dict[Purse, _History] = defaultdict(_History)
    for _, _, _, stored in proven(db):
        if stored is not None:
            _learn(found, arrive(stored))
    for arrivals in extra.values():
        for a in arrivals:
            _learn(found, a)
    for card, counter, balance, fen in db.run(
        "SELECT card, counter, balance_fen, amount_fen FROM load_case WHERE state = ?",
        (int(CaseState.CONFIRMED_BY_COUNTER),),
    ):
        found[card, MAIN].loads.append((counter, balance, fen))
    for card, counter, balance, fen in db.run(
        "SELECT card, counter, balance_fen, amount_fen FROM unload_case WHERE state IN (?, ?)", TAKEN
    ):
        found[card, MAIN].loads.append((counter, balance, -fen))
    for known in found.values():
        known.purchases.sort()
        known.loads.sort()
    return found


def _learn(found: dict[Purse, _History], a: Arrival) -> None:
    r = a.record
    if r is None or isinstance(r, VoidRecord):
        return
    sign = -1 if isinstance(r, PurchaseRecord) else 1
    purse = loaded_purse(r) if isinstance(r, LoadRecord) else r.purse
    known = found[r.card, application_of(purse)]
    if purse_of(purse) & ED_EP != EP:
        known.others_fen += sign * r.amount_fen
    elif isinstance(r, LoadRecord):
        known.loads.append((r.counter, r.balance_fen, r.amount_fen))
    else:
        known.purchases.append((r.counter, r.balance_fen, r.amount_fen))


def _by_evidence(db: Database) -> dict[bytes, list[Arrival]]:
    """Grey purchases that stand by evidence, by card. Loads stand in their cases."""
    found: dict[bytes, list[Arrival]] = defaultdict(list)
    for (stored,) in db.run(
        "SELECT r.stored FROM suspense s JOIN record r ON r.id = s.record WHERE s.state IN (?, ?) AND s.load IS NULL",
        (int(State.EVIDENCE), int(State.EMPTY)),
    ):
        a = arrive(stored)
        found[a.card_key[:10]].append(a)
    return found


def _open_cards(db: Database) -> set[bytes]:
    grey = {purse[:10] for (purse,) in db.run("SELECT purse FROM suspense WHERE state = ?", (int(State.OPEN),))}
    loads = {card for (card,) in db.run("SELECT card FROM load_case WHERE state = ?", (int(CaseState.PENDING),))}
    query = "SELECT card FROM unload_case WHERE state = ?"
    unloads = {card for (card,) in db.run(query, (int(UnloadState.PENDING),))}
    return grey | loads | unloads


def _moved(db: Database) -> dict[int, int]:
    """Account → what was moved away from it to the card that replaced its own."""
    rows = db.run(
        "SELECT debit, CAST(SUM(fen) AS BIGINT) FROM posting WHERE kind IN (?, ?) GROUP BY debit",
        (int(EntryKind.CARD_REPLACED), int(EntryKind.LOSS_RELEASED)),
    )
    return dict(rows)
