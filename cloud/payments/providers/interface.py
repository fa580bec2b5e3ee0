"""What every provider is to us: requests out, answers in, as values; and what a callback is: a wake, never a proof.

An adapter is sans-I/O: bytes, headers and the moment come in, values go out. It believes nothing that the provider's
key has not signed, and nothing that is about another merchant, application or order.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple, Protocol

from shared.errors import LinkFault

Headers = Mapping[str, str]
"""Names in lower case."""
BODY_MAX = 64 * 1024
"""Octets of an answer, or a callback; bills have BILL_MAX."""
BILL_MAX = 64 << 20


class ProviderFault(LinkFault):
    """Happens when a provider did not answer, or not so that it can be believed. What became of it is unknown.
    is_forged: a signature is missing, wrong, old or by a key that no longer counts."""

    def __init__(self, why: str, *, is_forged: bool = False) -> None:
        super().__init__(why)
        self.is_forged = is_forged


class FileFault(ProviderFault):
    """Happens when a file of a provider's has come and cannot be believed as a whole: cut off, of another form, day or
    charset, or with sums that do not add up. Nothing of it is used."""


class OpenerRefused(ProviderFault):
    """Happens when the chat app does not say who stands behind a code: it is used up, too old, or not for us."""


class NothingThere(ProviderFault):
    """Happens when a provider says, signed, that there is no file of a day, because nothing was moved on it."""


class Moment(NamedTuple):
    """Now, and 32 characters of chance: what signing needs and a core must not fetch."""

    unix_s: int
    nonce: str


class OrderWay(StrEnum):
    """In what a payer opens an order."""

    CODE = "code"
    """A code that is scanned, of all providers: WeChat Native, Alipay precreate."""
    INSIDE = "inside"
    """The provider's own chat app, in which the wallet is open: WeChat JSAPI."""
    PHONE = "phone"
    """A phone's browser, which opens the provider's app: WeChat H5, Alipay wap.pay."""
    PAGE = "page"
    """A computer's browser: Alipay page.pay."""


class Wanted(NamedTuple):
    """An order as a provider is told of it. expires_s: unix. opener: of INSIDE the payer as the chat app names him,
    of WeChat's PHONE the address that he comes from; else ''."""

    number: str
    fen: int
    subject: str
    expires_s: int
    way: OrderWay = OrderWay.CODE
    opener: str = ""


class Request(NamedTuple):
    """One HTTP request. path: with its query, or a whole address where the provider names one."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes = b""


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: Headers
    body: bytes


class Standing(StrEnum):
    """How an order stands at its provider."""

    WAITING = "waiting"
    PAID = "paid"
    CLOSED = "closed"
    NOWHERE = "nowhere"
    """The provider has no such order."""


class Back(NamedTuple):
    """A refund as a provider is told of it. number: of the order; txn: of its payment; total_fen: of that payment."""

    number: str
    txn: str
    refund: str
    fen: int
    total_fen: int
    reason: str


class Refusal(NamedTuple):
    """A provider has said, signed, that it does not take a refund. is_final: asking again will not help."""

    code: str
    is_final: bool


class BackStanding(StrEnum):
    """How a refund stands at its provider."""

    NOWHERE = "nowhere"
    """The provider has no such refund."""
    WORKING = "working"
    DONE = "done"
    FAILED = "failed"
    """It was taken, and ended without any money given back."""


class BackSeen(NamedTuple):
    """What a genuine answer says of a refund. paid_s: unix; 0: it does not say when."""

    standing: BackStanding
    number: str
    fen: int = 0
    paid_s: int = 0


class Seen(NamedTuple):
    """What a genuine answer says of an order. txn: the provider's number of the payment; paid_s: unix."""

    standing: Standing
    number: str
    txn: str = ""
    fen: int = 0
    paid_s: int = 0


