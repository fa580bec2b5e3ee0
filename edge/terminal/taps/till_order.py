"""A till's order 收款码: the code stands on the till, a customer's wallet pays it, the till hears of it and says so.

The request is durable before it leaves, as of an account payment, and ends in one of three ways: paid, which is a
record before it is shown; closed by the centre, so that nobody pays it any more; or reversed by a record, where nobody
could say. Whatever else is paid here comes behind that. An order that a power cut has left is closed, or told as paid,
as soon as the centre can be asked; after a minute, or before anything else is sold, it is reversed.
"""

from collections.abc import Callable

from edge.terminal.store.book import Row
from edge.terminal.store.flash import Waiting
from edge.terminal.store.layout import AskedPayment
from edge.terminal.taps import display
from edge.terminal.taps.asking import PAYMENT_S, Asking
from edge.terminal.taps.body import Body
from edge.terminal.taps.display import Bar
from edge.terminal.taps.steps import AwaitAnswer, End, Result, Show, Shown, Tap
from shared.inventory import DeviceKind
from shared.online import (
    ORDER_MEANS,
    LoadRequest,
    OrderAnswer,
    PaymentResult,
    Purpose,
    close_request,
    order_request,
    parse_order_answer,
)
from shared.purse.errors import CardLost
from shared.purse.reasons import Reason

ORDER_S = 90.0
"""So long a customer has; the centre's own time is longer, so that the till's word is the one that ends it."""
LOOK_S = 0.8
"""Between an answer and the next question: a payment is seen within a second, by 113 questions at most."""
LOST_S = 15.0
"""Without an answer for so long the order is given up: closed where the centre can be asked, else reversed."""
AGAIN_S = 3.0
"""An order that a power cut has left is closed anew no sooner, while nobody can say."""
_ENDS = frozenset({PaymentResult.APPROVED, PaymentResult.ORDER_CLOSED, PaymentResult.REVERSED})
"""Once its code was seen, nothing else ends an order: a plain no may be an answer of before, that was late."""


