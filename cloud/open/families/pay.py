"""Orders, and payments on them 付款单与付款: made, looked at, closed; captured, void, refunded. An application sees its
own alone: it is their maker, and the ledger lets nobody else touch them.

What a deed answers is what was done by it, and not how things stand later: so a repeat answers the same for ever.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from cloud.ledger.funds.orders.calls import PAY_TEXT, Call, KeyReused, Outcome, PayRefused, PayResult
from cloud.ledger.funds.orders.paying import AMOUNT_MAX_FEN, NOTE_MAX, ORDER_MS_MAX, REASON_MAX, Wanted
from cloud.ledger.funds.orders.rows import OrderRow, OrderState, PaymentRow, RefundRow
from cloud.open.problems import NONE, REUSED, CallRefused, Problem
from cloud.open.route import PAGED, Context, Reply, Route, page_of, paged
from cloud.payments.views import order_view, payment_view
from cloud.wallet.line.shapes import Arguments, flag, text, whole
from shared.words.voice import Text, told_by

ORDER_S = 900
"""An order is open for so long, unless it says otherwise."""
_Done = TypeVar("_Done")
ABOVE = Problem(409, "above", PAY_TEXT[PayResult.ABOVE])
OVER = Problem(409, "over", PAY_TEXT[PayResult.OVER])
REFUSED = Problem(409, "not-payable", Text("不能这样付款", "it cannot be meant so"))
_FEN = whole(1, AMOUNT_MAX_FEN)


def create(context: Context, given: Arguments) -> Reply:
    """As it was made, whatever has become of it since."""
    valid_ms = 1000 * (given["valid_s"] or ORDER_S)
    wanted = Wanted(
        context.app.merchant, given["fen"], given["single"] is not False, given["captures"] is not False, valid_ms,
        given["note"] or "",
    )  # fmt: skip
    call = Call(context.app.caller, context.key)
    row = _done(lambda: context.books.orders.make(call, wanted, context.now))
    return Reply(_order(row._replace(state=int(OrderState.OPEN)), row.made_ms), 201)


def listed(context: Context, given: Arguments) -> Reply:
    """Oldest first."""
    after, most = page_of(context, "orders", given)
    rows = context.books.orders.made_by(context.app.caller, after, most + 1)
    items = [_order(row, context.now.unix_ms) for row in rows[:most]]
    return paged(context, "orders", items, rows[:most][-1].id if rows else after, more=len(rows) > most)


def look(context: Context, given: Arguments) -> Reply:
    """With what was paid on it."""
    row = _own(context, given["order"])
    paid = context.books.orders.paid_on(context.app.caller, row.token)
    payments = [payment_seen(context, one, row) for one in paid]
    return Reply(_order(row, context.now.unix_ms) | {"payments": payments})


def close(context: Context, given: Arguments) -> Reply:
    """It is paid no more; one that is paid stays so, and one whose sum is only reserved is closed for good."""
    row = _own(context, given["order"])
    closed = _done(lambda: context.books.orders.close(context.app.caller, row.token, context.now))
    return Reply(_order(closed, context.now.unix_ms))


def look_payment(context: Context, given: Arguments) -> Reply:
    """As it stands, with its refunds."""
    shown = context.books.orders.payment(context.opened("payment", given["payment"]))
    if shown is None or shown.payment.maker != context.app.caller:
        raise CallRefused(NONE)
    return Reply(payment_seen(context, shown.payment, shown.order, shown.refunds))


def capture(context: Context, given: Arguments) -> Reply:
    """请款, once."""
    number, call = context.opened("payment", given["payment"]), Call(context.app.caller, context.key)
    return _moved(context, lambda: context.books.orders.capture(call, number, given["fen"], context.now))


def void(context: Context, given: Arguments) -> Reply:
    """撤回."""
    number, call = context.opened("payment", given["payment"]), Call(context.app.caller, context.key)
    return _moved(context, lambda: context.books.orders.void(call, number, context.now))


def refund(context: Context, given: Arguments) -> Reply:
    """退款."""
    number, call = context.opened("payment", given["payment"]), Call(context.app.caller, context.key)
    fen, reason = given["fen"], given["reason"]
    return _moved(context, lambda: context.books.orders.refund(call, number, fen, reason, context.now))


def payment_seen(
    context: Context, row: PaymentRow, order: OrderRow, refunds: tuple[RefundRow, ...] = ()
) -> dict[str, Any]:  # fmt: skip
    """A payment as its application sees it."""
    seen = payment_view(row, refunds)
    return seen | {"payment": context.shut("payment", row.id), "order": order.token.hex()}


def _order(row: OrderRow, now_ms: int) -> dict[str, Any]:
    seen = order_view(row, now_ms)
    token = seen.pop("token")
    return {"order": token} | seen


def _own(context: Context, token: str) -> OrderRow:
    row = context.books.orders.order(bytes.fromhex(token))
    if row is None or row.maker != context.app.caller:
        raise CallRefused(NONE)
    return row


def _moved(context: Context, act: Callable[[], Outcome]) -> Reply:
    done = _done(act)
    if done.result in _REFUSALS:
        raise CallRefused(_REFUSALS[done.result])
    return Reply({"payment": context.shut("payment", done.payment), "fen": done.fen})


def _done(act: Callable[[], _Done]) -> _Done:
    try:
        return act()
    except KeyReused as fault:
        raise CallRefused(REUSED) from fault
    except PayRefused as fault:
        raise CallRefused(Problem(REFUSED.status, REFUSED.code, told_by(fault, REFUSED.text))) from fault


_REFUSALS = {PayResult.ABOVE: ABOVE, PayResult.OVER: OVER}
_WANTED = {
    "fen": whole(0, AMOUNT_MAX_FEN), "note": text(NOTE_MAX, 0, optional=True), "single": flag(optional=True),
    "captures": flag(optional=True), "valid_s": whole(1, ORDER_MS_MAX // 1000, optional=True),
}  # fmt: skip
ROUTES = (
    Route(
        "createOrder", "POST", "/v1/orders", "pay",
        Text("出付款单；fen 为 0 由付款人填", "make an order for somebody to pay; fen 0: the payer says the sum"),
        "Order", create, body=_WANTED, keyed=True, status=201, refusals=(REUSED, REFUSED),
    ),
    Route(
        "listOrders", "GET", "/v1/orders", "pay", Text("本应用的付款单", "the orders of this application"), "Orders",
        listed, query=PAGED,
    ),
    Route(
        "getOrder", "GET", "/v1/orders/{order}", "pay", Text("付款单及其付款", "an order, and what was paid on it"),
        "OrderPaid", look,
    ),
    Route(
        "closeOrder", "POST", "/v1/orders/{order}/close", "pay", Text("关闭付款单", "it is paid no more"), "Order",
        close,
    ),
    Route("getPayment", "GET", "/v1/payments/{payment}", "pay", Text("一笔付款", "a payment"), "Payment", look_payment),
    Route(
        "capturePayment", "POST", "/v1/payments/{payment}/capture", "pay",
        Text("请款一次，可少于预授权", "capture, once, all or a part of what is authorised"),
        "Moved", capture, body={"fen": _FEN}, keyed=True, refusals=(ABOVE, OVER, REUSED),
    ),
    Route(
        "voidPayment", "POST", "/v1/payments/{payment}/void", "pay",
        Text("撤回预授权", "void what is authorised"), "Moved", void, keyed=True, refusals=(OVER, REUSED),
    ),
    Route(
        "refundPayment", "POST", "/v1/payments/{payment}/refund", "refund",
        Text("退款，合计不超过请款", "give back, never more in all than was captured"),
        "Moved", refund, body={"fen": _FEN, "reason": text(REASON_MAX)}, keyed=True, refusals=(ABOVE, OVER, REUSED),
    ),
)  # fmt: skip
