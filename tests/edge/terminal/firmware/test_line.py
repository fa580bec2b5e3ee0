"""The terminal's end of the link: join, window, ACK and SETTLED, STATUS, epochs, and what it refuses."""

import itertools

import pytest

from edge.link import messages as link
from edge.link.messages import Refusal, Type
from edge.terminal.firmware.line import (
    EMCY_S,
    FIRST_EMCY_S,
    HEARTBEAT_S,
    JOIN_MAX_S,
    SILENCE_MAX_S,
    SILENCE_S,
    STATUS_S,
    UNACKED_S,
    UNACKED_TCP_S,
    State,
)
from edge.terminal.firmware.window import RESEND_S, WINDOW, WINDOW_BUS
from edge.terminal.station.tapping import Tapping
from edge.terminal.store.clock import EARLIEST_S, LATEST_S, Now, TerminalClock
from edge.terminal.taps.display import Bar
from edge.terminal.taps.steps import End
from shared.clocks.clock import DAY_S, CampusTime
from shared.ids import PsamId, StoreId
from shared.purse.cos.images import PsamMaster, RamMemory, new_psam_image
from shared.purse.errors import CardLost
from shared.records import parse_flags

OTHER_PSAM = PsamId(b"psam-2")
TODAY = 9459
TODAY_S = TODAY * DAY_S + 43_200


def sell(bench, count, amount=100):
    for _ in range(count):
        assert bench.sell(bench.memory, amount).end is End.DONE


@pytest.fixture
def bench(bench):
    bench.memory = bench.school.memory()
    return bench


def heard(bench, kind):
    return bench.edge.heard.count(kind)


def test_join_gives_epoch_time_and_status(bench):
    assert bench.firmware.line.state is State.JOINED
    assert bench.edge.heard == [Type.HELLO, Type.AUTH, Type.STATUS, Type.HEARTBEAT]
    hello = bench.edge.hellos[0]
    assert (hello.storage, hello.boot, hello.model) == (b"storage1", 1, 1)
    status = bench.edge.statuses[-1]
    assert (status.hotlist_version, status.parameter_version, status.clock_set) == (1, 1, True)
    assert status.hotlist_crc == bench.settings.hotlist.crc
    assert [(row.epoch, row.oldest, row.last, row.settled) for row in status.epochs] == [(1, 1, 0, 0)]


def test_without_an_epoch_it_does_not_sell_and_joins_again_soon(school, kit):
    numbers = iter([0, 0, 3])
    bench = kit.Bench(school, edge=kit.SmallEdge(epoch_for=lambda hello: next(numbers))).connect()
    assert bench.firmware.bar is Bar.NO_EPOCH
    assert bench.sell(school.memory()).end is End.NOT_SELLING
    bench.wait(5)
    assert bench.firmware.bar is None
    assert bench.sell(school.memory()).row.epoch == 3


def test_with_an_epoch_it_sells_without_a_join(bench):
    sell(bench, 1)
    bench.port.crash(lambda _: 0)
    bench.power_on()
    assert bench.firmware.bar is None
    bench.net = False
    sell(bench, 2, 150)
    assert bench.firmware.body.flash.current.last == 3
    bench.net = True
    bench.connect()
    assert bench.edge.seqs() == [1, 2, 3]


def test_hello_is_repeated_byte_for_byte_and_slower(bench):
    bench.net = False
    bench.firmware.wire(True, bench.now())
    hellos, at = [], []
    for _ in range(6):
        bench.firmware.tick(bench.now())
        hellos += bench.firmware.take_messages()
        at.append(bench.mono_s)
        bench.mono_s = bench.firmware.due_s()
    assert len(set(hellos)) == 1
    assert len(hellos) == 6
    waits = [b - a for a, b in itertools.pairwise(at)]
    assert waits == sorted(waits)
    assert waits[-1] == JOIN_MAX_S


def test_the_cashier_hears_when_the_network_goes_and_comes(bench):
    bench.firmware.wire(False, bench.now())
    (gone,) = bench.firmware.take_displays()
    assert "脱机收款" in gone.title.zh
    assert "照常收款" in gone.todo.zh
    sell(bench, 2)
    assert [d for d in bench.displays if "网络" in d.title.zh] == []
    bench.connect()
    assert [d.title.en for d in bench.notices] == ["network is up, 2 records to send"]
    bench.wait(15)
    assert not [d for d in bench.displays if "网络" in d.title.zh]


