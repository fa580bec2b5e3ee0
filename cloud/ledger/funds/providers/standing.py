"""Providers 支付渠道 as a finance officer sees them. Inside of a snapshot."""

from typing import NamedTuple

from cloud.ledger.books.chart import REFUNDING, UNCLEAR, Side, fee_account, provider_account
from cloud.ledger.funds.providers.invoices import MonthFees, invoiced
from cloud.ledger.funds.providers.items import Item, items
from cloud.ledger.funds.providers.orders import COLUMNS
from cloud.ledger.funds.providers.refunds import refunds_in
from cloud.ledger.funds.providers.terms import OPEN, DepositOrder, DepositRefund, OrderState
from cloud.ledger.journal.balances import balance
from cloud.store.db import Database

DAYS = 31
"""Bills and settlements, the newest days."""


class Standing(NamedTuple):
    """A provider: how many orders are to be paid, how many wait for a person; what it owes us, and has kept of it."""

    provider: str
    sent: int
    person: int
    owes_fen: int
    fees_fen: int


class ChannelDay(NamedTuple):
    """A day of a provider's. bill: is it here? settled_fen: what it brought to the bank; -1: no settlement is here."""

    provider: str
    day: int
    bill: bool
    paid_fen: int
    refunded_fen: int
    settled_fen: int
    fee_fen: int


class ChannelsView(NamedTuple):
    """waiting: orders for a person, the oldest first; refunds: those on their way."""

    standings: tuple[Standing, ...]
    unclear_fen: int
    refunding_fen: int
    waiting: tuple[DepositOrder, ...]
    paid: tuple[DepositOrder, ...]
    items: tuple[Item, ...]
    refunds: tuple[DepositRefund, ...]
    days: tuple[ChannelDay, ...]
    invoices: tuple[MonthFees, ...]
    forged: int

    @property
    def is_quiet(self) -> bool:
        """Does nobody have to do anything?"""
        return not self.waiting and not self.items


def channels_view(db: Database, since_ms: int, today: int, most: int) -> ChannelsView:
    """since_ms: from when forged callbacks are counted; today: a day of the campus."""
    return ChannelsView(
        tuple(_standings(db)), _fen(db, UNCLEAR.code, Side.CREDIT), _fen(db, REFUNDING.code, Side.CREDIT),
        tuple(_orders(db, "state = ? ORDER BY made_ms", (int(OrderState.PERSON), most))),
        tuple(_orders(db, "txn <> '' ORDER BY changed_ms DESC", (most,))),
        tuple(items(db, only_open=True)[:most]), tuple(refunds_in(db, OPEN, most)), tuple(_days(db)),
        tuple(invoiced(db, today)),
        int(db.run("SELECT COUNT(*) FROM fact WHERE code = 'deposit-forged' AND at_ms >= ?", (since_ms,))[0][0]),
    )  # fmt: skip


def _orders(db: Database, where: str, given: tuple[int, ...]) -> list[DepositOrder]:
    rows = db.run(f"SELECT {COLUMNS} FROM deposit_order WHERE {where} LIMIT ?", given)  # noqa: S608  # our own names
    return [DepositOrder(*row) for row in rows]


def _standings(db: Database) -> list[Standing]:
    rows = db.run("SELECT provider, state, COUNT(*) FROM deposit_order GROUP BY provider, state")
    counts: dict[tuple[str, int], int] = {(provider, int(state)): int(count) for provider, state, count in rows}
    return [
        Standing(
            name, counts.get((name, OrderState.SENT), 0), counts.get((name, OrderState.PERSON), 0),
            _fen(db, provider_account(name).code, Side.DEBIT), _fen(db, fee_account(name).code, Side.DEBIT),
        )
        for name in sorted({provider for provider, _ in counts})
    ]  # fmt: skip


def _days(db: Database) -> list[ChannelDay]:
    """Of each provider and day that has either."""
    bills = {
        (provider, int(day)): (int(paid), int(back))
        for provider, day, paid, back in db.run(
            "SELECT provider, day, paid_fen, refunded_fen FROM deposit_bill ORDER BY id DESC LIMIT ?", (DAYS * 8,)
        )[::-1]
    }  # fmt: skip
    settled = {
        (provider, int(day)): (int(fen), int(fee))
        for provider, day, fen, fee in db.run(
            "SELECT provider, day, settled_fen, fee_fen FROM deposit_settlement ORDER BY id DESC LIMIT ?", (DAYS * 8,)
        )[::-1]
    }  # fmt: skip
    keys = sorted(set(bills) | set(settled), key=lambda key: (-key[1], key[0]))
    return [
        ChannelDay(provider, day, (provider, day) in bills, *bills.get((provider, day), (0, 0)),
                   *settled.get((provider, day), (-1, 0)))
        for provider, day in keys[: DAYS * 3]
    ]  # fmt: skip


def _fen(db: Database, code: str, side: Side) -> int:
    rows = db.run("SELECT id FROM account WHERE code = ?", (code,))
    return balance(db, int(rows[0][0]), side) if rows else 0
