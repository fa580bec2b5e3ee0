"""Purchases at a counter: what is written, in which order, and what a torn card becomes."""

import pytest

from edge.terminal.station.tapping import run_through
from edge.terminal.store.untold import NOWHERE
from edge.terminal.taps.display import Bar, Face
from edge.terminal.taps.steps import End
from shared import records
from shared.purse.cos.images import decode_card_image
from shared.purse.cos.torn import Tear, TearingChannel, TearingMemory
from shared.purse.errors import CardLost
from shared.purse.reasons import Reason
from shared.records import Kind, Proof


def torn_at(ins, tear):
    """A channel that loses the card at the command with this instruction byte."""

    class Channel:
        def __init__(self, card):
            self._card = card

        def transmit(self, apdu):
            if apdu[1] != ins:
                return self._card.transmit(apdu)
            return TearingChannel(self._card, lambda: tear).transmit(apdu)

    return Channel


def torn_debit(bench, memory, tear, amount=1250):
    return bench.sell(memory, amount, card=torn_at(0x54, tear)(bench.school.card(memory)))


def test_a_purchase_is_written_logged_and_shown_in_this_order(bench, kit):
    memory = bench.school.memory()
    order = []
    bench.counter.log = lambda row: (
        order.append(("log", bench.firmware.body.flash.current.last)),
        bench.shown.append(row),
    )
    bench.counter.show = lambda what: order.append(("show", what.face))
    result = bench.sell(memory)
    assert order == [("log", 1), ("show", Face.DONE)]
    assert (result.end, result.amount_fen, kit.balance(memory)) == (End.DONE, 1250, 48_750)
    record = bench.written()[1, 1]
    flags = records.parse_flags(record.flags)
    assert (record.kind, flags.proof, flags.clock_set, record.counter, record.balance_fen) == (
        Kind.PURCHASE, Proof.DEBIT, True, 0, 50_000,
    )  # fmt: skip
    assert (record.type, record.amount_fen, record.hotlist_version, record.linked) == (9, 1250, 1, 0)
    assert (result.row.seq, result.row.epoch, result.row.counter) == (1, 1, 0)
    assert bench.edge.seqs() == [1]
    assert not bench.firmware.body.flash.waiting


def test_declines_write_nothing(bench):
    poor = bench.school.memory(balance=100)
    assert bench.sell(poor).reason is Reason.BALANCE
    assert bench.sell(bench.school.memory(0x666)).reason is Reason.HOTLISTED
    assert bench.sell(bench.school.memory(), 0).reason is Reason.AMOUNT
    assert not bench.written()
    assert {d.face for d in bench.displays} == {Face.DECLINED}


def test_caps_and_meals_come_from_the_parameters(school, kit):
    parameters = {**kit.terminal_json["parameters"], "caps": {"meal_count": 1}}
    bench = kit.Bench(school, parameters=parameters).connect()
    memory = school.memory()
    assert bench.sell(memory).end is End.DONE
    assert bench.sell(memory).reason is Reason.CAP_MEAL_COUNT


@pytest.mark.parametrize("tear", [Tear.BEFORE, Tear.AFTER])
def test_the_same_card_again_settles_a_torn_debit(bench, kit, tear):
    memory = bench.school.memory()
    assert torn_debit(bench, memory, tear).end is End.UNKNOWN
    assert bench.displays[-1].face is Face.AGAIN
    assert len(bench.firmware.body.flash.waiting) == 1
    result = bench.again(memory)
    assert (result.end, result.amount_fen, kit.balance(memory)) == (End.DONE, 1250, 48_750)
    (record,) = bench.written().values()
    proof = Proof.PROVE if tear is Tear.AFTER else Proof.DEBIT
    assert (record.kind, records.parse_flags(record.flags).proof, record.linked) == (Kind.PURCHASE, proof, 0)
    assert len(bench.shown) == 1
    assert not bench.firmware.body.flash.waiting


def test_the_same_amount_keyed_again_is_not_charged_twice(bench, kit):
    memory = bench.school.memory()
    torn_debit(bench, memory, Tear.AFTER)
    assert bench.sell(memory).end is End.DONE
    assert kit.balance(memory) == 48_750
    assert bench.sell(memory).end is End.DONE
    assert kit.balance(memory) == 47_500


def test_another_amount_settles_the_first_and_sells_the_second(bench, kit):
    memory = bench.school.memory()
    torn_debit(bench, memory, Tear.AFTER)
    assert bench.sell(memory, 300).amount_fen == 300
    assert kit.balance(memory) == 50_000 - 1250 - 300
    assert [row.amount_fen for row in bench.shown] == [1250, 300]