def test_a_refusal_is_shown_once(bench):
    bench.firmware.wire(False, bench.now())
    bench.firmware.wire(True, bench.now())
    bench.firmware.take_displays()
    for _ in range(2):
        bench.firmware.message(link.REFUSE.encode(link.Refused(Refusal.PSAM_MOVED)), bench.now())
    (said,) = bench.firmware.take_displays()
    assert "安全模块属于另一终端" in said.title.zh


def test_on_a_bus_a_request_overtakes_the_records_under_way(school, kit):
    bench = kit.Bench(
        school, kind="load", link={"name": "can0", "kind": "can", "bitrate": 125_000}, address=3
    ).connect()
    memory = school.memory()
    bench.edge.acks = False
    assert bench.load(memory, 100).end is End.DONE
    assert bench.firmware.line.window.is_flying()
    tapping = Tapping(bench.firmware.load(100, bench.now()), bench.counter, school.card(memory))
    assert not tapping.run()
    bench.wait(0)
    assert bench.firmware.line.window.is_flying(), "its record has not been taken yet"
    assert bench.edge.heard[-1] is Type.ONLINE_REQUEST
    assert tapping.run()
    assert tapping.answer.end is End.DONE


def test_refuse_is_remembered_and_slows_down(bench):
    bench.firmware.wire(True, bench.now())
    bench.firmware.take_messages()
    bench.firmware.message(link.REFUSE.encode(link.Refused(Refusal.UNKNOWN_PSAM)), bench.now())
    assert bench.firmware.line.refusal is Refusal.UNKNOWN_PSAM
    assert bench.firmware.due_s() > bench.mono_s
    bench.wait(20)
    assert bench.firmware.line.is_joined
    assert bench.firmware.line.refusal is None


def test_records_go_out_in_order_within_the_window_and_again_until_acked(bench):
    bench.edge.acks = False
    sell(bench, WINDOW + 3)
    assert bench.edge.seqs() == list(range(1, WINDOW + 1))
    before = heard(bench, Type.RECORD)
    bench.wait(RESEND_S + 0.1)
    assert heard(bench, Type.RECORD) == before + WINDOW
    assert bench.firmware.line.window.resent == WINDOW
    bench.edge.acks = True
    bench.wait(2 * RESEND_S + 0.1)
    assert bench.edge.seqs() == list(range(1, WINDOW + 4))
    before = heard(bench, Type.RECORD)
    bench.wait(30)
    assert heard(bench, Type.RECORD) == before


def test_on_a_bus_fewer_records_are_in_flight(school, kit):
    link_ = {"name": "can0", "kind": "can", "bitrate": 125_000}
    bench = kit.Bench(school, link=link_, address=3).connect()
    bench.memory = school.memory()
    bench.edge.acks = False
    sell(bench, 5)
    assert bench.edge.seqs() == list(range(1, WINDOW_BUS + 1))
    bench.edge.acks = True
    bench.wait(RESEND_S + 0.1)
    assert bench.edge.seqs() == [1, 2, 3, 4, 5]


def test_settled_frees_and_is_refused_above_the_ack(bench):
    sell(bench, 3)
    bench.edge.acks = False
    sell(bench, 1)
    flash = bench.firmware.body.flash
    bench.deliver(bench.edge.settle(1, 4))
    assert (flash.current.settled, bench.firmware.line.window.refused) == (0, 1)
    bench.deliver(bench.edge.settle(1, 3))
    assert flash.current.settled == 3
    bench.deliver(bench.edge.settle(1, 2))
    assert (flash.current.settled, bench.firmware.line.faults) == (3, 0)


def test_another_store_gets_everything_above_settled_again(bench, kit):
    sell(bench, 5)
    bench.deliver(bench.edge.settle(1, 2))
    new = kit.SmallEdge(store=b"store-02")
    new.settled[1] = 2
    bench.edge = new
    bench.connect()
    assert new.seqs() == [3, 4, 5]
    again = kit.SmallEdge(store=b"store-02")
    again.settled, again.kept = dict(new.settled), dict(new.kept)
    bench.edge = again
    bench.connect()
    assert Type.RECORD not in again.heard


def test_an_edge_that_forgot_gets_what_it_no_longer_holds(bench):
    sell(bench, 4)
    del bench.edge.kept[1, 3], bench.edge.kept[1, 4]
    bench.connect()
    assert bench.edge.seqs() == [1, 2, 3, 4]


def test_an_edge_silent_over_records_is_joined_again(bench):
    bench.edge.acks = False
    sell(bench, 1)
    bench.wait(UNACKED_TCP_S + 1)
    assert len(bench.edge.hellos) == 2
    assert bench.firmware.line.joins == 2
    bench.edge.acks = True
    bench.connect()
    bench.wait(SILENCE_S - 1)
    assert len(bench.edge.hellos) == 3
    bench.wait(2)
    assert len(bench.edge.hellos) == 4


