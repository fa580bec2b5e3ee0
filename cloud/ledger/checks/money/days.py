"""Closed days of the campus against the books: each statement's sums are those of the entries that it knew, and whoever
stands for gaps is another person, whose word stands as a proposal that was confirmed."""

from cloud.ledger.checks.check import Check
from cloud.ledger.held import two_persons
from cloud.ledger.held.days import Closed, closed, decode
from cloud.ledger.held.two_persons import Outcome, ProposalKind, is_same_person
from cloud.ledger.read.shown.campus_days import day_sums
from cloud.ledger.read.shown.takings import NEWEST
from cloud.store.db import Database
from shared.clocks.clock import day_text
from shared.errors import WireFault
from shared.words.voice import Text

NAME = "days"


def check_days(db: Database) -> Check:
    """All of them."""
    try:
        found = closed(db, 0, NEWEST_DAY)
    except WireFault as malformed:
        return Check(NAME, 0, str(malformed))
    confirmed = _confirmed(db)
    broken = next((fault for day, one in sorted(found.items()) if (fault := _fault(db, day, one, confirmed))), "")
    open_ones = sum(not one.statement.is_whole for one in found.values())
    note = Text(f"注明缺口：{open_ones}", f"with named gaps: {open_ones}") if open_ones else None
    return Check(NAME, len(found), broken, note)


NEWEST_DAY = 2**31 - 1
_Word = tuple[int, str, str]


def _confirmed(db: Database) -> set[_Word]:
    """Day, maker and checker of each close with gaps that a second person confirmed."""
    return {
        (decode(one.document).day, one.maker, one.decision.checker)
        for one in two_persons.proposals(db)
        if one.kind is ProposalKind.DAY and one.decision and one.decision.outcome is Outcome.CONFIRMED
    }


def _fault(db: Database, day: int, one: Closed, confirmed: set[_Word]) -> str:
    said, name = one.statement, day_text(day)
    if said.day != day:
        return f"{name}: its statement is about another day"
    if day_sums(db, day, upto=min(said.last_entry, NEWEST)) != said.sums:
        return f"{name}: its sums are not those of the books"
    if said.is_whole and not one.checker:
        return ""
    if is_same_person(one.maker, one.checker) or (day, one.maker, one.checker) not in confirmed:
        return f"{name}: nobody else has confirmed its gaps"
    return ""
