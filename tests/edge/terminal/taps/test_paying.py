"""Account payments 账户支付 at a till: paid, refused, or reversed before another means is offered."""

from dataclasses import replace

import pytest

from edge.link import messages as link
from edge.link.messages import Type
from edge.terminal.station.tapping import Tapping
from edge.terminal.taps.asking import BEFORE_S, CHECK_S, PAYMENT_S
from edge.terminal.taps.display import Bar, Face
from edge.terminal.taps.steps import End
from shared import records
from shared.errors import StoreFault
from shared.fleet.parameters import OnlineRow
from shared.online import (
    LoadAnswer,
    LoadResult,
    PaymentAnswer,
    PaymentResult,
    Purpose,
    code_in,
    code_means,
    code_of,
    presence_id,
)
from shared.purse.reasons import Reason
from shared.records import Kind

LEFT = 8_000


class Centre:
    """Says yes where MAC1 is the card's over this very request, and remembers."""

    def __init__(self, school, result=PaymentResult.APPROVED):
        self.school, self.result, self.is_silent = school, result, False
        self.asked = []

    def __call__(self, number, request):
        self.asked.append((number, request))
        if self.is_silent:
            return None
        if request.purpose is Purpose.PAYMENT:
            named = presence_id(DEVICE, 1, PSAM, number)
            assert self.school.grant(request, named, 0).result == 0, "MAC1 is not over this request"
        paid = request.amount_fen if self.result is PaymentResult.APPROVED else 0
        return PaymentAnswer(self.result, paid, LEFT if paid else 0)


DEVICE, PSAM = bytes.fromhex("000100000007"), bytes.fromhex("510000000023")


@pytest.fixture
def till(school, kit):
    bench = kit.Bench(school)
    bench.edge.online = Centre(school)
    return bench.connect()


def pay(bench, memory, amount=1250, card=None):
    return bench.tap(bench.firmware.pay(amount, bench.now()), card or bench.school.card(memory))


def kinds(bench):
    return [record.kind for _, record in sorted(bench.written().items())]


def online(bench, **rules):
    """Parameters say when to ask."""
    body = bench.firmware.body
    body.settings = replace(body.settings, parameters=replace(body.parameters, online=OnlineRow(**rules)))


def test_the_account_pays_and_the_purse_is_not_touched(till, school, kit):
    memory = school.memory(balance=300)
    result = pay(till, memory)
    assert (result.end, kit.balance(memory), kinds(till)) == (End.DONE, 300, [Kind.ONLINE])
    (record,) = till.written().values()
    assert (record.request, record.amount_fen, record.linked) == (1, 1250, 0)
    assert [row.kind for row in till.shown] == [Kind.ONLINE]
    assert till.displays[-1].title.zh == "成功 账户支付 ¥12.50 账户余额 ¥80.00"
    assert not till.firmware.body.flash.waiting


def test_a_no_writes_nothing(till, school):
    till.edge.online.result = PaymentResult.NO_FUNDS
    result = pay(till, school.memory())
    assert (result.end, result.denied, kinds(till)) == (End.DECLINED, PaymentResult.NO_FUNDS, [])
    assert till.displays[-1].title.zh == "电子账户余额不足"


def test_without_an_answer_it_is_said_then_durably_reversed_then_another_means_is_offered(till, school):
    till.edge.online.is_silent = True
    written = []
    till.counter.show = lambda what: (till._tell(what), written.append(len(till.firmware.body.flash.kept(1) or b"")))
    before = till.mono_s
    result = pay(till, school.memory())
    assert till.mono_s - before == pytest.approx(PAYMENT_S)
    assert (result.end, result.reason, kinds(till)) == (End.DECLINED, Reason.ACCOUNT_NO_ANSWER, [Kind.REVERSAL])
    said = [one.title.zh for one in till.displays]
    assert said == ["结果未知，请勿重复收款 ¥12.50", "账户支付 ¥12.50 已冲正，未收款"]
    assert [bool(size) for size in written] == [False, True]
    assert till.displays[0].face is Face.AGAIN
    assert len({number for number, _ in till.edge.online.asked}) == 1, "repeated under its own number"


