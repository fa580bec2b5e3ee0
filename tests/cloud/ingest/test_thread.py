"""The ledger thread with a doer that fails as told: nothing is answered before it is done, nothing is lost."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest

from cloud.ingest.lanes import Lanes
from cloud.ingest.tally import Tally
from cloud.ingest.thread import OUTAGE_S, LedgerThread, Reports
from cloud.ingest.ticket import Arrival, Junk, Letter, Notice, States, Ticket
from shared.errors import KeyFault, RuleBroken, StoreFault
from shared.facts.books import MessagesRefused
from shared.ids import BoxId, DeviceId, PsamId, StoreId
from shared.wire.messages import BoxState, OnlineRequest
from shared.wire.topics import STATE, Address
from tests.patience import PATIENCE_S

LETTER = Letter("down/now", "t", b"")


def until(holds: Callable[[], bool]) -> None:
    last = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < last
        time.sleep(0.002)


def ticket(name: bytes) -> Ticket:
    return Ticket(Arrival("s", 1, "t", name), None, Junk("why"), lambda: None)


def asking(number: int) -> Ticket:
    request = OnlineRequest(DeviceId(bytes(6)), 1, PsamId(b"psam01"), number, b"")
    return Ticket(Arrival("s", 1, "t", str(number).encode()), None, request, lambda: None)


NOTICE = Notice(BoxId("edge-1"), MessagesRefused("now", 3))
STORE = StoreId(b"store--1")


class Told:
    """A doer that raises the faults it was given, then works. `done` is what it did, in order."""

    def __init__(self, *faults: BaseException) -> None:
        self.faults = list(faults)
        self.chores_fail: Exception | None = None
        self.aside_fails: Exception | None = None
        self.heads: list[Letter] = []
        self.more: list[bool] = []
        """What the chores answer, the last one first."""
        self.done: list[str] = []

    def _do(self, what: str) -> list[Letter]:
        if self.faults:
            raise self.faults.pop(0)
        self.done.append(what)
        return [LETTER]

    def money(self, tickets: Sequence[Ticket]) -> list[Letter]:
        return self._do("money " + " ".join(t.arrival.payload.decode() for t in tickets))

    def now(self, ticket: Ticket) -> list[Letter]:
        return self._do("now " + ticket.arrival.payload.decode())

    def together(self, tickets: Sequence[Ticket]) -> list[Letter]:
        """As the clerk: nothing of it is done when one fails."""
        done = [*self.done]
        try:
            letters = [letter for ticket in tickets for letter in self.now(ticket)][:1]
        except BaseException:
            self.done = done
            raise
        self.done.append(f"that were {len(tickets)}")
        return letters

    def set_aside(self, ticket: Ticket, fault: Exception) -> None:
        if self.aside_fails is not None:
            raise self.aside_fails
        self.done.append(f"aside {ticket.arrival.payload.decode()} {type(fault).__name__}")

    def states(self, states: States) -> list[Letter]:
        return self._do(f"states {len(states.states)}")

    def outage_over(self, fault: type[Exception], seconds: int) -> None:
        self.done.append(f"over {fault.__name__} {seconds}")

    def witnessed(self) -> list[Letter]:
        return self.heads

    def looked(self) -> list[Letter]:
        return self._do("looked")

    def look_failed(self, fault: Exception) -> None:
        self.done.append(f"look stumbled over {type(fault).__name__}")

    def state_failed(self, address: Address, fault: Exception) -> None:
        self.done.append(f"stumbled over {address.box} {type(fault).__name__}")

    def notices(self, notices: Sequence[Notice]) -> None:
        self._do(f"told {len(notices)}")

    def chores(self) -> bool:
        if self.chores_fail is not None:
            raise self.chores_fail
        self._do("chores")
        return self.more.pop() if self.more else False


class Run:
    """The thread under test with everything it told."""

    def __init__(self, doer: Told, clock: Callable[[], float] = time.monotonic) -> None:
        self.lanes = Lanes()
        self.doer = doer
        self.tally = Tally()
        self.letters: list[Letter] = []
        self.delivered: list[bytes] = []
        self.ended: list[BaseException | None] = []
        self.closed = threading.Event()
        reports = Reports(lambda: None, self._deliver, self.ended.append)
        self.thread = LedgerThread(self.lanes, self._opened, reports, self.tally, clock)

    @contextmanager
    def _opened(self) -> Iterator[Told]:
        try:
            yield self.doer
        finally:
            self.closed.set()

    def _deliver(self, letters: Sequence[Letter], tickets: Sequence[Ticket]) -> None:
        assert letters in ([LETTER], [])
        self.letters += letters
        self.delivered += [t.arrival.payload for t in tickets]

    def until(self, count: int) -> None:
        last = time.monotonic() + PATIENCE_S
        while len(self.delivered) < count:
            assert time.monotonic() < last
            time.sleep(0.002)

    def end(self) -> None:
        self.lanes.close()
        self.thread.join(PATIENCE_S)
        assert not self.thread.is_alive()
        assert self.closed.is_set()


@pytest.mark.parametrize("fault", [KeyFault("away"), StoreFault("away")])
def test_money_is_answered_only_when_it_is_done(fault: Exception) -> None:
    run = Run(Told(fault, fault))
    run.lanes.put_money(ticket(b"a"))
    run.lanes.put_money(ticket(b"b"))
    run.thread.start()
    run.until(2)
    run.end()
    assert run.doer.done == ["money a b", "chores"]
    assert run.delivered == [b"a", b"b"]
    assert run.tally.key_faults + run.tally.store_faults == 2
    assert run.ended == [None]


@pytest.mark.parametrize("fault", [KeyFault("away"), StoreFault("away")])
@pytest.mark.parametrize("put", ["put_money", "put_now"])
def test_an_outage_is_told_once_with_its_length_when_the_lane_works_again(fault: Exception, put: str) -> None:
    seconds = iter((100.0, 103.0, 100.0 + OUTAGE_S))
    run = Run(Told(fault, fault), lambda: next(seconds))
    getattr(run.lanes, put)(ticket(b"a"))
    run.thread.start()
    run.until(1)
    run.end()
    assert run.doer.done[1:] == [f"over {type(fault).__name__} {OUTAGE_S}", "chores"]


def test_a_pause_is_no_outage() -> None:
    run = Run(Told(KeyFault("away")))
    run.lanes.put_money(ticket(b"a"))
    run.thread.start()
    run.until(1)
    run.end()
    assert run.doer.done == ["money a", "chores"]


def test_chores_that_have_more_to_do_come_again_behind_everything_else() -> None:
    run = Run(Told())
    run.doer.more = [False, True]
    run.lanes.put_chores()
    run.thread.start()
    last = time.monotonic() + PATIENCE_S
    while len(run.doer.done) < 2:
        assert time.monotonic() < last
    run.end()
    assert run.doer.done == ["chores", "chores", "chores"], "the third is the one at the end"


def test_what_is_to_be_told_is_told_with_the_next_chores_when_the_database_is_away() -> None:
    run = Run(Told(StoreFault("away")))
    run.lanes.keep_notices([NOTICE])
    run.lanes.put_chores()
    run.thread.start()
    until(lambda: bool(run.tally.store_faults))
    run.lanes.put_chores()
    until(lambda: len(run.doer.done) == 2)
    run.end()
    assert run.doer.done == ["told 1", "chores", "chores"]


def test_what_was_told_is_not_told_again_when_the_rest_of_the_chores_fails() -> None:
    run = Run(Told())
    run.doer.chores_fail = KeyFault("away")
    run.lanes.keep_notices([NOTICE])
    run.lanes.put_chores()
    run.thread.start()
    until(lambda: bool(run.tally.key_faults))
    run.doer.chores_fail = None
    run.lanes.put_chores()
    until(lambda: len(run.doer.done) == 2)
    run.end()
    assert run.doer.done == ["told 1", "chores", "chores"]


def test_what_boxes_are_to_bear_witness_of_goes_out_though_the_other_chores_fail() -> None:
    run = Run(Told())
    run.doer.heads, run.doer.chores_fail = [LETTER], KeyFault("away")
    run.lanes.put_chores()
    run.thread.start()
    until(lambda: bool(run.letters))
    run.doer.chores_fail = None
    run.end()


def test_a_state_that_our_code_stumbles_over_stops_nobody_elses() -> None:
    run = Run(Told(TypeError("ours"), TypeError("ours")))
    for box in ("a", "b"):
        run.lanes.put_state(Address(7, BoxId(box), STATE), BoxState(BoxId(box), STORE, 1, True, 0, 1, 0, 0, 0))
    run.thread.start()
    until(lambda: len(run.doer.done) == 2)
    run.end()
    assert run.doer.done == ["stumbled over a TypeError", "states 1", "chores"]


def test_a_message_that_cannot_even_be_set_aside_ends_the_process() -> None:
    run = Run(Told(TypeError("ours")))
    run.doer.aside_fails = ValueError("and again")
    run.lanes.put_now(ticket(b"n"))
    run.thread.start()
    run.thread.join(PATIENCE_S)
    assert run.ended == [run.doer.aside_fails]


def test_now_goes_on_while_money_waits_for_the_key_process() -> None:
    run = Run(Told(KeyFault("away")))
    run.lanes.put_money(ticket(b"m"))
    run.thread.start()
    last = time.monotonic() + PATIENCE_S
    while not run.tally.key_faults:
        assert time.monotonic() < last
    run.lanes.put_now(ticket(b"n"))
    run.until(2)
    run.end()
    assert run.delivered == [b"n", b"m"]


@pytest.mark.parametrize("fault", [KeyFault("away"), StoreFault("away")])
def test_many_of_now_are_one_transaction_and_wait_together_for_what_is_away(fault: Exception) -> None:
    run = Run(Told(fault))
    for name in (b"1", b"2", b"3"):
        run.lanes.put_now(ticket(name))
    run.thread.start()
    run.until(3)
    run.end()
    assert run.delivered == [b"1", b"2", b"3"]
    assert run.doer.done == ["now 1", "now 2", "now 3", "that were 3", "chores"]


def test_one_that_fails_costs_the_others_a_second_try_each_for_itself() -> None:
    run = Run(Told())
    for name in (b"1", b"2", b"3"):
        run.lanes.put_now(ticket(name))
    sound = run.doer.now

    def now(it: Ticket) -> list[Letter]:
        if it.arrival.payload == b"2":
            raise ZeroDivisionError
        return sound(it)

    run.doer.now = now  # type: ignore[method-assign]
    run.thread.start()
    run.until(3)
    run.end()
    assert run.delivered == [b"1", b"2", b"3"]
    assert run.doer.done == ["now 1", "aside 2 ZeroDivisionError", "now 3", "chores"]


def test_what_was_done_before_the_database_went_away_is_answered_and_the_rest_waits_in_order() -> None:
    run = Run(Told())
    for number in range(3):
        run.lanes.put_now(asking(number))
    sound, failed = run.doer.now, list[bytes]()

    def now(it: Ticket) -> list[Letter]:
        if it.arrival.payload == b"1" and not failed:
            failed.append(b"1")
            raise StoreFault("away")
        return sound(it)

    run.doer.now = now  # type: ignore[method-assign]
    run.thread.start()
    run.until(3)
    run.end()
    assert run.delivered == [b"0", b"1", b"2"]
    assert run.doer.done == ["now 0", "now 1", "now 2", "chores"], "each with a commit of its own"


@pytest.mark.parametrize("fault", [RuleBroken("a defect"), ZeroDivisionError()])
def test_what_it_does_not_know_ends_it_with_nothing_answered(fault: Exception) -> None:
    run = Run(Told(fault))
    run.lanes.put_money(ticket(b"a"))
    run.thread.start()
    run.thread.join(PATIENCE_S)
    assert run.ended == [fault]
    assert run.delivered == []
    assert run.closed.is_set()


def test_a_message_of_now_that_our_code_stumbles_over_is_set_aside_and_the_next_ones_answered() -> None:
    run = Run(Told(KeyFault("away"), ZeroDivisionError(), ZeroDivisionError()))
    for name in (b"1", b"2"):
        run.lanes.put_now(ticket(name))
    run.thread.start()
    run.until(2)
    run.end()
    assert run.doer.done == ["aside 1 ZeroDivisionError", "now 2", "chores"]
    assert run.delivered == [b"1", b"2"]
    assert run.ended == [None]


def test_closing_leaves_what_waits_unanswered() -> None:
    run = Run(Told(*[KeyFault("away")] * 1000))
    run.lanes.put_money(ticket(b"a"))
    run.thread.start()
    last = time.monotonic() + PATIENCE_S
    while not run.tally.key_faults:
        assert time.monotonic() < last
    run.end()
    assert run.delivered == []


def test_what_a_look_brings_goes_out_and_what_it_stumbles_over_stops_no_record() -> None:
    run = Run(Told(StoreFault("away"), ValueError("ours")))
    run.thread.start()
    for done in ([], ["look stumbled over ValueError"]):
        run.lanes.put_look()
        until(lambda done=done: not run.lanes._look_due and run.doer.done == done)  # type: ignore[misc]
    run.lanes.put_look()
    until(lambda: run.letters == [LETTER])
    run.lanes.put_money(ticket(b"a"))
    run.until(1)
    run.end()
    assert run.doer.done == ["look stumbled over ValueError", "looked", "money a", "chores"]
    assert run.ended == [None]