def test_a_wire_that_brings_nothing_over_records_is_stale(bench):
    bench.edge.acks = False
    sell(bench, 1)
    bench.wait(UNACKED_TCP_S - 1)
    assert not bench.firmware.line.is_stale
    bench.net = False
    bench.wait(2)
    assert bench.firmware.line.is_stale
    bench.connect()
    assert not bench.firmware.line.is_stale


def test_a_bus_is_given_longer_for_others_speak_before(school, kit):
    bench = kit.Bench(school, link={"name": "can0", "kind": "can", "bitrate": 125_000}, address=3).connect()
    bench.edge.acks = False
    assert bench.sell(school.memory()).end is End.DONE
    bench.wait(UNACKED_S - 1)
    assert len(bench.edge.hellos) == 1
    bench.wait(2)
    assert len(bench.edge.hellos) == 2


def test_hellos_without_any_answer_make_a_wire_stale(bench):
    bench.net = False
    bench.firmware.wire(True, bench.now())
    seen = []
    for _ in range(3):
        bench.firmware.tick(bench.now())
        seen.append(bench.firmware.line.is_stale)
        bench.mono_s = bench.firmware.due_s()
    assert seen == [False, False, True]
    bench.firmware.message(link.REFUSE.encode(link.Refused(Refusal.BUSY)), bench.now())
    assert not bench.firmware.line.is_stale, "a refusal is an answer"


def test_status_and_heartbeat_come_by_themselves(bench):
    bench.wait(STATUS_S * 2 + 0.1)
    assert len(bench.edge.statuses) == 3
    assert heard(bench, Type.HEARTBEAT) == int(STATUS_S * 2 / HEARTBEAT_S) + 1


def test_garbage_forgeries_and_reflections_change_nothing(bench):
    line = bench.firmware.line
    genuine = bench.edge.seal(Type.TIME, link.TIME.encode(link.Time(TODAY_S + 5)))
    forged = genuine[:-1] + bytes([genuine[-1] ^ 1])
    ours = link.HELLO.encode(bench.edge.hellos[0])
    for raw in (b"", b"\x00", b"\x13\x10", bytes(40), forged, ours, b"\x11\0\1bad!", bench.edge.seal(Type.STATUS, b"")):
        bench.deliver(raw)
    assert line.is_joined
    assert line.faults == 8
    before = bench.firmware.body.time().seconds
    bench.deliver(forged)
    assert bench.firmware.body.time().seconds == before
    bench.deliver(bench.edge.seal(Type.TIME, link.TIME.encode(link.Time(TODAY_S + 5))))
    assert bench.firmware.body.time().seconds == TODAY_S + 5
    older = bench.edge.seal(Type.TIME, link.TIME.encode(link.Time(300)))
    bench.deliver(bench.edge.seal(Type.TIME, link.TIME.encode(link.Time(TODAY_S + 600))))
    bench.deliver(older)
    assert bench.firmware.body.time().seconds == TODAY_S + 600, "what was overtaken tells an old time"
    for _ in range(2):
        bench.deliver(older)
    assert line.faults == 12, "a counter is taken once"


def test_sixteen_bad_macs_end_the_conversation_and_it_joins_again(bench):
    for count in range(16):
        assert len(bench.edge.hellos) == 1, count
        bench.deliver(b"\x15\x10\x00\x01" + bytes(12))
    assert len(bench.edge.hellos) == 2
    assert bench.firmware.line.is_joined


def test_a_refuse_in_a_live_conversation_is_only_a_hint(bench):
    bench.deliver(link.REFUSE.encode(link.Refused(Refusal.BUSY)))
    assert len(bench.edge.hellos) == 1
    bench.wait(3)
    bench.deliver(link.REFUSE.encode(link.Refused(Refusal.BUSY)))
    assert len(bench.edge.hellos) == 2


def change_psam(bench, psam_id):
    bench.psam_memory = RamMemory(new_psam_image(psam_id, {1: PsamMaster(bench.school.purchase)}))
    bench.port.crash(lambda _: 0)
    bench.power_on()
    bench.memory = bench.school.memory()


