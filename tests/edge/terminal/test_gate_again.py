"""A tap that was torn, or written and never told: the next one settles it, and nobody pays twice for one ride."""

import pytest

from edge.terminal.store.layout import OpenSlot, parse_open, render_open
from edge.terminal.taps.steps import End
from shared.ids import CardId, PsamId
from shared.purse.cos.torn import Tear
from shared.purse.outcomes import PendingPurchase
from shared.records import Kind, Proof, parse_flags
from shared.transit.trip import Step, Trip, parse_trip
from tests.edge.terminal.rides import Cut, lost_its_clock, tap


@pytest.mark.parametrize("tear", [Tear.BEFORE, Tear.AFTER])
@pytest.mark.parametrize("at", range(5))
def test_a_torn_tap_is_settled_by_the_next_one(bus, kit, memory, at, tear):
    bench = bus("in", line=1)
    torn = tap(bench, memory, Cut(at, tear))
    assert torn.end is not End.DONE
    again = tap(bench, memory)
    assert (again.end, again.amount_fen) == (End.DONE, 200)
    assert kit.balance(memory) == 4800
    [record] = bench.written().values()
    was_debited = (at, tear) == (4, Tear.AFTER)
    assert (record.kind, parse_flags(record.flags).proof) == (
        Kind.COMPOSITE,
        Proof.PROVE if was_debited else Proof.DEBIT,
    )
    assert parse_trip(record.trip).step is Step.FLAT


def test_a_torn_ride_that_nobody_settles_becomes_unproven_with_its_trip(bus, kit, memory):
    bench = bus("in", line=1)
    assert tap(bench, memory, Cut(4, Tear.AFTER)).end is End.UNKNOWN
    bench.wait(61)
    [unproven] = bench.written().values()
    assert (unproven.kind, parse_trip(unproven.trip).line) == (Kind.UNPROVEN, 1)
    bench.power_on()
    bench.connect()
    settled = tap(bench, memory)
    assert (settled.end, settled.row.kind, kit.balance(memory)) == (End.DONE, Kind.RECOVERED, 4800)
    records = list(bench.written().values())
    assert [r.kind for r in records] == [Kind.UNPROVEN, Kind.RECOVERED]
    assert records[1].trip == unproven.trip
    assert tap(bench, memory).row.kind is Kind.COMPOSITE


def test_a_torn_entry_does_not_stand_for_the_exit(bus, kit, memory):
    bench = bus()
    assert tap(bench, memory, Cut(4, Tear.AFTER)).end is End.UNKNOWN
    bench.firmware.at_stop(4, 0)
    bench.wait(300)
    assert tap(bench, memory).amount_fen == 300
    kinds = [r.kind for r in bench.written().values()]
    assert (kinds, kit.balance(memory)) == ([Kind.UNPROVEN, Kind.RECOVERED, Kind.COMPOSITE], 4700)


@pytest.mark.parametrize(("door", "line", "stop"), [("in", 2, 2), ("in", 1, 2), ("both", 1, 4)])
def test_a_bus_that_moved_on_takes_the_torn_tap_for_this_one(bus, kit, memory, door, line, stop):
    bench = bus(door, line)
    assert tap(bench, memory, Cut(4, Tear.AFTER)).end is End.UNKNOWN
    bench.firmware.at_stop(stop, 0)
    bench.wait(90)
    settled = tap(bench, memory)
    assert (settled.end, settled.row.kind) == (End.DONE, Kind.RECOVERED)
    assert [r.kind for r in bench.written().values()] == [Kind.UNPROVEN, Kind.RECOVERED]
    assert kit.balance(memory) == (5000 if line == 2 else 4800)


@pytest.mark.parametrize("door", ["out", "both"])
def test_a_torn_exit_is_the_exit_wherever_the_bus_is_by_then(bus, kit, memory, door):
    tap(bus("in"), memory)
    bench = bus(door, 2, 3)
    bench.wait(700)
    assert tap(bench, memory, Cut(4, Tear.AFTER)).end is End.UNKNOWN
    bench.firmware.at_stop(4, 0)
    bench.wait(30)
    settled = tap(bench, memory)
    assert (settled.end, settled.amount_fen, kit.balance(memory)) == (End.DONE, 200, 4800)
    assert bench.displays[-1].title.zh == "成功 下车 ¥2.00 余额 ¥48.00"


def test_a_torn_entry_on_the_way_back_is_another_ride(bus, kit, memory):
    bench = bus("in", line=1)
    assert tap(bench, memory, Cut(4, Tear.AFTER)).end is End.UNKNOWN
    bench.firmware.at_stop(1, 1)
    bench.wait(300)
    tap(bench, memory)
    assert kit.balance(memory) == 4600


def test_much_later_it_is_another_ride(bus, kit, memory):
    bench = bus("in", line=1)
    assert tap(bench, memory, Cut(4, Tear.AFTER)).end is End.UNKNOWN
    bench.wait(601)
    tap(bench, memory)
    assert kit.balance(memory) == 4600


def test_by_an_unset_clock_a_torn_tap_is_this_one(bus, kit, memory):
    bench = lost_its_clock(bus("in", line=1))
    assert tap(bench, memory, Cut(4, Tear.AFTER)).end is End.UNKNOWN
    bench.wait(9000)
    assert tap(bench, memory).end is End.DONE
    assert kit.balance(memory) == 4800


def test_stopped_it_settles_and_takes_nothing(bus, kit, memory):
    bench = bus("in", line=1)
    tap(bench, memory, Cut(4, Tear.BEFORE))
    bench.firmware.stop(bench.now())
    result = bench.again(memory)
    assert (result.end, kit.balance(memory)) == (End.DECLINED, 5000)
    assert bench.tap(bench.firmware.ride(bench.now()), bench.school.card(memory)).end is End.NOT_SELLING


def test_the_untold_ride_is_told_and_not_taken_again(bus, kit, memory):
    bench = bus("in", line=1)
    tap(bench, memory)
    bench.was_dark()
    bench.power_on()
    bench.connect()
    told = tap(bench, memory)
    assert (told.end, told.amount_fen, kit.balance(memory)) == (End.DONE, 200, 4800)
    assert bench.displays[-1].title.zh == "成功 上次上车 ¥2.00 已记录，未再扣"
    assert "重新输入金额" not in bench.displays[-1].todo.zh
    assert len(bench.written()) == 1
    bench.wait(601)
    bench.power_on()
    bench.connect()
    assert tap(bench, memory).row.seq == 2
    assert kit.balance(memory) == 4600


def test_an_untold_entry_does_not_stand_for_the_exit(bus, kit, memory):
    bench = bus()
    tap(bench, memory)
    bench.was_dark()
    bench.power_on()
    bench.connect()
    bench.firmware.at_stop(4, 0)
    left = tap(bench, memory)
    assert (left.end, left.amount_fen, parse_trip(left.row.trip).step) == (End.DONE, 300, Step.ALIGHT)


def test_a_pending_ride_in_flash_is_frozen():
    trip = Trip(2, 1, 0, Step.BOARD).encode()
    pending = PendingPurchase(
        CardId(bytes.fromhex("53030000000000004711")), 7, 5000, bytes(3), 0, 9, 0x21,
        PsamId(bytes.fromhex("510000000023")), 9, 817_300_800, 1, 0, b"\1\2\3\4", 0, trip,
    )  # fmt: skip
    slot = OpenSlot(5, 1, True, 0, pending, 0)
    raw = render_open(slot)
    assert raw[:10].hex() == "50010000000504010001"
    assert raw[57:69] == trip
    assert parse_open(raw) == slot
