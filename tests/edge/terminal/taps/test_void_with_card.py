"""A void for which a card stands: a supervisor's for any sale of the shift, the one that paid for its own, bounded."""

import pytest

from edge.terminal.taps.display import Bar, Face
from edge.terminal.taps.steps import End
from shared.keys.terminal_mac import mac_input, terminal_mac
from shared.purse.crypto import Key, diversify, encrypt_block
from shared.purse.errors import CardLost
from shared.purse.reasons import Reason
from shared.purse.tac import challenge_of, mac_of
from shared.records import MAC_SIZE, WITNESS_SIZE, Cause, Kind, Stored

BOSS = "530300000000f0000001"


@pytest.fixture
def counter(school, kit):
    return kit.Bench(school, operators=[BOSS]).connect()


def test_a_supervisor_voids_any_sale_of_the_shift(counter, kit):
    memory = counter.school.memory()
    for amount in (300, 1250, 700):
        counter.sell(memory, amount)
    result = counter.void_with(counter.school.operator(), 2)
    assert (result.end, result.amount_fen, result.row.seq) == (End.DONE, 1250, 4)
    record, sale = counter.written()[1, 4], counter.written()[1, 2]
    assert (record.kind, record.cause, record.linked) == (Kind.WITNESSED_VOID, Cause.OPERATOR, 2)
    assert (record.card, record.purse, record.counter, record.ttn, record.amount_fen) == (
        sale.card, sale.purse, sale.counter, sale.ttn, sale.amount_fen,
    )  # fmt: skip
    assert (record.witness.card.hex(), record.witness.key_version) == (BOSS, 1)
    assert kit.balance(memory) == 50_000 - 2250
    assert counter.displays[-1].face is Face.VOIDED
    assert counter.edge.seqs() == [1, 2, 3, 4]


def test_both_have_signed_what_the_ledger_will_ask_for(counter, kit):
    counter.sell(counter.school.memory(), 300)
    counter.void_with(counter.school.operator())
    wire = counter.firmware.body.flash.kept(2)
    stored, witness = Stored(kit.device, 1, kit.psam_id, wire).to_bytes(), counter.written()[1, 2].witness
    key = Key(witness.card[2:] * 2)
    assert witness.mac == mac_of(encrypt_block(key, challenge_of(stored[: -MAC_SIZE - WITNESS_SIZE])))
    assert wire[-MAC_SIZE:] == terminal_mac(counter.settings.key, mac_input(stored[:-MAC_SIZE]))


def test_each_sale_is_void_once(counter):
    for amount in (300, 1250):
        counter.sell(counter.school.memory(), amount)
    boss = counter.school.operator()
    assert counter.void_with(boss, 1).end is End.DONE
    assert counter.void_with(boss, 1).reason is Reason.VOID_TWICE
    assert counter.void_with(boss, 2).amount_fen == 1250
    assert counter.void_with(boss).reason is Reason.VOID_TWICE
    assert len(counter.written()) == 4


@pytest.mark.parametrize("number", [0, 2])
def test_a_void_that_is_repeated_takes_back_no_other_sale(counter, number):
    boss, memory = counter.school.operator(), counter.school.memory()
    for amount in (300, 1250):
        counter.sell(memory, amount)
    assert counter.void_with(boss, number).amount_fen == 1250
    assert counter.void_with(boss).reason is Reason.VOID_TWICE
    assert counter.void_with(memory).reason is Reason.VOID_TWICE
    assert len(counter.written()) == 3
    assert counter.void_with(memory, 1).amount_fen == 300, "an older one by its number"
    counter.sell(memory, 500)
    assert counter.void_with(memory).amount_fen == 500


def test_the_newest_sale_is_void_behind_the_void_of_an_older_one(counter):
    for amount in (300, 1250):
        counter.sell(counter.school.memory(), amount)
    counter.void_with(counter.school.operator(), 1)
    assert counter.void_with(counter.school.operator()).amount_fen == 1250


def test_what_was_torn_is_no_void_that_anybody_asked_for(mixed):
    sold, torn = mixed.school.memory(2), mixed.school.memory(subsidy=800)
    mixed.sell(sold, 300)
    mixed.sell(None, 1250, card=Pulled(mixed.school.card(torn), 1, 0x54))
    mixed.wait(61)
    assert [kind for kind, _ in kinds(mixed)][-1] == Kind.VOID
    assert mixed.void_with(sold).amount_fen == 300


