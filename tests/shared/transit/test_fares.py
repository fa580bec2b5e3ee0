"""The rules of a ride, each by example, and what holds for every series of taps."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import ConfigFault
from shared.input.section import Section
from shared.purse.reasons import Reason
from shared.transit.fares import Fare, FareForm, LineFare, Moment, Point, alight, board, parse_table, render_table, tap
from shared.transit.ride_record import RideRecord
from shared.transit.trip import Step

NOW_S = 800_000_000
TABLE = {
    "version": 3, "discount_fen": 100, "window_s": 3600, "transfers": 2, "ride_max_s": 7200, "again_s": 60,
    "lines": [
        {"line": 1, "name": "环线", "form": "flat", "fares_fen": [200]},
        {"line": 2, "name": "校区线", "form": "stages", "fares_fen": [100, 100, 200, 300, 500]},
        {"line": 3, "name": "夜班", "form": "flat", "fares_fen": [50]},
    ],
}  # fmt: skip
FARES = parse_table(Section(TABLE, "fares"))
FRESH = RideRecord()


def at(line, stop=1, direction=0):
    return Point(line, stop, direction)


def when(after_s=0, *, is_set=True):
    return Moment(NOW_S + after_s, is_set)


def boarded(line=2, stop=1, direction=0, after_s=0, card=FRESH):
    fare = board(card, at(line, stop, direction), when(after_s), FARES)
    assert isinstance(fare, Fare)
    return fare


def test_a_flat_line_takes_its_fare_at_the_only_tap():
    fare = boarded(1, 5)
    assert (fare.amount_fen, fare.least_fen, fare.price_adjust_fen) == (200, 200, 0)
    assert (fare.trip.step, fare.trip.line, fare.trip.stop, fare.trip.arrears_fen) == (Step.FLAT, 1, 5, 0)
    assert not fare.record.is_aboard
    assert (fare.record.base_line, fare.record.base_s, fare.record.base_fare_fen) == (1, NOW_S, 200)


def test_an_entry_with_distance_fare_takes_nothing_but_wants_the_highest():
    fare = boarded(2, 4, 1)
    assert (fare.amount_fen, fare.least_fen, fare.trip.step) == (0, 500, Step.BOARD)
    record = fare.record
    assert (record.is_aboard, record.line, record.stop, record.direction) == (True, 2, 4, 1)
    assert (record.boarded_s, record.held_fen) == (NOW_S, 500)


@pytest.mark.parametrize(("to", "fen"), [(1, 100), (2, 100), (3, 200), (4, 300), (5, 500), (9, 500)])
def test_an_exit_takes_the_fare_of_the_stops(to, fen):
    fare = alight(boarded(2, 1).record, at(2, to), when(900), FARES)
    assert (fare.amount_fen, fare.trip.step) == (fen, Step.ALIGHT)
    assert (fare.trip.from_line, fare.trip.from_stop, fare.trip.has_no_boarding) == (2, 1, False)
    assert not fare.record.is_aboard
    assert (fare.record.held_fen, fare.record.base_fare_fen) == (0, fen)


def test_stops_count_the_other_way_too():
    assert alight(boarded(2, 5).record, at(2, 3), when(900), FARES).amount_fen == 200


def test_a_bus_that_turned_round_costs_the_highest():
    assert alight(boarded(2, 1, 0).record, at(2, 2, 1), when(900), FARES).amount_fen == 500


def test_a_forgotten_exit_is_paid_at_the_next_entry():
    aboard = boarded(2, 3).record
    flat = boarded(1, 1, after_s=8000, card=aboard)
    assert (flat.amount_fen, flat.least_fen, flat.trip.arrears_fen) == (700, 700, 500)
    assert (flat.trip.from_line, flat.trip.from_stop) == (2, 3)
    stages = boarded(2, 4, after_s=300, card=aboard)
    assert (stages.amount_fen, stages.least_fen, stages.record.held_fen) == (500, 1000, 500)
    assert stages.record.is_aboard


def test_an_exit_without_entry_costs_the_highest():
    fare = alight(FRESH, at(2, 3), when(), FARES)
    assert (fare.amount_fen, fare.trip.has_no_boarding, fare.trip.arrears_fen) == (500, True, 0)


def test_an_exit_on_another_line_or_after_too_long_settles_the_forgotten_ride():
    other = {**TABLE, "lines": [*TABLE["lines"], {"line": 4, "name": "快线", "form": "stages", "fares_fen": [800]}]}
    table = parse_table(Section(other, "fares"))
    elsewhere = alight(boarded(2, 3).record, at(4, 3), when(600), table)
    assert (elsewhere.amount_fen, elsewhere.trip.arrears_fen, elsewhere.trip.has_no_boarding) == (1300, 500, True)
    late = alight(boarded(2, 3).record, at(2, 4), when(7201), FARES)
    assert (late.amount_fen, late.trip.arrears_fen) == (1000, 500)
    assert alight(boarded(2, 3).record, at(2, 4), when(7200), FARES).amount_fen == 100


def test_a_transfer_within_the_window_is_cheaper():
    first = boarded(1).record
    second = boarded(3, after_s=3600, card=first)
    assert (second.amount_fen, second.price_adjust_fen, second.trip.is_transfer) == (0, -50, True)
    assert second.record.transfers == 1
    late = boarded(3, after_s=3601, card=first)
    assert (late.amount_fen, late.trip.is_transfer, late.record.transfers) == (50, False, 0)
    third = boarded(1, after_s=3700, card=second.record)
    assert (third.amount_fen, third.price_adjust_fen, third.record.transfers) == (100, -100, 2)
    fourth = boarded(3, after_s=3800, card=third.record)
    assert (fourth.amount_fen, fourth.record.transfers) == (50, 0)


def test_no_transfer_to_the_same_line_nor_by_an_unset_clock():
    first = boarded(1).record
    assert boarded(1, after_s=100, card=first).amount_fen == 200
    unset = board(first, at(3), when(100, is_set=False), FARES)
    assert (unset.amount_fen, unset.record.base_s) == (50, 0)
    assert boarded(1, after_s=200, card=unset.record).amount_fen == 200


def test_a_transfer_onto_a_line_with_distance_fare_counts_from_its_entry():
    aboard = boarded(2, 1, after_s=3500, card=boarded(1).record).record
    fare = alight(aboard, at(2, 4), when(5000), FARES)
    assert (fare.amount_fen, fare.price_adjust_fen, fare.trip.is_transfer) == (200, -100, True)


def test_the_same_tap_twice_is_one():
    aboard = boarded(2, 3).record
    left = alight(aboard, at(2, 5), when(900), FARES).record
    for rule, card, here, since_s in ((board, aboard, 3, 0), (alight, left, 5, 900)):
        assert rule(card, at(2, here), when(since_s + 600), FARES) is Reason.TAPPED_TWICE, "the bus stands"
        assert isinstance(rule(card, at(2, here), when(since_s + 601), FARES), Fare)
        assert rule(card, at(2, here - 1), when(since_s + 60), FARES) is Reason.TAPPED_TWICE, "the bus has moved on"
        assert isinstance(rule(card, at(2, here - 1), when(since_s + 61), FARES), Fare)
        assert rule(card, at(2, here), when(since_s - 5), FARES) is Reason.TAPPED_TWICE, "another clock"
        assert rule(card, at(2, here, 1), when(since_s + 60), FARES) is Reason.TAPPED_TWICE, "it turned round"
        assert rule(card, at(2, here), when(since_s + 9000, is_set=False), FARES) is Reason.TAPPED_TWICE


def test_an_unset_clock_does_not_keep_anybody_from_riding_on():
    by_unset = board(FRESH, at(2, 1), when(is_set=False), FARES).record
    assert by_unset.boarded_s == 0
    assert alight(by_unset, at(2, 4), when(90_000), FARES).amount_fen == 300
    assert board(by_unset, at(2, 2), when(90_000), FARES).trip.arrears_fen == 500
    later = board(boarded(2, 1).record, at(2, 2), when(90_000, is_set=False), FARES)
    assert later.trip.arrears_fen == 500


def test_on_a_flat_line_a_second_tap_pays_for_a_companion():
    assert boarded(1, after_s=2, card=boarded(1).record).amount_fen == 200


def test_one_door_for_both_lets_off_who_rides_on():
    aboard = boarded(2, 1).record
    assert tap(aboard, at(2, 3), when(600), FARES).trip.step is Step.ALIGHT
    assert tap(aboard, at(2, 1), when(30), FARES) is Reason.TAPPED_TWICE
    assert tap(aboard, at(1, 3), when(600), FARES).trip.arrears_fen == 500
    assert tap(aboard, at(2, 3), when(9000), FARES).trip.step is Step.BOARD
    assert tap(FRESH, at(2, 3), when(), FARES).trip.step is Step.BOARD


def test_one_door_for_both_takes_no_second_exit_for_an_entry():
    left = tap(boarded(2, 1).record, at(2, 3), when(600), FARES).record
    assert tap(left, at(2, 3), when(660), FARES) is Reason.TAPPED_TWICE
    assert tap(left, at(2, 3), when(661), FARES).trip.step is Step.BOARD, "back with the next bus"
    assert tap(left, at(2, 3), when(630, is_set=False), FARES).trip.step is Step.BOARD
    assert tap(left, at(1, 3), when(630), FARES).trip.step is Step.FLAT
    assert tap(boarded(1).record, at(1), when(1), FARES).amount_fen == 200, "a companion on a flat line"


def test_two_clocks_that_disagree_cost_nobody_the_discount():
    first = boarded(1, after_s=30).record
    assert boarded(3, card=first).trip.is_transfer
    assert not boarded(3, after_s=-31, card=first).trip.is_transfer


@pytest.mark.parametrize("rule", [board, alight])
def test_what_has_no_fare_or_is_locked_is_refused(rule):
    assert rule(FRESH, at(9), when(), FARES) is Reason.NO_FARE
    assert rule(FRESH._replace(is_locked=True), at(2), when(), FARES) is Reason.CARD_LOCKED
    assert alight(FRESH, at(1), when(), FARES) is Reason.NO_FARE


TAPS = st.lists(
    st.tuples(
        st.sampled_from((board, alight, tap)), st.integers(1, 4), st.integers(1, 8), st.integers(0, 1),
        st.integers(0, 9000), st.booleans(),
    ),
    max_size=12,
)  # fmt: skip


@given(TAPS)
def test_whatever_is_tapped_every_ride_is_paid_within_its_bounds(taps):
    card, clock_s, held = FRESH, NOW_S, 0
    for rule, line, stop, direction, later_s, is_set in taps:
        clock_s += later_s
        fare = rule(card, Point(line, stop, direction), Moment(clock_s, is_set), FARES)
        if isinstance(fare, Reason):
            continue
        highest = FARES.lines[line].highest_fen
        taken = fare.amount_fen - fare.trip.arrears_fen
        assert 0 <= taken <= highest
        assert fare.least_fen >= fare.amount_fen >= 0
        assert fare.trip.arrears_fen in (0, held)
        if rule is board or fare.trip.step is not Step.ALIGHT:
            assert fare.trip.arrears_fen == held, "what was forgotten is paid at the next entry"
        card, held = fare.record, fare.record.held_fen
        assert card.is_aboard == (fare.trip.step is Step.BOARD) == bool(held)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"lines": []}, "fares.lines"),
        ({"lines": [TABLE["lines"][0]] * 2}, "fares.lines"),
        ({"lines": [{**TABLE["lines"][0], "fares_fen": [1, 2]}]}, "fares_fen"),
        ({"lines": [{**TABLE["lines"][1], "fares_fen": [3, 2]}]}, "fares_fen"),
        ({"lines": [{**TABLE["lines"][1], "fares_fen": []}]}, "fares_fen"),
        ({"lines": [{**TABLE["lines"][1], "fares_fen": [True]}]}, "fares_fen"),
        ({"lines": [{**TABLE["lines"][1], "colour": 1}]}, "colour"),
        ({"discount_fen": 40_000}, "fares.discount_fen"),
        ({"again": 3}, "fares.again"),
        ({"again_s": 601}, "fares.stand_s"),
    ],
)  # fmt: skip
def test_a_table_with_a_slip_stops_the_start(change, named):
    with pytest.raises(ConfigFault, match=named.replace(".", r"\.")):
        parse_table(Section({**TABLE, **change}, "fares"))


def test_the_table_as_read():
    assert FARES.lines[2] == LineFare(2, "校区线", FareForm.STAGES, (100, 100, 200, 300, 500))
    assert FARES.lines[2].highest_fen == 500
    assert parse_table(Section(json.loads(json.dumps(render_table(FARES))), "fares")) == FARES
    assert parse_table(Section({"version": 1, "lines": TABLE["lines"]}, "fares")).discount_fen == 0
