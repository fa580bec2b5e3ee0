"""The search finds the one, says when it is none, and is not begun where it would take too long."""

import math

import pytest

from edge.box.bus.bisection import DWELL_MAX_S, DWELL_MIN_S, SEARCH_MAX_S, Bisection, Search, dwell_s, rounds


@pytest.mark.parametrize("nodes", [2, 3, 7, 60])
def test_every_one_is_found_in_its_rounds(nodes):
    for culprit in range(1, nodes + 1):
        search, played = Bisection(range(1, nodes + 1), 1.0), 0
        while search.state is Search.GOES_ON:
            search.over(0 if culprit in search.silenced else 5)
            played += 1
        assert (search.state, search.found) == (Search.FOUND, culprit)
        assert played <= rounds(nodes)


def test_a_bad_line_is_nobody():
    search = Bisection(range(1, 9), 1.0)
    while search.state is Search.GOES_ON:
        search.over(5)
    assert search.state is Search.NOT_ONE


def test_errors_that_end_by_themselves_prove_nothing():
    search = Bisection(range(1, 9), 1.0)
    while search.state is Search.GOES_ON:
        search.over(0)
    assert search.state is Search.GONE


def test_a_round_is_as_long_as_its_errors_are_rare():
    assert dwell_s(0.1) == pytest.approx(46)
    assert dwell_s(10) == DWELL_MIN_S > 30, "longer than a node that is bus-off stays away"
    assert dwell_s(0) == math.inf
    assert Bisection(range(8), 0.02).dwell_s <= DWELL_MAX_S


def test_one_error_a_minute_is_for_a_watch_overnight():
    assert not Bisection.affordable(60, 1 / 60)
    assert Bisection.affordable(60, 1.0)
    assert not Bisection.affordable(1, 1.0)
    assert rounds(60) * dwell_s(1.0, 0.5) <= SEARCH_MAX_S