def test_a_sale_far_back_in_the_shift_is_void_by_its_number_and_once(counter, monkeypatch):
    monkeypatch.setattr("edge.terminal.store.voids.SHIFT_MAX", 4)
    boss = counter.school.operator()
    for amount in (300, 1250):
        counter.sell(counter.school.memory(), amount)
    assert counter.void_with(boss, 2).end is End.DONE
    for _ in range(5):
        counter.sell(counter.school.memory(), 100)
    assert counter.void_with(boss, 1).amount_fen == 300
    assert counter.void_with(boss, 1).reason is Reason.VOID_TWICE
    assert counter.void_with(boss, 2).reason is Reason.VOID_TWICE, "its void lies as far back"


@pytest.mark.parametrize("seq", [2, 99, 0xFFFF_FFFF])
def test_what_is_no_sale_is_not_void(counter, seq):
    counter.sell(counter.school.memory(), 300)
    counter.void_with(counter.school.operator(), 1)
    assert counter.void_with(counter.school.operator(), seq).reason is Reason.VOID_NO_SALE


def test_a_supervisor_of_elsewhere_voids_nothing(counter):
    counter.sell(counter.school.memory(), 300)
    assert counter.void_with(counter.school.operator(2)).reason is Reason.VOID_OPERATOR
    assert len(counter.written()) == 1


def test_yesterdays_sale_is_too_late(counter):
    counter.sell(counter.school.memory(), 300)
    counter.wait(86_400)
    assert counter.void_with(counter.school.operator(), 1).reason is Reason.VOID_OTHER_DAY


def test_the_card_that_paid_voids_the_newest_sale_for_the_cashier(counter):
    memory = counter.school.memory()
    counter.sell(memory, 1250)
    result = counter.void_with(memory)
    assert (result.end, result.amount_fen) == (End.DONE, 1250)
    record = counter.written()[1, 2]
    assert (record.kind, record.cause, record.witness.card) == (Kind.WITNESSED_VOID, Cause.SAME_CARD, record.card)
    wire = counter.firmware.body.flash.kept(2)
    stored = Stored(counter.settings.device, 1, counter.firmware.body.psam, wire).to_bytes()
    covered = stored[: -MAC_SIZE - WITNESS_SIZE]
    key = diversify(Key(bytes(range(16))), record.card[2:])
    assert record.witness.mac == mac_of(encrypt_block(key, challenge_of(covered)))


def test_another_card_does_not(counter):
    counter.sell(counter.school.memory(), 300)
    assert counter.void_with(counter.school.memory(2)).reason is Reason.VOID_OTHER_CARD


@pytest.mark.parametrize(("seconds", "end"), [(180, End.DONE), (181, End.DECLINED)])
def test_a_cashier_alone_has_three_minutes(counter, seconds, end):
    memory = counter.school.memory()
    counter.sell(memory, 300)
    counter.wait(seconds)
    result = counter.void_with(memory)
    assert result.end is end
    assert result.reason in (None, Reason.VOID_NEEDS_OPERATOR)
    assert counter.void_with(counter.school.operator()).end is not end, "the supervisor has the day"


@pytest.mark.parametrize(("amount", "end"), [(3_000, End.DONE), (3_001, End.DECLINED)])
def test_a_cashier_alone_has_thirty_yuan(counter, amount, end):
    memory = counter.school.memory()
    counter.sell(memory, amount)
    assert counter.void_with(memory).end is end


def test_a_cashier_alone_has_five_a_shift(counter):
    memory = counter.school.memory()
    for _ in range(5):
        counter.sell(memory, 100)
        assert counter.void_with(memory).end is End.DONE
    counter.sell(memory, 100)
    assert counter.void_with(memory).reason is Reason.VOID_NEEDS_OPERATOR
    assert counter.void_with(counter.school.operator()).end is End.DONE


def test_a_cashier_alone_voids_the_newest_sale_only(counter):
    memory = counter.school.memory()
    counter.sell(memory, 100)
    counter.sell(memory, 200)
    assert counter.void_with(memory, 1).reason is Reason.VOID_NEEDS_OPERATOR
    counter.sell(counter.school.memory(2), 300)
    assert counter.void_with(memory).reason is Reason.VOID_OTHER_CARD


class Pulled:
    """A card that is gone when it is asked for the n-th MAC, or for what else has this instruction byte."""

    def __init__(self, card, left, ins=0x88):
        self._card, self._left, self._ins = card, left, ins

    def transmit(self, apdu):
        if apdu[1] == self._ins:
            if not self._left:
                raise CardLost("pulled")
            self._left -= 1
        return self._card.transmit(apdu)


@pytest.fixture
def mixed(school, kit):
    return kit.Bench(school, subsidy=True, operators=[BOSS]).connect()


def kinds(bench):
    return [(record.kind, record.amount_fen) for record in bench.written().values()]


