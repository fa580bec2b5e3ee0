"""An account payment 账户支付 at a till: the card proves that it is here, the centre says yes or no.

The request is durable before it leaves. Without an answer in time nobody knows: that is said, the reversal 冲正 is
durable, and only then another means is offered. A late answer finds nobody.
"""

from collections.abc import Callable

from edge.terminal.store.flash import Waiting
from edge.terminal.store.layout import AskedPayment
from edge.terminal.taps import display
from edge.terminal.taps.asking import CHECK_S, PAYMENT_S, Asking
from edge.terminal.taps.body import Body
from edge.terminal.taps.display import Bar
from edge.terminal.taps.serving import Parts, serve
from edge.terminal.taps.steps import AwaitAnswer, End, Result, Show, Shown, Tap
from shared.ids import CardId
from shared.inventory import LOADERS
from shared.online import LoadRequest, PaymentAnswer, PaymentResult, Purpose, parse_payment, presence_id
from shared.purse.errors import CardLost
from shared.purse.flows.load import presence
from shared.purse.flows.till import identify
from shared.purse.outcomes import LoadOrder, LoadRefused, Rejected
from shared.purse.reasons import Reason

SILENT_S = 60.0
"""After a question about a card that nobody answered the next one is not asked for so long: a queue stands there."""
_NOTHING = b"\0\0\0\0"


class AccountPoint:
    """Account payments of one body."""

    def __init__(self, body: Body, asking: Asking, is_joined: Callable[[], bool]) -> None:
        self._body = body
        self._asking = asking
        self._is_joined = is_joined
        self._silent_until_s = float("-inf")

    @property
    def can_ask(self) -> bool:
        """Is there anybody to ask, and a till to pay at?"""
        return self._is_joined() and self._body.settings.kind not in LOADERS

    def pay(self, amount_fen: int, card: CardId, parts: Parts) -> Tap[Result]:
        """Of this card, which lies in the field, or of none."""
        body = self._body
        bar = body.bar or (None if self._is_joined() else Bar.NOT_JOINED)
        if bar is not None:
            yield Show(body.not_selling(bar))
            return Result(End.NOT_SELLING, amount_fen)
        identity = yield from serve(identify(body.settings.profile, body.time()), parts)
        if isinstance(identity, Rejected) or identity.card_id != card:
            return (yield from self._declined(amount_fen, Reason.OTHER_CARD))
        number, epoch = body.flash.next_request(), body.flash.epochs[-1].epoch
        named = presence_id(body.settings.device, epoch, body.psam, number)
        order = LoadOrder(amount_fen, named, purpose=Purpose.PAYMENT)
        shown = yield from serve(presence(order, identity), parts)
        if isinstance(shown, LoadRefused):
            return (yield from self._declined(amount_fen, shown.reason))
        return (yield from self._asked(shown, number, epoch))

    def vouched(self, card: CardId, amount_fen: int) -> Tap[PaymentResult | None]:
        """Does the centre know this card as good? None: it did not say so in time."""
        body = self._body
        if not self.can_ask or body.now.mono_s < self._silent_until_s:
            return None
        request = LoadRequest(card, 0, 0, amount_fen, 0, 0, 0, 0, _NOTHING, _NOTHING, Purpose.CHECK)
        number, epoch = body.flash.next_request(), body.flash.epochs[-1].epoch
        answer = yield from self._answer(request, number, epoch, CHECK_S)
        if answer is None:
            self._silent_until_s = body.now.mono_s + SILENT_S
        return None if answer is None else answer.result

    def _asked(self, request: LoadRequest, number: int, epoch: int) -> Tap[Result]:
        body, amount_fen = self._body, request.amount_fen
        waiting = body.book.open_payment(
            AskedPayment(request), number, clock_set=body.time().is_set, mono_s=body.now.mono_s
        )  # fmt: skip
        answer = yield from self._answer(request, number, epoch, PAYMENT_S)
        if answer is None or (answer.result is PaymentResult.APPROVED and answer.amount_fen != amount_fen):
            return (yield from self._reversed(waiting, amount_fen))
        if answer.result is not PaymentResult.APPROVED:
            body.book.drop(waiting)
            yield Show(display.payment_denied(answer.result))
            return Result(End.DECLINED, amount_fen, reason=Reason.ACCOUNT_DENIED, denied=answer.result)
        row = body.book.paid(waiting, body.time().seconds)
        yield Shown(row)
        yield Show(display.paid_by_account(amount_fen, answer.left_fen))
        return Result(End.DONE, amount_fen, row)

    def _reversed(self, waiting: Waiting, amount_fen: int) -> Tap[Result]:
        """In this order: said, durable, and then another means."""
        body = self._body
        yield Show(display.payment_unknown(amount_fen))
        body.book.reversed(waiting, body.time().seconds)
        yield Show(display.reversed_(amount_fen))
        return Result(End.DECLINED, amount_fen, reason=Reason.ACCOUNT_NO_ANSWER)

    def _answer(self, request: LoadRequest, number: int, epoch: int, wait_s: float) -> Tap[PaymentAnswer | None]:
        """The card has said what it had to say: it may go while the centre is asked."""
        asking = self._asking
        asking.ask(number, epoch, request.to_bytes(), self._body.now.mono_s, wait_s, parse_payment)
        while not asking.is_settled:
            try:
                yield AwaitAnswer()
            except CardLost:
                continue
        answer = asking.take()
        return answer if isinstance(answer, PaymentAnswer) else None

    def _declined(self, amount_fen: int, reason: Reason) -> Tap[Result]:
        yield Show(display.declined(reason))
        return Result(End.DECLINED, amount_fen, reason=reason)
