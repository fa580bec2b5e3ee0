"""Business days of believable and impossible times."""

import pytest

from cloud.ledger.records.dates import AHEAD_S, day_of, doubtful_day, is_possible

DAY = 86_400


@pytest.mark.parametrize(
    ("time_s", "possible"),
    [(99, False), (100, True), (1000, True), (1000 + AHEAD_S, True), (1001 + AHEAD_S, False)],
)
def test_possible_is_between_issue_and_ten_minutes_after_receipt(time_s: int, possible: bool) -> None:
    assert is_possible(time_s, 100, 1000) is possible


def test_the_nearest_neighbour_decides_the_lower_one_on_a_tie() -> None:
    near = [(7, 5 * DAY), (13, 6 * DAY), (90, 9 * DAY)]
    assert doubtful_day(12, near, 0) == 6
    assert doubtful_day(10, near, 0) == 5
    assert doubtful_day(10, [], 8 * DAY) == 8
    assert doubtful_day(10, [(90, DAY)], 8 * DAY) == 8
    assert day_of(3 * DAY + 1) == 3