@pytest.mark.parametrize("seq", [0, 1, 2])
def test_a_mixed_payment_is_void_whole(mixed, seq):
    mixed.sell(mixed.school.memory(subsidy=800), 1250)
    result = mixed.void_with(mixed.school.operator(), seq)
    assert (result.end, result.amount_fen) == (End.DONE, 1250)
    assert kinds(mixed)[2:] == [(Kind.WITNESSED_VOID, 450), (Kind.WITNESSED_VOID, 800)]
    assert "8.00" in mixed.displays[-1].todo.zh
    assert mixed.void_with(mixed.school.operator(), 1).reason is Reason.VOID_TWICE


@pytest.mark.parametrize("left", [0, 1])
def test_a_card_that_goes_before_it_has_stood_for_both_halves_voids_none(mixed, left):
    mixed.sell(mixed.school.memory(subsidy=800), 1250)
    card = Pulled(mixed.school.card(mixed.school.operator()), left)
    assert mixed.void_with(None, card=card).reason is Reason.CARD_GONE
    assert len(mixed.written()) == 2


def test_the_power_goes_between_the_halves(mixed):
    """The card that stood for the second half is gone: the first is given back as torn."""
    mixed.sell(mixed.school.memory(subsidy=800), 1250)
    body = mixed.firmware.body
    sale = body.voids.sale_of_shift(0, body.time())
    body.voids.write_witnessed(body.voids.drafts(sale, Cause.OPERATOR, bytes.fromhex(BOSS), body.time())[:1])
    mixed.power_on()
    assert kinds(mixed)[2:] == [(Kind.WITNESSED_VOID, 450), (Kind.VOID, 800)]
    assert mixed.written()[1, 4].cause == Cause.TORN_PAIR


def test_a_ring_without_room_for_both_halves_takes_none(school, kit):
    bench = kit.Bench(school, subsidy=True, operators=[BOSS], ring_slots=8).connect()
    bench.sell(school.memory(subsidy=800), 1250)
    while bench.sell(school.memory(2), 100).end is End.DONE:
        pass
    number = 3
    while bench.firmware.body.flash.free > 1:
        assert bench.void_with(school.operator(), number).end is End.DONE
        number += 1
    assert bench.void_with(school.operator(), 1).end is End.NOT_SELLING
    assert bench.displays[-1].title.zh == "存储已满，停止消费"
    assert bench.firmware.bar is not Bar.FLASH


def test_a_void_by_pin_says_that_it_is_only_noted(counter):
    counter.sell(counter.school.memory(), 300)
    counter.void()
    assert "待中心核定" in counter.displays[-1].title.zh
    assert "成功" not in counter.displays[-1].title.zh


def is_only_noted(bench):
    """Does the till say that two persons decide? Else it says that the money will come, and not that it is there."""
    shown = bench.displays[-1]
    assert "成功" not in shown.title.zh
    assert "已退入" not in shown.title.zh
    assert ("待中心核定" in shown.title.zh) is ("超出自动退款的限额" in shown.todo.zh)
    return "待中心核定" in shown.title.zh


@pytest.mark.parametrize(("amount", "noted"), [(50_000, False), (50_001, True)])
def test_a_supervisors_void_above_five_hundred_yuan_is_only_noted(counter, amount, noted):
    counter.sell(counter.school.memory(balance=60_000), amount)
    assert counter.void_with(counter.school.operator()).end is End.DONE
    assert is_only_noted(counter) is noted


def test_above_a_thousand_yuan_a_day_a_void_is_only_noted_and_a_smaller_one_still_moves(counter):
    boss = counter.school.operator()
    for number, amount in enumerate((50_000, 40_000, 10_001, 10_000), 1):
        counter.sell(counter.school.memory(number), amount)
    said = [counter.void_with(boss, seq).end is End.DONE and is_only_noted(counter) for seq in (1, 2, 3, 4)]
    assert said == [False, False, True, False], "what is held counts for nothing"
    counter.wait(86_400)
    counter.sell(counter.school.memory(5), 50_000)
    counter.void_with(boss)
    assert not is_only_noted(counter), "another day"


def test_the_fifty_first_void_of_a_day_is_only_noted(school, kit):
    bench = kit.Bench(school, operators=[BOSS], ring_slots=128).connect()
    memory, boss = school.memory(), school.operator()
    said = []
    for _ in range(51):
        bench.sell(memory, 100)
        bench.void_with(boss)
        said.append(is_only_noted(bench))
    assert said == [False] * 50 + [True]


def test_a_mixed_payment_of_which_one_half_is_above_is_only_noted(mixed):
    mixed.sell(mixed.school.memory(balance=90_000, subsidy=800), 50_801)
    mixed.void_with(mixed.school.operator())
    assert is_only_noted(mixed)
