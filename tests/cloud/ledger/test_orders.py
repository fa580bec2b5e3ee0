"""Online payments 在线支付: authorised, captured, void, refunded, over; each call once, never more than there is."""

import secrets
from collections.abc import Callable

import pytest

from cloud.ledger.checks.verify import verify
from cloud.ledger.desk.bank import BankLedger
from cloud.ledger.funds.orders.calls import Call, KeyReused, Outcome, PayRefused, PayResult
from cloud.ledger.funds.orders.paying import AMOUNT_MAX_FEN, HOLD_MS, Wanted
from cloud.ledger.funds.orders.rows import OnlineState, OrderRow, OrderState
from cloud.ledger.funds.payments.rule import DAY_MAX_FEN, SINGLE_MAX_FEN
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.ledger import Ledger
from cloud.ledger.read.reader import Reader
from cloud.ledger.records.values import Now
from cloud.payments.orders.door import OrderDoor
from shared.online import PaymentResult
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import later

FUNDS, FEN = 100_000, 1250
CARD, STALL, WALLET = c.card(1), "stall:1", "wallet:1"
MERCHANT = "一楼大伙"


@pytest.fixture(autouse=True)
def funds(ledger: Ledger) -> None:
    ledger.deposit(CARD, FUNDS, "k", c.NOW)


@pytest.fixture
def door(opened: OpenedLedger) -> OrderDoor:
    return OrderDoor(opened, secrets.token_bytes)


def order(
    door: OrderDoor, key: str = "o1", fen: int = FEN, *, single: bool = True, captures: bool = False
) -> OrderRow:  # fmt: skip
    return door.make(Call(STALL, key), Wanted(MERCHANT, fen, single, captures, 600_000, "面条"), c.NOW)


def pay(door: OrderDoor, of: OrderRow, key: str = "p1", fen: int = FEN, now: Now = c.NOW) -> Outcome:
    return door.pay(Call(WALLET, key), of.token, CARD, fen, now)


def held(door: OrderDoor) -> int:
    """A payment that is authorised."""
    return pay(door, order(door)).payment


def online(ledger: Ledger) -> int:
    return -c.balances(ledger).get(f"online:{CARD.hex()}", 0)


def reserved(ledger: Ledger) -> int:
    return -c.balances(ledger).get("reserved", 0)


def stands(ledger: Ledger) -> tuple[int, int, int]:
    return online(ledger), reserved(ledger), c.merchant(ledger)


def require_true(ledger: Ledger) -> None:
    report = verify(ledger, c.check_tac)
    assert report.ok, report.first_broken


def test_authorised_then_captured_in_part_and_the_rest_goes_back(ledger: Ledger, door: OrderDoor) -> None:
    payment = held(door)
    assert stands(ledger) == (FUNDS - FEN, FEN, 0)
    require_true(ledger)
    assert door.capture(Call(STALL, "c1"), payment, 1000, c.NOW) == Outcome(PayResult.DONE, payment, 1000)
    assert stands(ledger) == (FUNDS - 1000, 0, 1000)
    sums = Reader(ledger.database).overview()
    assert (sums.payments, sums.payments_fen, sums.spent_fen, sums.online_fen) == (1, 1000, 0, FUNDS - 1000)
    require_true(ledger)


def test_an_order_that_captures_is_paid_at_once_and_only_once(ledger: Ledger, door: OrderDoor) -> None:
    one = order(door, captures=True)
    assert pay(door, one).result is PayResult.DONE
    assert pay(door, one, "p2").result is PayResult.CLOSED
    assert stands(ledger) == (FUNDS - FEN, 0, FEN)
    require_true(ledger)


def test_a_code_on_the_wall_is_paid_by_many_over_any_sum(ledger: Ledger, door: OrderDoor) -> None:
    wall = order(door, fen=0, single=False, captures=True)
    assert [pay(door, wall, f"p{n}", n).result for n in (1, 2, 3)] == [PayResult.DONE] * 3
    assert [one.captured_fen for one in door.paid_on(STALL, wall.token)] == [1, 2, 3]
    assert door.paid_on("stall:2", wall.token) == []
    assert [one.payment.captured_fen for one in door.paid_by(CARD)] == [3, 2, 1]
    require_true(ledger)


