"""The chain of balances that a card read, as a pure rule."""

import pytest

from cloud.ledger.records.chain import Break, Step, breaks, chain_of, mark_of
from shared.records import CounterKind

Steps = list[tuple[int, int, int]]


def broken(opening: int, purchases: Steps, loads: Steps, explained: set[int] | None = None, **how: bool) -> list[Break]:
    chain = chain_of(opening, [Step(*s) for s in purchases], [Step(*s) for s in loads], **how)
    return list(breaks(chain, explained or ()))


def spent(counter: int) -> int:
    return mark_of(CounterKind.OFFLINE, counter)


def loaded(counter: int) -> int:
    return mark_of(CounterKind.ONLINE, counter)


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
        ([(0, 100, 30), (1, 70, 30)], [(0, 40, -40)], True),
        ([(0, 100, 30), (1, 70, 30)], [(0, 100, 50), (0, 40, 50)], False),
    ],
)
def test_a_whole_chain(purchases: Steps, loads: Steps, holds: bool) -> None:
    assert (broken(100, purchases, loads) == []) is holds


def test_the_step_that_does_not_fit_is_named_and_only_that_one() -> None:
    assert broken(100, [(0, 100, 30), (1, 170, 20), (2, 150, 10)], []) == [Break(spent(1), 70, 170)]
    assert broken(0, [(0, 100, 30), (1, 70, 20)], []) == [Break(spent(0), 0, 100)]
    assert broken(100, [(0, 100, 30), (1, 190, 10)], [(0, 170, 20)]) == [Break(loaded(0), 70, 170)]
    both = [(0, 100, 30), (1, 90, 20), (2, 70, 10), (3, 99, 9)]
    assert broken(100, both, []) == [Break(spent(1), 70, 90), Break(spent(3), 60, 99)]


def test_a_step_that_is_explained_breaks_nothing_and_the_next_one_must_fit_it() -> None:
    steps = [(0, 100, 30), (1, 170, 20), (2, 150, 10)]
    assert broken(100, steps, [], {spent(1)}) == []
    assert broken(100, [*steps, (3, 141, 1)], [], {spent(1)}) == [Break(spent(3), 140, 141)]
    assert broken(100, [(0, 100, 30), (1, 190, 10)], [(0, 170, 20)], {loaded(0)}) == []


def test_what_is_late_is_waited_for_and_the_newest_run_is_judged() -> None:
    assert broken(100, [(0, 100, 30), (2, 20, 5)], []) == []
    assert broken(100, [(0, 100, 30), (2, 20, 5), (3, 99, 1)], []) == [Break(spent(3), 15, 99)]
    assert broken(100, [(5, 40, 30), (6, 10, 5)], []) == [], "a card whose first records are not there yet"
    assert broken(100, [(5, 40, 30), (6, 11, 5)], []) == [Break(spent(6), 10, 11)]
    assert broken(100, [(5, 40, 30), (6, 60, 5)], [(0, 100, 20), (1, 10, 50)]) == []
    assert broken(100, [(0, 100, 30), (1, 200, 5)], [(1, 120, 80)]) == [], "a load is missing before the second one"
    assert chain_of(100, [Step(0, 100, 30), Step(2, 20, 5)], []).has_gap


def test_of_a_window_nobody_knows_which_loads_lay_before_it() -> None:
    purchases, loads = [(7, 120, 10), (8, 110, 10), (9, 150, 10)], [(3, 20, 100), (4, 100, 50)]
    assert broken(0, purchases, loads, whole=False) == []
    assert broken(0, [*purchases, (10, 150, 10)], loads, whole=False) == [Break(spent(10), 140, 150)]
