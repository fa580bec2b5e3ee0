"""The doors of emergency meals 应急餐: who is enrolled, what one is, and a paper sheet by two persons; one transaction
each."""

from collections.abc import Sequence

from cloud.ledger.funds.meals.backs import Back
from cloud.ledger.funds.meals.roster import take_roster
from cloud.ledger.funds.meals.rules import MealRule, set_meal_rule
from cloud.ledger.funds.meals.tables import RosterLine, SheetLine
from cloud.ledger.funds.meals.taking import settle_waiting
from cloud.ledger.held.meal_backs import confirm_back, propose_back, reject_back
from cloud.ledger.held.meal_sheets import (
    checked_roster,
    checked_sheet,
    confirm_sheet,
    enrolments,
    propose_sheet,
    reject_sheet,
)
from cloud.ledger.held.two_persons import REASON_MAX, Decided, Proposal, person
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.records.values import Now


class MealLedger:
    """Over an opened ledger; belongs to one thread at a time."""

    def __init__(self, opened: OpenedLedger) -> None:
        self._opened = opened
        self.database = opened.database

    def roster(
        self, lines: Sequence[RosterLine], source: str, who: str, now: Now, *, dry: bool = False
    ) -> tuple[list[RosterLine], int]:
        """The lines with what the books say against them, and how many persons are new or other than before. With a
        fault in any of them, or dry, nothing was changed. ProposalRefused for a name that is none."""
        signed = person(who) if who or not dry else ""
        if dry:
            with self.database.reading():
                return checked_roster(self.database, lines), 0
        with self._opened.writing(now) as writing:
            checked = checked_roster(writing.db, lines)
            if any(one.fault for one in checked):
                return checked, 0
            changed = take_roster(writing, enrolments(writing.db, checked), source[:64], signed)
            settle_waiting(writing)
            return checked, changed

    def rule(self, rule: MealRule, who: str, reason: str, now: Now) -> MealRule:
        """Counts from here on; terminals have it with the next list. MealRuleRefused, ProposalRefused."""
        with self._opened.writing(now) as writing:
            return set_meal_rule(writing, rule, person(who), " ".join(reason.split())[:REASON_MAX])

    def check_sheet(self, lines: Sequence[SheetLine], now: Now) -> list[SheetLine]:
        """The lines with what the books say against them. Changes nothing."""
        with self.database.reading():
            return checked_sheet(self.database, lines, now)

    def propose_sheet(self, lines: Sequence[SheetLine], who: str, reason: str, now: Now) -> Proposal:
        """The first person's word: nothing is posted yet. ProposalRefused."""
        with self._opened.writing(now) as writing:
            return propose_sheet(writing, lines, who, reason)

    def confirm_sheet(self, number: int, who: str, now: Now) -> tuple[Decided, int]:
        """The second person's word, and how many rows were posted. Idempotent. ProposalRefused."""
        with self._opened.writing(now) as writing:
            return confirm_sheet(writing, number, who)

    def confirm(self, number: int, who: str, now: Now) -> Decided:
        """As confirm_sheet."""
        return self.confirm_sheet(number, who, now)[0]

    def propose_back(self, entry: int, who: str, reason: str, now: Now) -> Proposal:
        """The meal that this entry has booked stands in a wrong person's name: the first person's word. Nothing is
        posted yet. ProposalRefused."""
        with self._opened.writing(now) as writing:
            return propose_back(writing, entry, who, reason)

    def confirm_back(self, number: int, who: str, now: Now) -> tuple[Decided, Back | None]:
        """The second person's word, and what was done; None: it was before. Idempotent. ProposalRefused."""
        with self._opened.writing(now) as writing:
            return confirm_back(writing, number, who)

    def reject_back(self, number: int, who: str, reason: str, now: Now) -> Decided:
        """The meal stays. Idempotent. ProposalRefused."""
        with self._opened.writing(now) as writing:
            return reject_back(writing, number, who, reason)

    def reject_sheet(self, number: int, who: str, reason: str, now: Now) -> Decided:
        """Nothing is posted. Idempotent. ProposalRefused."""
        with self._opened.writing(now) as writing:
            return reject_sheet(writing, number, who, reason)
