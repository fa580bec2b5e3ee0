"""An old hotlist shrinks caps by rungs, never below one meal, never inside of one, and stops nobody."""

import pytest

from edge.terminal.down.ages import HOUR_S, LADDER, aged
from edge.terminal.store.parameters import Meal, Parameters
from shared.purse.caps import Caps

DAY_S = 86_400


@pytest.mark.parametrize(
    ("hours", "day_fen"), [(0, 100_00), (23, 100_00), (24, 60_00), (71, 60_00), (72, 30_00), (24 * 60, 30_00)]
)
def test_caps_shrink_by_rungs(hours: int, day_fen: int) -> None:
    assert aged(Caps(day_fen=100_00, day_count=9), hours * HOUR_S) == Caps(day_fen=day_fen, day_count=9)


OLD = 30 * 24 * HOUR_S


def test_who_has_no_caps_gets_the_rung_and_one_of_the_future_is_young() -> None:
    assert aged(Caps(), OLD) == Caps(day_fen=30_00)
    assert aged(None, OLD) == Caps(day_fen=30_00)
    assert aged(None, -5) is None


def test_a_lower_cap_stays_and_no_rung_goes_below_one_meal() -> None:
    assert aged(Caps(day_fen=20_00), OLD) == Caps(day_fen=20_00)
    assert aged(Caps(day_fen=100_00, meal_fen=45_00), OLD) == Caps(day_fen=45_00, meal_fen=45_00)
    assert [rung.from_s for rung in LADDER] == sorted(rung.from_s for rung in LADDER)


def test_a_meal_began_when_it_began() -> None:
    parameters = Parameters(1, None, (Meal(1, "早", 6 * 3600), Meal(2, "午", 11 * 3600), Meal(3, "晚", 17 * 3600)))
    day = 9000 * DAY_S
    assert parameters.meal_began(day + 11 * 3600) == day + 11 * 3600
    assert parameters.meal_began(day + 16 * 3600 + 59) == day + 11 * 3600
    assert parameters.meal_began(day + 5 * 3600) == day, "before the first meal: since midnight"
    night = Parameters(1, None, (Meal(1, "夜", 23 * 3600), Meal(2, "早", 5 * 3600)), day_start_s=22 * 3600)
    assert night.meal_began(day + 2 * 3600) == day - 3600, "it began on the day before"
