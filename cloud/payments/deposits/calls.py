"""What the wallet's back asks of deposits: plain functions with explicit arguments, for its table of operations.

The back has no provider's key and no way out: it makes an order in the books, and the process of providers sends it.
"""

from typing import Any

from cloud.ledger.funds.providers.orders import make_order, order_of_key
from cloud.ledger.funds.providers.terms import DepositOrder, OrderState
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.records.values import Now
from cloud.payments.deposits.judging import LASTS_S
from cloud.payments.providers.interface import OrderWay
from cloud.process.qr import qr_rows

SENT_BACK = "code:"
"""So begins an opener of whom only the code is known with which the chat app has sent him back."""
_BY_CODE = ("", OrderWay.CODE)
_SCANNED = frozenset({"weixin", "https", "http", "alipays", "alipay"})
WORDS = {
    OrderState.MADE: "made", OrderState.SENT: "to-pay", OrderState.PAID: "posted", OrderState.CLOSED: "closed",
    OrderState.REFUNDED: "refunded", OrderState.PERSON: "unknown",
}  # fmt: skip


def make_deposit(
    opened: OpenedLedger, card: bytes, fen: int, provider: str, key: str, payer: str, now: Now, way: str = "",
    opener: str = "",
) -> dict[str, Any]:  # fmt: skip
    """Durable when this returns; the same key with the same card, sum and provider is the same, in whatever way it is
    opened. opener: who opens it, where the way asks for that; with SENT_BACK the code that says it. DepositRefused."""
    with opened.writing(now) as writing:
        return _said(make_order(writing, key, card, fen, provider, payer, LASTS_S, way, opener))


def deposit_state(opened: OpenedLedger, card: bytes, key: str) -> dict[str, Any] | None:
    """How it stands; None: this card has none under this key."""
    with opened.database.reading():
        order = order_of_key(opened.database, key)
    return None if order is None or order.card != card else _said(order)


def _qr(order: DepositOrder) -> list[str]:
    """What the payer opens, to be scanned off this phone by another one, or out of its picture: WeChat takes its code
    of a Native order in no other way."""
    is_code = order.state == OrderState.SENT and order.way in _BY_CODE
    return qr_rows(order.pay) if is_code and order.pay.partition(":")[0] in _SCANNED else []


def _said(order: DepositOrder) -> dict[str, Any]:
    return {
        "order": order.number, "provider": order.provider, "fen": order.fen, "paid_fen": order.paid_fen,
        "refunded_fen": order.refunded_fen, "state": WORDS[OrderState(order.state)], "pay": order.pay,
        "expires_ms": order.expires_ms, "qr": _qr(order), "way": order.way or str(OrderWay.CODE),
    }  # fmt: skip
