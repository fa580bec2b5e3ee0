"""Deposits through providers: each order is what its steps say, and posted exactly when and as far as it was paid."""

from collections.abc import Iterable, Iterator, Mapping

from cloud.ledger.books.entry import EntryKind
from cloud.ledger.checks.check import Check, walk
from cloud.ledger.funds.providers.items import items
from cloud.ledger.funds.providers.orders import COLUMNS
from cloud.ledger.funds.providers.posting import booking_key
from cloud.ledger.funds.providers.terms import DepositOrder, OrderState
from cloud.ledger.funds.providers.unclear import REST
from cloud.store.db import Database
from shared.errors import WireFault
from shared.wire import codec

NAME = "deposits"
_ENTRIES = "SELECT key, fen FROM posting WHERE kind = ? AND key IS NOT NULL"
_KINDS = (
    EntryKind.DEPOSIT, EntryKind.PROVIDER_OWES, EntryKind.DEPOSIT_SUSPENDED, EntryKind.DEPOSIT_REFUNDED,
    EntryKind.REFUND_DONE,
)  # fmt: skip
_MADE, _PAID, _BACK = 6, 5, 2
"""Fields of a step's document, by what it tells."""


def check_deposits(db: Database) -> Check:
    """Every order, and every entry of a provider's."""
    orders = {row[0]: DepositOrder(*row) for row in db.run(f"SELECT {COLUMNS} FROM deposit_order")}  # noqa: S608
    try:
        told = dict(_told(db))
    except (WireFault, ValueError, TypeError):
        return Check(NAME, 0, "a step's document cannot be read")
    if set(told) != set(orders):
        return Check(NAME, len(orders), f"order {min(set(told) ^ set(orders))}: its steps or its row are missing")
    booked = {kind: _booked(db, kind) for kind in _KINDS}
    for order in orders.values():
        fault = _order_fault(order, told[order.number], booked)
        if fault:
            return Check(NAME, len(orders), f"order {order.number}: {fault}")
    return Check(NAME, len(orders), _stray_fault(orders.values(), booked) or _back_fault(db, booked))


class _Said:
    """What the steps of one order say."""

    def __init__(self) -> None:
        self.made: tuple[object, ...] = ()
        self.paid: list[tuple[str, int]] = []
        self.back: list[tuple[str, int]] = []
        self.state = -1


_Booked = Mapping[EntryKind, Mapping[str, int]]


def _told(db: Database) -> Iterator[tuple[str, _Said]]:
    said: dict[str, _Said] = {}
    for _, number, state, document in walk(db, "id, number, state, document", "deposit_step"):
        one, fields = said.setdefault(number, _Said()), codec.loads(bytes(document))
        one.state = int(state)
        if len(fields) == _MADE:
            one.made = tuple(fields)
        elif len(fields) == _PAID:
            one.paid.append((fields[0], fields[1]))
        elif len(fields) == _BACK:
            one.back.append((fields[0], fields[1]))
    yield from said.items()


def _order_fault(order: DepositOrder, said: _Said, booked: _Booked) -> str:
    if said.state != order.state or said.made != (
        order.key, order.provider, order.card, order.fen, order.payer, order.expires_ms,
    ):  # fmt: skip
        return "is not what its steps say"
    if said.paid != ([(order.txn, order.paid_fen)] if order.txn else []):
        return "was paid otherwise than its steps say, or twice"
    if (order.state in (OrderState.PAID, OrderState.REFUNDED)) is not bool(order.txn):
        return "is paid without a transaction, or the other way round"
    if order.txn and _posted(order, booked) != order.paid_fen:
        return f"{order.paid_fen} fen were paid, {_posted(order, booked)} posted"
    if sum(fen for _, fen in said.back) != order.refunded_fen:
        return "its refunds are not what its steps say"
    refunds = {**booked[EntryKind.REFUND_DONE], **booked[EntryKind.DEPOSIT_REFUNDED]}
    if any(_whole(refunds, booking_key(order.provider, ident)) != fen for ident, fen in said.back):
        return "a refund of it is not in the books"
    return ""


def _whole(refunds: Mapping[str, int], key: str) -> int:
    """A card's part, and that of what was unclear."""
    return refunds.get(key, 0) + refunds.get(f"{key}:{REST}", 0)


def _back_fault(db: Database, booked: _Booked) -> str:
    """Of an item no more went back than was unclear, and each time the provider has had it booked."""
    left = {one.ident: one for one in items(db)}
    for ident, refund, fen in db.run("SELECT item, refund, SUM(fen) FROM deposit_item_back GROUP BY item, refund"):
        item = left.get(int(ident))
        if item is None or item.unclear_fen < 0:
            return f"item {ident}: more of it went back than was unclear"
        if _whole(booked[EntryKind.DEPOSIT_REFUNDED], booking_key(item.provider, refund)) < int(fen):
            return f"item {ident}: what went back of it is not in the books"
    return ""


def _posted(order: DepositOrder, booked: _Booked) -> int:
    owes, unclear = booked[EntryKind.PROVIDER_OWES], booked[EntryKind.DEPOSIT_SUSPENDED]
    key = booking_key(order.provider, order.txn)
    return owes.get(key, 0) + unclear.get(key, 0) + unclear.get(f"{key}:{REST}", 0)


def _stray_fault(orders: Iterable[DepositOrder], booked: _Booked) -> str:
    """A provider owes nothing that no order explains, and each such sum is a deposit of a card."""
    ours = {booking_key(one.provider, one.txn) for one in orders if one.txn}
    for key, fen in booked[EntryKind.PROVIDER_OWES].items():
        if key not in ours:
            return f"{key}: posted, and no order was paid by it"
        if booked[EntryKind.DEPOSIT].get(key) != fen:
            return f"{key}: the provider owes what is no deposit"
    return ""


def _booked(db: Database, kind: EntryKind) -> dict[str, int]:
    """Fen by the key as it was given."""
    return {bytes(key)[1:].decode("utf-8", "replace"): int(fen) for key, fen in db.run(_ENTRIES, (int(kind),))}
