"""The lane `now`: bounded, in order, said again after a loss, and never a word while there is no connection."""

import pytest

from edge.box.up import now_lane as nowlane
from edge.box.up.now_lane import IN_FLIGHT_MAX, NowLane, Perishable, TokenSource
from edge.box.values.effects import Now
from shared.facts.boxes import FactsDropped
from shared.fleet.document import CAMPUS, DocumentKind
from shared.ids import StoreId
from shared.wire.fleet_lane import Held, HeldRow, PagesWanted, Reported, Verdict
from shared.wire.messages import DeviceStatus, Fact, Hello, OnlineRequest, RecordCopy, decode_now_up
from tests.edge.rig import device, psam

NOW = Now(0.0, 5, 0)
SAID = Hello(StoreId(b"STORE-00"), 0, 0, None)
HELLO = Perishable(SAID, 100.0)


def fact(n):
    return Fact("code", "general", n, b"", str(n))


def status(n, left=0):
    return DeviceStatus(device(n), (), 1, 1, left, True, 1, 1)


@pytest.fixture
def lane():
    return NowLane()


@pytest.fixture
def tokens():
    return TokenSource()


def said(publishes):
    return [decode_now_up(one.payload) for one in publishes]


def test_says_nothing_without_a_connection(lane, tokens):
    lane.offer(fact(1))
    lane.offer(RecordCopy(b"copy"))
    assert lane.pump(NOW, tokens) == []
    assert lane.dropped == 1
    lane.connected(HELLO)
    assert said(lane.pump(NOW, tokens)) == [SAID, fact(1)]


def test_order_and_bound_of_what_is_in_flight(lane, tokens):
    lane.connected(HELLO)
    for n in range(IN_FLIGHT_MAX):
        lane.offer(fact(n))
    lane.offer(status(1))
    lane.offer(RecordCopy(b"copy"))
    first = lane.pump(NOW, tokens)
    assert len(first) == IN_FLIGHT_MAX
    assert said(first)[:4] == [SAID, RecordCopy(b"copy"), status(1), fact(0)]
    assert lane.pump(NOW, tokens) == []
    assert lane.published(first[0].token)
    assert not lane.published(first[0].token)
    assert len(lane.pump(NOW, tokens)) == 1


def test_newest_status_of_a_device(lane, tokens):
    lane.offer(status(1, 10))
    lane.offer(status(2))
    lane.offer(status(1, 9))
    lane.connected(HELLO)
    assert said(lane.pump(NOW, tokens)) == [SAID, status(2), status(1, 9)]


def test_loss_says_facts_and_statuses_again(lane, tokens):
    lane.connected(HELLO)
    lane.offer(fact(1))
    lane.offer(status(1))
    lane.offer(RecordCopy(b"copy"))
    lane.pump(NOW, tokens)
    lane.disconnected()
    lane.connected(HELLO)
    assert said(lane.pump(NOW, tokens)) == [SAID, status(1), fact(1)]


def test_newer_status_is_not_replaced_by_the_one_in_flight(lane, tokens):
    lane.connected(HELLO)
    lane.offer(status(1, 10))
    lane.pump(NOW, tokens)
    lane.offer(status(1, 9))
    lane.disconnected()
    lane.connected(HELLO)
    assert said(lane.pump(NOW, tokens)) == [SAID, status(1, 9)]


def test_facts_beyond_the_bound_become_a_number(lane, tokens, monkeypatch):
    monkeypatch.setattr(nowlane, "FACTS_MAX", 2)
    for n in range(5):
        lane.offer(fact(n))
    lane.connected(HELLO)
    facts = said(lane.pump(NOW, tokens))[1:]
    assert facts[:2] == [fact(0), fact(1)]
    assert (facts[2].code, facts[2].told) == ("facts-dropped", FactsDropped(3).params())
    assert lane.dropped == 3


