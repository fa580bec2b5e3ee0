"""One poisoned item among many: the others are done, it is named, and what is away is no poison."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.ledger.receive.halving import by_halves
from shared.errors import KeyFault, StoreFault


@given(st.integers(1, 40), st.sets(st.integers(0, 39)))
def test_all_but_the_poisoned_are_done_once_and_in_order(count: int, poisoned: set[int]) -> None:
    tried = []

    def act(items: Sequence[int]) -> list[str]:
        tried.append(len(items))
        if poisoned & {*items}:
            raise ZeroDivisionError
        return [f"done {item}" for item in items]

    found = by_halves(range(count), act, lambda item, fault: [f"{type(fault).__name__} {item}"])
    assert found == [f"ZeroDivisionError {n}" if n in poisoned else f"done {n}" for n in range(count)]
    assert len(tried) <= 1 + 2 * 6 * len(poisoned & {*range(count)})


@pytest.mark.parametrize("fault", [KeyFault("away"), StoreFault("away")])
def test_what_is_away_is_no_poison(fault: Exception) -> None:
    def act(items: Sequence[int]) -> list[int]:
        raise fault

    with pytest.raises(type(fault)):
        by_halves([1, 2], act, lambda item, _: [item])


def test_what_fails_alone_as_well_ends_it() -> None:
    def act(items: Sequence[int]) -> list[int]:
        raise ZeroDivisionError

    def alone(item: int, fault: Exception) -> list[int]:
        raise fault

    with pytest.raises(ZeroDivisionError):
        by_halves([1, 2], act, alone)
