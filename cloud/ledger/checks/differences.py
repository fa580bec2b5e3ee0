"""What cards have and the books never gave: purses below zero, what lost cards spend, and what was found and waits.

By its own sums, over all purses; that a balance follows from the one before is `cards.py`. So what nobody has looked at
yet is judged all the same, but told to nobody: it is counted here. What somebody has explained is told, and holds for
so much and no more.
"""

from collections import defaultdict

from cloud.ledger.checks.check import Check
from cloud.ledger.findings.look import looked_upto
from cloud.ledger.findings.rows import MAIN, SUBSIDY, Difference, Finding, Kind, differences
from cloud.ledger.held.losses.reports import Report, reports
from cloud.ledger.held.losses.spent import Spent, borne, released_at, spent
from cloud.ledger.journal.balances import all_balances
from cloud.ledger.records.load_state import CaseState
from cloud.store.db import Database
from shared.words.voice import Text

NAME, LOOKS = "differences", "looks"
LOOK_LATE_MS = 600_000
"""Looks follow within seconds: entries that wait, booked over a longer time than this, warn that none comes."""
_PURSES = ((MAIN, "main purse"), (SUBSIDY, "subsidy purse"))


def check_differences(db: Database) -> Check:
    """All purses."""
    known = differences(db)
    wanting = [one for one in known if one.is_unexplained]
    checked, broken = _purses(db, [one for one in known if one.explanation])
    broken = broken or _lost(db, known)
    if not broken and wanting:
        first = wanting[0]
        broken = f"difference {first.number}, card {first.label}: {first.found.kind.name.lower()}, unexplained"
    explained = len([one for one in known if one.explanation])
    note = Text(f"已说明的差异：{explained}", f"explained: {explained}") if explained else None
    return Check(NAME, checked, broken, note, bool(explained))


def check_looks(db: Database) -> Check:
    """All entries: how far the looks have come."""
    seen, last = looked_upto(db)
    ((checked,),) = db.run("SELECT COUNT(*) FROM posting WHERE line = 0 AND entry <= ?", (seen,))
    if seen > last:
        return Check(LOOKS, checked, f"entry {seen} is said to be looked at, the last one is {last}")
    ((waiting, over_ms),) = db.run(
        "SELECT COUNT(*), COALESCE(MAX(booked_at_ms) - MIN(booked_at_ms), 0) FROM posting WHERE line = 0 AND entry > ?",
        (seen,),
    )
    note = Text(f"尚未查看的分录：{waiting}", f"entries not looked at yet: {waiting}") if waiting else None
    return Check(LOOKS, checked, "", note, warns=over_ms > LOOK_LATE_MS)


def _purses(db: Database, explained: list[Difference]) -> tuple[int, str]:
    surplus, coming, checked = all_balances(db), _coming(db), 0
    for card, label, *accounts in db.run("SELECT card, label, purse_account, subsidy_account FROM card ORDER BY label"):
        for (application, word), account in zip(_PURSES, accounts, strict=True):
            checked += 1
            fen = -surplus.get(account, 0)
            found = Finding(bytes(card), application, Kind.NEGATIVE, 0, 0, fen, None)
            covered = 0 if application else coming.get(bytes(card), 0)
            if fen + covered < 0 and not any(one.covers(found) for one in explained):
                return checked, f"card {label}: {word} account at {fen} fen, money that the ledger never gave"
    return checked, ""


def _coming(db: Database) -> dict[bytes, int]:
    """What loads in transit may have put onto each card already."""
    found: dict[bytes, int] = defaultdict(int)
    query = "SELECT card, amount_fen FROM load_case WHERE state = ? AND debited = 1"
    for card, fen in db.run(query, (int(CaseState.PENDING),)):
        found[bytes(card)] += fen
    return found


def _lost(db: Database, known: list[Difference]) -> str:
    labels: dict[bytes, str] = dict(db.run("SELECT c.card, c.label FROM card c JOIN card_deed d ON d.card = c.card"))
    for card, report in reports(db, list(labels)).items():
        due = borne(spent(db, card), report, released_at(db, card))
        for application, _ in _PURSES:
            fault = _spent(card, application, report, known, [one for one in due if one.application == application])
            if fault:
                return f"card {labels[card]}: {fault}"
    return ""


def _spent(card: bytes, application: int, report: Report, known: list[Difference], due: list[Spent]) -> str:
    fen = sum(one.said.amount_fen for one in due)
    found = Finding(card, application, Kind.LOST, report.deed, 0, fen, None)
    if not fen or any(one.explanation and one.covers(found) for one in known):
        return ""
    return f"spent {fen} fen since it was reported lost, unexplained"
