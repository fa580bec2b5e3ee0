"""Rows of pay orders, of online payments and of their refunds, and how they are found. Inside of a transaction."""

from enum import IntEnum
from typing import NamedTuple

from cloud.store.db import Database

ORDER_COLUMNS = (
    "id, token, maker, merchant, merchant_account, amount_fen, is_single, captures, note, state, made_ms, expires_ms"
)
PAYMENT_COLUMNS = (
    "id, pay_order, maker, card, merchant_account, amount_fen, captured_fen, refunded_fen, state, day, expires_ms, "
    "opened_ms, changed_ms"
)
REFUND_COLUMNS = "id, payment, fen, reason, at_ms"
TOKEN_SIZE = 16


class OrderState(IntEnum):
    """Frozen numbers: they stand in the books."""

    OPEN = 0
    PAID = 1
    """One that is paid once, and is."""
    CLOSED = 2


class OnlineState(IntEnum):
    """Of an online payment. Frozen numbers: they stand in the books."""

    AUTHORISED = 1
    """The sum is reserved."""
    CAPTURED = 2
    VOID = 3
    """By its merchant's call."""
    EXPIRED = 4
    """Void by time-out."""


class OrderRow(NamedTuple):
    """A pay order 付款单. token: what its code holds; amount_fen 0: whoever pays says the sum; captures: paying it is
    the whole payment, else the merchant captures later."""

    id: int
    token: bytes
    maker: str
    merchant: str
    merchant_account: int
    amount_fen: int
    is_single: int
    captures: int
    note: str
    state: int
    made_ms: int
    expires_ms: int

    def is_open(self, now_ms: int) -> bool:
        """May it be paid?"""
        return self.state == OrderState.OPEN and now_ms < self.expires_ms


class PaymentRow(NamedTuple):
    """An online payment. maker: who may capture, void and refund it. expires_ms: when it is void by itself."""

    id: int
    pay_order: int
    maker: str
    card: bytes
    merchant_account: int
    amount_fen: int
    captured_fen: int
    refunded_fen: int
    state: int
    day: int
    expires_ms: int
    opened_ms: int
    changed_ms: int


class RefundRow(NamedTuple):
    """A refund 退款 of a payment, or of a part of it."""

    id: int
    payment: int
    fen: int
    reason: str
    at_ms: int


def order_of(db: Database, token: bytes) -> OrderRow | None:
    """By what its code holds."""
    rows = db.run(f"SELECT {ORDER_COLUMNS} FROM pay_order WHERE token = ?", (token,))  # noqa: S608  # our own names
    return OrderRow(*rows[0]) if rows else None


def order_by_id(db: Database, number: int) -> OrderRow:
    """IndexError for one that is none."""
    return OrderRow(*db.run(f"SELECT {ORDER_COLUMNS} FROM pay_order WHERE id = ?", (number,))[0])  # noqa: S608  # ours


def orders_by(db: Database, maker: str, after: int, most: int) -> list[OrderRow]:
    """Of a maker, behind this number, oldest first."""
    sql = f"SELECT {ORDER_COLUMNS} FROM pay_order WHERE maker = ? AND id > ? ORDER BY id LIMIT ?"  # noqa: S608  # ours
    return [OrderRow(*row) for row in db.run(sql, (maker, after, most))]


def open_by(db: Database, maker: str, most: int) -> list[OrderRow]:
    """Of a maker, those that may be paid or may be again, oldest first."""
    sql = f"SELECT {ORDER_COLUMNS} FROM pay_order WHERE maker = ? AND state = ? ORDER BY id LIMIT ?"  # noqa: S608  # ours
    return [OrderRow(*row) for row in db.run(sql, (maker, int(OrderState.OPEN), most))]


def reserved_by(db: Database, maker: str, most: int) -> list[PaymentRow]:
    """On a maker's orders, oldest first."""
    sql = (
        f"SELECT {PAYMENT_COLUMNS} FROM online_payment WHERE state = ? AND maker = ? "  # noqa: S608  # our own names
        "ORDER BY id LIMIT ?"
    )
    return [PaymentRow(*row) for row in db.run(sql, (int(OnlineState.AUTHORISED), maker, most))]


def paid_to(db: Database, maker: str, most: int) -> list[PaymentRow]:
    """On a maker's orders, newest first."""
    sql = (
        f"SELECT {', '.join('p.' + one for one in PAYMENT_COLUMNS.split(', '))} FROM online_payment p "  # noqa: S608
        "JOIN pay_order o ON o.id = p.pay_order WHERE o.maker = ? ORDER BY p.id DESC LIMIT ?"
    )
    return [PaymentRow(*row) for row in db.run(sql, (maker, most))]


def payment_of(db: Database, number: int) -> PaymentRow | None:
    """By its number."""
    sql = f"SELECT {PAYMENT_COLUMNS} FROM online_payment WHERE id = ?"  # noqa: S608  # our own names
    rows = db.run(sql, (number,))
    return PaymentRow(*rows[0]) if rows else None


def payments_of(db: Database, card: bytes, most: int) -> list[PaymentRow]:
    """The newest of a card, newest first."""
    sql = f"SELECT {PAYMENT_COLUMNS} FROM online_payment WHERE card = ? ORDER BY id DESC LIMIT ?"  # noqa: S608  # ours
    return [PaymentRow(*row) for row in db.run(sql, (card, most))]


def is_reserved(db: Database, card: bytes) -> bool:
    """Is any of this card's money reserved?"""
    sql = "SELECT 1 FROM online_payment WHERE card = ? AND state = ? LIMIT 1"
    return bool(db.run(sql, (card, int(OnlineState.AUTHORISED))))


def payments_for(db: Database, order: int) -> list[PaymentRow]:
    """Of an order, oldest first."""
    sql = f"SELECT {PAYMENT_COLUMNS} FROM online_payment WHERE pay_order = ? ORDER BY id"  # noqa: S608  # our own names
    return [PaymentRow(*row) for row in db.run(sql, (order,))]


def refunds_of(db: Database, payment: int) -> list[RefundRow]:
    """Oldest first."""
    sql = f"SELECT {REFUND_COLUMNS} FROM online_refund WHERE payment = ? ORDER BY id"  # noqa: S608  # our own names
    return [RefundRow(*row) for row in db.run(sql, (payment,))]


def expired(db: Database, now_ms: int, most: int) -> list[PaymentRow]:
    """Authorised, and their time is over; oldest first."""
    sql = (
        f"SELECT {PAYMENT_COLUMNS} FROM online_payment WHERE state = ? AND expires_ms <= ? "  # noqa: S608  # our own names
        "ORDER BY expires_ms, id LIMIT ?"
    )
    return [PaymentRow(*row) for row in db.run(sql, (int(OnlineState.AUTHORISED), now_ms, most))]


def keep_order(db: Database, row: OrderRow) -> None:
    """New, or in the place of what stood under its number."""
    db.upsert("pay_order", ORDER_COLUMNS, "id", [tuple(row)])


def keep_payment(db: Database, row: PaymentRow) -> None:
    """As keep_order."""
    db.upsert("online_payment", PAYMENT_COLUMNS, "id", [tuple(row)])


def next_id(db: Database, table: str) -> int:
    """Numbers of a table go up by one."""
    return int(db.run(f"SELECT COALESCE(MAX(id), 0) + 1 FROM {table}")[0][0])  # noqa: S608  # our own names
