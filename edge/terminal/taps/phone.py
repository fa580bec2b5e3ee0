"""A phone pays at a till by its offline code 脱机付款码: no card, no centre, and the sum is known for certain.

The record is durable before the display, as of every sale; with a network it is the same, for nobody is asked. A code
whose record nobody was told of is told now, and is no second sale; while a card's own purchase is not confirmed, its
holder's phone does not pay a second time. There is no void of it here: the centre alone knows what became of the sum.
"""

from edge.terminal.taps import display
from edge.terminal.taps.body import Body
from edge.terminal.taps.offline_code import OFF, Standing, allowed, genuine
from edge.terminal.taps.sale import PAID, purchase_of, told_now
from edge.terminal.taps.steps import End, Result, Show, Shown, Tap
from shared.fleet.document import DocumentKind
from shared.fleet.wallets import Wallets
from shared.ids import CardId, hotlist_index
from shared.inventory import DeviceKind
from shared.keys.offline_code import Code
from shared.purse.outcomes import PendingPurchase
from shared.purse.reasons import Reason


class PhonePoint:
    """Offline codes of one body."""

    def __init__(self, body: Body) -> None:
        self._body = body

    def pay(self, amount_fen: int, digits: str) -> Tap[Result]:
        """A keyed amount, by the digits that a phone has shown. No class, price or cap of a card counts, as of a code
        that the centre is asked about: what a holder pays must not hang on the network."""
        body = self._body
        if body.bar is not None:
            yield Show(body.not_selling(body.bar))
            return Result(End.NOT_SELLING, amount_fen)
        at = self._standing()
        code = genuine(digits, at)
        if isinstance(code, Reason):
            return (yield from self._declined(amount_fen, code))
        before = yield from self._before(code.certificate.phone.card, amount_fen)
        if before is not None:
            return before
        refused = allowed(code, amount_fen, at.limits, body.codes, body.day_of(at.now.seconds))
        if refused is not None:
            return (yield from self._declined(amount_fen, refused))
        return (yield from self._taken(code, amount_fen))

    def _standing(self) -> Standing:
        body = self._body
        paper = body.documents.in_use(DocumentKind.WALLETS)
        limits: Wallets | None = body.documents.meaning(DocumentKind.WALLETS)
        is_till = body.settings.kind is DeviceKind.POS and body.settings.ride is None
        if paper is None or limits is None or not is_till:
            return Standing(body.settings.campus, OFF, None, body.time(), _nobody)
        return Standing(
            body.settings.campus, limits, paper.key, body.time(),
            lambda card: body.is_listed(card, hotlist_index(card)),
        )  # fmt: skip

    def _before(self, card: CardId, amount_fen: int) -> Tap[Result | None]:
        """What this holder has begun or paid here just now; None: nothing that this sale could be."""
        body = self._body
        untold = body.untold.take(card, amount_fen, PAID)
        if untold is not None:
            return (yield from told_now(body, untold))
        waiting = body.book.waiting_for(card, PendingPurchase)
        if waiting is None or waiting.slot.unproven:
            return None
        yield Show(display.again(purchase_of(waiting), Reason.NO_RESPONSE))
        return Result(End.UNKNOWN, amount_fen, reason=Reason.NO_RESPONSE)

    def _taken(self, code: Code, amount_fen: int) -> Tap[Result]:
        body, phone, now = self._body, code.certificate.phone, self._body.time()
        body.other_card_came(None)
        row = body.book.code(code, amount_fen, now)
        body.codes.note(phone.number, code.use.use, body.day_of(now.seconds), amount_fen)
        body.untold.forget()
        yield Shown(row)
        yield Show(display.paid_by_code(amount_fen))
        return Result(End.DONE, amount_fen, row)

    def _declined(self, amount_fen: int, reason: Reason) -> Tap[Result]:
        yield Show(display.code_refused(reason))
        return Result(End.DECLINED, amount_fen, reason=reason)


def _nobody(_: CardId) -> bool:
    return False
