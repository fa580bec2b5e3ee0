"""Seeds of the small world of emergency meals hold, what should happen does, and planted mistakes are seen."""

from pathlib import Path
from typing import Any

import pytest

from cloud.ledger.books import keys
from cloud.ledger.funds import deposits
from cloud.ledger.funds.meals import debts, taking
from edge.terminal.store.book import Book, Row
from shared.errors import YktError
from shared.records import Kind
from tests.sim.meals import MealWorld
from tests.sim.small import mistakes_are_seen, play
from tests.sim.world import Violation

SEEDS, DEFECT_SEEDS = 6, 30
HAPPENS = {"dark", "repaid", "kept", "paper", "beyond 0", "beyond 1", "beyond 2"}


def test_seeds_hold_and_everything_happens(tmp_path: Path, whole: bool) -> None:
    happened: set[str] = set()
    for world in play(MealWorld, SEEDS * (20 if whole else 1), tmp_path):
        happened |= world.happened
    assert happened >= HAPPENS, HAPPENS - happened


def never_repaid(patch: pytest.MonkeyPatch) -> None:
    """A deposit repays nothing."""
    patch.setattr(deposits, "repay", lambda *_: 0)


def repaid_too_much(patch: pytest.MonkeyPatch) -> None:
    """It repays all of itself, whatever is owed."""

    def whole(writing: Any, card: bytes, fen: int, entry: int) -> int:
        for person in debts.holders_of(writing.db, card):
            debts._repaid(writing, card, person.number, fen, entry)
        return fen

    patch.setattr(deposits, "repay", whole)


def beyond_is_lost(patch: pytest.MonkeyPatch) -> None:
    """A ledger that posts nothing beyond the rule."""
    take = taking._take

    def strict(writing: Any, one: Any) -> None:
        made = taking.meal_of(one.arrival)
        if made.taken <= 1:
            take(writing, one)

    patch.setattr(taking, "_take", strict)


def waits_for_ever(patch: pytest.MonkeyPatch) -> None:
    """What waits for a roster is never looked at again."""
    patch.setattr("cloud.ledger.desk.meals.settle_waiting", lambda _: 0)


def shown_before_written(patch: pytest.MonkeyPatch) -> None:
    """A till that shows what it has not written."""

    def hasty(self: Book, person: Any, meal: int, taken: int, fen: int, now: Any) -> Row:
        return Row(self._flash.epochs[-1].epoch, self._flash.next_seq(), Kind.MEAL, person, 0, fen, now.seconds)

    patch.setattr(Book, "meal", hasty)


def each_row_again(patch: pytest.MonkeyPatch) -> None:
    """A row of a sheet is another one each time."""
    times = iter(range(1_000_000))
    patch.setattr(taking, "sheet_key", lambda *_: keys.repaid_key(next(times), "x"))


DEFECTS = (never_repaid, repaid_too_much, beyond_is_lost, waits_for_ever, shown_before_written, each_row_again)

test_a_planted_mistake_is_seen = mistakes_are_seen(DEFECTS, MealWorld, DEFECT_SEEDS, (Violation, YktError))
