"""Till orders 收款码 in the books: a pay order that a till shows, and the payment case by which that till hears of it.

A wallet pays it at once, as an account payment of the till that asked: the case is approved and its entry is that of
any other one, so a till's records, reversals, takings and bounds know no second kind. It is paid while its case is
open, and never behind a reversal or a word of the till.
"""

import hashlib
from typing import NamedTuple

from cloud.ledger.books.chart import Side
from cloud.ledger.funds.orders.rows import TOKEN_SIZE, OrderRow, OrderState, keep_order, order_by_id
from cloud.ledger.funds.payments.authorise import Asking, post_paid
from cloud.ledger.funds.payments.cases import PaymentCase, PaymentState, asked_on, case_of, keep, unpaid
from cloud.ledger.journal.balances import balance_now
from cloud.ledger.journal.book_chain import BookLinkKind, digest_of
from cloud.ledger.journal.writing import Writing
from cloud.ledger.records.arrival import split_key
from cloud.store.db import Database
from shared.clocks.clock import day_number
from shared.ids import CardId
from shared.online import PaymentResult

COLUMNS = "case_key, pay_order, code"
_MAKER = "till:"
_LABEL = b"openykt till order v1\0"


class TillOrder(NamedTuple):
    """case_key: of its payment case; code: the 18 digits on the glass."""

    case_key: bytes
    pay_order: int
    code: str


def maker_of(device: bytes) -> str:
    """Who has made a till's orders."""
    return f"{_MAKER}{device.hex()}"


def token_of(code: str) -> bytes:
    """Of the pay order behind a code."""
    return hashlib.sha256(_LABEL + code.encode("ascii")).digest()[:TOKEN_SIZE]


def till_order_by_case(db: Database, key: bytes) -> TillOrder | None:
    """By its payment case."""
    return _found(db, "case_key", key)


def till_order_of(db: Database, order: OrderRow) -> TillOrder | None:
    """None: no till has made it."""
    return _found(db, "pay_order", order.id) if order.maker.startswith(_MAKER) else None


def keep_till_order(writing: Writing, row: TillOrder) -> None:
    """A new one. Inside of a transaction."""
    writing.db.insert("till_order", COLUMNS, [row])
    writing.booking.link(BookLinkKind.TILL_ORDER, row.pay_order, digest_of(row))


def is_payable(writing: Writing, row: TillOrder) -> bool:
    """Is its case still open, with no word of the till about it, and is the till not reported stolen since?"""
    case = case_of(writing.db, row.case_key)
    if case is None or not _is_open(case):
        return False
    device, _, _ = split_key(case.key)
    return not writing.registry.stolen.names(device, bytes(case.psam))


def take(writing: Writing, row: TillOrder, order: OrderRow, card: CardId) -> None:
    """This card's account has paid it, all of it and at once. Whoever calls has looked at everything against it."""
    case, accounts = case_of(writing.db, row.case_key), writing.registry.cards[card].accounts
    if case is None or not _is_open(case):
        raise ValueError("a till's order that is not open")
    left_fen = balance_now(writing.db, accounts.online, Side.CREDIT) - order.amount_fen
    entry = post_paid(writing, Asking(case.key, case.psam, case.payload), card, order.amount_fen)
    approved = case._replace(
        card=card, result=int(PaymentResult.APPROVED), left_fen=left_fen, state=int(PaymentState.APPROVED), entry=entry,
        day=day_number(writing.now.campus_s), changed_ms=writing.now.unix_ms,
    )  # fmt: skip
    keep(writing.db, approved)
    keep_order(writing.db, order._replace(state=int(OrderState.PAID)))


def shut(writing: Writing, key: bytes) -> None:
    """The order of this case, if it has one, is paid no more. Idempotent; what was paid stays."""
    row = till_order_by_case(writing.db, key)
    order = None if row is None else order_by_id(writing.db, row.pay_order)
    if order is not None and order.state == OrderState.OPEN:
        keep_order(writing.db, order._replace(state=int(OrderState.CLOSED)))
        writing.booking.link(BookLinkKind.PAY_ORDER_CLOSED, order.id, digest_of((order.id, writing.now.unix_ms)))


def unpaid_on(db: Database, device: bytes, day: int) -> int:
    """So many orders of this till, asked for on this day, that nobody has paid."""
    return asked_on(db, unpaid(device), day)


def open_at(db: Database, device: bytes, now_ms: int) -> int:
    """So many orders of this till that may be paid now."""
    sql = (
        "SELECT COUNT(*) FROM payment_case c JOIN till_order t ON t.case_key = c.key JOIN pay_order o "
        "ON o.id = t.pay_order WHERE c.card = ? AND o.state = ? AND o.expires_ms > ?"
    )
    return int(db.run(sql, (unpaid(device), int(OrderState.OPEN), now_ms))[0][0])


def _is_open(case: PaymentCase) -> bool:
    return case.state == PaymentState.OPEN and case.record is None and case.reversal is None


def _found(db: Database, column: str, value: object) -> TillOrder | None:
    rows = db.run(f"SELECT {COLUMNS} FROM till_order WHERE {column} = ?", (value,))  # noqa: S608  # our own names
    return TillOrder(bytes(rows[0][0]), rows[0][1], rows[0][2]) if rows else None