Act = Callable[[OrderDoor, int, str], Outcome]
ACTS: dict[str, Act] = {
    "capture": lambda door, payment, key: door.capture(Call(STALL, key), payment, FEN, c.NOW),
    "void": lambda door, payment, key: door.void(Call(STALL, key), payment, c.NOW),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_a_repeat_hears_the_same_and_another_call_finds_it_over(ledger: Ledger, door: OrderDoor, act: Act) -> None:
    payment = held(door)
    first = act(door, payment, "x1")
    before = stands(ledger)
    assert act(door, payment, "x1") == first._replace(again=True)
    assert [one(door, payment, f"y{n}").result for n, one in enumerate(ACTS.values())] == [PayResult.OVER] * 2
    assert stands(ledger) == before
    require_true(ledger)


def test_a_payment_repeated_under_its_key_moves_nothing_and_the_same_key_means_nothing_else(
    ledger: Ledger, door: OrderDoor
) -> None:
    one, other = order(door), order(door, "o2")
    first = pay(door, one)
    assert pay(door, one) == first._replace(again=True)
    with pytest.raises(KeyReused):
        pay(door, other)
    with pytest.raises(KeyReused):
        door.pay(Call(WALLET, "p1"), one.token, CARD, FEN, c.NOW, 5)
    with pytest.raises(KeyReused):
        door.capture(Call(STALL, "o1"), first.payment, FEN, c.NOW)
    assert door.outcome(Call(WALLET, "p1")) == first
    assert stands(ledger) == (FUNDS - FEN, FEN, 0)


def test_time_out_gives_it_back_by_itself_and_no_capture_wins_against_it(ledger: Ledger, door: OrderDoor) -> None:
    one = order(door)
    first = pay(door, one).payment
    assert not ledger.expire_payments(later(HOLD_MS - 1))
    assert reserved(ledger) == FEN
    assert door.capture(Call(STALL, "c1"), first, FEN, later(HOLD_MS)).result is PayResult.OVER
    assert stands(ledger) == (FUNDS, 0, 0)
    assert door.order(one.token).state == OrderState.OPEN  # type: ignore[union-attr]  # it was made above
    pay(door, one, "p2")
    ledger.expire_payments(later(HOLD_MS + 1))
    assert c.rows(ledger, "SELECT state FROM online_payment") == [(OnlineState.EXPIRED,)] * 2
    assert [one["fen"] for one in c.facts(ledger, "online-expired")] == [FEN, FEN]
    assert stands(ledger) == (FUNDS, 0, 0)
    require_true(ledger)


def test_refunds_are_partial_by_key_and_never_above_what_was_captured(ledger: Ledger, door: OrderDoor) -> None:
    payment = held(door)
    assert door.refund(Call(STALL, "r0"), payment, 1, "退", c.NOW).result is PayResult.OVER
    door.capture(Call(STALL, "c1"), payment, 1000, c.NOW)
    said = [door.refund(Call(STALL, key), payment, fen, "退", c.NOW).result for key, fen in (("r1", 600), ("r2", 401))]
    assert said == [PayResult.DONE, PayResult.ABOVE]
    assert door.refund(Call(STALL, "r1"), payment, 600, "退", c.NOW).again
    with pytest.raises(KeyReused):
        door.refund(Call(STALL, "r1"), payment, 400, "退", c.NOW)
    assert door.refund(Call(STALL, "r3"), payment, 400, "退", c.NOW).result is PayResult.DONE
    assert stands(ledger) == (FUNDS, 0, 0)
    shown = door.payment(payment)
    assert shown is not None
    assert [one.fen for one in shown.refunds] == [600, 400]
    require_true(ledger)


def test_what_was_given_up_never_pays_and_what_came_before_has_its_answer(ledger: Ledger, door: OrderDoor) -> None:
    one = order(door)
    assert door.outcome(Call(WALLET, "p1")) is None
    assert door.abandon(Call(WALLET, "p1"), c.NOW).result is PayResult.ABANDONED
    assert pay(door, one).result is PayResult.ABANDONED
    paid = pay(door, one, "p2")
    assert door.abandon(Call(WALLET, "p2"), c.NOW) == paid._replace(again=True)
    assert stands(ledger) == (FUNDS - FEN, FEN, 0)
    require_true(ledger)


def test_declined_is_kept_and_floors_limits_and_the_hotlist_hold(
    ledger: Ledger, opened: OpenedLedger, door: OrderDoor
) -> None:
    wall = order(door, fen=0, single=False, captures=True)
    BankLedger(opened).set_floor(1, 20_00, "王芳", "押金", c.NOW)
    poor = door.pay(Call(WALLET, "a"), wall.token, c.card(2), 1, c.NOW)
    assert poor == Outcome(PayResult.NO_FUNDS)
    ledger.deposit(c.card(2), FUNDS, "k2", c.NOW)
    assert door.pay(Call(WALLET, "a"), wall.token, c.card(2), 1, c.NOW) == poor._replace(again=True)
    assert pay(door, wall, "b", SINGLE_MAX_FEN).result is PayResult.DONE
    assert c.pay(ledger, 7, DAY_MAX_FEN - SINGLE_MAX_FEN - 20_00).result is PaymentResult.APPROVED
    assert pay(door, wall, "c", 1).result is PayResult.NO_FUNDS  # the floor
    ledger.deposit(CARD, FUNDS, "k3", c.NOW)
    assert pay(door, wall, "d", 20_01).result is PayResult.OVER_LIMIT  # tills and orders count together
    assert c.pay(ledger, 8, 20_01).result is PaymentResult.OVER_LIMIT
    ledger.set_hotlisted(CARD, True, c.NOW)
    assert pay(door, wall, "e", 1).result is PayResult.HOTLISTED
    require_true(ledger)


def test_what_cannot_be_meant_is_refused_and_keeps_nothing(ledger: Ledger, door: OrderDoor) -> None:
    one = order(door)
    bad: list[Callable[[], object]] = [
        lambda: door.make(Call(STALL, "x"), Wanted("没有", FEN, True, True, 1000), c.NOW),
        lambda: door.make(Call(STALL, "x"), Wanted(MERCHANT, AMOUNT_MAX_FEN + 1, True, True, 1000), c.NOW),
        lambda: door.make(Call(STALL, "x"), Wanted(MERCHANT, FEN, True, True, 0), c.NOW),
        lambda: door.make(Call(STALL, ""), Wanted(MERCHANT, FEN, True, True, 1000), c.NOW),
        lambda: door.make(Call("", "x"), Wanted(MERCHANT, FEN, True, True, 1000), c.NOW),
        lambda: door.pay(Call(WALLET, "x"), b"?" * 16, CARD, FEN, c.NOW),
        lambda: door.pay(Call(WALLET, "x"), one.token, c.card(99), FEN, c.NOW),
        lambda: pay(door, one, "x", FEN + 1),
        lambda: pay(door, one, "x", -1),
        lambda: door.capture(Call(STALL, "x"), 7, FEN, c.NOW),
        lambda: door.refund(Call(STALL, "x"), 1, FEN, "", c.NOW),
        lambda: door.close("stall:2", one.token, c.NOW),
    ]
    for call in bad:
        with pytest.raises(PayRefused):
            call()
    assert c.rows(ledger, "SELECT key FROM pay_call") == [("o1",)]
    payment = pay(door, one).payment
    for stranger in ("stall:2", WALLET):
        with pytest.raises(PayRefused):
            door.void(Call(stranger, "x"), payment, c.NOW)
    assert door.close(STALL, order(door, "o9").token, c.NOW).state == OrderState.CLOSED
    require_true(ledger)


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        ("UPDATE online_payment SET state = 3", "ended twice, or otherwise"),
        ("UPDATE online_payment SET amount_fen = 1", "another sum"),
        ("UPDATE online_payment SET captured_fen = 1", "captured"),
        ("UPDATE online_payment SET refunded_fen = 1", "its refunds are others"),
        ("DELETE FROM online_payment", "there is not"),
        ("UPDATE pay_order SET amount_fen = 5", "was edited"),
        ("UPDATE pay_order SET merchant_account = 5", "was edited"),
    ],
)
def test_verify_names_what_was_edited(ledger: Ledger, door: OrderDoor, edit: str, said: str) -> None:
    door.capture(Call(STALL, "c1"), held(door), 1000, c.NOW)
    with ledger.database.writing():
        ledger.database.run(edit)
    assert said in verify(ledger, c.check_tac).first_broken


def test_calls_and_refunds_cannot_be_edited(ledger: Ledger, door: OrderDoor) -> None:
    payment = held(door)
    door.capture(Call(STALL, "c1"), payment, FEN, c.NOW)
    door.refund(Call(STALL, "r1"), payment, 1, "退", c.NOW)
    for edit in ("UPDATE pay_call SET result = 'done'", "DELETE FROM online_refund"):
        with pytest.raises(Exception, match="append-only"), ledger.database.writing():
            ledger.database.run(edit)


def test_an_order_that_was_closed_while_its_sum_was_reserved_is_not_open_again_when_that_goes_back(
    ledger: Ledger, door: OrderDoor
) -> None:  # fmt: skip
    row = order(door)
    first = pay(door, row)
    assert door.close(STALL, row.token, c.NOW).state == OrderState.CLOSED
    assert door.void(Call(STALL, "v1"), first.payment, c.NOW).result is PayResult.DONE
    assert pay(door, row, "p2").result is PayResult.CLOSED
    paid = order(door, "o2", captures=True)
    assert pay(door, paid, "p3").result is PayResult.DONE
    assert door.close(STALL, paid.token, c.NOW).state == OrderState.PAID, "what was paid stays so"
    assert verify(ledger, c.check_tac).ok