def test_the_late_answer_of_a_reversed_request_finds_nobody(till, school):
    till.edge.online.is_silent = True
    pay(till, school.memory())
    late = link.Online(1, PaymentAnswer(PaymentResult.APPROVED, 1250, LEFT).to_bytes())
    till.deliver(till.edge.seal(Type.ONLINE_ANSWER, link.ONLINE_ANSWER.encode(late)))
    assert (kinds(till), till.firmware.line.asking.late, till.shown) == ([Kind.REVERSAL], 1, [])


def test_an_answer_over_another_sum_counts_as_none(till, school):
    till.edge.online = lambda number, request: PaymentAnswer(PaymentResult.APPROVED, 1, LEFT)
    assert pay(till, school.memory()).reason is Reason.ACCOUNT_NO_ANSWER
    assert kinds(till) == [Kind.REVERSAL]


def test_the_power_goes_while_the_centre_is_asked_and_the_reversal_is_written_at_the_next_boot(till, school):
    till.edge.online.is_silent = True
    tapping = Tapping(till.firmware.pay(1250, till.now()), till.counter, school.card(school.memory()))
    assert not tapping.run()
    till.exchange()
    till.port.crash(lambda _: 0)
    till.power_on()
    till.connect()
    assert kinds(till) == [Kind.REVERSAL]
    assert "已冲正" in till.notices[0].title.zh


def test_the_power_goes_between_the_record_and_the_display(till, school):
    memory = school.memory()
    pay(till, memory)
    till.was_dark()
    till.power_on()
    till.connect()
    assert till.sell(memory).end is End.DONE  # the same card over the same sum is that payment
    assert kinds(till) == [Kind.ONLINE]


def test_the_card_may_go_while_the_centre_is_asked(till, school):
    tapping = Tapping(till.firmware.pay(1250, till.now()), till.counter, school.card(school.memory()))
    tapping.run()
    tapping.card_lost()
    till.firmware.tick(till.now())
    till.exchange()
    assert tapping.run()
    assert (tapping.answer.end, kinds(till)) == (End.DONE, [Kind.ONLINE])


def test_without_a_link_nobody_is_asked(till, school):
    till.firmware.wire(False, till.now())
    result = pay(till, school.memory())
    assert (result.end, kinds(till)) == (End.NOT_SELLING, [])


def test_a_purse_that_cannot_pay_is_helped_by_the_account_where_parameters_say_so(till, school):
    memory = school.memory(balance=300)
    assert till.sell(memory).reason is Reason.BALANCE
    online(till, is_account_next=True)
    assert (till.sell(memory).end, kinds(till)) == (End.DONE, [Kind.ONLINE])
    assert till.sell(school.memory()).end is End.DONE
    assert kinds(till) == [Kind.ONLINE, Kind.PURCHASE]


def test_a_position_may_take_account_payments_alone(till, school):
    online(till, is_account_first=True)
    assert (till.sell(school.memory()).end, kinds(till)) == (End.DONE, [Kind.ONLINE])


@pytest.fixture
def before(till):
    """The account pays first, with the purse behind it."""
    online(till, is_account_first=True, is_purse_behind=True)
    return till


def test_the_account_is_first_and_the_purse_untouched(before, school, kit):
    memory = school.memory()
    assert (before.sell(memory).end, kinds(before), kit.balance(memory)) == (End.DONE, [Kind.ONLINE], 50_000)


@pytest.mark.parametrize("why", [PaymentResult.NO_FUNDS, PaymentResult.OVER_LIMIT, PaymentResult.NOT_NOW])
def test_behind_a_plain_no_of_the_account_the_purse_pays_in_the_same_tap(before, school, kit, why):
    before.edge.online.result = why
    memory = school.memory()
    assert (before.sell(memory, 1250).end, kinds(before)) == (End.DONE, [Kind.PURCHASE])
    assert kit.balance(memory) == 50_000 - 1250
    assert not before.firmware.body.flash.waiting


