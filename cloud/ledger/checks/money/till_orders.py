"""Till orders 收款码 against their pay orders and their payment cases: one case each, over its sum, and paid once.

What was paid and given back is held against entries and records by check_payments; here the order is held against that.
"""

from typing import NamedTuple

from cloud.ledger.checks.check import Check
from cloud.ledger.funds.orders.rows import OrderState
from cloud.ledger.funds.orders.till import TillOrder, token_of
from cloud.ledger.funds.payments.cases import PaymentState
from cloud.ledger.journal.book_chain import BookLinkKind, digest_of
from cloud.ledger.records.arrival import split_key
from cloud.store.db import Database
from shared.online import ORDER_MEANS, parse_request

_PAID = frozenset({PaymentState.APPROVED, PaymentState.REVERSED, PaymentState.HELD})
_ROWS = (
    "SELECT t.case_key, t.pay_order, t.code, o.token, o.amount_fen, o.state, c.amount_fen, c.state, "
    "(SELECT COUNT(*) FROM online_payment p WHERE p.pay_order = t.pay_order) FROM till_order t "
    "LEFT JOIN pay_order o ON o.id = t.pay_order LEFT JOIN payment_case c ON c.key = t.case_key ORDER BY t.pay_order"
)


class _Beside(NamedTuple):
    """What stands beside a till's order; None: it is not there. on_line: payments of its pay order."""

    token: bytes | None
    order_fen: int | None
    order: int | None
    case_fen: int | None
    case: int | None
    on_line: int


def check_till_orders(db: Database) -> Check:
    """Each is as it was made, its order is paid where its case is, and no case is of an order that there is not."""
    rows = [
        (TillOrder(bytes(key), number, code), _Beside(*beside)) for key, number, code, *beside in db.run(_ROWS)
    ]  # fmt: skip
    sql = "SELECT what, digest FROM book_chain WHERE kind = ?"
    links: dict[int, bytes] = {what: bytes(digest) for what, digest in db.run(sql, (int(BookLinkKind.TILL_ORDER),))}
    broken = next(filter(None, (_fault(row, links.pop(row.pay_order, b""), beside) for row, beside in rows)), "")
    if not broken and links:
        broken = f"order {min(links)}: a till had it made, and its row is gone"
    return Check("till-orders", len(rows), broken or _stray(db, {row.case_key for row, _ in rows}))


def _fault(row: TillOrder, link: bytes, beside: _Beside) -> str:
    if link != digest_of(row):
        return f"order {row.pay_order}: its till's row was edited, or never made"
    if beside.case_fen is None or beside.case_fen != beside.order_fen or beside.token != token_of(row.code):
        return f"order {row.pay_order}: its till has asked for another one"
    is_closed_open = beside.case == PaymentState.OPEN and beside.order != OrderState.OPEN
    if (beside.case in _PAID) != (beside.order == OrderState.PAID) or is_closed_open:
        return f"order {row.pay_order}: its till hears something else than its payer"
    return f"order {row.pay_order}: is paid twice, by its till and on line" if beside.on_line else ""


def _stray(db: Database, known: set[bytes]) -> str:
    sql = "SELECT key, payload FROM payment_case WHERE state = ? OR entry IS NOT NULL ORDER BY key"
    for key, payload in db.run(sql, (int(PaymentState.OPEN),)):
        is_order = bool(payload) and parse_request(payload).card == ORDER_MEANS
        if is_order and bytes(key) not in known:
            device, epoch, request = split_key(key)
            return f"request {device.hex()}/{epoch}/{request}: is paid or open as an order that there is not"
    return ""