def test_urgent_beyond_the_bound_is_dropped(lane, tokens, monkeypatch):
    monkeypatch.setattr(nowlane, "URGENT_MAX", 2)
    lane.connected(HELLO)
    lane.offer(RecordCopy(b"1"))
    lane.offer(RecordCopy(b"2"))
    assert said(lane.pump(NOW, tokens)) == [SAID, RecordCopy(b"1")]
    assert lane.dropped == 1


def test_statuses_are_bounded(lane, monkeypatch):
    monkeypatch.setattr(nowlane, "STATUSES_MAX", 1)
    lane.offer(status(1))
    lane.offer(status(2))
    lane.offer(status(1, 5))
    assert (lane.dropped, lane.waiting()) == (1, 1)


def test_hello_is_not_said_twice_into_a_broker_that_is_silent(lane, tokens):
    lane.connected(HELLO)
    lane.offer(HELLO)
    (first,) = lane.pump(NOW, tokens)
    lane.offer(HELLO)
    assert lane.pump(NOW, tokens) == []
    lane.published(first.token)
    lane.offer(HELLO)
    assert said(lane.pump(NOW, tokens)) == [SAID]
    assert lane.dropped == 0


REQUEST = OnlineRequest(device(1), 1, psam(1), 7, b"INIT", 5)


def test_what_nobody_waits_for_any_more_is_not_said(lane, tokens):
    lane.connected(HELLO)
    lane.offer(Perishable(REQUEST, 2.0))
    assert said(lane.pump(Now(2.0, 5, 0), tokens)) == [SAID]
    assert lane.dropped == 1


def test_broker_is_told_how_long_it_is_worth_keeping(lane, tokens):
    lane.connected(HELLO)
    lane.offer(Perishable(REQUEST, 5.5))
    lane.offer(Perishable(REQUEST, 1.1))
    lane.offer(fact(1))
    assert [one.expiry_s for one in lane.pump(Now(1.0, 5, 0), tokens)] == [99, 5, 1, 0]


# ---- documents

HOTLIST = DocumentKind.HOTLIST, CAMPUS


def held(generation):
    return Held((HeldRow(*HOTLIST, generation, bytes(32), 0),))


def word(n, generation=1, kind=DocumentKind.HOTLIST):
    return Reported(device(n), kind, CAMPUS, generation, bytes(32), 0, 0, 0, generation, Verdict.IN_USE)


def test_what_is_held_is_said_once_as_it_is_now_and_before_what_is_asked_for_later(lane, tokens, monkeypatch):
    monkeypatch.setattr(nowlane, "URGENT_MAX", 2)
    wanted = PagesWanted(*HOTLIST, 3, (0,))
    lane.connected(HELLO)
    lane.offer(held(1))
    lane.offer(held(2))
    lane.offer(status(1))
    assert lane.waiting() == 3
    assert said(lane.pump(NOW, tokens)) == [SAID, held(2), status(1)]
    lane.offer(RecordCopy(b"1"))
    lane.offer(wanted)
    lane.offer(held(3))
    assert said(lane.pump(NOW, tokens)) == [RecordCopy(b"1"), wanted, held(3)]
    assert lane.dropped == 0


def test_the_newest_word_on_each_document_of_each_terminal_goes_up(lane, tokens, monkeypatch):
    monkeypatch.setattr(nowlane, "REPORTS_MAX", 3)
    lane.connected(HELLO)
    for one in (word(1), word(2), word(1, 2), word(1, 1, DocumentKind.ORDER), word(3)):
        lane.offer(one)
    assert lane.waiting() == 4
    assert said(lane.pump(NOW, tokens)) == [SAID, word(2), word(1, 2), word(1, 1, DocumentKind.ORDER)]
    assert lane.dropped == 1


def test_what_was_said_of_documents_is_said_again_by_its_owner_alone(lane, tokens):
    lane.connected(HELLO)
    lane.offer(held(1))
    lane.offer(word(1))
    lane.pump(NOW, tokens)
    lane.offer(word(2))
    lane.disconnected()
    lane.offer(held(2))
    lane.offer(word(1, 2))
    lane.connected(HELLO)
    assert said(lane.pump(NOW, tokens)) == [SAID]
