"""The chain of balances that a card read, as a pure rule."""

from collections.abc import Sequence

import pytest

from cloud.ledger.checks.cards import chain_holds, twice_posted

STEPS = Sequence[tuple[int, int, int]]


@pytest.mark.parametrize(
    ("purchases", "loads", "holds"),
    [
        ([], [], True),
        ([(0, 100, 30), (1, 70, 20)], [], True),
        ([(0, 100, 30), (1, 100, 20)], [], False),
        ([(0, 100, 30), (1, 120, 20)], [(0, 70, 50)], True),
        ([(0, 100, 30), (1, 120, 20)], [(0, 100, 50)], False),
        ([(0, 100, 30), (1, 100, 30)], [(0, 70, 30), (1, 70, 1)], True),
        ([(0, 100, 30), (1, 70, 30)], [(0, 100, 30), (1, 100, 5)], False),
    ],
)
def test_chain(purchases: STEPS, loads: STEPS, holds: bool) -> None:
    assert chain_holds(100, purchases, loads) is holds


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
def test_a_counter_that_stands_twice_is_no_gap(steps: STEPS, twice: int | None) -> None:
    assert twice_posted(steps) == twice
