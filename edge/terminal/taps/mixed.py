"""A counter that takes the subsidy purse 补助 first: one tap, at most two purchases, seq n and n+1 (DESIGN 3).

A sale is whole or nothing of it stays with the merchant: when the second purchase does not come about, the first is
given back to pending load by a signed record (`store/voids.py`). The same card, presented again while its minute
runs, goes on where it tore. No display tells that a subsidy was used.
"""

from collections.abc import Generator
from dataclasses import replace
from typing import Any

from edge.terminal.store.book import Row
from edge.terminal.store.flash import Waiting
from edge.terminal.taps import display
from edge.terminal.taps.body import Body, Charge
from edge.terminal.taps.display import Bar
from edge.terminal.taps.paying import AccountPoint
from edge.terminal.taps.sale import Till, purchase_of
from edge.terminal.taps.serving import serve
from edge.terminal.taps.steps import End, Result, Show, Shown, Tap
from shared.errors import RuleBroken
from shared.purse.flows.mixed import Shares, pay_main, pay_subsidy, share
from shared.purse.flows.recovery import recover
from shared.purse.flows.till import identify
from shared.purse.outcomes import (
    CardIdentity,
    Declined,
    NotDebited,
    PendingPurchase,
    Purchased,
    RecoveredPurchase,
    Rejected,
    StillUnknown,
    Unknown,
)
from shared.purse.profiles import SUBSIDY, CardProfile
from shared.purse.reasons import Reason
from shared.records import Kind, Pair, Proof, application_of

ROOM = 4
"""Records that a pair may come to while nothing is settled: first, second, and what follows from a torn one."""


