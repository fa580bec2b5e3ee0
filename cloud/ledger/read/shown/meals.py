"""Emergency meals 应急餐 in one snapshot: those of a day, what waits, who owes, and what one is."""

from typing import NamedTuple

from cloud.ledger.funds.meals.backs import backs_of
from cloud.ledger.funds.meals.roster import Person, all_persons
from cloud.ledger.funds.meals.rules import MealRule, meal_rule
from cloud.ledger.funds.meals.taking import COLUMNS, Meal
from cloud.ledger.held import two_persons
from cloud.ledger.held.two_persons import Proposal, ProposalKind
from cloud.ledger.records.values import Now
from cloud.store.db import Database

SHOWN_MAX = 500
"""Meals of a day, and debts, that are shown; the sums are of all."""


_KINDS = ProposalKind.MEAL_SHEET, ProposalKind.MEAL_BACK


class MealsView(NamedTuple):
    """meals: of this day, the newest first; debts: the largest first; waiting: whatever day they are of."""

    day: int
    rule: MealRule
    meals: tuple[Meal, ...]
    times: int
    fen: int
    waiting: tuple[Meal, ...]
    debts: tuple[Person, ...]
    owed_fen: int
    enrolled: int
    sheets: tuple[Proposal, ...]
    backs: frozenset[int] = frozenset()
    """Of the meals that are shown, those that stood in a wrong person's name and were taken back."""


def meals_of(db: Database, day: int, now: Now) -> MealsView:
    """Inside of a snapshot."""
    rows = [Meal(*row) for row in db.run(f"SELECT {COLUMNS} FROM meal WHERE day = ? ORDER BY id DESC", (day,))]  # noqa: S608  # ours
    waits = db.run(f"SELECT {COLUMNS} FROM meal WHERE entry IS NULL ORDER BY id LIMIT ?", (SHOWN_MAX,))  # noqa: S608  # ours
    persons = all_persons(db)
    debts = sorted((one for one in persons if one.owed_fen > 0), key=lambda one: (-one.owed_fen, one.number))
    sheets = [one for one in two_persons.waiting(db, now.unix_ms) if one.kind in _KINDS]
    backs = backs_of(db, [one.id for one in rows[:SHOWN_MAX]])
    return MealsView(
        day, meal_rule(db), tuple(rows[:SHOWN_MAX]), len(rows), sum(one.fen for one in rows),
        tuple(Meal(*row) for row in waits), tuple(debts[:SHOWN_MAX]), sum(one.owed_fen for one in debts),
        sum(one.is_enrolled for one in persons), tuple(sheets), frozenset(backs),
    )  # fmt: skip
