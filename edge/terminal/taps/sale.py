"""A purchase at a counter or validator: settle what is pending on the card, debit, write, log, show 成功.

The order is the law: pending slot durable before the debit (inside the flow), ring slot durable, shown log durable,
display. Refuses to charge a sale again that the same card turns out to have paid.
"""

from edge.terminal.store.book import Row
from edge.terminal.store.flash import Waiting
from edge.terminal.taps import display
from edge.terminal.taps.body import Body, Charge
from edge.terminal.taps.display import Bar
from edge.terminal.taps.paying import AccountPoint
from edge.terminal.taps.serving import serve
from edge.terminal.taps.steps import End, Result, Show, Shown, Tap
from shared.errors import RuleBroken
from shared.ids import CardId
from shared.online import LoadAnswer, LoadRequest, PaymentResult, code_means
from shared.purse.effects import Flow
from shared.purse.flows.recovery import recover
from shared.purse.flows.till import identify, purchase
from shared.purse.outcomes import (
    CardIdentity,
    Declined,
    NotDebited,
    PendingLoad,
    PendingPurchase,
    Pin,
    Purchased,
    PurchaseOrder,
    PurchaseOutcome,
    RecoveredPurchase,
    Rejected,
    StillUnknown,
    Unknown,
)
from shared.purse.reasons import Reason
from shared.records import PROVEN, PURCHASE_SHAPED, Kind, Proof

_CARD_SAYS_NO_MORE = frozenset((Reason.PROOF_GONE, Reason.NO_EVIDENCE, Reason.COUNTER_BACK, Reason.MAC2_WRONG))
"""After these the same card can add nothing: the slot ends as unproven, the ledger decides."""
PAID = (PURCHASE_SHAPED & PROVEN) | {Kind.ONLINE, Kind.CODE}
"""Kinds of records that say that a card, or its account, has paid."""