class MixedTill(Till):
    """Sales of one body, of two purses of a card."""

    def __init__(self, body: Body, accounts: AccountPoint | None = None) -> None:
        super().__init__(body, accounts)
        self._keyed_fen = 0

    def _wants(self, charge: Charge) -> None:
        """A torn sale over the same price goes on, one over another is given back first."""
        super()._wants(charge)
        self._keyed_fen = charge.fen

    def again(self) -> Tap[Result]:
        """No amount: a torn sale goes on."""
        self._keyed_fen = 0
        return (yield from super().again())

    # --- a new sale -----------------------------------------------------------------------------------------------

    def _charge(self, amount_fen: int, identity: CardIdentity, adjust_fen: int = 0) -> Tap[Result]:
        """The main purse is selected."""
        body, self._adjust_fen = self._body, adjust_fen
        bar = body.bar or (Bar.RING_FULL if body.flash.free - body.book.without_record < ROOM else None)
        if bar is not None:
            yield Show(body.not_selling(bar))
            return Result(End.NOT_SELLING, amount_fen)
        if amount_fen <= 0 or identity.profile is not body.settings.profile:  # another's card has no subsidy of ours
            return (yield from super()._charge(amount_fen, identity, adjust_fen))
        if body.is_refused:
            return (yield from self._not_served(amount_fen))
        self._opened = None
        shares = yield from serve(share(self._order(amount_fen), identity, SUBSIDY, body.time()), self)
        if isinstance(shares, Declined):
            return (yield from self._declined(amount_fen, shares.reason))
        if shares.subsidy is None:
            flow = pay_main(shares.order, body.settings.profile, body.time(), 0)
            return (yield from self._spend(flow, amount_fen))
        if not shares.rest_fen:
            return (yield from self._spend(pay_subsidy(shares), amount_fen))
        return (yield from self._pay_both(shares))

    def _pay_both(self, shares: Shares) -> Tap[Result]:
        """The second record says the discount, so that none of it is said of a sale that tears between them."""
        amount_fen = shares.order.amount_fen
        first = replace(shares, order=shares.order._replace(price_adjust_fen=0))
        outcome = yield from serve(pay_subsidy(first), self)
        match outcome:
            case Purchased():
                return (yield from self._rest(self._write(outcome), shares.rest_fen))
            case Declined(reason):
                return (yield from self._declined(amount_fen, reason))
            case Unknown():
                return (yield from self._unknown(outcome, amount_fen))

    def _rest(self, first: Row, rest_fen: int) -> Tap[Result]:
        """The first half is paid and written: the second, or the first is given back."""
        body, total_fen = self._body, first.amount_fen + rest_fen
        body.voids.may_owe = True
        self._opened = None
        flow = pay_main(self._order(rest_fen), body.settings.profile, body.time(), first.amount_fen)
        outcome = yield from serve(flow, self)
        match outcome:
            case Purchased():
                return (yield from self._whole(first, self._write(outcome), outcome.purchase))
            case Declined(reason):
                self._erase()
                return (yield from self._give_back(first, total_fen, reason))
            case Unknown():
                return (yield from self._unknown(outcome, total_fen))

    def _whole(self, first: Row, second: Row, pending: PendingPurchase) -> Tap[Result]:
        yield Shown(first)
        yield Shown(second)
        yield Show(display.done(pending))
        return Result(End.DONE, second.sale_fen, second)

    def _give_back(self, first: Row, total_fen: int, reason: Reason | None) -> Tap[Result]:
        self._body.voids.may_owe = True
        self._body.pay_back()
        yield Show(display.given_back(first.amount_fen, reason))
        return Result(End.DECLINED, total_fen, reason=reason)

    # --- a torn one -----------------------------------------------------------------------------------------------

    def _settle(self, waiting: Waiting, identity: CardIdentity) -> Tap[Result | None]:
        """None: nothing of it stays paid; the main purse is selected again."""
        pending = purchase_of(waiting)
        if not application_of(pending.purse):
            return (yield from self._settle_selected(waiting, identity))
        chosen = yield from self._select(SUBSIDY)
        if isinstance(chosen, Rejected):
            return (yield from self._still_unknown(waiting, StillUnknown(pending, chosen.reason, chosen.sw)))
        settled = yield from self._settle_selected(waiting, chosen)
        if settled is not None:
            return settled
        main = yield from self._select(self._body.settings.profile)
        if isinstance(main, Rejected):
            yield Show(display.declined(main.reason))
            return Result(End.DECLINED, pending.sale_fen, reason=main.reason)
        return None

    def _select(self, profile: CardProfile) -> Generator[Any, Any, CardIdentity | Rejected]:
        """Whatever its dates: what is torn must be settled."""
        return (yield from serve(identify(profile, self._body.time()._replace(is_set=False)), self))

    def _settle_selected(self, waiting: Waiting, identity: CardIdentity) -> Tap[Result | None]:
        pending = purchase_of(waiting)
        if pending.pair is Pair.ALONE:
            return (yield from super()._settle(waiting, identity))
        outcome = yield from serve(recover(pending, identity, self._body.live_ttn), self)
        match outcome:
            case RecoveredPurchase():
                return (yield from self._half_paid(waiting, outcome.tac))
            case NotDebited():
                return (yield from self._half_not_debited(waiting))
            case StillUnknown():
                return (yield from self._still_unknown(waiting, outcome))

    def _half_paid(self, waiting: Waiting, tac: bytes) -> Tap[Result | None]:
        body, pending = self._body, purchase_of(waiting)
        was_fresh = not waiting.slot.unproven
        row = body.book.proven(waiting, tac, Proof.PROVE)
        body.live_ttn = None
        if not was_fresh:
            yield from self._give_back(row, pending.sale_fen, None)
            return Result(End.CLOSED, pending.sale_fen)
        if pending.pair is Pair.SECOND:
            return (yield from self._whole(self._first_of(pending, row.seq), row, pending))
        return (yield from self._go_on(row, pending.other_fen))

    def _half_not_debited(self, waiting: Waiting) -> Tap[Result | None]:
        pending = purchase_of(waiting)
        was_fresh = not waiting.slot.unproven
        self._body.book.not_debited(waiting)
        if pending.pair is Pair.FIRST or not was_fresh:
            return None
        first = self._first_of(pending, self._body.flash.next_seq())
        return (yield from self._go_on(first, pending.amount_fen))

    def _go_on(self, first: Row, rest_fen: int) -> Tap[Result | None]:
        """The card is here again: the second half now, if that is the sale that is wanted."""
        total_fen = first.amount_fen + rest_fen
        if self._body.bar is None and self._keyed_fen in (0, total_fen):
            return (yield from self._rest(first, rest_fen))
        settled = yield from self._give_back(first, total_fen, None)
        return settled if self._body.bar is not None else None

    def _first_of(self, second: PendingPurchase, below: int) -> Row:
        """The first half of this second, as its record in front of this seq says."""
        epoch = self._body.flash.epochs[-1]
        record = self._body.voids.first_half(second.card_id, below)
        if record is None:
            raise RuleBroken("a second half without its first")
        kind, application = Kind(record.kind), application_of(record.purse)
        row = Row(epoch.epoch, record.seq, kind, record.card, record.counter, record.amount_fen, record.time)
        return row._replace(application=application, pair=Pair.FIRST)
