"""Sequences: marks follow the rows, a fork needs both of its rows, a terminal's word fills only what we do not hold."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from edge.box.values.sequences import Sequences
from edge.box.values.streams import Ref, stream_of
from tests.edge.rig import device

STREAM = stream_of(device(1), 1)


def ref(seq):
    return Ref(STREAM, seq)


def settled(held, *seqs):
    """One row of each is settled, durably; the mark that comes of it."""
    refs = [ref(seq) for seq in seqs]
    coming = held.settle(refs)[STREAM]
    held.confirm(refs)
    assert held.mark(STREAM) == coming
    return coming


def test_nothing_is_told_before_the_settle_is_durable():
    held = Sequences()
    held.keep(ref(1))
    assert held.settle([ref(1)]) == {STREAM: 1}
    assert held.mark(STREAM) == 0
    held.confirm([ref(1)])
    assert held.mark(STREAM) == 1


def test_row_that_came_between_settle_and_its_commit_is_not_settled():
    held = Sequences()
    held.keep(ref(1))
    held.settle([ref(1)])
    held.keep(ref(1))
    held.confirm([ref(1)])
    assert held.mark(STREAM) == 0


def test_mark_stops_at_the_first_unsettled_seq():
    held = Sequences()
    for seq in (1, 2, 3, 5):
        held.keep(ref(seq))
    assert settled(held, 1, 3, 5) == 1
    assert settled(held, 2) == 3
    assert held.held_upto(STREAM, 5).pieces() == ((1, 3), (5, 5))
    assert held.highest(STREAM) == 5


def test_fork_is_settled_when_both_rows_are():
    held = Sequences()
    held.keep(ref(1))
    held.keep(ref(1))
    assert settled(held, 1) == 0
    assert settled(held, 1) == 1


def test_settle_that_failed_leaves_everything_as_before_it():
    held = Sequences()
    for _ in range(2):
        held.keep(ref(1))
    for _ in range(3):
        held.settle([ref(1)])
        held.reopen([ref(1)])
    assert settled(held, 1) == 0
    assert settled(held, 1) == 1


def test_three_rows_of_one_seq():
    held = Sequences()
    for _ in range(3):
        held.keep(ref(1))
    assert [settled(held, 1) for _ in range(3)] == [0, 0, 1]


def test_a_row_that_is_left_was_never_there():
    held = Sequences()
    for seq in (1, 2, 2, 3, 3, 3):
        held.keep(ref(seq))
    held.leave([ref(1), ref(2), ref(3)])
    assert [held.holds(STREAM, seq) for seq in (1, 2, 3)] == [False, True, True]
    held.rebase(STREAM, 1)
    assert settled(held, 2) == 2
    assert settled(held, 3) == 2
    assert settled(held, 3) == 3


def test_leaving_a_twin_takes_nothing_from_what_is_settled():
    held = Sequences()
    held.keep(ref(1))
    settled(held, 1)
    held.leave([ref(1)])
    assert held.mark(STREAM) == 1


def test_fork_of_a_settled_seq_pulls_the_mark_down():
    held = Sequences()
    held.rebase(STREAM, 10)
    held.keep(ref(4))
    assert held.mark(STREAM) == 3
    assert settled(held, 4) == 10


def test_word_of_a_terminal_does_not_settle_rows_that_we_hold():
    held = Sequences()
    held.keep(ref(4))
    held.rebase(STREAM, 10)
    assert held.mark(STREAM) == 3
    assert held.held_upto(STREAM, 10).pieces() == ((1, 10),)


def test_known_settled_row_beside_an_unsettled_twin_stays_unsettled():
    held = Sequences()
    held.keep(ref(1))
    held.know_settled(ref(1))
    assert held.mark(STREAM) == 0
    other = Sequences()
    other.know_settled(ref(1))
    other.keep(ref(1))
    assert other.mark(STREAM) == 0


def test_copy_of_what_is_held_ends_at_its_top():
    held = Sequences()
    for seq in (1, 2, 3):
        held.keep(ref(seq))
    assert held.held_upto(STREAM, 2).pieces() == ((1, 2),)
    assert held.held_upto(b"unknown!", 2).pieces() == ()
    assert not held.holds(b"unknown!", 1)


@given(st.lists(st.tuples(st.sampled_from(["keep", "settle", "fail"]), st.integers(1, 6)), max_size=40))
def test_mark_is_below_every_unsettled_row(steps):
    held, open_rows, seen = Sequences(), Counter(), set()
    for step, seq in steps:
        if step == "fail":
            if open_rows[seq]:
                held.settle([ref(seq)])
                held.reopen([ref(seq)])
        elif step == "keep":
            held.keep(ref(seq))
            open_rows[seq] += 1
            seen.add(seq)
        elif open_rows[seq]:
            settled(held, seq)
            open_rows[seq] -= 1
        top = 0
        while top + 1 in seen and not open_rows[top + 1]:
            top += 1
        assert held.mark(STREAM) == top