def test_another_card_makes_it_unproven_and_the_first_card_recovers_it(bench):
    torn, other = bench.school.memory(), bench.school.memory(0x815)
    torn_debit(bench, torn, Tear.AFTER)
    assert bench.sell(other).end is End.DONE
    assert [r.kind for r in bench.written().values()] == [Kind.UNPROVEN, Kind.PURCHASE]
    assert bench.firmware.body.book.without_record == 0
    assert bench.sell(torn).end is End.DONE
    assert bench.displays[-1].face is Face.EARLIER
    recovered = bench.written()[1, 3]
    unproven = bench.written()[1, 1]
    assert (recovered.kind, recovered.linked, recovered.counter, recovered.ttn) == (
        Kind.RECOVERED, 2, unproven.counter, unproven.ttn,
    )  # fmt: skip
    assert recovered.tac != records.NO_TAC


def test_an_unproven_one_that_was_not_debited_is_said_so(bench, kit):
    torn = bench.school.memory()
    torn_debit(bench, torn, Tear.BEFORE)
    bench.wait(61)
    assert [r.kind for r in bench.written().values()] == [Kind.UNPROVEN]
    assert bench.again(torn).end is End.DECLINED
    assert kit.balance(torn) == 50_000
    assert (bench.written()[1, 2].kind, bench.written()[1, 2].linked) == (Kind.NOT_DEBITED, 1)
    assert not bench.firmware.body.flash.waiting


def test_a_minute_without_the_card_makes_it_unproven(bench):
    torn_debit(bench, bench.school.memory(), Tear.AFTER)
    bench.wait(59)
    assert not bench.written()
    assert bench.edge.statuses[-1].epochs[0].open_slots == 1
    bench.wait(2)
    assert [r.kind for r in bench.written().values()] == [Kind.UNPROVEN]
    assert bench.edge.statuses[-1].epochs[0].open_slots == 0
    assert bench.displays[-1].face is Face.NOTICE


def test_boot_makes_it_unproven_and_the_card_recovers_it_afterwards(bench):
    torn = bench.school.memory()
    torn_debit(bench, torn, Tear.AFTER)
    bench.port.crash(lambda _: 0)
    bench.power_on()
    bench.connect()
    assert [r.kind for r in bench.written().values()] == [Kind.UNPROVEN]
    assert bench.again(torn).end is End.DONE
    assert [r.kind for r in bench.written().values()] == [Kind.UNPROVEN, Kind.RECOVERED]


def test_a_card_used_elsewhere_ends_as_unproven_and_waits_no_more(bench, school, kit):
    torn = school.memory()
    torn_debit(bench, torn, Tear.AFTER)
    elsewhere = kit.Bench(school).connect()
    elsewhere.sell(torn, 200)
    assert bench.again(torn).reason is Reason.PROOF_GONE
    assert bench.displays[-1].face is Face.CLOSED
    assert [r.kind for r in bench.written().values()] == [Kind.UNPROVEN]
    assert not bench.firmware.body.flash.waiting


def test_a_fake_mac2_is_never_success(bench):
    memory = bench.school.memory()
    card = bench.school.card(memory)

    class Fake:
        def transmit(self, apdu):
            answer = card.transmit(apdu)
            return answer[:4] + b"fake" + answer[8:] if apdu[1] == 0x54 else answer

    assert bench.sell(memory, card=Fake()).reason is Reason.MAC2_WRONG
    assert bench.displays[-1].face is Face.SUSPECT
    assert not bench.shown


@pytest.mark.parametrize("tear", [Tear.BEFORE, Tear.AFTER])
@pytest.mark.parametrize("at", range(6))
def test_a_card_pulled_at_any_command_is_settled_by_the_same_card(bench, kit, at, tear):
    memory = bench.school.memory()
    count = iter(range(100))
    channel = TearingChannel(bench.school.card(memory), lambda: tear if next(count) == at else Tear.NOT)
    result = bench.sell(memory, card=channel)
    if result.end is End.UNKNOWN:
        assert bench.again(memory).end is End.DONE
    paid = 50_000 - kit.balance(memory)
    assert sum(row.amount_fen for row in bench.shown) == paid
    assert sum(r.amount_fen for r in bench.written().values()) == paid
    assert paid == (0 if result.end is End.DECLINED else 1250)


def test_a_torn_card_memory_is_a_torn_card(bench, kit):
    memory = bench.school.memory()
    card = bench.school.card(TearingMemory(memory, lambda: Tear.AFTER))
    assert bench.sell(memory, card=card).end is End.UNKNOWN
    assert bench.again(memory).end is End.DONE
    assert kit.balance(memory) == 48_750


def test_recovery_torn_as_well_keeps_the_slot(bench):
    memory = bench.school.memory()
    torn_debit(bench, memory, Tear.AFTER)
    channel = torn_at(0x5A, Tear.BEFORE)(bench.school.card(memory))
    assert bench.tap(bench.firmware.again(bench.now()), channel).end is End.UNKNOWN
    assert bench.again(memory).end is End.DONE
    assert len(bench.written()) == 1


def test_no_psam_no_sale(bench):
    bench.counter.psam = None
    assert bench.sell(bench.school.memory()).reason is Reason.PSAM_GONE
    assert run_through(bench.firmware.boot(bench.now(), NOWHERE), bench.counter) is Bar.PSAM
    assert bench.sell(bench.school.memory()).end is End.NOT_SELLING


