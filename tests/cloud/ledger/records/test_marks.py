"""Marks: laws against plain sets, and the bound."""

from hypothesis import given
from hypothesis import strategies as st

from cloud.ledger.records.marks import Mark, add, pack_ranges, runs, unpack_ranges
from shared.wire.messages import RANGES_MAX

NUMBERS = st.sets(st.integers(1, 60), max_size=40)


@given(st.lists(NUMBERS, max_size=5))
def test_a_mark_is_the_set_of_its_numbers(groups: list[set[int]]) -> None:
    mark, held = Mark(), set()
    for group in groups:
        mark, held = add(mark, group), held | group
    assert {n for n in range(1, 70) if mark.holds(n)} == held
    assert mark.total() == len(held)
    assert mark.highest() == max(held, default=0)
    assert unpack_ranges(pack_ranges(mark.ranges)) == mark.ranges
    assert all(low > mark.cumulative + 1 for low, _ in mark.ranges)


@given(NUMBERS, NUMBERS)
def test_covers_is_superset(a: set[int], b: set[int]) -> None:
    assert add(Mark(), a).covers(add(Mark(), b)) == (a >= b)


@given(NUMBERS, st.integers(1, 30), st.integers(1, 70))
def test_missing_is_the_complement(held: set[int], first: int, last: int) -> None:
    holes = add(Mark(), held).missing(first, last)
    assert {n for low, high in holes for n in range(low, high + 1)} == set(range(first, last + 1)) - held


def test_beyond_the_bound_nothing_is_named_until_a_gap_closes() -> None:
    full = add(Mark(), range(2, 2 * RANGES_MAX + 2, 2))
    assert len(full.ranges) == RANGES_MAX
    assert add(full, [1000]) == full
    assert add(full, [3]).holds(3)
    assert add(full, [1]).cumulative == 2
    assert add(add(full, [1]), [1000]).holds(1000)


def test_runs() -> None:
    assert runs([5, 1, 2, 9, 3, 3]) == [(1, 3), (5, 5), (9, 9)]