@pytest.mark.parametrize("why", [PaymentResult.HOTLISTED, PaymentResult.WRONG_MAC, PaymentResult.REVERSED])
def test_what_is_said_against_the_card_is_said_against_its_purse(before, school, kit, why):
    before.edge.online.result = why
    memory = school.memory()
    assert (before.sell(memory).denied, kinds(before), kit.balance(memory)) == (why, [], 50_000)


def test_without_an_answer_the_reversal_is_durable_and_then_the_purse_pays_and_a_queue_waits_once(before, school, kit):
    before.edge.online.is_silent = True
    memory, began_s = school.memory(), before.mono_s
    assert (before.sell(memory, 1250).end, kinds(before)) == (End.DONE, [Kind.REVERSAL, Kind.PURCHASE])
    assert before.mono_s - began_s == pytest.approx(BEFORE_S)
    assert kit.balance(memory) == 50_000 - 1250
    said = [one.title.zh for one in before.displays]
    assert said[:2] == ["结果未知，请勿重复收款 ¥12.50", "账户支付 ¥12.50 已冲正，未收款"]
    assert said[-1].startswith("成功")
    asked, began_s = len(before.edge.online.asked), before.mono_s
    assert before.sell(school.memory(number=2), 1250).end is End.DONE
    assert (len(before.edge.online.asked), before.mono_s) == (asked, pytest.approx(began_s))


def test_without_a_link_the_purse_pays_at_once(before, school):
    before.firmware.wire(False, before.now())
    assert (before.sell(school.memory()).end, kinds(before), before.edge.online.asked) == (
        End.DONE, [Kind.PURCHASE], [],
    )  # fmt: skip


def test_a_card_that_went_while_the_centre_was_asked_pays_nothing(before, school, kit):
    before.edge.online.is_silent = True
    memory = school.memory()
    tapping = Tapping(before.firmware.sell(1250, before.now()), before.counter, school.card(memory))
    tapping.run()
    tapping.card_lost()
    before.mono_s += BEFORE_S
    before.firmware.tick(before.now())
    assert tapping.run()
    assert tapping.answer.end in (End.DECLINED, End.DONE)
    assert (kinds(before)[0], kit.balance(memory)) == (
        Kind.REVERSAL, 50_000 - (1250 if tapping.answer.end is End.DONE else 0),
    )  # fmt: skip


def test_a_class_may_be_otherwise(till, school):
    body = till.firmware.body
    first = OnlineRow(is_account_first=True)
    rules = replace(body.parameters, online_classes={body.presented_class: OnlineRow(), 1: first})
    body.settings = replace(body.settings, parameters=rules)
    till.sell(school.memory())
    assert kinds(till) == [Kind.ONLINE if body.presented_class == 1 else Kind.PURCHASE]


def test_a_full_ring_asks_nobody(school, kit):
    bench = kit.Bench(school, ring_slots=8)
    bench.edge.online = Centre(school)
    bench.connect()
    memory = school.memory()
    while bench.firmware.bar is not Bar.RING_FULL:
        bench.sell(memory, 1)
    assert (pay(bench, memory).end, bench.edge.online.asked) == (End.NOT_SELLING, [])


def test_a_medium_that_refuses_the_reversal_offers_no_other_means(till, school, monkeypatch):
    till.edge.online.is_silent = True

    def refuse(*_):
        raise StoreFault("refuses")

    tapping = Tapping(till.firmware.pay(1250, till.now()), till.counter, school.card(school.memory()))
    tapping.run()
    monkeypatch.setattr(till.firmware.body.flash, "append", refuse)
    till.mono_s += PAYMENT_S
    till.firmware.tick(till.now())
    assert tapping.run()
    assert (tapping.answer.end, till.firmware.bar) == (End.NOT_SELLING, Bar.FLASH)
    assert not any("可改用" in one.todo.zh for one in till.displays)


@pytest.fixture
def doubting(till, monkeypatch):
    """A till whose hotlist is four days old, so that the ladder leaves 30 yuan a day."""
    body = type(till.firmware.body)
    monkeypatch.setattr(body, "_age_s", property(lambda _: 4 * 86_400))
    online(till, asks_doubtful=True)
    return till


