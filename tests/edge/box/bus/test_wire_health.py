"""What is said of a CAN bus before anybody is named: who is error-passive, that it is nearly full, that errors grow."""

import pytest

from edge.box.bus.wire_health import HOUR_S, LOAD_S, OVER_TIMES, PASSIVE_EVERY_S, WireHealth
from edge.box.values.effects import Now
from edge.link.can.error import BusTrouble, ControllerState
from edge.link.can.health import Health
from edge.link.can.quota import MEAN_FRAME_BITS
from edge.link.messages import Emcy
from edge.link.port import BusReport
from tests.edge.bus_rig import BusField

BITRATE = 125_000
FULL = BITRATE / MEAN_FRAME_BITS


class Wire:
    def __init__(self):
        self.said, self.health = [], WireHealth("can0", BITRATE, self._tell)

    def _tell(self, now, told, device=b"", about=""):
        self.said.append((told.code, told.case, dict(told.params())))

    def edge(self, at_s, **report):
        self.health.edge(Now(at_s, 1, 1), BusReport(**report))

    def heard(self, at_s, tec=0, rec=0, address=3):
        self.health.heard(Now(at_s, 1, 1), address, "till-3", Emcy(tec, rec, 0, 0, 0, 0, 0))

    @property
    def codes(self):
        return ["/".join(part for part in (code, case) if part) for code, case, _ in self.said]


@pytest.fixture
def wire():
    return Wire()


def test_a_controller_is_counted_once_each_time_it_becomes_passive():
    health = Health()
    for state in (ControllerState.WARNING, ControllerState.PASSIVE, ControllerState.PASSIVE, ControllerState.ACTIVE):
        health.note(BusTrouble(state=state, tec=1), 0.0)
    assert health.passives == 1
    health.note(BusTrouble(bus_error=True, tec=136), 0.0)
    health.note(BusTrouble(bus_error=True, tec=144), 0.0)
    assert health.passives == 2, "where the driver says no state, by its counters"


def test_the_box_itself_is_said_and_not_again_at_once(wire):
    wire.edge(0.0)
    wire.edge(1.0, passives=1, tec_peak=130)
    wire.edge(2.0, passives=3)
    assert wire.codes == ["bus-error-passive"]
    assert wire.said[0][2] == {"link": "can0", "address": 0, "name": "edge", "tec": 130, "rec": 0}
    wire.edge(2.0 + PASSIVE_EVERY_S, passives=4)
    assert len(wire.said) == 2


def test_a_terminal_is_said_when_its_peak_goes_beyond_and_not_for_what_was_before(wire):
    wire.heard(0.0, rec=200)
    wire.heard(1.0, rec=220)
    assert wire.said == [], "it was so before this box heard of it"
    wire.heard(0.0, tec=8, address=4)
    wire.heard(5.0, tec=128, address=4)
    assert wire.codes == ["bus-error-passive"]
    assert wire.said[0][2]["address"] == 4


def loads(wire, *loads):
    frames = 0.0
    for n, load in enumerate((0.0, *loads)):
        frames += load * FULL * LOAD_S
        wire.edge(n * LOAD_S, frames=round(frames) // 2, heard=round(frames) - round(frames) // 2)


def test_a_bus_that_is_nearly_full_is_said_and_when_it_has_room_again(wire):
    loads(wire, 0.3, 0.75, *(0.5,) * OVER_TIMES)
    assert wire.codes == ["bus-load/high", "bus-load/over"]
    assert wire.said[0][2] == {"case": "high", "link": "can0", "percent": 75}


def test_one_quiet_minute_is_no_room(wire):
    loads(wire, 0.75, 0.5, 0.65, *(0.5,) * (OVER_TIMES - 1))
    assert wire.codes == ["bus-load/high"]


def test_a_link_that_began_anew_has_no_load_below_nothing(wire):
    wire.edge(0.0, frames=1_000_000)
    wire.edge(LOAD_S, frames=10)
    assert wire.said == []


def hours(wire, *errors):
    """So many looks with an error in each hour."""
    total = at_s = 0
    for n, count in enumerate(errors):
        for look in range(60):
            at_s = n * HOUR_S + look * 60
            total += look < count
            wire.edge(at_s, rec_sum=total)
    wire.edge(len(errors) * HOUR_S, rec_sum=total)


def test_errors_that_grow_are_a_warning_and_as_many_as_ever_are_none(wire):
    hours(wire, 8, 8, 8, 8, 30)
    assert wire.codes == []
    wire = Wire()
    hours(wire, 2, 3, 2, 2, 25)
    assert wire.codes == ["bus-errors-rise"]
    assert wire.said[0][2] == {"link": "can0", "errors": 25, "before": 2}


def test_a_first_bad_hour_says_nothing_of_a_rise(wire):
    hours(wire, 0, 30)
    assert wire.said == []


def test_on_a_real_bus_a_bad_node_is_passive_before_it_is_off():
    field = BusField(6)
    field.open()
    field.fault(3, corruption=0.5)
    field.go(45)
    assert {row["address"] for row in field.told("bus-error-passive")} == {3}
    assert not field.told("bus-load")
    assert not field.told("bus-errors-rise")
