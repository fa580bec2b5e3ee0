"""A bus with validators: on, off, forgotten, torn; what is written, what is shown, and that nobody pays twice."""

import pytest

from edge.terminal import settings as terminal_settings
from edge.terminal.flash_layout import OpenSlot, parse_open, render_open
from edge.terminal.steps import End
from shared.clock import date_time_bcd
from shared.errors import ConfigFault, RuleBroken
from shared.ids import CardId, PsamId
from shared.purse.caps import CardCounters
from shared.purse.crypto import diversify, purchase_tac_input, tac
from shared.purse.files import PublicData
from shared.purse.images import Application, CardKey, CardKeys, RamMemory, personalised_card_image
from shared.purse.outcomes import PendingPurchase
from shared.purse.profiles import CAMPUS
from shared.purse.reasons import Reason
from shared.purse.torn import Tear, TearingChannel
from shared.records import Kind, Proof, parse_flags
from shared.transit.ride_record import RideRecord
from shared.transit.trip import Step, Trip, parse_trip

FARES = {
    "version": 1, "discount_fen": 50, "window_s": 3600,
    "lines": [{"line": 1, "name": "环线", "form": "flat", "fares_fen": [200]},
              {"line": 2, "name": "校区线", "form": "stages", "fares_fen": [100, 100, 200, 300]}],
}  # fmt: skip
SERIAL = (0x4711).to_bytes(8, "big")


def ride(door="both", line=2, stop=1, **changed):
    return {"door": door, "line": line, "stop": stop, "direction": 0, "fares": FARES} | changed


@pytest.fixture
def bus(kit, school):
    def make(door="both", line=2, stop=1):
        return kit.Bench(school, kind="validator", ride=ride(door, line, stop)).connect()

    return make


@pytest.fixture
def memory(school):
    public = PublicData(b"\x53\x03", SERIAL, bytes.fromhex("20250901"), bytes.fromhex("20290731"), b"\x45\x10", b"\0\1")
    keys = CardKeys(
        (CardKey(1, 1, diversify(school.purchase, SERIAL)),), (CardKey(1, 1, diversify(school.loads, SERIAL)),),
        diversify(school.tac, SERIAL),
    )  # fmt: skip
    records = (CardCounters().encode(), RideRecord().encode())
    return RamMemory(personalised_card_image([Application(CAMPUS, public, keys, 5000, records=records)]))


def tap(bench, memory, plan=None):
    card = bench.school.card(memory)
    return bench.tap(bench.firmware.ride(bench.now()), card if plan is None else TearingChannel(card, plan))


class Cut:
    """Tears the n-th command, once."""

    def __init__(self, at, tear):
        self.at, self.tear, self.steps = at, tear, 0

    def __call__(self):
        self.steps += 1
        return self.tear if self.steps - 1 == self.at else Tear.NOT


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


def test_hours_later_it_is_another_ride(bus, kit, memory):
    bench = bus("in", line=1)
    assert tap(bench, memory, Cut(4, Tear.AFTER)).end is End.UNKNOWN
    bench.wait(7300)
    tap(bench, memory)
    assert kit.balance(memory) == 4600


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
    bench.power_on()
    bench.connect()
    told = tap(bench, memory)
    assert (told.end, told.amount_fen, kit.balance(memory)) == (End.DONE, 200, 4800)
    assert len(bench.written()) == 1
    bench.wait(120)
    bench.power_on()
    bench.connect()
    assert tap(bench, memory).row.seq == 2
    assert kit.balance(memory) == 4600


def test_sale_is_a_ride_where_there_are_fares(bus, bench, memory, school):
    validator = bus("in", line=1)
    assert validator.tap(validator.firmware.sale(9999, validator.now()), school.card(memory)).amount_fen == 200
    sold = bench.tap(bench.firmware.sale(1250, bench.now()), school.card(memory))
    assert (sold.amount_fen, sold.row.kind) == (1250, Kind.PURCHASE)
    with pytest.raises(RuleBroken):
        bench.firmware.ride(bench.now())


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


@pytest.mark.parametrize(
    ("section", "named"),
    [(ride(door="roof"), "ride.door"), (ride(direction=2), "ride.direction"), (ride(line=0), "ride.line"),
     (ride(colour=1), "ride.colour"), (ride(fares={"version": 1}), "ride.fares.lines")],
)  # fmt: skip
def test_ride_settings_are_strict(kit, section, named):
    with pytest.raises(ConfigFault, match=named.replace(".", r"\.")):
        terminal_settings.parse({**kit.terminal_json, "kind": "validator", "ride": section})


def test_only_a_validator_has_fares(kit):
    with pytest.raises(ConfigFault, match="ride"):
        terminal_settings.parse({**kit.terminal_json, "ride": ride()})
