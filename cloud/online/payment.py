"""Account payments 账户支付 at the centre: the card's MAC1 checked, account debited and committed, only then a yes.

Where it stops half-way it says nothing: the terminal repeats and hears the same, or reverses what it never heard of.
"""

from dataclasses import dataclass
from typing import Protocol

from cloud.keys.faults import KeyRefused
from cloud.ledger.records.values import Now
from cloud.online.load import load_auth
from shared.errors import KeyFault, StoreFault
from shared.ids import BoxId, CardId
from shared.online import ORDERS, LoadRequest, OrderAnswer, PaymentAnswer, PaymentResult, Purpose, code_in, presence_id
from shared.purse.load_auth import LoadAuth
from shared.wire.messages import OnlineRequest


class PresenceKeys(Protocol):
    """The key process. KeyRefused is a no, any other KeyFault means away."""

    def load_check(self, auth: LoadAuth) -> bool: ...


class PaymentBook(Protocol):
    """The ledger's door for account payments. StoreFault: in doubt, call again."""

    def payment_authorise(
        self, box: BoxId, request: OnlineRequest, card: LoadRequest, is_there: bool, now: Now
    ) -> PaymentAnswer: ...

    def payment_by_code(
        self, box: BoxId, request: OnlineRequest, code: str, amount_fen: int, now: Now
    ) -> PaymentAnswer: ...

    def payment_order(self, box: BoxId, request: OnlineRequest, asked: LoadRequest, now: Now) -> OrderAnswer: ...

    def payment_check(self, box: BoxId, request: OnlineRequest, card: CardId, now: Now) -> PaymentAnswer: ...


@dataclass(slots=True)
class PaymentCounts:
    """Since the start, per answer given or withheld."""

    approved: int = 0
    refused: int = 0
    checked: int = 0
    orders: int = 0
    withheld: int = 0


class PaymentAnswers:
    """Answers what tills ask."""

    def __init__(self, keys: PresenceKeys, book: PaymentBook, counts: PaymentCounts) -> None:
        self._keys = keys
        self._book = book
        self.counts = counts

    def answer(
        self, box: BoxId, request: OnlineRequest, asked: LoadRequest, now: Now
    ) -> PaymentAnswer | OrderAnswer | None:
        """What goes back. None: the account has paid, or may have; a repeat gets the answer, a reversal undoes it."""
        try:
            answer = self._answered(box, request, asked, now)
        except StoreFault:
            self.counts.withheld += 1
            return None
        if asked.purpose is Purpose.CHECK:
            self.counts.checked += 1
        elif asked.purpose in ORDERS:
            self.counts.orders += 1
        elif answer.result is PaymentResult.APPROVED:
            self.counts.approved += 1
        else:
            self.counts.refused += 1
        return answer

    def _answered(
        self, box: BoxId, request: OnlineRequest, asked: LoadRequest, now: Now
    ) -> PaymentAnswer | OrderAnswer:
        if asked.purpose in ORDERS:
            return self._book.payment_order(box, request, asked, now)
        if asked.purpose is Purpose.CHECK:
            return self._book.payment_check(box, request, asked.card, now)
        if asked.purpose is Purpose.CODE:
            return self._by_code(box, request, asked, now)
        try:
            is_there = self._is_there(request, asked)
        except KeyFault:
            return PaymentAnswer(PaymentResult.NOT_NOW)  # nothing was touched: a plain no
        return self._book.payment_authorise(box, request, asked, is_there, now)

    def _by_code(self, box: BoxId, request: OnlineRequest, asked: LoadRequest, now: Now) -> PaymentAnswer:
        """No card is there, so nothing is asked of the key process."""
        code = code_in(asked)
        if not code:
            return PaymentAnswer(PaymentResult.CODE_INVALID)  # nobody's row: no till of ours asks so
        return self._book.payment_by_code(box, request, code, asked.amount_fen, now)

    def _is_there(self, request: OnlineRequest, asked: LoadRequest) -> bool:
        """Was this card in the field of this terminal for this request? Its MAC1 covers the sum, too."""
        named = presence_id(request.device, request.epoch, request.psam, request.request)
        try:
            return self._keys.load_check(load_auth(asked, request)._replace(terminal_id=named))
        except KeyRefused:
            return False
