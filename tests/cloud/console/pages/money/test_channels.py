"""The pages of providers and of pay orders: what waits stands there, and what moves money takes two persons."""

from collections.abc import Iterator
from pathlib import Path
from secrets import token_bytes

import pytest

from cloud.console.access.rights import Grant, Role
from cloud.console.frame.clock import wall_now
from cloud.ledger.funds.providers.bills import take_bill
from cloud.ledger.funds.providers.invoices import take_invoice
from cloud.ledger.funds.providers.items import BillLine
from cloud.ledger.funds.providers.orders import make_order, order_of
from cloud.ledger.funds.providers.paying import Paid, take_paid
from cloud.payments import calls
from cloud.payments.orders.door import OrderDoor
from shared.clocks.clock import day_number, day_text
from tests.cloud.console.rig import Browser, Rig, made
from tests.cloud.ledger import campus as c

FEN, OPENED = 50_00, "一楼大伙"


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with made(tmp_path) as found:
        yield found


def finance(rig: Rig, name: str = "张三") -> Browser:
    return rig.browser(name, [Grant(Role.FINANCE)])


def test_an_invoice_of_fees_stands_beside_what_was_kept(rig: Rig) -> None:
    paid(rig)
    month = day_text(day_number(wall_now().campus_s))[:7]
    with rig.ledger.opened.writing(wall_now()) as writing:
        assert take_invoice(writing, "wechat", month, 31, "票号 7", "王芳").apart_fen == 1
    page = finance(rig).see("/channels")
    for said in ("手续费发票", month, "票号 7", "¥0.31", "¥0.01"):
        assert said in page


def paid(rig: Rig) -> str:
    """A deposit, and a bill with a payment of nobody's order."""
    opened, day = rig.ledger.opened, day_number(wall_now().campus_s)
    with opened.writing(wall_now()) as writing:
        number = make_order(writing, "k", c.card(1), FEN, "wechat", "家长", 1_800).number
    with opened.writing(wall_now()) as writing:
        take_paid(writing, order_of(writing.db, number), Paid("T1", FEN, day), by_bill=False)
    with opened.writing(wall_now()) as writing:
        lines = [BillLine("T1", number, FEN, "", 30), BillLine("STRAY", "NOBODY", 7_77)]
        take_bill(writing, "wechat", day, b"d" * 32, lines, "测试")
    return number


def test_a_refund_and_an_item_are_proposed_and_another_one_confirms(rig: Rig) -> None:
    first, second = finance(rig), finance(rig, "李四")
    assert "没有" in first.see("/channels")
    number = paid(rig)
    page = first.see("/channels")
    for said in (number, "STRAY", "账单有、非我订单", "¥0.30", "wechat"):
        assert said in page
    first.send("/channels/refund", 409, order=number, yuan="50.01", reason="r")
    first.send("/channels/refund", 409, order=number, yuan="x", reason="r")
    first.send("/channels/refund", order=number, yuan="20.00", reason="家长申请")
    first.send("/channels/item", 409, item="1", card="9999", reason="r")
    first.send("/channels/item", item="1", card="0002", reason="付款人来电")
    assert f"退款 ¥20.00，订单 {number}" in first.see("/proposals")
    for proposal in (1, 2):
        first.send(f"/proposals/{proposal}/confirm", 409)
        second.send(f"/proposals/{proposal}/confirm")
    page = second.see("/channels")
    assert "家长申请" in page
    assert "STRAY" not in page
    assert "⟦" not in page + second.see("/ledger/journal")


def test_pay_orders_are_listed_by_merchant_and_state(rig: Rig) -> None:
    orders = OrderDoor(rig.ledger.opened, token_bytes)
    asked = calls.make_order(orders, OPENED, "o1", 1250, wall_now(), note="面条")
    calls.make_order(orders, OPENED, "o2", 0, wall_now(), note="随意")
    calls.close_order(orders, OPENED, asked["token"], wall_now())
    browser = finance(rig)
    page = browser.see("/pay-orders")
    assert "⟦" not in page
    assert "面条" in page
    assert "面条" in browser.see(f"/pay-orders?state=closed&merchant={OPENED}")
    assert "面条" not in browser.see("/pay-orders?state=open")
    assert asked["token"] not in page, "whoever has it may pay"


def test_who_keeps_no_books_sees_none_of_it(rig: Rig) -> None:
    browser = rig.browser("门卫", [Grant(Role.DUTY)])
    browser.see("/channels", 403)
    browser.see("/pay-orders", 403)