def test_a_new_psam_gets_a_new_epoch_and_the_old_one_drains(bench, kit):
    sell(bench, 2)
    change_psam(bench, OTHER_PSAM)
    assert bench.firmware.bar is Bar.NO_EPOCH
    bench.edge.epoch_for = lambda hello: {kit.psam_id: 1, OTHER_PSAM: 2}[hello.psam]
    bench.connect()
    sell(bench, 3)
    assert (bench.edge.seqs(1), bench.edge.seqs(2)) == ([1, 2], [1, 2, 3])
    bench.wait(STATUS_S)
    assert [(row.epoch, row.psam, row.last) for row in bench.edge.statuses[-1].epochs] == [
        (1, kit.psam_id, 2), (2, OTHER_PSAM, 3),
    ]  # fmt: skip
    bench.deliver(bench.edge.settle(1))
    bench.wait(1)
    assert [row.epoch for row in bench.edge.statuses[-1].epochs] == [2]
    bench.connect()
    assert bench.edge.epochs == [2]


def test_records_in_two_epochs_go_out_oldest_first_under_their_index(bench, kit):
    bench.net = False
    sell(bench, 2)
    change_psam(bench, OTHER_PSAM)
    bench.firmware.body.flash.begin_epoch(2, OTHER_PSAM)
    bench.firmware.tick(bench.now())
    sell(bench, 2)
    bench.net = True
    bench.edge.epoch_for = lambda hello: 2
    bench.connect()
    assert (bench.edge.seqs(1), bench.edge.seqs(2)) == ([1, 2], [1, 2])


def test_a_psam_put_back_goes_on_counting_without_a_join_once_drained(bench, kit):
    sell(bench, 2)
    change_psam(bench, OTHER_PSAM)
    bench.edge.epoch_for = lambda hello: {kit.psam_id: 1, OTHER_PSAM: 2}[hello.psam]
    bench.connect()
    change_psam(bench, kit.psam_id)
    assert bench.firmware.bar is Bar.NO_EPOCH, "epoch 1 still has unsettled records"
    bench.connect()
    assert bench.firmware.bar is Bar.NO_EPOCH
    bench.deliver(bench.edge.settle(1))
    assert bench.firmware.bar is None
    assert bench.sell(bench.memory).row.seq == 3
    bench.connect()
    assert bench.edge.seqs(1) == [1, 2, 3]


def test_five_changes_undrained_the_fifth_waits(bench):
    psams = [PsamId(b"psam-%d" % n) for n in range(2, 6)]
    numbers = {psam: n for n, psam in enumerate(psams, 2)}
    bench.edge.epoch_for = lambda hello: numbers.get(hello.psam, 1)
    sell(bench, 1)
    for psam in psams[:3]:
        change_psam(bench, psam)
        bench.connect()
        sell(bench, 1)
    bench.edge.epoch_for = lambda hello: 0
    change_psam(bench, psams[3])
    bench.connect()
    assert bench.firmware.bar is Bar.NO_EPOCH
    assert len(bench.edge.epochs) == 4
    bench.deliver(bench.edge.settle(1))
    bench.edge.epoch_for = lambda hello: numbers[hello.psam]
    bench.wait(3)
    assert bench.sell(bench.memory).row.epoch == 5


def test_pending_slots_of_the_old_psam_become_unproven_in_the_old_epoch(bench, kit):
    body = bench.firmware.body
    bench.sell(bench.memory, card=LostAtDebit(bench.school.card(bench.memory)))
    assert body.book.without_record == 1
    change_psam(bench, OTHER_PSAM)
    bench.edge.epoch_for = lambda hello: 2
    bench.connect()
    assert list(bench.written()) == [(1, 1)]
    assert not bench.firmware.body.flash.waiting


class LostAtDebit:
    def __init__(self, card):
        self._card = card

    def transmit(self, apdu):
        answer = self._card.transmit(apdu)
        if apdu[1] == 0x54:
            raise CardLost("gone")
        return answer


def test_clock_takes_a_proven_time_and_leaves_small_differences_alone():
    clock = TerminalClock(is_set=False)
    assert clock.at(Now(0, 100)).is_set is False
    clock.correct(TODAY_S, Now(1, 101))
    assert clock.at(Now(2, 102)) == CampusTime(TODAY_S + 1, True)
    clock.correct(TODAY_S + 3, Now(3, 103))
    assert clock.at(Now(3, 103)).seconds == TODAY_S + 2
    clock.correct(TODAY_S - 1000, Now(4, 104))
    assert clock.at(Now(4, 104)).seconds == TODAY_S - 1000


@pytest.mark.parametrize(
    ("rtc_s", "last_day", "is_set"),
    [
        (0, 0, False),
        (EARLIEST_S - 1, 0, False),
        (EARLIEST_S, 0, True),
        (LATEST_S, 0, False),
        (TODAY_S, TODAY, True),
        (TODAY_S - DAY_S, TODAY, True),
        (TODAY_S - 3 * DAY_S, TODAY, False),
        (TODAY_S + 300 * DAY_S, TODAY, True),
        (TODAY_S + 400 * DAY_S, TODAY, False),
    ],
)
def test_an_rtc_that_calls_itself_set_is_believed_only_where_it_can_be_right(rtc_s, last_day, is_set):
    assert TerminalClock(is_set=True, last_day=last_day).at(Now(0, rtc_s)).is_set is is_set


