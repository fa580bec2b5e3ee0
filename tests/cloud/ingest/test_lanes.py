"""The order in which the ledger thread works, its bounds, and its pauses."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.ingest.lanes import CHORES_PATIENCE_S, GATHER_RECORDS, GROUP_SIZE, Lanes
from cloud.ingest.ticket import Arrival, Chores, Junk, Look, Money, Now, States, Ticket
from shared.ids import StoreId, box_id, store_id
from shared.wire.messages import Batch, BoxState
from shared.wire.topics import UP_MONEY, Address
from tests.patience import PATIENCE_S

STORE: StoreId = store_id(b"S" * 8)
HERE = Address(7, box_id("edge-1"), UP_MONEY)


def _done() -> None:
    """Nobody waits in these tests."""


class Hands:
    """A clock that the test moves, and tickets."""

    def __init__(self) -> None:
        self.now = 100.0
        self.lanes = Lanes(lambda: self.now)

    def ticket(self, records: int = 1, connection: int = 1) -> Ticket:
        batch = Batch(STORE, 1, (b"r",) * records)
        arrival = Arrival("money", connection, "t", b"")
        return Ticket(arrival, HERE, batch, _done)

    def junk(self) -> Ticket:
        return Ticket(Arrival("now", 1, "t", b""), None, Junk("why"), _done)


@pytest.fixture
def hands() -> Hands:
    return Hands()


def state(at_ms: int, box: str = "edge-1") -> BoxState:
    return BoxState(box_id(box), STORE, at_ms, True, 0, 0, 0, 0, 0)


def test_now_goes_before_money_and_states_between(hands: Hands) -> None:
    money, now = hands.ticket(), hands.junk()
    hands.lanes.put_money(money)
    hands.lanes.put_state(HERE, state(1))
    hands.lanes.put_now(now)
    assert hands.lanes.take() == Now((now,))
    assert hands.lanes.take() == States(((HERE, state(1)),))
    assert hands.lanes.take() == Money((money,))


def test_a_lane_that_never_ceases_leaves_the_others_their_turns(hands: Hands) -> None:
    for _ in range(3 * GROUP_SIZE):
        hands.lanes.put_now(hands.junk())
    hands.lanes.put_money(hands.ticket(GATHER_RECORDS))
    hands.lanes.put_money(hands.ticket())
    order = []
    for _ in range(6):
        hands.lanes.put_state(HERE, state(1))
        order.append(type(hands.lanes.take()))
    assert order == [Now, States, Money, Now, States, Money]
    assert hands.lanes.waiting() == (0, GROUP_SIZE)


def test_chores_come_last_and_in_time_on_a_day_without_a_pause(hands: Hands) -> None:
    hands.lanes.put_chores()
    for _ in range(2):
        hands.lanes.put_money(hands.ticket(GATHER_RECORDS))
        assert isinstance(hands.lanes.take(), Money)
        hands.now += CHORES_PATIENCE_S * 0.6
        hands.lanes.put_chores()
    hands.lanes.put_money(hands.ticket())
    assert hands.lanes.take() == Chores()
    assert isinstance(hands.lanes.take(), Money)


def test_only_the_newest_state_of_a_box_is_kept(hands: Hands) -> None:
    for at_ms in range(5):
        hands.lanes.put_state(HERE, state(at_ms))
    assert hands.lanes.take() == States(((HERE, state(4)),))


def test_money_is_gathered_up_to_the_bound(hands: Hands) -> None:
    tickets = [hands.ticket(1000) for _ in range(5)]
    for ticket in tickets:
        hands.lanes.put_money(ticket)
    assert hands.lanes.take() == Money(tuple(tickets[:4]))
    assert hands.lanes.take() == Money((tickets[4],))


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=30))
def test_gathering_keeps_order_and_loses_nothing(sizes: list[int]) -> None:
    hands = Hands()
    tickets = [hands.ticket(size) for size in sizes]
    for ticket in tickets:
        hands.lanes.put_money(ticket)
    got: list[Ticket] = []
    while hands.lanes.waiting()[0]:
        work = hands.lanes.take()
        assert isinstance(work, Money)
        assert sum(len(t.body.records) for t in work.tickets if isinstance(t.body, Batch)) <= GATHER_RECORDS
        got += work.tickets
    assert got == tickets


def test_money_given_back_comes_first_after_the_pause_and_now_does_not_wait(hands: Hands) -> None:
    first, second, urgent = hands.ticket(), hands.ticket(), hands.junk()
    hands.lanes.put_money(first)
    work = hands.lanes.take()
    assert isinstance(work, Money)
    hands.lanes.put_money(second)
    hands.lanes.give_back(work, 0.5)
    hands.lanes.put_now(urgent)
    assert hands.lanes.take() == Now((urgent,))
    assert hands.lanes._next() is None
    assert hands.lanes._wake_in_s() == pytest.approx(0.5)
    hands.now += 0.6
    assert hands.lanes.take() == Money((first, second))


def test_now_given_back_holds_everything(hands: Hands) -> None:
    urgent = hands.junk()
    hands.lanes.put_now(urgent)
    work = hands.lanes.take()
    assert isinstance(work, Now)
    hands.lanes.give_back(work, 0.5)
    hands.lanes.put_money(hands.ticket())
    assert hands.lanes._next() is None
    hands.now += 0.6
    assert hands.lanes.take() == work


def test_what_a_dead_connection_brought_is_taken_out(hands: Hands) -> None:
    old, new = hands.ticket(connection=1), hands.ticket(connection=2)
    hands.lanes.put_money(old)
    hands.lanes.put_money(new)
    assert hands.lanes.drop("money", 1) == [old]
    assert hands.lanes.waiting() == (1, 0)
    assert hands.lanes.take() == Money((new,))


def test_closing_wakes_the_thread(hands: Hands) -> None:
    got: list[object] = ["nothing yet"]
    thread = threading.Thread(target=lambda: got.append(hands.lanes.take()))
    thread.start()
    hands.lanes.close()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()
    assert got[-1] is None


def test_a_look_has_its_turn_while_records_never_cease(hands: Hands) -> None:
    """Asked twice, done once; and before the chores."""
    hands.lanes.put_chores()
    for _ in range(2):
        hands.lanes.put_look()
        hands.lanes.put_money(hands.ticket(GATHER_RECORDS))
    assert [type(hands.lanes.take()) for _ in range(4)] == [Look, Money, Money, Chores]
