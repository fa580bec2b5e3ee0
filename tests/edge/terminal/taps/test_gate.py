"""A bus with validators: on, off, forgotten, without entry, by transfer; what is written, shown and refused."""

import pytest

from edge.terminal.settings import settings as terminal_settings
from edge.terminal.taps.steps import End
from shared.clocks.clock import date_time_bcd
from shared.errors import ConfigFault, RuleBroken
from shared.purse.crypto import diversify, purchase_tac_input, tac
from shared.purse.reasons import Reason
from shared.records import Kind, parse_flags
from shared.transit.trip import Step, Trip, parse_trip
from tests.edge.terminal.rides import SERIAL, card_memory, lost_its_clock, ride, tap


def test_on_and_off_are_two_records(bus, kit, memory):
    bench = bus()
    on = tap(bench, memory)
    assert (on.end, on.amount_fen, on.row.kind) == (End.DONE, 0, Kind.COMPOSITE)
    assert "上车" in bench.displays[-1].title.zh
    bench.firmware.at_stop(3, 0)
    bench.wait(600)
    off = tap(bench, memory)
    assert (off.end, off.amount_fen) == (End.DONE, 200)
    assert bench.displays[-1].title.zh == "成功 下车 ¥2.00 余额 ¥48.00"
    entry, leaving = bench.written().values()
    assert [parse_trip(r.trip) for r in (entry, leaving)] == [
        Trip(2, 1, 0, Step.BOARD), Trip(2, 3, 0, Step.ALIGHT, 2, 1),
    ]  # fmt: skip
    assert (leaving.type, leaving.balance_fen, leaving.counter) == (9, 5000, 1)
    asked = purchase_tac_input(200, 9, kit.psam_id, leaving.ttn, date_time_bcd(leaving.time))
    assert leaving.tac == tac(diversify(bench.school.tac, SERIAL), asked)
    assert kit.balance(memory) == 4800
    assert [row.amount_fen for row in bench.shown] == [0, 200]


def test_a_ride_cannot_be_void(bus, kit, memory):
    bench = bus("in", line=1)
    assert tap(bench, memory).amount_fen == 200
    result = bench.void()
    assert (result.end, result.reason) == (End.DECLINED, Reason.VOID_NO_SALE)
    assert [record.kind for record in bench.written().values()] == [Kind.COMPOSITE]


def test_a_forgotten_exit_is_said_and_paid(bus, kit, memory):
    tap(bus("in"), memory)
    bench = bus("in", line=1)
    bench.wait(900)
    result = tap(bench, memory)
    assert result.amount_fen == 500
    assert "未刷下车 ¥3.00" in bench.displays[-1].todo.zh
    assert kit.balance(memory) == 4500


def test_a_second_tap_at_the_same_door_is_refused(bus, memory):
    bench = bus("in")
    tap(bench, memory)
    again = tap(bench, memory)
    assert (again.end, again.reason) == (End.DECLINED, Reason.TAPPED_TWICE)
    assert len(bench.written()) == 1


def test_a_transfer_is_cheaper_and_stands_in_the_record(bus, memory):
    tap(bus("in", line=1), memory)
    bench = bus("both")
    tap(bench, memory)
    bench.firmware.at_stop(3, 0)
    result = tap(bench, memory)
    record = list(bench.written().values())[-1]
    assert (result.amount_fen, record.price_adjust_fen) == (150, -50)
    assert "换乘" in bench.displays[-1].todo.zh


def test_an_exit_without_entry_is_said(bus, memory):
    bench = bus("out", 2, 3)
    assert tap(bench, memory).amount_fen == 300
    assert "未刷上车" in bench.displays[-1].todo.zh
    assert tap(bench, memory).reason is Reason.TAPPED_TWICE


def test_a_bus_that_turned_round_with_its_riders_costs_the_highest(bus, memory):
    bench = bus("both", 2, 3)
    tap(bench, memory)
    bench.firmware.at_stop(2, 1)
    bench.wait(300)
    assert tap(bench, memory).amount_fen == 300


def test_on_a_flat_line_a_companion_is_paid_for_by_a_second_tap(bus, kit, memory):
    bench = bus("in", line=1)
    for left in (4800, 4600):
        assert tap(bench, memory).end is End.DONE
        assert kit.balance(memory) == left
    assert [parse_trip(r.trip).step for r in bench.written().values()] == [Step.FLAT, Step.FLAT]


def test_who_cannot_pay_the_highest_fare_is_not_let_on(bus, kit, school):
    poor = card_memory(school, 250)
    bench = bus("in")
    result = tap(bench, poor)
    assert (result.end, result.reason, kit.balance(poor), bench.written()) == (End.DECLINED, Reason.BALANCE, 250, {})


def test_a_hotlisted_card_does_not_ride(kit, school, memory):
    listed = {"version": 1, "cards": ["5303" + SERIAL.hex()]}
    bench = kit.Bench(school, kind="validator", ride=ride(), hotlist=listed).connect()
    result = tap(bench, memory)
    assert (result.end, result.reason, bench.written()) == (End.DECLINED, Reason.HOTLISTED, {})


def test_a_card_without_a_transit_record_is_sent_to_the_card_office(bus, school):
    bench = bus()
    result = tap(bench, school.memory())
    assert (result.end, result.reason) == (End.DECLINED, Reason.NO_RIDES)
    assert "卡务中心" in bench.displays[-1].title.zh


def test_by_an_unset_clock_everybody_rides(bus, memory):
    bench = lost_its_clock(bus())
    entry = tap(bench, memory)
    bench.firmware.at_stop(3, 0)
    assert (entry.end, tap(bench, memory).amount_fen) == (End.DONE, 200)
    assert [parse_flags(r.flags).clock_set for r in bench.written().values()] == [False, False]


def test_sale_is_a_ride_where_there_are_fares(bus, bench, memory, school):
    validator = bus("in", line=1)
    assert validator.tap(validator.firmware.sale(9999, validator.now()), school.card(memory)).amount_fen == 200
    sold = bench.tap(bench.firmware.sale(1250, bench.now()), school.card(memory))
    assert (sold.amount_fen, sold.row.kind) == (1250, Kind.PURCHASE)
    with pytest.raises(RuleBroken):
        bench.firmware.ride(bench.now())


@pytest.mark.parametrize(
    ("section", "named"),
    [(ride(door="roof"), "ride.door"), (ride(direction=2), "ride.direction"), (ride(line=0), "ride.line"),
     (ride(colour=1), "ride.colour"),
     (ride(line=9), "ride.line"), (ride(door="out", line=1), "ride.door"),
     (ride(fares={"version": 1}), "ride.fares.lines")],
)  # fmt: skip
def test_ride_settings_are_strict(kit, section, named):
    with pytest.raises(ConfigFault, match=named.replace(".", r"\.")):
        terminal_settings.parse({**kit.terminal_json, "kind": "validator", "ride": section})


def test_only_a_validator_has_fares(kit):
    with pytest.raises(ConfigFault, match="ride"):
        terminal_settings.parse({**kit.terminal_json, "ride": ride()})
