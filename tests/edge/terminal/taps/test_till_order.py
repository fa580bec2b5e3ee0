"""Orders 收款码 at a till: shown, paid, closed, called off, reversed; whatever is lost, and whenever the power goes."""

import pytest

from edge.terminal.station.tapping import Tapping
from edge.terminal.taps.display import Face
from edge.terminal.taps.steps import End
from edge.terminal.taps.till_order import LOOK_S, LOST_S, ORDER_S
from shared.online import (
    ORDER_MEANS,
    ORDER_PREFIX,
    LoadAnswer,
    LoadResult,
    OrderAnswer,
    PaymentResult,
    Purpose,
    code_of,
)
from shared.purse.reasons import Reason
from shared.records import Kind

CODE, FEN = code_of(5, ORDER_PREFIX), 1250
PAID, CLOSED = OrderAnswer(PaymentResult.APPROVED, FEN), OrderAnswer(PaymentResult.ORDER_CLOSED)
OPEN = OrderAnswer(PaymentResult.ORDER_OPEN, FEN, CODE)


class Centre:
    """Holds one order. pays_at: the wallet pays just before this question, counted from 1, 0: never."""

    def __init__(self, pays_at=0, silent=(), says=None):
        self.pays_at, self.silent, self.says = pays_at, silent, says or {}
        self.asked, self.is_paid, self.is_closed = [], False, False

    def __call__(self, number, request):
        self.asked.append((number, request))
        turn = len(self.asked)
        self.is_paid |= turn == self.pays_at and not self.is_closed
        self.is_closed |= request.purpose is Purpose.ORDER_CLOSE and not self.is_paid
        if turn in self.silent:
            return None
        return self.says.get(turn) or (PAID if self.is_paid else CLOSED if self.is_closed else OPEN)

    @property
    def closes(self):
        return [request for _, request in self.asked if request.purpose is Purpose.ORDER_CLOSE]


@pytest.fixture
def till(school, kit):
    bench = kit.Bench(school)
    bench.edge.online = Centre()
    return bench.connect()


def order(bench):
    return bench.tap(bench.firmware.order(FEN, bench.now()), None)


def begun(bench):
    """An order whose code stands on the glass."""
    tapping = Tapping(bench.firmware.order(FEN, bench.now()), bench.counter, None)
    assert not tapping.run()
    bench.firmware.tick(bench.now())
    bench.exchange()
    assert not tapping.run()
    assert bench.displays[-1].code == CODE
    return tapping


def finish(bench, tapping):
    while not bench.firmware.is_answered or not tapping.run():
        bench.mono_s = max(bench.mono_s, bench.firmware.due_s())
        bench.firmware.tick(bench.now())
        bench.exchange()
    return tapping.answer


def kinds(bench):
    return [record.kind for _, record in sorted(bench.written().items())]


def cut(bench):
    """The power goes, and comes back."""
    bench.port.crash(lambda _: 0)
    bench.power_on()
    bench.connect()
    bench.wait(1.0)
    return [one.title.zh for one in (*bench.notices, *bench.displays)]


def test_it_is_shown_looked_at_paid_and_booked(till):
    till.edge.online.pays_at = 4
    before_s = till.mono_s
    result = order(till)
    assert (result.end, kinds(till), [row.kind for row in till.shown]) == (End.DONE, [Kind.ONLINE], [Kind.ONLINE])
    (record,) = till.written().values()
    assert (record.card, record.request, record.amount_fen) == (ORDER_MEANS, 1, FEN)
    assert (till.displays[0].code, till.displays[-1].title.zh) == (CODE, "成功 收款码 ¥12.50")
    assert {number for number, _ in till.edge.online.asked} == {1}, "looked at under its own number"
    assert till.mono_s - before_s == pytest.approx(3 * LOOK_S)
    assert not till.firmware.body.flash.waiting


