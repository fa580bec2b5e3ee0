"""What codes, orders and payments are to a phone, a stall's page or an application: values of JSON. Pure."""

from typing import Any

from cloud.ledger.funds.orders.calls import PAY_TEXT, Outcome
from cloud.ledger.funds.orders.rows import OnlineState, OrderRow, OrderState, PaymentRow, RefundRow
from cloud.payments.codes.door import Code, Seen
from cloud.payments.orders.door import Shown
from shared.words.voice import Text

View = dict[str, Any]
ORDER_WORDS = {OrderState.OPEN: "open", OrderState.PAID: "paid", OrderState.CLOSED: "closed"}
STATE_WORDS = {
    OnlineState.AUTHORISED: "authorised", OnlineState.CAPTURED: "captured", OnlineState.VOID: "void",
    OnlineState.EXPIRED: "expired",
}  # fmt: skip


def code_view(code: Code) -> View:
    """A new code."""
    return code._asdict()


def seen_view(seen: Seen) -> View:
    """What has become of one."""
    return {
        "state": str(seen.standing), "fen": seen.amount_fen, "left_fen": seen.left_fen, "place": seen.place,
        "why": _both(seen.why), "at_ms": seen.at_ms,
    }  # fmt: skip


def order_view(order: OrderRow, now_ms: int) -> View:
    """What an order asks for. is_open: may it be paid now?"""
    return {
        "token": order.token.hex(), "merchant": order.merchant, "fen": order.amount_fen, "note": order.note,
        "is_single": bool(order.is_single), "captures": bool(order.captures), "is_open": order.is_open(now_ms),
        "state": ORDER_WORDS[OrderState(order.state)], "made_ms": order.made_ms, "expires_ms": order.expires_ms,
    }  # fmt: skip


def outcome_view(outcome: Outcome) -> View:
    """What a call has come to."""
    return {
        "result": str(outcome.result), "why": _both(PAY_TEXT[outcome.result]), "payment": outcome.payment,
        "fen": outcome.fen, "again": outcome.again,
    }  # fmt: skip


def payment_view(payment: PaymentRow, refunds: tuple[RefundRow, ...] = ()) -> View:
    """A payment and what was given back of it. Whose it is, is not said: a merchant need not know."""
    return {
        "payment": payment.id, "state": STATE_WORDS[OnlineState(payment.state)], "fen": payment.amount_fen,
        "captured_fen": payment.captured_fen, "refunded_fen": payment.refunded_fen, "opened_ms": payment.opened_ms,
        "expires_ms": payment.expires_ms,
        "refunds": [{"fen": one.fen, "reason": one.reason, "at_ms": one.at_ms} for one in refunds],
    }  # fmt: skip


def shown_view(shown: Shown) -> View:
    """As its payer sees it."""
    order = {"merchant": shown.order.merchant, "note": shown.order.note}
    return payment_view(shown.payment, shown.refunds) | order


def _both(text: Text | None) -> list[str]:
    return [] if text is None else [text.zh, text.en]
