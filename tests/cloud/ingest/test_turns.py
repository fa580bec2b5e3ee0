"""Turns between boxes: order within each, nothing lost, and nobody behind the flood of another."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from cloud.ingest.ticket import Arrival, Ticket
from cloud.ingest.turns import Turns
from shared.ids import box_id, store_id
from shared.wire.messages import Batch
from shared.wire.topics import UP_MONEY, Address


def ticket(box: str, records: int = 1, connection: int = 1) -> Ticket:
    address = Address(7, box_id(box), UP_MONEY)
    return Ticket(Arrival("s", connection, "t", b""), address, Batch(store_id(bytes(8)), 1, (b"r",) * records), print)


def of(*tickets: Ticket) -> Turns:
    turns = Turns(lambda one: one.records)
    for one in tickets:
        turns.put(one)
    return turns


def test_a_quiet_box_is_not_behind_a_flood() -> None:
    flood, quiet = [ticket("flood", 10) for _ in range(100)], ticket("quiet", 3)
    turns = of(*flood, quiet)
    assert turns.take(40) == (flood[0], quiet, flood[1], flood[2])
    assert turns.take(40) == tuple(flood[3:7])


def test_who_did_not_fit_is_the_first_of_the_next_taking() -> None:
    small, large, other = ticket("a", 5), ticket("b", 30), ticket("c", 5)
    turns = of(small, large, other)
    assert turns.take(20) == (small,)
    assert turns.take(20) == (large,), "one at least"
    assert turns.take(20) == (other,)
    assert turns.take(20) == ()


def test_what_is_given_back_comes_first_and_as_it_was() -> None:
    first, second, third = ticket("a"), ticket("b"), ticket("c")
    turns = of(first, second)
    taken = turns.take(9)
    turns.put(third)
    turns.give_back(taken)
    assert (len(turns), turns.total, turns.waiting_of(box_id("a"))) == (3, 3, 1)
    assert turns.take(9) == (first, second, third)


def test_what_a_dead_connection_brought_is_taken_out_wherever_it_waits() -> None:
    old, older, new = ticket("a", connection=2), ticket("b", connection=1), ticket("a", connection=3)
    turns = of(old, older)
    turns.give_back(turns.take(1))
    turns.put(new)
    assert set(turns.drop("s", 2)) == {old, older}
    assert turns.drop("another", 9) == []
    assert (len(turns), turns.total) == (1, 1)
    assert turns.take(9) == (new,)


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(1, 9)), min_size=1, max_size=40), st.integers(1, 20))
def test_all_come_in_the_order_of_their_sender_and_none_has_two_turns_before_another_has_one(
    brought: list[tuple[str, int]], most: int
) -> None:
    tickets = [ticket(box, size) for box, size in brought]
    turns, got = of(*tickets), list[Ticket]()
    while turns:
        taken = turns.take(most)
        assert len(taken) == 1 or sum(one.records for one in taken) <= most
        got += taken
    assert turns.total == 0
    for box in "abcd":
        assert [one for one in got if one.sender == box] == [one for one in tickets if one.sender == box]
    left = Counter(one.sender for one in tickets)
    had: Counter[str] = Counter()
    for one in got:
        had[one.sender] += 1
        assert all(had[other] >= had[one.sender] - 1 or had[other] == left[other] for other in left)
