"""The void by PIN alone: the last sale, once, on its day, signed by the terminal; the centre holds it."""

import pytest

from edge.terminal.taps.display import Bar, Face
from edge.terminal.taps.steps import End
from shared.keys.terminal_mac import mac_input, terminal_mac
from shared.purse.errors import CardLost
from shared.purse.reasons import Reason
from shared.records import MAC_SIZE, Cause, Kind, Stored


def test_the_last_sale_is_given_back_by_a_signed_record(bench, kit):
    memory = bench.school.memory()
    bench.sell(memory, 300)
    bench.sell(memory, 1250)
    result = bench.void()
    assert (result.end, result.amount_fen, result.row.seq) == (End.DONE, 1250, 3)
    record, sale = bench.written()[1, 3], bench.written()[1, 2]
    assert (record.kind, record.cause, record.linked) == (Kind.VOID, Cause.CASHIER, 1)
    assert (record.card, record.purse, record.counter, record.ttn, record.amount_fen) == (
        sale.card, sale.purse, sale.counter, sale.ttn, sale.amount_fen,
    )  # fmt: skip
    wire = bench.firmware.body.flash.kept(3)
    stored = Stored(kit.device, 1, kit.psam_id, wire).to_bytes()
    assert record.mac == terminal_mac(bench.settings.key, mac_input(stored[:-MAC_SIZE]))
    assert kit.balance(memory) == 50_000 - 1550
    assert [row.kind for row in bench.shown] == [Kind.PURCHASE, Kind.PURCHASE, Kind.VOID]
    assert bench.displays[-1].face is Face.VOIDED
    assert "待中心核定" in bench.displays[-1].title.zh
    assert bench.edge.seqs() == [1, 2, 3]


def test_only_once_and_only_the_last(bench):
    bench.sell(bench.school.memory(), 300)
    bench.sell(bench.school.memory(2), 400)
    assert bench.void().amount_fen == 400
    assert bench.void().reason is Reason.VOID_TWICE
    assert bench.displays[-1].face is Face.DECLINED
    bench.sell(bench.school.memory(3), 500)
    assert bench.void().amount_fen == 500
    assert len(bench.written()) == 5


def test_without_a_sale_there_is_nothing_to_void(bench):
    assert bench.void().reason is Reason.VOID_NO_SALE
    assert not bench.written()


def test_on_another_business_day_it_is_too_late(bench):
    bench.sell(bench.school.memory())
    bench.wait(86_400)
    assert bench.void().reason is Reason.VOID_OTHER_DAY
    assert len(bench.written()) == 1


def test_while_a_transaction_is_open_it_waits(bench):
    bench.sell(bench.school.memory(), 300)

    class Gone:
        def __init__(self, card):
            self._card = card

        def transmit(self, apdu):
            if apdu[1] == 0x54:
                raise CardLost("pulled")
            return self._card.transmit(apdu)

    torn = bench.school.memory(2)
    assert bench.sell(torn, 700, card=Gone(bench.school.card(torn))).end is End.UNKNOWN
    assert bench.void().reason is Reason.VOID_NOT_YET
    bench.wait(61)
    assert bench.void().amount_fen == 300, "the unproven one is no sale"


def test_a_sale_of_before_the_power_went_can_be_void_and_is_then_told_no_more(bench, kit):
    memory = bench.school.memory()
    bench.sell(memory, 300)
    bench.was_dark()
    bench.power_on()
    bench.connect()
    assert bench.void().amount_fen == 300
    assert bench.sell(memory, 300).end is End.DONE
    assert kit.balance(memory) == 50_000 - 600
    assert [record.kind for record in bench.written().values()] == [Kind.PURCHASE, Kind.VOID, Kind.PURCHASE]


def test_a_settled_sale_is_still_in_the_ring(bench):
    bench.sell(bench.school.memory(), 300)
    bench.deliver(bench.edge.settle())
    assert bench.firmware.body.flash.unsettled == 0
    assert bench.void().amount_fen == 300


def test_after_selling_has_stopped_a_void_is_still_taken(bench):
    bench.sell(bench.school.memory(), 300)
    bench.firmware.stop(bench.now())
    assert bench.void().end is End.DONE


def test_a_full_ring_takes_no_void(school, kit):
    bench = kit.Bench(school, ring_slots=8).connect()
    memory = school.memory()
    while bench.sell(memory, 100).end is End.DONE:
        pass
    assert bench.firmware.bar is Bar.RING_FULL
    assert bench.void().end is End.NOT_SELLING


@pytest.mark.parametrize("amount", [1, 99_999])
def test_the_amount_is_that_of_the_sale(bench, amount):
    bench.sell(bench.school.memory(balance=100_000), amount)
    assert bench.void().amount_fen == amount
