"""Increments are added up, and a node that is bus-off comes back after a pause that doubles."""

import pytest

from edge.link.can.error import BusTrouble, ControllerState
from edge.link.can.health import BACK_MAX_S, BACK_MIN_S, HEALTHY_S, Health

OFF = BusTrouble(state=ControllerState.BUS_OFF, tec=255)
BACK = BusTrouble(state=ControllerState.ACTIVE, restarted=True)


def test_increments_are_added_up_although_the_counters_fall():
    health = Health()
    for trouble in (
        BusTrouble(bus_error=True, while_sending=True, tec=8),
        BusTrouble(bus_error=True, rec=1),
        BusTrouble(bus_error=True, rec=1),
        BusTrouble(bus_error=True, first=True, rec=9),
        BusTrouble(bus_error=True, while_sending=True, no_ack=True, tec=16),
    ):
        health.note(trouble, 0.0)
    assert (health.tec_sum, health.rec_sum) == (8, 11), "that nobody acknowledged is nobody's fault"
    assert (health.tec_peak, health.rec_peak) == (16, 9)


def test_where_a_driver_does_not_tell_who_was_first_the_growth_counts():
    health = Health()
    for rec in (9, 18, 5):
        health.note(BusTrouble(bus_error=True, rec=rec), 0.0)
    assert health.rec_sum == 9 + 9 + 1


def test_the_pause_doubles_up_to_its_bound_and_is_short_again_after_a_healthy_minute():
    health, now_s, pauses = Health(), 0.0, []
    for _ in range(12):
        health.note(OFF, now_s)
        pauses.append(health.back_s - now_s)
        assert not health.is_due(health.back_s - 0.001)
        now_s = health.back_s
        assert health.is_due(now_s)
        health.note(BACK, now_s)
        assert health.back_s is None
    assert pauses[:4] == pytest.approx([BACK_MIN_S, 2 * BACK_MIN_S, 4 * BACK_MIN_S, 8 * BACK_MIN_S])
    assert pauses[-1] == pytest.approx(BACK_MAX_S)
    assert health.offs == 12
    health.note(OFF, now_s + HEALTHY_S)
    assert health.back_s - now_s - HEALTHY_S == pytest.approx(BACK_MIN_S)


def test_a_restart_that_fails_is_tried_again():
    health = Health()
    health.note(OFF, 0.0)
    assert health.is_due(0.1)
    assert not health.is_due(0.2)
    assert health.is_due(0.31)
