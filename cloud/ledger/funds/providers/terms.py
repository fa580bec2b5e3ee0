"""An order of a deposit, and how it stands. Pure."""

from enum import IntEnum
from typing import NamedTuple

NEVER = 1 << 62
"""due_ms of an order of which nobody needs to ask."""


class OrderState(IntEnum):
    """Frozen numbers: they stand in the books."""

    MADE = 0
    """Nobody outside has heard of it for certain."""
    SENT = 1
    """The provider has it, and somebody may pay."""
    PAID = 2
    """By a query or a bill; posted in the same transaction."""
    CLOSED = 3
    """The provider says that it is closed, or that it has none."""
    REFUNDED = 4
    """All of it went back to its payer."""
    PERSON = 5
    """Asked for up to a day without an answer: a person's list. A wake, a bill or a person still moves it on."""


FINAL = frozenset({OrderState.PAID, OrderState.CLOSED, OrderState.REFUNDED})


class DepositOrder(NamedTuple):
    """As it stands. payer: who pays, as people are named to the provider's books, '' nobody said. pay: what the payer's
    phone opens. paid_day: of the provider's own time. due_ms: when it is asked for next; tries: in vain, so often.
    way: in what it is opened, a Way of the providers' interface, '' a code; opener: by whom, as that way names people,
    '' once the provider has heard."""

    number: str
    key: str
    provider: str
    card: bytes
    fen: int
    payer: str
    made_ms: int
    expires_ms: int
    state: int
    txn: str = ""
    paid_fen: int = 0
    paid_day: int = 0
    refunded_fen: int = 0
    pay: str = ""
    due_ms: int = NEVER
    tries: int = 0
    changed_ms: int = 0
    way: str = ""
    opener: str = ""


class RefundState(IntEnum):
    """Frozen numbers: they stand in the books."""

    ASKED = 0
    """The money is taken aside; whether its provider has heard is not known."""
    TAKEN = 1
    """The provider has said that it works on it."""
    DONE = 2
    """By a query or a bill; posted in the same transaction."""
    REFUSED = 3
    """The provider will not; the money is where it came from again."""
    PERSON = 4
    """Asked for up to a day without an answer: a person's list. A bill or a person still moves it on."""


OPEN = frozenset({RefundState.ASKED, RefundState.TAKEN, RefundState.PERSON})
"""The money is on its way."""


class DepositRefund(NamedTuple):
    """As it stands. txn: the payment that it gives back of. card: whose account pays; empty: 渠道待查款, because of
    `item`. proposal: of the two persons; 0: by rule. day: of the provider's own time, when it was through."""

    number: str
    order: str
    provider: str
    txn: str
    card: bytes
    item: int
    fen: int
    reason: str
    proposal: int
    made_ms: int
    state: int = int(RefundState.ASKED)
    day: int = 0
    due_ms: int = NEVER
    tries: int = 0
    changed_ms: int = 0

    @property
    def is_open(self) -> bool:
        """Is the money on its way?"""
        return self.state in OPEN
