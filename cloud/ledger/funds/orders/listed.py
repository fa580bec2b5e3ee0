"""Pay orders 付款单 by merchant, state and age, with what was paid on each. Inside of a snapshot."""

from typing import NamedTuple

from cloud.ledger.funds.orders.rows import ORDER_COLUMNS, OrderRow, OrderState
from cloud.store.db import Database


class PayOrderView(NamedTuple):
    """An order, and what was paid on it."""

    order: OrderRow
    state: str
    payments: int
    captured_fen: int
    refunded_fen: int


def pay_orders(db: Database, merchant: str, state: str, now_ms: int, most: int) -> list[PayOrderView]:
    """The newest first. merchant, state: empty for all; state: open, paid, closed or over."""
    wanted = {"open": "state = 0 AND expires_ms > ?", "over": "state = 0 AND expires_ms <= ?"}
    where, given = ["1 = 1"], list[object]()
    if merchant:
        where, given = [*where, "merchant = ?"], [merchant]
    if state in wanted:
        where, given = [*where, wanted[state]], [*given, now_ms]
    elif state in ("paid", "closed"):
        where, given = [*where, "state = ?"], [*given, int(OrderState[state.upper()])]
    sql = f"SELECT {ORDER_COLUMNS} FROM pay_order WHERE {' AND '.join(where)} ORDER BY id DESC LIMIT ?"  # noqa: S608
    rows = [OrderRow(*row) for row in db.run(sql, (*given, most))]
    sums: dict[int, tuple[int, int, int]] = {}
    for number, captured, refunded in db.find(_PAYMENTS, [row.id for row in rows]) if rows else ():
        count, had_captured, had_refunded = sums.get(int(number), (0, 0, 0))
        sums[int(number)] = count + 1, had_captured + int(captured), had_refunded + int(refunded)
    return [PayOrderView(row, _state(row, now_ms), *sums.get(row.id, (0, 0, 0))) for row in rows]


def order_merchants(db: Database) -> list[str]:
    """Those that have ever made one."""
    return [name for (name,) in db.run("SELECT DISTINCT merchant FROM pay_order ORDER BY merchant")]


def orders_and_merchants(
    db: Database, merchant: str, state: str, now_ms: int, most: int
) -> tuple[list[PayOrderView], list[str]]:  # fmt: skip
    """Pay orders as above, and all those whose orders can be asked for."""
    return pay_orders(db, merchant, state, now_ms, most), order_merchants(db)


_PAYMENTS = "SELECT pay_order, captured_fen, refunded_fen FROM online_payment WHERE pay_order"


def _state(row: OrderRow, now_ms: int) -> str:
    if row.state == OrderState.OPEN and now_ms >= row.expires_ms:
        return "over"
    return OrderState(row.state).name.lower()
