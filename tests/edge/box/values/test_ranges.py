"""Ranges are a set of integers: every operation against Python's own set."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from edge.box.values import ranges
from edge.box.values.ranges import Ranges

PIECE = st.tuples(st.integers(1, 60), st.integers(0, 12)).map(lambda p: (p[0], p[0] + p[1]))
STEPS = st.lists(st.tuples(st.booleans(), PIECE), max_size=30)


def built(steps):
    ours, model = Ranges(), set()
    for add, (low, high) in steps:
        if add:
            ours.add(low, high)
            model |= set(range(low, high + 1))
        else:
            ours.remove(low, high)
            model -= set(range(low, high + 1))
    return ours, model


def members(pieces):
    return {n for low, high in pieces for n in range(low, high + 1)}


@given(STEPS, PIECE)
def test_is_a_set(steps, probe):
    ours, model = built(steps)
    low, high = probe
    assert members(ours.pieces()) == model
    assert len(ours) == len(model)
    assert bool(ours) == bool(model)
    assert {n for n in range(1, 80) if n in ours} == model
    assert members(ours.within(low, high)) == {n for n in model if low <= n <= high}
    assert members(ours.gaps(low, high)) == {n for n in range(low, high + 1) if n not in model}
    assert members(ours.upto(high).pieces()) == {n for n in model if n <= high}


@given(STEPS)
def test_pieces_are_sorted_and_apart(steps):
    pieces = built(steps)[0].pieces()
    assert all(low <= high for low, high in pieces)
    assert all(a[1] + 1 < b[0] for a, b in pairwise(pieces))


@given(STEPS, st.integers(0, 70))
def test_run_ends_before_the_first_hole(steps, base):
    ours, model = built(steps)
    top = base
    while top + 1 in model:
        top += 1
    assert ours.run(base) == top


def test_bound_refuses_another_piece(monkeypatch):
    monkeypatch.setattr(ranges, "PIECES_MAX", 2)
    full = Ranges([(1, 1), (5, 9)])
    assert not full.add(20)
    assert full.pieces() == ((1, 1), (5, 9))
    assert full.add(2, 4)
    assert full.pieces() == ((1, 9),)


def test_bound_forgets_the_rest_of_a_split(monkeypatch):
    monkeypatch.setattr(ranges, "PIECES_MAX", 1)
    full = Ranges([(1, 9)])
    full.remove(5)
    assert full.pieces() == ((1, 4),)
