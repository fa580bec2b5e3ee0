"""Each card against the books: its purse accounts, and the chains of balances that its own records read (I3).

A purse with open cases is not judged yet, one with missing counters by its newest ones only, and both are counted: a
late record is no fault of the card. A counter that was posted twice is one of ours. A step that somebody has explained
may read what it likes.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from cloud.ledger.books.entry import EntryKind
from cloud.ledger.checks.check import Check, proven
from cloud.ledger.findings.rows import MAIN, SUBSIDY, Kind, differences
from cloud.ledger.journal.balances import all_balances
from cloud.ledger.loads.unloads import TAKEN, UnloadState
from cloud.ledger.records.arrival import Arrival, arrive, loaded_purse
from cloud.ledger.records.chain import Break, Step, breaks, chain_of
from cloud.ledger.records.grey import State
from cloud.ledger.records.load_state import CaseState
from cloud.store.db import Database
from shared.records import LoadRecord, PurchaseRecord, application_of, purse_of
from shared.records.kinds import PurseRecord
from shared.words.voice import Text

ED_EP, EP = 0b11, 0b10
"""Bits of records.purse_of."""
Purse = tuple[bytes, int]
"""Card, application."""


@dataclass(slots=True)
class _History:
    """What is certain about one application of a card, main or subsidy 补助."""

    purchases: list[Step] = field(default_factory=list)
    loads: list[Step] = field(default_factory=list)
    others_fen: int = 0
    """Moved in its ED: in the sum, not in the chain."""


class _Found(NamedTuple):
    """Of one purse. fault: what is wrong for certain; broken: the first step that does not fit; has_gap: something is
    missing before."""

    fault: str
    has_gap: bool
    broken: Break | None


def check_cards(db: Database) -> Check:
    """Purse accounts = opening + loads − purchases, and the chain of balances that every card read."""
    surplus, is_open, extra = all_balances(db), _open_purses(db), _by_evidence(db)
    checked = waiting = 0
    known, moved, explained = _histories(db, extra), _moved(db), _explained(db)
    for card, label, main_fen, purse, subsidy_fen, subsidy in db.run(
        "SELECT card, label, opening_fen, purse_account, subsidy_fen, subsidy_account FROM card ORDER BY card"
    ):
        checked += 1
        found = [
            _purse_fault(
                known.get((card, application)) or _History(),
                opening,
                moved.get(account, 0) - surplus.get(account, 0),
                explained.get((bytes(card), application), set()),
            )
            for application, opening, account in ((MAIN, main_fen, purse), (SUBSIDY, subsidy_fen, subsidy))
        ]
        wrong = next((one.fault for one in found if one.fault), "")
        waits = [(bytes(card), application) in is_open for application in (MAIN, SUBSIDY)]
        broken = next((one.broken for one, late in zip(found, waits, strict=True) if one.broken and not late), None)
        if wrong:
            return Check("cards", checked, f"card {label}: {wrong}")
        if broken:
            return Check("cards", checked, f"card {label}: {_said(broken)}")
        waiting += any(waits) or any(one.has_gap for one in found)
    return Check("cards", checked, "", Text(f"未收齐：{waiting}", f"not complete yet: {waiting}") if waiting else None)


def _purse_fault(known: _History, opening_fen: int, actual_fen: int, explained: set[int]) -> _Found:
    spent, loaded = sum(s[2] for s in known.purchases), sum(s[2] for s in known.loads)
    expected = opening_fen + loaded - spent + known.others_fen
    wrong = f"purse account {actual_fen} fen, its records say {expected}" if expected != actual_fen else _twice(known)
    chain = chain_of(opening_fen, known.purchases, known.loads)
    return _Found(wrong, chain.has_gap, next(breaks(chain, explained), None))


def _twice(known: _History) -> str:
    of_kind = (("a purchase", twice_posted(known.purchases)), ("a load", twice_posted(known.loads)))
    return next((f"counter {n} of {kind} was posted twice" for kind, n in of_kind if n is not None), "")


def twice_posted(steps: Sequence[Step]) -> int | None:
    """The first counter that stands twice in these steps, which are in order."""
    return next((a.counter for a, b in pairwise(steps) if a.counter == b.counter), None)


def _said(broken: Break) -> str:
    counter = broken.mark & 0xFFFF
    return f"counter {counter} read {broken.read_fen} fen, {broken.expected_fen} is what the one before left"


def _explained(db: Database) -> dict[Purse, set[int]]:
    """Marks of the steps that somebody has explained."""
    found: dict[Purse, set[int]] = defaultdict(set)
    for one in differences(db):
        if one.explanation and one.found.kind is Kind.CHAIN:
            found[one.found.card, one.found.application].add(one.found.mark)
    return found


def histories(db: Database) -> dict[Purse, _History]:
    """What is certain about every purse, by its own records and cases."""
    return _histories(db, _by_evidence(db))


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
        found[card, MAIN].loads.append(Step(counter, balance, fen))
    for card, counter, balance, fen in db.run(
        "SELECT card, counter, balance_fen, amount_fen FROM unload_case WHERE state IN (?, ?)", TAKEN
    ):
        found[card, MAIN].loads.append(Step(counter, balance, -fen))
    for known in found.values():
        known.purchases.sort()
        known.loads.sort()
    return found


def _learn(found: dict[Purse, _History], a: Arrival) -> None:
    r = a.record
    if not isinstance(r, PurseRecord):
        return
    sign = -1 if isinstance(r, PurchaseRecord) else 1
    purse = loaded_purse(r) if isinstance(r, LoadRecord) else r.purse
    known = found[r.card, application_of(purse)]
    if purse_of(purse) & ED_EP != EP:
        known.others_fen += sign * r.amount_fen
    elif isinstance(r, LoadRecord):
        known.loads.append(Step(r.counter, r.balance_fen, r.amount_fen))
    else:
        known.purchases.append(Step(r.counter, r.balance_fen, r.amount_fen))


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


def _open_purses(db: Database) -> set[Purse]:
    """Loads and unloads are of the main one. A purse's key ends with its application, above the bits of ED and EP."""
    rows = db.run("SELECT purse FROM suspense WHERE state = ?", (int(State.OPEN),))
    grey = {(bytes(purse[:10]), purse[10] >> 2) for (purse,) in rows}
    loads = {card for (card,) in db.run("SELECT card FROM load_case WHERE state = ?", (int(CaseState.PENDING),))}
    query = "SELECT card FROM unload_case WHERE state = ?"
    unloads = {card for (card,) in db.run(query, (int(UnloadState.PENDING),))}
    return grey | {(bytes(card), MAIN) for card in loads | unloads}


def _moved(db: Database) -> dict[int, int]:
    """Account → what was moved away from it to the card that replaced its own, less what the school has borne."""
    found: dict[int, int] = defaultdict(int)
    for account, fen in db.run(
        "SELECT debit, CAST(SUM(fen) AS BIGINT) FROM posting WHERE kind IN (?, ?, ?) GROUP BY debit "
        "UNION ALL SELECT credit, CAST(-SUM(fen) AS BIGINT) FROM posting WHERE kind = ? GROUP BY credit",
        (
            int(EntryKind.CARD_REPLACED), int(EntryKind.LOSS_RELEASED), int(EntryKind.LOSS_TAKEN_BACK),
            int(EntryKind.LOSS_BORNE),
        ),
    ):  # fmt: skip
        found[account] += fen
    return found