class Till:
    """Purchases of one body."""

    def __init__(self, body: Body, accounts: AccountPoint | None = None) -> None:
        """accounts: how it asks the centre; None: it never does."""
        self._body = body
        self._accounts = accounts
        self._opened: Waiting | None = None
        self._pin: Pin | None = None
        self._adjust_fen = 0
        """Of the sale that is charged now."""
        self._last: tuple[CardId, int, int] | None = None
        """Card, keyed amount and price of the sale that was begun last: it is the same one under another price."""

    def sell(self, amount_fen: int, pin: Pin | None = None) -> Tap[Result]:
        """A keyed amount, or what the parameters say in its place. A pending purchase of this card over the same
        price is this sale. pin: what its holder has keyed, where the card is to check it."""
        self._pin = pin
        identity = yield from self._ready(amount_fen)
        if isinstance(identity, Result):
            return identity
        charge = self._body.charge_of(amount_fen)
        if self._accounts is not None and self._body.online.is_account_first:
            paid = yield from self._by_account_first(charge.gross_fen, self._accounts)
            if paid is not None:
                return paid
            identity = yield from self._still_here(identity, charge.fen)
            if isinstance(identity, Result):
                return identity
        listed = yield from self._doubted(charge.fen)
        if listed is not None:
            return listed
        self._last = identity.card_id, amount_fen, charge.fen
        return (yield from self._charge(charge.fen, identity, charge.adjust_fen))

    def pay(self, amount_fen: int) -> Tap[Result]:
        """A keyed amount, out of the online account 账户支付; the card's purse is not touched. What is fixed counts
        here, too, and a discount does not: no record of it would say so."""
        identity = yield from self._ready(amount_fen)
        if isinstance(identity, Result):
            return identity
        if self._accounts is None:
            raise RuleBroken("this body asks nobody")
        return (yield from self._by_account(self._body.charge_of(amount_fen).gross_fen, self._accounts))

    def pay_by_code(self, amount_fen: int, code: str) -> Tap[Result]:
        """A keyed amount, by a payment code 付款码; no card is there, so no class, price or cap of one counts."""
        if self._accounts is None:
            raise RuleBroken("this body asks nobody")
        untold = self._body.untold.take(code_means(code), amount_fen, PAID)
        if untold is not None:
            return (yield from told_now(self._body, untold))
        return (yield from self._accounts.pay_by_code(amount_fen, code))

    def _ready(self, amount_fen: int) -> Tap[CardIdentity | Result]:
        """The card, with nothing pending on it; or how this sale has ended already."""
        identity = yield from self._identify(amount_fen, self._body.bar)
        if isinstance(identity, Result):
            return identity
        charge = self._body.charge_of(amount_fen)
        self._wants(charge)
        waiting = self._body.book.waiting_for(identity.card_id, PendingPurchase)
        self._body.other_card_came(identity.card_id)
        untold = self._body.untold.take(identity.card_id, charge.fen, PAID, charge.gross_fen)
        if untold is not None:
            return (yield from told_now(self._body, untold))
        if waiting is not None:
            prices = self._prices(waiting, identity.card_id, amount_fen)
            settled = yield from self._settle(waiting, identity)
            is_this_sale = settled is not None and settled.amount_fen in prices
            if settled is not None and (is_this_sale or settled.end is End.UNKNOWN):
                return settled
        return identity

    def _by_account(self, amount_fen: int, accounts: AccountPoint) -> Tap[Result]:
        card = self._body.presented
        if card is None:
            raise RuleBroken("nobody has presented a card")
        if self._body.is_refused:
            return (yield from self._not_served(amount_fen))
        return (yield from accounts.pay(amount_fen, card, self))

    def _by_account_first(self, amount_fen: int, accounts: AccountPoint) -> Tap[Result | None]:
        """None: the account does not pay, for certain or by a durable reversal, and the purse is to."""
        if not self._body.online.is_purse_behind:
            return (yield from self._by_account(amount_fen, accounts))
        card = self._body.presented
        if self._body.is_refused or card is None or not accounts.may_be_first:
            return None
        return (yield from accounts.pay_first(amount_fen, card, self))

    def _still_here(self, identity: CardIdentity, amount_fen: int) -> Tap[CardIdentity | Result]:
        """The same card, opened anew: it may have gone, or been changed, while the centre was asked."""
        found = yield from self._identify(amount_fen, self._body.bar)
        if isinstance(found, Result) or found.card_id == identity.card_id:
            return found
        yield Show(display.declined(Reason.OTHER_CARD))
        return Result(End.DECLINED, amount_fen, reason=Reason.OTHER_CARD)

    def _doubted(self, amount_fen: int) -> Tap[Result | None]:
        """Where the hotlist is too old to say, the centre is asked; without an answer the aged caps hold, which are one
        meal at least. None: it goes on."""
        body, accounts, card = self._body, self._accounts, self._body.presented
        if accounts is None or card is None or not (body.online.asks_doubtful and body.is_aged):
            return None
        result = yield from accounts.vouched(card, amount_fen)
        body.is_vouched = result is PaymentResult.APPROVED
        if result is not PaymentResult.HOTLISTED:
            return None
        yield Show(display.declined(Reason.HOTLISTED))
        return Result(End.DECLINED, amount_fen, reason=Reason.HOTLISTED)

    def _prices(self, waiting: Waiting, card: CardId, keyed_fen: int) -> set[int]:
        """What this sale is over now, and was over when it was begun: a meal, or parameters, may have begun since."""
        charges = self._body.charge_of(keyed_fen), self._body.charge_of(keyed_fen, purchase_of(waiting).time_s)
        was = {self._last[2]} if self._last is not None and self._last[:2] == (card, keyed_fen) else set()
        return {one.fen for one in charges} | was

    def _wants(self, charge: Charge) -> None:
        """The price of the sale that is keyed is known."""
        self._adjust_fen = charge.adjust_fen

    def again(self) -> Tap[Result]:
        """No amount and no PIN keyed: settle what is pending on this card; if it was not debited, charge it now."""
        self._pin = None
        identity = yield from self._identify(0, self._body.settling_bar)
        if isinstance(identity, Result):
            return identity
        waiting = self._body.book.waiting_for(identity.card_id, PendingPurchase)
        untold = self._body.untold.take(identity.card_id, 0, PAID)
        if waiting is None and untold is not None:
            return (yield from told_now(self._body, untold))
        if waiting is None:
            return (yield from self._without_amount(identity))
        self._body.other_card_came(identity.card_id)
        pending = purchase_of(waiting)
        self._adjust_fen = pending.price_adjust_fen
        was_fresh = not waiting.slot.unproven
        settled = yield from self._settle(waiting, identity)
        if settled is not None:
            return settled
        if was_fresh and self._body.bar is None:
            return (yield from self._charge(pending.sale_fen, identity, pending.price_adjust_fen))
        yield Show(display.not_debited(pending))
        return Result(End.DECLINED, pending.sale_fen)

    def _without_amount(self, identity: CardIdentity) -> Tap[Result]:
        """Nothing is open on this card: where its class has a fixed amount now, that is what it pays."""
        charge = self._body.charge_of(0)
        if charge.fen <= 0 or self._body.bar is not None:
            yield Show(display.declined(Reason.OTHER_CARD))
            return Result(End.DECLINED, 0, reason=Reason.OTHER_CARD)
        self._body.other_card_came(identity.card_id)
        self._last = identity.card_id, 0, charge.fen
        return (yield from self._charge(charge.fen, identity, charge.adjust_fen))

    def _identify(self, amount_fen: int, bar: Bar | None) -> Tap[CardIdentity | Result]:
        body = self._body
        if bar is not None:
            yield Show(body.not_selling(bar))
            return Result(End.NOT_SELLING, amount_fen)
        wanted = identify(body.settings.profile, body.time(), body.agreed)
        identity = yield from serve(wanted, self)
        if isinstance(identity, Rejected):
            yield Show(display.declined(identity.reason))
            return Result(End.DECLINED, amount_fen, reason=identity.reason)
        body.present(identity)
        return identity

    def _settle(self, waiting: Waiting, identity: CardIdentity) -> Tap[Result | None]:
        """What became of a pending purchase. None: it was not debited."""
        body = self._body
        pending = purchase_of(waiting)
        outcome = yield from serve(recover(pending, identity, body.live_ttn), self)
        match outcome:
            case RecoveredPurchase():
                is_fresh = not waiting.slot.unproven
                row = body.book.proven(waiting, outcome.tac, Proof.PROVE)
                body.live_ttn = None
                yield Shown(row)
                yield Show(display.done(pending) if is_fresh else display.earlier(pending.amount_fen, pending.trip))
                return Result(End.DONE, pending.amount_fen, row)
            case NotDebited():
                body.book.not_debited(waiting)
                return None
            case StillUnknown():
                return (yield from self._still_unknown(waiting, outcome))

    def _still_unknown(self, waiting: Waiting, outcome: StillUnknown) -> Tap[Result]:
        pending, reason = outcome.pending, outcome.reason
        if reason not in _CARD_SAYS_NO_MORE:
            yield Show(display.again(pending, reason))
            return Result(End.UNKNOWN, pending.sale_fen, reason=reason)
        self._body.close_unproven(waiting)
        yield Show(display.suspect(reason) if reason is Reason.MAC2_WRONG else display.closed(pending, reason))
        return Result(End.CLOSED, pending.sale_fen, reason=reason)

    def _charge(self, amount_fen: int, identity: CardIdentity, adjust_fen: int = 0) -> Tap[Result]:
        body, self._adjust_fen = self._body, adjust_fen
        if body.bar is not None:
            yield Show(body.not_selling(body.bar))
            return Result(End.NOT_SELLING, amount_fen)
        if body.is_refused:
            return (yield from self._not_served(amount_fen))
        return (yield from self._spend(purchase(self._order(amount_fen), identity), amount_fen))

    def _not_served(self, amount_fen: int) -> Tap[Result]:
        """Nothing was begun."""
        yield Show(display.declined(Reason.NOT_SERVED))
        return Result(End.DECLINED, amount_fen, reason=Reason.NOT_SERVED)

    def _order(self, amount_fen: int) -> PurchaseOrder:
        body, time = self._body, self._body.time()
        clock = body.parameters.meal_clock(time)
        order = PurchaseOrder(amount_fen, time.seconds, body.psam, clock, body.caps)
        return order._replace(price_adjust_fen=self._adjust_fen, pin=self._pin)

    def _spend(self, flow: Flow[PurchaseOutcome], amount_fen: int) -> Tap[Result]:
        """A debit, its record, and what is shown."""
        self._opened = None
        outcome = yield from serve(flow, self)
        match outcome:
            case Purchased():
                return (yield from self._paid(outcome))
            case Declined(reason):
                return (yield from self._declined(amount_fen, reason))
            case Unknown():
                return (yield from self._unknown(outcome, amount_fen))

    def _unknown(self, outcome: Unknown, amount_fen: int) -> Tap[Result]:
        reason = outcome.reason
        yield Show(display.suspect(reason) if reason is Reason.MAC2_WRONG else display.again(outcome.pending, reason))
        return Result(End.UNKNOWN, amount_fen, reason=reason)

    def _declined(self, amount_fen: int, reason: Reason) -> Tap[Result]:
        self._erase()
        accounts = self._accounts
        is_lacking = reason is Reason.BALANCE and amount_fen > 0 and self._body.online.is_account_next
        if is_lacking and accounts is not None and accounts.can_ask:
            return (yield from self._by_account(amount_fen - self._adjust_fen, accounts))
        yield Show(self._why_not(reason))
        return Result(End.DECLINED, amount_fen, reason=reason)

    def _why_not(self, reason: Reason) -> display.Display:
        is_capped = reason is Reason.CAP_MEAL_SUM and self._body.is_capped
        return display.one_meal() if is_capped else display.declined(reason)

    def _erase(self) -> None:
        """The slot that this debit had taken, if it came so far: nothing was debited."""
        if self._opened is not None:
            self._body.book.not_debited(self._opened)

    def _paid(self, outcome: Purchased) -> Tap[Result]:
        row = self._write(outcome)
        yield Shown(row)
        yield Show(display.done(outcome.purchase))
        return Result(End.DONE, row.amount_fen, row)

    def _write(self, outcome: Purchased) -> Row:
        """The record of a debit that was just proven."""
        if self._opened is None:
            raise RuleBroken("a purchase without a pending slot")
        row = self._body.book.proven(self._opened, outcome.tac, Proof.DEBIT)
        self._body.live_ttn = None
        return row

    def listed(self, card: CardId, index: int) -> bool:
        """The hotlist in use."""
        return self._body.is_listed(card, index)

    def persist(self, pending: PendingPurchase | PendingLoad) -> None:
        """The pending purchase, durable on return."""
        body = self._body
        if not isinstance(pending, PendingPurchase):
            raise RuleBroken("a till keeps purchases only")
        self._opened = body.book.open_purchase(pending, clock_set=body.time().is_set, mono_s=body.now.mono_s)
        body.live_ttn = pending.ttn

    def ask(self, request: LoadRequest) -> Tap[LoadAnswer | None]:
        """A till asks nobody."""
        raise RuleBroken(f"a till does not load {request.amount_fen} fen")


def told_now(body: Body, row: Row) -> Tap[Result]:
    """The sale that was written just before the power went, both halves of it."""
    if body.untold.first is not None:
        yield Shown(body.untold.first)
    yield Shown(row)
    yield Show(display.earlier(row.sale_fen, row.trip))
    return Result(End.DONE, row.sale_fen, row)


def purchase_of(waiting: Waiting) -> PendingPurchase:
    """The purchase that waits; RuleBroken for a load, which no till keeps."""
    if not isinstance(waiting.slot.body, PendingPurchase):
        raise RuleBroken("not a purchase")
    return waiting.slot.body
