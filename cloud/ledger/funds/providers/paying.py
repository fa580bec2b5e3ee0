"""What was seen of an order at its provider becomes its state and its posting, in one transaction: once, or not at all.

A callback is never seen here. What is proven is a query's answer, or a line of a bill; both are the same by the time
they come, so whichever is first posts and the other one finds it.
"""

from typing import NamedTuple

from cloud.ledger.books.chart import Side
from cloud.ledger.books.entry import EntryKind
from cloud.ledger.funds.providers.items import Apart, ItemKind, name_item
from cloud.ledger.funds.providers.orders import step
from cloud.ledger.funds.providers.posting import booked_fen, post_deposit, suspend
from cloud.ledger.funds.providers.terms import NEVER, DepositOrder, OrderState
from cloud.ledger.funds.providers.unclear import REST, give_back
from cloud.ledger.funds.successors import home_of
from cloud.ledger.journal.balances import balance_now
from cloud.ledger.journal.writing import Writing
from cloud.ledger.records.values import DepositRefused
from shared.facts.money.deposits import DepositLate, DepositOdd, DepositPosted, DepositRefunded
from shared.wire import codec

OVER_MAX_FEN = 100_00
"""What is paid above the order by no more than that is the card's, as it was paid; of more, the rest waits in
渠道待查款 until two persons have asked whose it is."""


class Paid(NamedTuple):
    """Proven at the provider. day: of its own time."""

    txn: str
    fen: int
    day: int


def take_paid(writing: Writing, order: DepositOrder, paid: Paid, *, by_bill: bool) -> DepositOrder:
    """Inside of a transaction. The order as it stands after it."""
    writing.booking.flush()
    if order.txn and order.txn != paid.txn:
        if suspend(writing, paid.fen, order.provider, paid.txn):
            _unclear(writing, order, paid, 0)
        return order
    if order.txn:
        return order
    posted_fen = _post(writing, order, paid)
    if paid.fen != order.fen:
        writing.notes.tell(DepositOdd(order.provider, order.number, order.fen, paid.fen, posted_fen))
    if order.state == OrderState.CLOSED:
        writing.notes.tell(DepositLate(order.provider, order.number, paid.fen))
    done = order._replace(
        state=int(OrderState.PAID), txn=paid.txn, paid_fen=paid.fen, paid_day=paid.day, due_ms=NEVER, tries=0,
        changed_ms=writing.now.unix_ms,
    )  # fmt: skip
    step(writing, done, codec.dumps([paid.txn, paid.fen, paid.day, int(by_bill), posted_fen]))
    return done


def take_refund(
    writing: Writing, order: DepositOrder, txn: str, ident: str, fen: int, *, is_unclear: bool = False
) -> DepositOrder:  # fmt: skip
    """Inside of a transaction: the provider gave `fen` of this payment back, under this refund number, and we did not
    ask it for so much. is_unclear: out of 渠道待查款, whatever the card got; of a payment that is not the one by which
    the order is paid, it always is."""
    is_its = txn == order.txn
    got_fen = booked_fen(writing.db, EntryKind.PROVIDER_OWES, order.provider, txn) if is_its else 0
    card = order.card if got_fen and not is_unclear else b""
    if not give_back(writing, card, order.provider, txn, ident, fen) or not is_its:
        return order
    back_fen = order.refunded_fen + fen
    is_all = back_fen >= order.paid_fen
    done = order._replace(
        state=int(OrderState.REFUNDED if is_all else order.state), refunded_fen=back_fen, due_ms=NEVER,
        changed_ms=writing.now.unix_ms,
    )  # fmt: skip
    step(writing, done, codec.dumps([ident, fen]))
    writing.notes.tell(DepositRefunded(order.provider, order.number, fen, _left_fen(writing, order.card)))
    return done


def _post(writing: Writing, order: DepositOrder, paid: Paid) -> int:
    """Fen that the card got."""
    rest = paid.fen - order.fen if paid.fen - order.fen > OVER_MAX_FEN else 0
    fen = paid.fen - rest
    try:
        post_deposit(writing, order.card, fen, order.provider, paid.txn, order.payer)
    except DepositRefused:
        suspend(writing, paid.fen, order.provider, paid.txn)
        _unclear(writing, order, paid, 0)
        return 0
    if rest:
        suspend(writing, rest, order.provider, f"{paid.txn}:{REST}")
        _unclear(writing, order, paid, fen)
    writing.notes.tell(DepositPosted(order.provider, order.number, fen, home_of(writing.db, order.card)))
    return fen


def _unclear(writing: Writing, order: DepositOrder, paid: Paid, posted_fen: int) -> None:
    apart = Apart(order.provider, ItemKind.UNCLEAR, paid.txn, order.number, paid.fen, posted_fen)
    name_item(writing, 0, paid.day, apart)


def _left_fen(writing: Writing, card: bytes) -> int:
    writing.booking.flush()
    accounts = writing.accounts(home_of(writing.db, card))
    return balance_now(writing.db, accounts.online, Side.CREDIT) if accounts else 0