def test_a_doubtful_card_that_the_centre_knows_buys_as_ever(doubting, school):
    assert doubting.sell(school.memory(), 4_000).end is End.DONE
    ((_, request),) = doubting.edge.online.asked
    assert (request.purpose, request.mac1) == (Purpose.CHECK, bytes(4))
    assert not doubting.firmware.body.flash.waiting


def test_a_doubtful_card_that_the_centre_has_listed_buys_nothing(doubting, school, kit):
    doubting.edge.online.result = PaymentResult.HOTLISTED
    memory = school.memory()
    assert (doubting.sell(memory).reason, kit.balance(memory), kinds(doubting)) == (Reason.HOTLISTED, 50_000, [])


def test_a_doubtful_card_without_an_answer_still_buys_one_meal_from_its_purse(doubting, school):
    doubting.edge.online.is_silent = True
    before, memory = doubting.mono_s, school.memory()
    assert doubting.sell(memory, 1_500).end is End.DONE
    assert doubting.mono_s - before == pytest.approx(CHECK_S)
    assert doubting.sell(memory, 1_600).reason is Reason.CAP_DAY_SUM
    assert doubting.mono_s - before == pytest.approx(CHECK_S), "a queue is not held up by every card"


def test_nobody_is_asked_about_a_card_where_parameters_do_not_say_so(doubting, school):
    online(doubting)
    assert doubting.sell(school.memory(), 1_500).end is End.DONE
    assert doubting.edge.online.asked == []


def test_the_signature_covers_every_byte(till, school):
    pay(till, school.memory())
    (record,) = till.written().values()
    assert record.mac != bytes(records.MAC_SIZE)


# --- by a code 付款码 -----------------------------------------------------------------------------------------------

CODE = code_of(4711)


def by_code(bench, amount=1250, code=CODE):
    return bench.tap(bench.firmware.pay_by_code(amount, code, bench.now()), None)


def test_a_code_pays_without_a_card_and_its_record_holds_no_code(till):
    result = by_code(till)
    ((number, request),) = till.edge.online.asked
    assert (code_in(request), request.amount_fen, number) == (CODE, 1250, 1)
    assert (result.end, kinds(till)) == (End.DONE, [Kind.ONLINE])
    (record,) = till.written().values()
    assert (record.card, record.amount_fen) == (code_means(CODE), 1250)
    assert till.displays[-1].title.zh == "成功 付款码 ¥12.50", "what is left is nobody's business at a till"
    assert int(CODE).to_bytes(8, "big") not in till.port.read(0, till.port.size())


def test_a_code_that_is_used_writes_nothing(till):
    till.edge.online.result = PaymentResult.CODE_USED
    assert (by_code(till).denied, kinds(till)) == (PaymentResult.CODE_USED, [])
    assert till.displays[-1].title.zh == "付款码已用过，请刷新"


def test_a_code_without_an_answer_is_reversed_before_another_means_is_offered(till):
    till.edge.online.is_silent = True
    assert (by_code(till).reason, kinds(till)) == (Reason.ACCOUNT_NO_ANSWER, [Kind.REVERSAL])
    (record,) = till.written().values()
    assert record.card == code_means(CODE)
    said = [one.title.zh for one in till.displays]
    assert said == ["结果未知，请勿重复收款 ¥12.50", "账户支付 ¥12.50 已冲正，未收款"]


def test_a_centre_of_before_codes_says_a_plain_no(till):
    till.edge.online = lambda number, request: LoadAnswer(LoadResult.NOT_NOW)
    assert (by_code(till).denied, kinds(till)) == (PaymentResult.NOT_NOW, [])


def test_the_power_goes_behind_a_paid_code_and_the_same_code_is_that_payment(till):
    by_code(till)
    till.was_dark()
    till.power_on()
    till.connect()
    assert by_code(till).end is End.DONE
    assert (kinds(till), len(till.edge.online.asked)) == ([Kind.ONLINE], 1)


def test_without_a_link_no_code_is_asked_about(till):
    till.firmware.wire(False, till.now())
    assert (by_code(till).end, kinds(till)) == (End.NOT_SELLING, [])