class OrderPoint:
    """Orders of one body. is_waiting: somebody may call it off."""

    def __init__(self, body: Body, asking: Asking, is_joined: Callable[[], bool]) -> None:
        self._body = body
        self._asking = asking
        self._is_joined = is_joined
        self._is_off = self._is_looking = False
        self._closing = False
        self._again_s = 0.0
        self.is_waiting = False

    # --- at the counter -------------------------------------------------------------------------------------------

    def sell(self, amount_fen: int) -> Tap[Result]:
        """A keyed amount; nobody's card is there."""
        body = self._body
        bar = body.bar or (None if self._can_ask else Bar.NOT_JOINED)
        if bar is not None:
            yield Show(body.not_selling(bar))
            return Result(End.NOT_SELLING, amount_fen)
        body.other_card_came(None)
        body.untold.forget()
        number, epoch = body.flash.next_request(), body.flash.epochs[-1].epoch
        request = order_request(amount_fen)
        kept = AskedPayment(request._replace(purpose=Purpose.PAYMENT))
        waiting = body.book.open_payment(kept, number, clock_set=body.time().is_set, mono_s=body.now.mono_s)
        self._is_off, self.is_waiting = False, True
        try:
            answer = yield from self._paid_for(request, number, epoch)
        finally:
            self.is_waiting = False
        return (yield from self._ended(waiting, answer))

    def call_off(self) -> None:
        """By the cashier: no further question is waited for; whether it is paid by then, the centre says."""
        if self.is_waiting:
            self._is_off = True
        if self._is_looking:
            self._asking.drop()

    def _paid_for(self, request: LoadRequest, number: int, epoch: int) -> Tap[OrderAnswer | None]:
        """What became of it: paid, refused or closed; None: nobody could say."""
        body = self._body
        answer = yield from self._answer(request, number, epoch, body.now.mono_s)
        if answer is None or answer.result is not PaymentResult.ORDER_OPEN:
            return answer
        yield Show(display.order_open(request.amount_fen, answer.code))
        until_s = body.now.mono_s + ORDER_S
        heard_s = body.now.mono_s
        while not self._is_off and body.now.mono_s < min(until_s, heard_s + LOST_S):
            self._is_looking = True
            answer = yield from self._answer(request, number, epoch, body.now.mono_s + LOOK_S)
            self._is_looking = False
            if answer is not None and answer.result in _ENDS:
                return answer
            is_open = answer is not None and answer.result is PaymentResult.ORDER_OPEN
            heard_s = body.now.mono_s if is_open else heard_s
        yield Show(display.order_closing(request.amount_fen))
        close = close_request(request.amount_fen, epoch, number)
        answer = yield from self._answer(close, body.flash.next_request(), epoch, body.now.mono_s)
        return answer if answer is not None and answer.result in _ENDS else None

    def _ended(self, waiting: Waiting, answer: OrderAnswer | None) -> Tap[Result]:
        body, fen = self._body, _fen(waiting)
        if answer is None or _is_unclear(answer, fen):
            yield Show(display.payment_unknown(fen))
            body.book.reversed(waiting, body.time().seconds)
            yield Show(display.reversed_(fen))
            return Result(End.DECLINED, fen, reason=Reason.ACCOUNT_NO_ANSWER)
        if answer.result is PaymentResult.APPROVED:
            row = body.book.paid(waiting, body.time().seconds)
            yield Shown(row)
            yield Show(display.paid_by_order(fen))
            return Result(End.DONE, fen, row)
        body.book.drop(waiting)
        if answer.result is PaymentResult.ORDER_CLOSED:
            yield Show(display.order_closed(fen))
            return Result(End.DECLINED, fen, reason=Reason.ORDER_NOT_PAID)
        yield Show(display.payment_denied(answer.result))
        return Result(End.DECLINED, fen, reason=Reason.ACCOUNT_DENIED, denied=answer.result)

    def _answer(self, request: LoadRequest, number: int, epoch: int, at_s: float) -> Tap[OrderAnswer | None]:
        """Asked at this moment; None: nobody has answered in time, or it was called off before it was asked."""
        self._asking.ask(number, epoch, request.to_bytes(), at_s, PAYMENT_S, parse_order_answer)
        while not self._asking.is_settled:
            try:
                yield AwaitAnswer()
            except CardLost:
                continue
        answer = self._asking.take()
        return answer if isinstance(answer, OrderAnswer) else None

    # --- after a power cut ----------------------------------------------------------------------------------------

    def boot(self) -> None:
        """The power has come back: what is open gets its minute anew."""
        waiting = self._left()
        if waiting is not None:
            self._body.book.waits_since(waiting, self._body.now.mono_s)
            self._body.show(display.order_closing(_fen(waiting)))

    def told_again(self) -> None:
        """The newest record is an order's, and nobody was told: no card has to come for that."""
        row = self._body.untold.row
        if row is not None and row.card == ORDER_MEANS:
            self._body.paid = [row]

    def due(self) -> None:
        """Between taps: close what a power cut has left, and hear whether it was paid."""
        waiting, asking = self._left(), self._asking
        if waiting is None:
            self._closing = False
            return
        asking.expire(self._body.now.mono_s)
        if not asking.is_settled:
            return
        answer = asking.take() if self._closing else None
        self._closing = False
        if isinstance(answer, OrderAnswer) and answer.result in _ENDS and not _is_unclear(answer, _fen(waiting)):
            self._told(waiting, answer)
        elif self._can_ask:
            self._close(waiting)

    def due_s(self) -> float:
        """Monotonic second of the next `due` that does anything, beside what the question itself is waiting for."""
        is_next = self._left() is not None and self._asking.is_settled and self._can_ask
        return self._body.now.mono_s if is_next else float("inf")

    def reverse_left(self) -> None:
        """Somebody is about to be served: what nobody has closed by now counts as not paid."""
        waiting = self._left()
        if waiting is not None and self._body.flash.free > 0:
            self._body.write_unproven(waiting)
            self._closing = False

    def _close(self, waiting: Waiting) -> None:
        body, slot = self._body, waiting.slot
        request = close_request(_fen(waiting), slot.epoch, slot.number)
        number, epoch = body.flash.next_request(), body.flash.epochs[-1].epoch
        at_s = max(body.now.mono_s, self._again_s)
        self._asking.ask(number, epoch, request.to_bytes(), at_s, PAYMENT_S, parse_order_answer)
        self._closing, self._again_s = True, at_s + AGAIN_S

    def _told(self, waiting: Waiting, answer: OrderAnswer) -> None:
        """Durable first, then said; it stands on the glass until the next customer comes."""
        body, fen = self._body, _fen(waiting)
        if answer.result is not PaymentResult.APPROVED:
            body.book.drop(waiting)
            body.show(display.order_closed(fen))
            return
        row: Row = body.book.paid(waiting, body.time().seconds)
        body.untold.row, body.paid = row, [row]
        body.show(display.order_paid_before(fen))

    def _left(self) -> Waiting | None:
        return next((one for one in self._body.flash.waiting if is_order(one)), None)

    @property
    def _can_ask(self) -> bool:
        settings = self._body.settings
        is_till = settings.kind is DeviceKind.POS and settings.ride is None
        return is_till and self._body.has_epoch and self._is_joined()


def is_order(waiting: Waiting) -> bool:
    """Is it a till's order that is not over?"""
    body = waiting.slot.body
    return isinstance(body, AskedPayment) and body.request.card == ORDER_MEANS and not waiting.slot.unproven


def _fen(waiting: Waiting) -> int:
    body = waiting.slot.body
    return body.request.amount_fen if isinstance(body, AskedPayment) else 0


def _is_unclear(answer: OrderAnswer, fen: int) -> bool:
    """Does it say neither that this sum is paid nor that nothing is? A reversal is right whatever is true."""
    if answer.result is PaymentResult.APPROVED:
        return answer.amount_fen != fen
    return answer.result is PaymentResult.ORDER_OPEN