@pytest.mark.parametrize("wrong_s", [0, EARLIEST_S - 1, LATEST_S])
def test_a_time_that_cannot_be_is_not_taken_from_a_box(wrong_s):
    clock = TerminalClock(is_set=False)
    assert not clock.correct(wrong_s, Now(0, 100))
    assert not clock.at(Now(0, 100)).is_set


def test_an_rtc_that_begins_at_2000_sells_on_and_blames_no_card(bench):
    sell(bench, 1)
    bench.net = False
    bench.rtc_off_s = -bench.now().rtc_s
    bench.power_on()
    sell(bench, 1)
    assert parse_flags(bench.written()[1, 2].flags).clock_set is False
    bench.net = True
    bench.connect()
    sell(bench, 1)
    assert parse_flags(bench.written()[1, 3].flags).clock_set is True
    assert bench.edge.statuses[-1].clock_set is True


def test_a_day_marker_of_a_clock_that_was_ahead_begins_anew_when_the_time_comes(bench):
    sell(bench, 1)
    today = bench.firmware.body.flash.day
    bench.deliver(bench.edge.say_time(TODAY_S + 900 * DAY_S))
    sell(bench, 1)
    assert bench.firmware.body.flash.day == today + 900
    bench.deliver(bench.edge.say_time(bench.now().rtc_s))
    assert (bench.firmware.body.flash.day, bench.firmware.body.flash.day_first_seq) == (today, 3)


def test_a_clock_that_is_not_set_marks_no_day(bench):
    sell(bench, 1)
    today = bench.firmware.body.flash.day
    bench.net = False
    bench.rtc_off_s = 72 * 366 * DAY_S
    bench.power_on()
    sell(bench, 1)
    assert bench.firmware.body.flash.day == today


def test_store_id_is_remembered_over_a_boot(bench):
    sell(bench, 1)
    bench.port.crash(lambda _: 0)
    bench.power_on()
    assert bench.firmware.body.flash.store == StoreId(b"store-01")


def test_errors_of_the_bus_are_said_when_they_grow_and_at_most_so_often(bench):
    from edge.link.port import BusReport

    assert heard(bench, Type.EMCY) == 0, "a link that counts no errors has none to say"
    bench.firmware.bus(BusReport(frames=9), bench.now())
    bench.firmware.line.rejoin()
    bench.wait(FIRST_EMCY_S + 0.5)
    assert heard(bench, Type.EMCY) == 1, "how it stands, so that what comes later is seen to have grown"
    bench.wait(EMCY_S + 1)
    bench.firmware.bus(BusReport(frames=99), bench.now())
    bench.wait(EMCY_S + 1)
    assert heard(bench, Type.EMCY) == 1, "traffic alone is no news"
    for tec in range(8, 80, 8):
        bench.firmware.bus(BusReport(tec_sum=tec, frames=99), bench.now())
        bench.wait(1)
    assert 2 <= heard(bench, Type.EMCY) <= 4


def test_by_silence_it_leaves_the_wire_keeps_its_records_and_comes_back(bench):
    said = bench.edge._session.seal(Type.SILENCE, link.SILENCE.encode(link.Quiet(40)), 0)
    bench.deliver(said)
    assert bench.firmware.take_leave() == 40
    assert bench.firmware.take_leave() == 0, "once"
    before = len(bench.edge.heard)
    sell(bench, 2)
    bench.wait(39)
    assert len(bench.edge.heard) == before
    bench.wait(5)
    assert bench.firmware.line.is_joined
    assert bench.edge.seqs() == [1, 2]


def test_no_edge_sends_it_away_for_long(bench):
    said = bench.edge._session.seal(Type.SILENCE, link.SILENCE.encode(link.Quiet(60_000)), 0)
    bench.deliver(said)
    assert bench.firmware.take_leave() == SILENCE_MAX_S


def test_a_newer_edge_may_say_what_this_body_does_not_know(bench):
    for _ in range(100):
        bench.deliver(bench.edge.seal(0x7E, b"later"))
    faults, later = bench.firmware.line.faults, bench.firmware.body.time().seconds + 3600
    bench.deliver(bench.edge.say_time(later))
    assert bench.firmware.body.time().seconds == later
    assert bench.firmware.line.faults == faults == 100
