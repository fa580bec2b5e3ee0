"""Counters of a card that were posted twice."""

import pytest

from cloud.ledger.checks.cards import twice_posted
from cloud.ledger.records.chain import Step


@pytest.mark.parametrize(
    ("steps", "twice"),
    [
        ([], None),
        ([(0, 100, 30)], None),
        ([(0, 100, 30), (1, 70, 20), (3, 9, 1)], None),
        ([(0, 100, 30), (0, 100, 30), (1, 70, 20)], 0),
        ([(0, 100, 30), (2, 70, 20), (2, 80, 20)], 2),
    ],
)
def test_a_counter_that_stands_twice_is_no_gap(steps: list[tuple[int, int, int]], twice: int | None) -> None:
    assert twice_posted([Step(*step) for step in steps]) == twice
