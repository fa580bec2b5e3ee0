"""School days: Monday to Friday, while there is no campus calendar."""

import pytest

from shared.clocks.clock import day_number
from shared.clocks.school_days import school_days_since

DAY_S = 86_400
MONDAY = 9_704 * DAY_S + 11 * 3600
"""2026-07-27, 11:00."""


@pytest.mark.parametrize(
    ("first", "last", "days"),
    [(0, 0, 0), (0, 1, 1), (0, 4, 4), (0, 6, 4), (0, 7, 5), (4, 7, 1), (5, 7, 1), (0, 14, 10), (3, 1, 0)],
)
def test_school_days_between_days_of_a_week_that_begins_on_monday(first: int, last: int, days: int) -> None:
    assert school_days_since(MONDAY + first * DAY_S, MONDAY + last * DAY_S) == days


def test_the_hour_does_not_matter() -> None:
    assert day_number(MONDAY) == 9_704
    assert school_days_since(MONDAY + 12 * 3600, MONDAY + DAY_S - 10 * 3600) == 1