def test_nobody_pays_and_it_is_closed(till):
    before_s = till.mono_s
    result = order(till)
    assert ORDER_S <= till.mono_s - before_s < ORDER_S + 1
    assert (result.end, result.reason, kinds(till)) == (End.DECLINED, Reason.ORDER_NOT_PAID, [])
    assert len(till.edge.online.asked) <= ORDER_S / LOOK_S + 3


@pytest.mark.parametrize("is_paid", [False, True])
def test_the_cashier_calls_it_off_and_the_centre_says_whether_it_is_paid(till, is_paid):
    tapping = begun(till)
    till.edge.online.is_paid = is_paid
    assert till.firmware.call_off(till.now())
    result = finish(till, tapping)
    assert (result.end, kinds(till)) == ((End.DONE, [Kind.ONLINE]) if is_paid else (End.DECLINED, []))
    assert len(till.edge.online.closes) == 1
    assert not till.firmware.call_off(till.now())


@pytest.mark.parametrize("silent", [range(1, 99), range(2, 99)], ids=["first", "later"])
def test_without_an_answer_it_is_reversed_before_anything_else(till, silent):
    till.edge.online.silent = silent
    before_s = till.mono_s
    result = order(till)
    assert till.mono_s - before_s <= LOST_S + 8
    assert (result.reason, kinds(till), till.shown) == (Reason.ACCOUNT_NO_ANSWER, [Kind.REVERSAL], [])
    faces = [one.face for one in till.displays][-2:]
    assert faces == [Face.AGAIN, Face.NOTICE]


def test_one_lost_answer_ends_nothing_and_a_late_no_does_not_either(till):
    till.edge.online = Centre(pays_at=5, silent=(2,), says={3: OrderAnswer(PaymentResult.NOT_NOW)})
    assert (order(till).end, kinds(till)) == (End.DONE, [Kind.ONLINE])


@pytest.mark.parametrize(
    ("said", "written"),
    [
        (OrderAnswer(PaymentResult.OVER_LIMIT), []), (OrderAnswer(PaymentResult.REVERSED), []),
        (LoadAnswer(LoadResult.NOT_NOW), []),
        (OrderAnswer(PaymentResult.APPROVED, FEN + 1), [Kind.REVERSAL]),
    ],
)  # fmt: skip
def test_a_no_of_a_new_or_an_old_centre_and_another_sum(till, said, written):
    till.edge.online.says = {1: said}
    assert (order(till).end, kinds(till), till.shown) == (End.DECLINED, written, [])


@pytest.mark.parametrize("is_paid", [False, True])
def test_the_power_goes_and_what_is_open_is_closed_or_told_as_paid(till, is_paid):
    begun(till)
    till.edge.online.is_paid = is_paid
    said = cut(till)
    assert kinds(till) == ([Kind.ONLINE] if is_paid else [])
    assert any("已付款" in one for one in said) is is_paid
    assert not till.firmware.body.flash.waiting
    assert [row.kind for row in till.firmware.take_paid()] == kinds(till), "to be logged as shown"
    if is_paid:
        cut(till)
        assert any("断电前" in one.title.zh for one in till.notices), "until somebody has seen it"


@pytest.mark.parametrize("how", ["minute", "sale"])
def test_the_power_goes_and_nobody_can_be_asked(till, school, how):
    begun(till)
    till.edge.online.silent = range(99)
    cut(till)
    assert kinds(till) == []
    if how == "minute":
        till.wait(60.0)
    else:
        till.sell(school.memory())
    assert kinds(till)[0] == Kind.REVERSAL
    assert any("已冲正" in one.title.zh for one in till.displays)


def test_the_power_goes_before_the_request_has_left(till):
    Tapping(till.firmware.order(FEN, till.now()), till.counter, None).run()
    cut(till)
    assert [request.purpose for _, request in till.edge.online.asked] == [Purpose.ORDER_CLOSE]
    assert (kinds(till), till.firmware.body.flash.waiting) == ([], [])
