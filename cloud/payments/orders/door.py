"""The ledger's door for online payments: each call is one transaction, and answers after its commit.

Where a call ends in StoreFault nobody knows: the same call under the same key finds out, and moves nothing twice.
"""

from collections.abc import Callable
from typing import NamedTuple

from cloud.ledger.funds.orders.calls import Call, Outcome, abandon, outcome_of
from cloud.ledger.funds.orders.ending import end_maker
from cloud.ledger.funds.orders.paying import (
    HOLD_MS,
    SWEPT_MAX,
    Wanted,
    capture,
    close_order,
    expire,
    make_order,
    pay,
    refund,
    void,
)
from cloud.ledger.funds.orders.rows import (
    TOKEN_SIZE,
    OrderRow,
    PaymentRow,
    RefundRow,
    order_by_id,
    order_of,
    orders_by,
    paid_to,
    payment_of,
    payments_for,
    payments_of,
    refunds_of,
)
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.records.values import Now
from cloud.store.db import Database
from shared.ids import CardId

LISTED_MAX = 100


class Shown(NamedTuple):
    """A payment with its order and its refunds, as one sees it who may."""

    payment: PaymentRow
    order: OrderRow
    refunds: tuple[RefundRow, ...]


class OrderDoor:
    """Over an opened ledger; belongs to one thread at a time. random_bytes(n): n unpredictable bytes."""

    def __init__(self, opened: OpenedLedger, random_bytes: Callable[[int], bytes]) -> None:
        self._opened = opened
        self._random_bytes = random_bytes

    # --- a merchant's calls ---------------------------------------------------------------------------------------

    def make(self, call: Call, wanted: Wanted, now: Now) -> OrderRow:
        """A pay order; a repeat is the first one. KeyReused, PayRefused."""
        token = self._random_bytes(TOKEN_SIZE)
        with self._opened.writing(now) as writing:
            return make_order(writing, call, wanted, token)

    def close(self, maker: str, token: bytes, now: Now) -> OrderRow:
        """It is paid no more. Idempotent. PayRefused."""
        with self._opened.writing(now) as writing:
            return close_order(writing, maker, token)

    def capture(self, call: Call, payment: int, fen: int, now: Now) -> Outcome:
        """请款. KeyReused, PayRefused."""
        with self._opened.writing(now) as writing:
            return capture(writing, call, payment, fen)

    def void(self, call: Call, payment: int, now: Now) -> Outcome:
        """撤回. KeyReused, PayRefused."""
        with self._opened.writing(now) as writing:
            return void(writing, call, payment)

    def refund(self, call: Call, payment: int, fen: int, reason: str, now: Now) -> Outcome:
        """退款. KeyReused, PayRefused."""
        with self._opened.writing(now) as writing:
            return refund(writing, call, payment, fen, reason)

    def paid_on(self, maker: str, token: bytes) -> list[PaymentRow]:
        """What was paid on an order of this maker's, oldest first; nothing for another's."""
        db = self._opened.database
        with db.reading():
            order = order_of(db, token)
            return payments_for(db, order.id) if order is not None and order.maker == maker else []

    def made_by(self, maker: str, after: int, most: int) -> list[OrderRow]:
        """Orders of this maker's behind this number, oldest first."""
        with self._opened.database.reading():
            return orders_by(self._opened.database, maker, after, most)

    # --- a maker that is no more ----------------------------------------------------------------------------------

    def end_maker(self, maker: str, now: Now) -> int:
        """None of its orders is paid any more, and what is reserved by them is given back; so many. Idempotent."""
        ended = 0
        while True:
            with self._opened.writing(now) as writing:
                done = end_maker(writing, maker)
            ended += done
            if done < SWEPT_MAX:
                return ended

    def paid_to(self, maker: str, most: int = LISTED_MAX) -> list[Shown]:
        """The newest payments on a maker's orders, newest first, with their refunds."""
        db = self._opened.database
        with db.reading():
            found = paid_to(db, maker, min(most, LISTED_MAX))
            return [_shown(db, one) for one in found]

    # --- a wallet's calls -----------------------------------------------------------------------------------------

    def order(self, token: bytes) -> OrderRow | None:
        """What a code that was scanned asks for; None: it is no order."""
        with self._opened.database.reading():
            return order_of(self._opened.database, token)

    def pay(self, call: Call, token: bytes, card: CardId, fen: int, now: Now, hold_ms: int = HOLD_MS) -> Outcome:
        """Out of this card's account. KeyReused, PayRefused."""
        with self._opened.writing(now) as writing:
            return pay(writing, call, token, card, fen, hold_ms)

    def paid_by(self, card: CardId, most: int = LISTED_MAX) -> list[Shown]:
        """The newest payments of a card, newest first, with their refunds."""
        db = self._opened.database
        with db.reading():
            found = payments_of(db, card, min(most, LISTED_MAX))
            return [_shown(db, one) for one in found]

    def payment(self, number: int) -> Shown | None:
        """By its number; whoever asks must have a right to it."""
        db = self._opened.database
        with db.reading():
            found = payment_of(db, number)
            return _shown(db, found) if found is not None else None

    # --- whoever has not heard -----------------------------------------------------------------------------------

    def outcome(self, call: Call) -> Outcome | None:
        """What a call came to; None: it has not come, and still may."""
        with self._opened.database.reading():
            return outcome_of(self._opened.database, call)

    def abandon(self, call: Call, now: Now) -> Outcome:
        """What a call came to; where it has not come, it never will. KeyReused never, PayRefused for no key."""
        with self._opened.writing(now) as writing:
            return abandon(writing, call)

    def expire(self, now: Now) -> int:
        """Give back what was reserved and is over; so many."""
        with self._opened.writing(now) as writing:
            return expire(writing)


def _shown(db: Database, payment: PaymentRow) -> Shown:
    return Shown(payment, order_by_id(db, payment.pay_order), tuple(refunds_of(db, payment.id)))
