"""Till orders 收款码: made by a till's question, paid once by a wallet, closed or reversed; never both."""

import secrets

import pytest

from cloud.ledger.checks.verify import verify
from cloud.ledger.funds.orders import asked, till
from cloud.ledger.funds.orders.asked import OPEN_MAX, ORDER_MS
from cloud.ledger.funds.orders.calls import PayResult
from cloud.ledger.funds.payments.rule import SINGLE_MAX_FEN
from cloud.ledger.held.thefts import Report
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.ledger import Ledger
from cloud.ledger.records.values import Now
from cloud.payments import calls
from cloud.payments.orders.door import OrderDoor
from cloud.payments.views import View
from shared.ids import DeviceId
from shared.online import (
    ORDER_MEANS,
    LoadRequest,
    OrderAnswer,
    PaymentResult,
    close_request,
    order_request,
)
from shared.records import Kind
from shared.wire.messages import OnlineRequest
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import later

FUNDS, FEN = 100_000, 1250
CARD = c.card(1)
CLOSED, PAID = OrderAnswer(PaymentResult.ORDER_CLOSED), OrderAnswer(PaymentResult.APPROVED, FEN)


@pytest.fixture(autouse=True)
def funds(ledger: Ledger) -> None:
    ledger.deposit(CARD, FUNDS, "k", c.NOW)


@pytest.fixture
def door(opened: OpenedLedger) -> OrderDoor:
    return OrderDoor(opened, secrets.token_bytes)


def ask(
    ledger: Ledger, number: int, what: LoadRequest | None = None, at: DeviceId = c.POS, now: Now = c.NOW
) -> OrderAnswer:  # fmt: skip
    """What a till hears."""
    wanted = what or order_request(FEN)
    return ledger.payment_order(c.BOX, OnlineRequest(at, 1, c.psam(at[-1]), number, wanted.to_bytes()), wanted, now)


def close(ledger: Ledger, number: int, of: int) -> OrderAnswer:
    return ask(ledger, number, close_request(FEN, 1, of))


def pay(door: OrderDoor, code: str, key: str = "p1", now: Now = c.NOW) -> View:
    """As a phone does it: what the code asks for, then the payment."""
    order = calls.order(door, code, now)
    return calls.pay(door, CARD, key, order["token"], order["fen"], now)


def record(seq: int, request: int, kind: Kind) -> bytes:
    return c.payment(seq, request, kind, FEN, of=ORDER_MEANS)


def stands(ledger: Ledger) -> tuple[int, int]:
    report = verify(ledger, c.check_tac)
    assert report.ok, report.first_broken
    return -c.balances(ledger).get(f"online:{CARD.hex()}", 0), c.merchant(ledger)


def test_a_wallet_pays_it_once_and_its_till_hears_so_and_says_so(ledger: Ledger, door: OrderDoor, box: c.Box) -> None:
    made = ask(ledger, 7)
    assert (made.result, made.amount_fen, ask(ledger, 7)) == (PaymentResult.ORDER_OPEN, FEN, made)
    shown = calls.order(door, f"{made.code[:4]} {made.code[4:]}", c.NOW)
    assert (shown["merchant"], shown["fen"], shown["is_open"], shown["note"]) == ("一楼大伙", FEN, True, "1号窗口")
    assert pay(door, made.code)["result"] == "done"
    assert pay(door, made.code)["again"]
    assert pay(door, made.code, "p2")["result"] == PayResult.CLOSED
    assert (ask(ledger, 7), close(ledger, 8, 7), stands(ledger)) == (PAID, PAID, (FUNDS - FEN, FEN))
    box.send(record(1, 7, Kind.ONLINE))
    assert stands(ledger) == (FUNDS - FEN, FEN)


def test_closed_it_is_paid_no_more(ledger: Ledger, door: OrderDoor) -> None:
    code = ask(ledger, 7).code
    assert (close(ledger, 8, 7), close(ledger, 8, 7), ask(ledger, 7)) == (CLOSED, CLOSED, CLOSED)
    assert not calls.order(door, code, c.NOW)["is_open"]
    assert (pay(door, code)["result"], stands(ledger)) == (PayResult.CLOSED, (FUNDS, 0))
    assert close(ledger, 9, 6) == CLOSED, "none came under that number"


@pytest.mark.parametrize("first", ["paid", "reversed"])
def test_its_reversal_gives_back_what_was_paid_and_nothing_is_paid_behind_it(
    ledger: Ledger, door: OrderDoor, box: c.Box, first: str
) -> None:
    code = ask(ledger, 7).code
    if first == "paid":
        assert pay(door, code)["result"] == "done"
    box.send(record(1, 7, Kind.REVERSAL))
    assert pay(door, code, "p2")["result"] == PayResult.CLOSED
    assert ask(ledger, 7).result is close(ledger, 8, 7).result is PaymentResult.REVERSED
    assert stands(ledger) == (FUNDS, 0)


def test_a_reversal_before_its_request_and_a_word_without_a_yes_leave_nothing_to_pay(
    ledger: Ledger, door: OrderDoor, box: c.Box
) -> None:
    box.send(record(1, 7, Kind.REVERSAL))
    assert ask(ledger, 7).result is PaymentResult.REVERSED
    code = ask(ledger, 8).code
    box.send(record(2, 8, Kind.ONLINE))
    assert pay(door, code)["result"] == PayResult.CLOSED
    assert c.facts(ledger, "payment-unapproved")
    assert stands(ledger) == (FUNDS, 0)


def test_time_and_bounds(ledger: Ledger, door: OrderDoor, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask(ledger, 1, order_request(SINGLE_MAX_FEN + 1)).result is PaymentResult.OVER_LIMIT
    assert ask(ledger, 2, order_request(0)).result is PaymentResult.NOT_NOW
    codes = [ask(ledger, number).code for number in range(3, 3 + OPEN_MAX)]
    assert ask(ledger, 9).result is PaymentResult.NOT_NOW
    assert ask(ledger, 9, at=c.POS2).result is PaymentResult.ORDER_OPEN, "each till has its own"
    over = later(ORDER_MS)
    assert pay(door, codes[0], now=over)["result"] == PayResult.CLOSED
    assert ask(ledger, 3, now=over) == CLOSED
    assert ask(ledger, 9, now=over).result is PaymentResult.ORDER_OPEN
    monkeypatch.setattr(asked, "UNPAID_MAX", 3)
    assert ask(ledger, 10, now=over).result is PaymentResult.NOT_NOW
    assert stands(ledger) == (FUNDS, 0)


def test_the_order_of_a_till_that_is_reported_stolen_is_paid_no_more(ledger: Ledger, door: OrderDoor) -> None:
    code = ask(ledger, 7).code
    ledger.psam_stolen(Report(c.psam(c.POS[-1]), True, c.NOW.campus_s, "王", "被盗"), c.NOW)
    assert (pay(door, code)["result"], stands(ledger)) == (PayResult.CLOSED, (FUNDS, 0))


def test_a_row_that_was_edited_is_seen(ledger: Ledger) -> None:
    ask(ledger, 7)
    with ledger.opened.writing(c.NOW) as writing:
        row = till.till_order_by_case(writing.db, asked.record_key(c.POS, 1, 7))
        assert row is not None
        till.keep_order(writing.db, asked.order_by_id(writing.db, row.pay_order)._replace(state=1))
    assert "till-orders" in verify(ledger, c.check_tac).first_broken
