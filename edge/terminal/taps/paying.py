"""An account payment 账户支付 at a till: the card proves that it is here, the centre says yes or no.

The request is durable before it leaves. Without an answer in time nobody knows: that is said, the reversal 冲正 is
durable, and only then another means is offered. A late answer finds nobody.
"""

from collections.abc import Callable
from typing import NamedTuple

from edge.terminal.store.book import Row
from edge.terminal.store.flash import Waiting
from edge.terminal.store.layout import AskedPayment
from edge.terminal.taps import display
from edge.terminal.taps.asking import BEFORE_S, CHECK_S, PAYMENT_S, Asking
from edge.terminal.taps.body import Body
from edge.terminal.taps.display import Bar, Display
from edge.terminal.taps.serving import Parts, serve
from edge.terminal.taps.steps import AwaitAnswer, End, Result, Show, Shown, Tap
from shared.ids import CardId
from shared.inventory import LOADERS
from shared.online import (
    LoadRequest,
    PaymentAnswer,
    PaymentResult,
    Purpose,
    code_means,
    code_request,
    parse_code_answer,
    parse_payment,
    presence_id,
)
from shared.purse.errors import CardLost
from shared.purse.flows.load import presence
from shared.purse.flows.till import identify
from shared.purse.outcomes import LoadOrder, LoadRefused, Rejected
from shared.purse.reasons import Reason

SILENT_S = 60.0
"""After a question about a card that nobody answered the next one is not asked for so long: a queue stands there."""
_NOTHING = b"\0\0\0\0"
_PURSE_PAYS = frozenset(
    {PaymentResult.NO_FUNDS, PaymentResult.OVER_LIMIT, PaymentResult.NOT_NOW, PaymentResult.WRONG_DEVICE}
)
"""Behind these answers of the centre's the purse may pay: nothing is said against the card."""



class Said(NamedTuple):
    """How a request ended. answer None: nobody said so in time, and it is reversed. row: of what was paid."""

    answer: PaymentAnswer | None
    row: Row | None


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

    @property
    def may_be_first(self) -> bool:
        """Is anybody likely to answer? After a silence a queue is not held up by every card."""
        return self.can_ask and self._body.now.mono_s >= self._silent_until_s

    def pay(self, amount_fen: int, card: CardId, parts: Parts) -> Tap[Result]:
        """Of this card, which lies in the field, or of none."""
        body = self._body
        bar = body.bar or (None if self._is_joined() else Bar.NOT_JOINED)
        if bar is not None:
            yield Show(body.not_selling(bar))
            return Result(End.NOT_SELLING, amount_fen)
        said = yield from self._shown_by(amount_fen, card, parts, PAYMENT_S)
        if isinstance(said, Reason):
            return (yield from self._declined(amount_fen, said))
        return (yield from self._told(said, amount_fen, display.paid_by_account))

    def pay_first(self, amount_fen: int, card: CardId, parts: Parts) -> Tap[Result | None]:
        """As pay, with the purse behind it. None: the account does not pay, and never will; the purse may."""
        if self._body.bar is not None:
            return None
        said = yield from self._shown_by(amount_fen, card, parts, BEFORE_S)
        if isinstance(said, Reason):
            return None  # nobody was asked; whether the card is there at all is the purse's to find out
        if said.answer is None:
            self._silent_until_s = self._body.now.mono_s + SILENT_S
        if said.answer is None or (said.row is None and said.answer.result in _PURSE_PAYS):
            return None
        return (yield from self._told(said, amount_fen, display.paid_by_account))

    def _shown_by(self, amount_fen: int, card: CardId, parts: Parts, wait_s: float) -> Tap[Said | Reason]:
        """The card proves that it is here for this request, and the centre is asked. Reason: it did not."""
        body = self._body
        identity = yield from serve(identify(body.settings.profile, body.time()), parts)
        if isinstance(identity, Rejected) or identity.card_id != card:
            return Reason.OTHER_CARD
        number, epoch = body.flash.next_request(), body.flash.epochs[-1].epoch
        named = presence_id(body.settings.device, epoch, body.psam, number)
        order = LoadOrder(amount_fen, named, purpose=Purpose.PAYMENT)
        shown = yield from serve(presence(order, identity), parts)
        if isinstance(shown, LoadRefused):
            return shown.reason
        return (yield from self._asked(shown, shown, number, epoch, parse_payment, wait_s))

    def pay_by_code(self, amount_fen: int, code: str) -> Tap[Result]:
        """Of the wallet whose code 付款码 was scanned or keyed: no card is there. code: as parse_code gives it."""
        body = self._body
        bar = body.bar or (None if self.can_ask else Bar.NOT_JOINED)
        if bar is not None:
            yield Show(body.not_selling(bar))
            return Result(End.NOT_SELLING, amount_fen)
        number, epoch = body.flash.next_request(), body.flash.epochs[-1].epoch
        request = code_request(code, amount_fen)
        kept = request._replace(card=code_means(code))
        said = yield from self._asked(request, kept, number, epoch, parse_code_answer)
        return (yield from self._told(said, amount_fen, lambda fen, _: display.paid_by_code(fen)))

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

    def _asked(
        self, request: LoadRequest, kept: LoadRequest, number: int, epoch: int,
        parse: Callable[[bytes], PaymentAnswer], wait_s: float = PAYMENT_S,
    ) -> Tap[Said]:  # fmt: skip
        """kept: what of the request is durable before it leaves. Without an answer the reversal is, on return."""
        body, amount_fen = self._body, request.amount_fen
        waiting = body.book.open_payment(
            AskedPayment(kept), number, clock_set=body.time().is_set, mono_s=body.now.mono_s
        )  # fmt: skip
        answer = yield from self._answer(request, number, epoch, wait_s, parse)
        if answer is None or (answer.result is PaymentResult.APPROVED and answer.amount_fen != amount_fen):
            yield from self._reversed(waiting, amount_fen)
            return Said(None, None)
        if answer.result is not PaymentResult.APPROVED:
            body.book.drop(waiting)
            return Said(answer, None)
        return Said(answer, body.book.paid(waiting, body.time().seconds))

    def _told(self, said: Said, amount_fen: int, paid: Callable[[int, int], Display]) -> Tap[Result]:
        """What is shown of it. A reversal has been said already."""
        if said.answer is None:
            return Result(End.DECLINED, amount_fen, reason=Reason.ACCOUNT_NO_ANSWER)
        if said.row is None:
            denied = said.answer.result
            yield Show(display.payment_denied(denied))
            return Result(End.DECLINED, amount_fen, reason=Reason.ACCOUNT_DENIED, denied=denied)
        yield Shown(said.row)
        yield Show(paid(amount_fen, said.answer.left_fen))
        return Result(End.DONE, amount_fen, said.row)

    def _reversed(self, waiting: Waiting, amount_fen: int) -> Tap[None]:
        """In this order: said, durable, and then another means."""
        body = self._body
        yield Show(display.payment_unknown(amount_fen))
        body.book.reversed(waiting, body.time().seconds)
        yield Show(display.reversed_(amount_fen))

    def _answer(
        self, request: LoadRequest, number: int, epoch: int, wait_s: float,
        parse: Callable[[bytes], PaymentAnswer] = parse_payment,
    ) -> Tap[PaymentAnswer | None]:  # fmt: skip
        """The card has said what it had to say: it may go while the centre is asked."""
        asking = self._asking
        asking.ask(number, epoch, request.to_bytes(), self._body.now.mono_s, wait_s, parse)
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