class BillEntry(NamedTuple):
    """A line of a bill. refund: the refund's number; empty: a payment. fee: what the provider keeps of it; below zero:
    gives back."""

    txn: str
    number: str
    fen: int
    refund: str = ""
    fee: int = 0


class Bill(NamedTuple):
    """A bill 对账单 whose own sums are right. digest: SHA-256 of the file as it came."""

    lines: tuple[BillEntry, ...]
    digest: bytes


class Movement(NamedTuple):
    """Of the provider's own account. kind: `bank`, `fee` or `other`; ident: the provider's number of it."""

    kind: str
    ident: str
    fen: int


class Settlement(NamedTuple):
    """What a provider moved on a day that is neither a payment nor a refund. digest: SHA-256 of the file as it came."""

    lines: tuple[Movement, ...]
    digest: bytes


class KeyEnd(NamedTuple):
    """A key whose end is near. until_s: unix."""

    serial: str
    until_s: int


class Door(Protocol):
    """A provider that can be asked; blocking, within its own named bounds. ProviderFault from all of it."""

    name: str
    reverses: bool
    """Is what it took and nobody can use given back by rule, without two persons?"""

    def opener(self, code: str) -> str:
        """Who stands behind a code with which the chat app has sent a payer back. OpenerRefused."""

    def make(self, wanted: Wanted) -> str:
        """What the payer's phone opens. The order is there when this returns, but where a browser takes it along
        itself: then once it is opened. The same number again is the same one."""

    def query(self, number: str) -> Seen:
        """How it stands."""

    def close(self, number: str) -> None:
        """Nobody may pay it any more; whether that came too late, a query says."""

    def refund(self, back: Back) -> Refusal | None:
        """Asked for; whether it is through, `refunded` says. The same refund number again is the same refund."""

    def refunded(self, number: str, refund: str) -> BackSeen:
        """How this refund of this order stands."""

    def key_ends(self) -> list[KeyEnd]:
        """Keys of both sides that somebody has to see to."""

    def woken(self, headers: Headers, body: bytes) -> str:
        """The number of the order that a genuine callback is about."""

    def bill(self, day: str) -> Bill:
        """Of a day as `2026-11-27`, whole and with right sums."""

    def settlement(self, day: str) -> Settlement:
        """What it brought to the bank on a day, and its fees; whole and with right sums."""


class Adapter(Protocol):
    """The sans-I/O half of a Door over HTTP."""

    name: str

    def opener(self, code: str, now: Moment) -> Request: ...

    def opened(self, answer: Answer) -> str: ...

    def make(self, wanted: Wanted, now: Moment) -> Request:
        """GET: nobody is asked, the payer's browser opens its path."""

    def made(self, wanted: Wanted, answer: Answer, now: Moment) -> str: ...

    def query(self, number: str, now: Moment) -> Request: ...

    def queried(self, number: str, answer: Answer, now: Moment) -> Seen: ...

    def close(self, number: str, now: Moment) -> Request: ...

    def closed(self, number: str, answer: Answer, now: Moment) -> None: ...

    def refund(self, back: Back, now: Moment) -> Request: ...

    def refund_taken(self, refund: str, answer: Answer, now: Moment) -> Refusal | None: ...

    def refund_query(self, number: str, refund: str, now: Moment) -> Request: ...

    def refund_queried(self, refund: str, answer: Answer, now: Moment) -> BackSeen: ...

    def key_ends(self, now: Moment) -> list[KeyEnd]: ...

    def woken(self, headers: Headers, body: bytes, now: Moment) -> str: ...

    def bill(self, day: str, now: Moment) -> Request: ...

    def bill_place(self, answer: Answer, now: Moment) -> tuple[Request, str]:
        """Where the file is fetched, and what must be true of it."""

    def bill_read(self, answer: Answer, promised: str, day: str) -> Bill: ...

    def settlement(self, day: str, now: Moment) -> Request: ...

    def settlement_read(self, answer: Answer, promised: str, day: str) -> Settlement:
        """Of the file that lies where `bill_place` says."""
