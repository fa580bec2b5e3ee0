"""Business days of believable and impossible times."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.ledger.records.dates import AHEAD_S, NEIGHBOURS, Believed, day_of, doubtful_day, is_possible

DAY = 86_400


@pytest.mark.parametrize(
    ("time_s", "possible"),
    [(99, False), (100, True), (1000, True), (1000 + AHEAD_S, True), (1001 + AHEAD_S, False)],
)
def test_possible_is_between_issue_and_ten_minutes_after_receipt(time_s: int, possible: bool) -> None:
    assert is_possible(time_s, 100, 1000) is possible


def test_the_nearest_neighbour_decides_the_lower_one_on_a_tie() -> None:
    near = Believed({7: 5 * DAY, 13: 6 * DAY, 90: 9 * DAY})
    assert near.nearest(12, 0, 99 * DAY) == 6 * DAY
    assert near.nearest(10, 0, 99 * DAY) == 5 * DAY
    assert Believed({}).nearest(10, 0, 99 * DAY) is None
    assert Believed({90: DAY}).nearest(10, 0, 99 * DAY) is None


def test_without_a_neighbour_it_is_the_day_of_receipt() -> None:
    assert doubtful_day(5 * DAY, 8 * DAY) == 5
    assert doubtful_day(None, 8 * DAY) == 8
    assert day_of(3 * DAY + 1) == 3


TIMES = st.dictionaries(st.integers(1, 200), st.integers(0, 3000), max_size=60)


@given(TIMES, st.integers(1, 200), st.integers(0, 2000), st.integers(0, 2400))
def test_the_nearest_is_what_looking_at_all_of_them_finds(
    times: dict[int, int], seq: int, issued_s: int, received_s: int
) -> None:
    near = [
        (abs(seq - other), other, time_s) for other, time_s in times.items()
        if 0 < abs(seq - other) <= NEIGHBOURS and is_possible(time_s, issued_s, received_s)
    ]  # fmt: skip
    assert Believed(times).nearest(seq, issued_s, received_s) == (min(near)[2] if near else None)
