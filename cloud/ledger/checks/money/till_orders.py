"""Till orders 收款码 against their pay orders and their payment cases: one case each, over its sum, and paid once.

What was paid and given back is held against entries and records by check_payments; here the order is held against that.
"""

from cloud.ledger.checks.check import Check
from cloud.ledger.funds.orders.rows import OrderRow, OrderState, order_by_id, payments_for
from cloud.ledger.funds.orders.till import COLUMNS, TillOrder, token_of
from cloud.ledger.funds.payments.cases import COLUMNS as CASE_COLUMNS
from cloud.ledger.funds.payments.cases import PaymentCase, PaymentState, case_of
from cloud.ledger.journal.book_chain import BookLinkKind, digest_of
from cloud.ledger.records.arrival import split_key
from cloud.store.db import Database
from shared.online import ORDER_MEANS, parse_request

_PAID = frozenset({PaymentState.APPROVED, PaymentState.REVERSED, PaymentState.HELD})


def check_till_orders(db: Database) -> Check:
    """Each is as it was made, its order is paid where its case is, and no case is of an order that there is not."""
    rows = [TillOrder(*row) for row in db.run(f"SELECT {COLUMNS} FROM till_order ORDER BY pay_order")]  # noqa: S608  # ours
    sql = "SELECT what, digest FROM book_chain WHERE kind = ?"
    links: dict[int, bytes] = {what: bytes(digest) for what, digest in db.run(sql, (int(BookLinkKind.TILL_ORDER),))}
    broken = next(filter(None, (_fault(db, row, links.pop(row.pay_order, b"")) for row in rows)), "")
    if not broken and links:
        broken = f"order {min(links)}: a till had it made, and its row is gone"
    return Check("till-orders", len(rows), broken or _stray(db, {row.case_key for row in rows}))


def _fault(db: Database, row: TillOrder, link: bytes) -> str:
    if link != digest_of(row):
        return f"order {row.pay_order}: its till's row was edited, or never made"
    case, order = case_of(db, row.case_key), order_by_id(db, row.pay_order)
    if case is None or case.amount_fen != order.amount_fen or order.token != token_of(row.code):
        return f"order {row.pay_order}: its till has asked for another one"
    return _state_fault(db, order, case)


def _state_fault(db: Database, order: OrderRow, case: PaymentCase) -> str:
    is_paid = case.state in _PAID
    if is_paid != (order.state == OrderState.PAID) or (case.state == PaymentState.OPEN and order.state):
        return f"order {order.id}: its till hears something else than its payer"
    return f"order {order.id}: is paid twice, by its till and on line" if payments_for(db, order.id) else ""


def _stray(db: Database, known: set[bytes]) -> str:
    sql = f"SELECT {CASE_COLUMNS} FROM payment_case WHERE state = ? OR entry IS NOT NULL ORDER BY key"  # noqa: S608  # ours
    for case in map(PaymentCase._make, db.run(sql, (int(PaymentState.OPEN),))):
        is_order = bool(case.payload) and parse_request(case.payload).card == ORDER_MEANS
        if is_order and bytes(case.key) not in known:
            device, epoch, request = split_key(case.key)
            return f"request {device.hex()}/{epoch}/{request}: is paid or open as an order that there is not"
    return ""
