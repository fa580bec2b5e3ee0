"""The chain of balances that a card read, as a pure rule."""

from collections.abc import Sequence

import pytest

from cloud.ledger.checks.cards import chain_holds

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