def test_a_full_ring_stops_selling_keeps_room_for_what_is_pending_and_says_so(school, kit):
    bench = kit.Bench(school, ring_slots=8)
    bench.connect()
    bench.edge.acks = False
    rich = school.memory()
    for _ in range(7):
        assert bench.sell(rich, 100).end is End.DONE
    torn = school.memory(0x99)
    torn_debit(bench, torn, Tear.AFTER)
    assert bench.sell(rich, 100).end is End.NOT_SELLING
    assert "存储已满" in bench.displays[-1].title.zh
    assert bench.again(torn).end is End.DONE
    assert bench.firmware.body.flash.free == 0
    bench.edge.acks = True
    bench.wait(20)
    bench.deliver(bench.edge.settle(1))
    assert bench.sell(rich, 100).end is End.DONE


def test_an_unset_clock_sells_and_says_so_in_the_record(school, kit):
    bench = kit.Bench(school, clock_set=False)
    bench.firmware.body.flash.begin_epoch(1, kit.psam_id)
    bench.net = False
    assert bench.sell(school.memory()).end is End.DONE
    assert not records.parse_flags(bench.written()[1, 1].flags).clock_set
    bench.net = True
    bench.connect()
    assert bench.firmware.body.clock.is_set
    assert bench.sell(school.memory()).end is End.DONE
    assert records.parse_flags(bench.written()[1, 2].flags).clock_set


def test_after_stop_only_pending_cards_are_served(bench, kit):
    torn, never = bench.school.memory(1), bench.school.memory(2)
    torn_debit(bench, torn, Tear.AFTER)
    bench.firmware.stop(bench.now())
    assert bench.sell(never).end is End.NOT_SELLING
    assert bench.again(torn).end is End.DONE
    assert not bench.firmware.is_drained
    bench.exchange()
    bench.deliver(bench.edge.settle(1))
    assert bench.firmware.is_drained


def test_stop_before_a_torn_card_that_was_not_debited_charges_nothing(bench, kit):
    torn = bench.school.memory()
    torn_debit(bench, torn, Tear.BEFORE)
    bench.firmware.stop(bench.now())
    assert bench.again(torn).end is End.DECLINED
    assert kit.balance(torn) == 50_000


def test_card_lost_is_the_only_error_that_a_tap_forgives(bench):
    class Broken:
        def transmit(self, apdu):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        bench.sell(None, card=Broken())

    class Gone:
        def transmit(self, apdu):
            raise CardLost("never there")

    assert bench.sell(None, card=Gone()).reason is Reason.CARD_GONE


def test_counter_and_balance_of_the_record_are_as_before_the_debit(bench):
    memory = bench.school.memory()
    for expected in range(3):
        before = decode_card_image(memory.load())
        bench.sell(memory, 100)
        record = bench.written()[1, expected + 1]
        assert (record.counter, record.balance_fen) == (before.offline, before.balance_fen)


def test_after_a_power_cut_the_last_sale_is_not_charged_again(bench):
    memory = bench.school.memory()
    bench.sell(memory, 1250)
    bench.was_dark()
    bench.port.crash(lambda _: 0)
    bench.power_on()
    assert any("断电前最后一笔 ¥12.50 已扣款" in shown.title.zh for shown in bench.firmware.take_displays())
    again = bench.sell(memory, 1250)
    assert (again.end, again.row.seq) == (End.DONE, 1)
    assert bench.sell(memory, 1250).row.seq == 2, "once told, the same amount is another serving"


def test_after_an_ordinary_restart_what_was_shown_is_not_told_as_a_new_success(bench, kit):
    memory = bench.school.memory()
    bench.sell(memory, 1250)
    bench.power_on()
    assert bench.firmware.take_displays() == []
    assert bench.sell(memory, 1250).row.seq == 2
    assert bench.displays[-1].face is Face.DONE
    assert kit.balance(memory) == 50_000 - 2500


def test_what_was_told_late_is_told_once(bench):
    memory = bench.school.memory()
    bench.sell(memory, 1250)
    bench.was_dark()
    bench.power_on()
    assert bench.sell(memory, 1250).row.seq == 1
    bench.power_on()
    assert bench.sell(memory, 1250).row.seq == 2


@pytest.mark.parametrize("case", ["other amount", "other card first", "eleven minutes later"])
def test_what_is_no_longer_the_last_sale_is_charged(bench, case):
    memory, other = bench.school.memory(), bench.school.memory(2)
    bench.sell(memory, 1250)
    bench.was_dark()
    bench.port.crash(lambda _: 0)
    if case == "eleven minutes later":
        bench.wait(660)
    bench.power_on()
    if case == "other card first":
        bench.sell(other, 100)
    amount = 1300 if case == "other amount" else 1250
    assert bench.sell(memory, amount).row.seq == (3 if case == "other card first" else 2)
