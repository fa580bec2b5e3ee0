"""The ledger's time is reckoned by monotonic seconds; a false one neither stops loads nor lets late ones through."""

import pytest

from edge.box.up.ledger_clock import EARLIEST_MS, INSISTED_TIMES, JUMP_MS, LATEST_MS, SAME_MS, LedgerClock
from edge.box.up.uplink import HELLO_AGAIN_S
from edge.box.values.effects import Now
from edge.link import messages as link
from edge.link.messages import Type
from shared.facts.boxes import LedgerTimeImpossible, LedgerTimeJumps
from shared.wire.lanes.now_lane import MS_MAX
from shared.wire.messages import Hello, LedgerTime, OnlineRequest

T0 = 1_784_000_000_000
YEAR_MS = 365 * 86_400_000


def at(mono_s: float) -> Now:
    return Now(mono_s, 0, 0)


@pytest.fixture
def clock() -> LedgerClock:
    clock = LedgerClock()
    assert clock.heard(at(100.0), T0) is None
    return clock


def test_unknown_until_it_was_said():
    clock = LedgerClock()
    assert clock.at(100.0) is None
    assert clock.heard(at(100.0), T0) is None
    assert clock.at(102.5) == T0 + 2_500


@pytest.mark.parametrize("told", [0, EARLIEST_MS - 1, LATEST_MS + 1, MS_MAX])
def test_time_that_no_record_can_have_is_refused_at_once(told):
    clock = LedgerClock()
    assert clock.heard(at(100.0), told) == LedgerTimeImpossible(told)
    assert clock.at(100.0) is None
    assert clock.heard(at(100.0), T0) is None


@pytest.mark.parametrize("by", [JUMP_MS, -JUMP_MS])
def test_drift_is_taken(clock, by):
    assert clock.heard(at(110.0), T0 + 10_000 + by) is None
    assert clock.at(110.0) == T0 + 10_000 + by


@pytest.mark.parametrize("by", [JUMP_MS + 1000, -JUMP_MS - 1000, 70 * YEAR_MS, -20 * YEAR_MS])
def test_jump_is_refused_and_a_later_right_one_is_taken(clock, by):
    assert clock.heard(at(110.0), T0 + 10_000 + by) == LedgerTimeJumps(by // 1000)
    assert clock.at(110.0) == T0 + 10_000
    assert clock.heard(at(111.0), T0 + 11_200) is None
    assert clock.at(111.0) == T0 + 11_200


@pytest.mark.parametrize("by", [YEAR_MS, -YEAR_MS])
def test_clock_that_was_put_right_is_taken_when_the_ledger_insists(clock, by):
    for n in range(1, INSISTED_TIMES):
        assert clock.heard(at(100.0 + 10 * n), T0 + 10_000 * n + by) is not None
    last = 10 * INSISTED_TIMES
    assert clock.heard(at(100.0 + last), T0 + 1000 * last + by) is None
    assert clock.at(100.0 + last) == T0 + 1000 * last + by


def test_different_jumps_are_no_insistence(clock):
    for n in range(1, 4 * INSISTED_TIMES):
        assert clock.heard(at(100.0), T0 + YEAR_MS + n * (SAME_MS + 1)) is not None
    assert clock.at(100.0) == T0


def test_right_time_in_between_ends_an_insistence(clock):
    for _ in range(3):
        for _ in range(INSISTED_TIMES - 1):
            assert clock.heard(at(100.0), T0 + YEAR_MS) is not None
        assert clock.heard(at(100.0), T0) is None
    assert clock.at(100.0) == T0


def online(body, number):
    return body.say(Type.ONLINE_REQUEST, link.ONLINE_REQUEST.encode(link.Ask(number, 6000, b"load me")))


def requests(field):
    return [message for message in field.up if isinstance(message, OnlineRequest)]


def told(field):
    return [(fact.code, dict(fact.told)) for fact in field.facts]


def test_forged_time_stops_no_load_and_is_told(field, body):
    field.greeting = False
    for told_ms in (MS_MAX, T0 + 70 * YEAR_MS):
        field.connect()
        field.answer(LedgerTime(told_ms))
    field.hear(("tcp", 1), online(body, 1))
    assert [0 < request.until_ms - field.ledger_ms() < 6000 for request in requests(field)] == [True]
    assert field.box.totals()["ledger_times_refused"] == 2
    assert told(field) == [("ledger-time-refused", {"case": "impossible", "told": MS_MAX})]


def test_box_that_doubts_the_time_asks_for_it_again(field, body):
    field.greeting = False
    field.connect()
    field.box._uplink._greeting.answered()
    field.wait(HELLO_AGAIN_S)
    hellos = sum(isinstance(message, Hello) for message in field.up)
    field.answer(LedgerTime(T0 + 70 * YEAR_MS))
    assert sum(isinstance(message, Hello) for message in field.up) == hellos + 1
    assert told(field)[0][0] == "ledger-time-refused"
