"""Mixed payment: the subsidy purse 补助 first, the main purse the rest, in one tap (DESIGN 3).

Two purchases of two applications, each with counters, file 0017 and TAC of its own. Caps are judged on the whole sum
before anything is debited. A subsidy that is absent, expired, locked or empty is left alone: then the main purse pays.
What becomes of the first when the second fails is the terminal's rule; here nothing is debited twice or taken back.
"""

from __future__ import annotations

from dataclasses import dataclass

from shared.clocks.clock import CampusTime
from shared.purse.caps import CardCounters, judge_caps, together, wants_pin
from shared.purse.effects import Flow
from shared.purse.errors import CardLost
from shared.purse.flows.till import Spending, counters_before, identify, pin_refusal, read_balance, spend
from shared.purse.outcomes import CardIdentity, Declined, PurchaseOrder, PurchaseOutcome, Rejected
from shared.purse.profiles import CardProfile
from shared.purse.reasons import Reason
from shared.records import Pair


@dataclass(frozen=True, slots=True)
class Purse:
    """One purse of a card before a payment: who it is, its file 0017, its balance."""

    identity: CardIdentity
    counters: CardCounters
    balance_fen: int


@dataclass(frozen=True, slots=True)
class Shares:
    """Who pays what of one sale. subsidy None: the main purse alone, and it is to be selected again."""

    order: PurchaseOrder
    main: Purse
    subsidy: Purse | None
    subsidy_fen: int

    @property
    def rest_fen(self) -> int:
        """What the main purse pays."""
        return self.order.amount_fen - self.subsidy_fen


def share(order: PurchaseOrder, main: CardIdentity, profile: CardProfile, now: CampusTime) -> Flow[Shares | Declined]:
    """Look at both purses of the identified card and divide the sum; the subsidy's application, if any, is selected.

    profile: of the subsidy purse, which has the holder's PIN as the main one has. Nothing is debited and nothing
    durable. Declined: too little in both, a cap, or a PIN that is wanted.
    """
    try:
        first = yield from _look(order._replace(caps=None), main)
        if isinstance(first, Declined):
            return first
        second = yield from _subsidy(order._replace(caps=None), main, profile, now)
    except CardLost:
        return Declined(Reason.CARD_GONE)
    usable = second if second is not None and second.balance_fen else None
    shares = Shares(order, first, usable, min(usable.balance_fen, order.amount_fen) if usable else 0)
    reason = _why_not(shares, second)
    if reason is not None:
        return Declined(reason)
    refusal = yield from _pin_refusal(order, _counted(first, second, order))
    return shares if refusal is None else refusal


def _pin_refusal(order: PurchaseOrder, counters: CardCounters) -> Flow[Declined | None]:
    """Above the sum of a day that goes without. The application that is selected checks it."""
    if not wants_pin(counters, order.clock, order.amount_fen, order.caps):
        return None
    try:
        refusal = yield from pin_refusal(order.pin)
    except CardLost:
        return Declined(Reason.CARD_GONE)
    return None if refusal is None else Declined(*refusal)


def _look(order: PurchaseOrder, identity: CardIdentity) -> Flow[Purse | Declined]:
    before = yield from counters_before(order, identity.profile)
    if isinstance(before, Declined):
        return before
    balance = yield from read_balance()
    if isinstance(balance, Rejected):
        return Declined(balance.reason, balance.sw)
    return Purse(identity, before if isinstance(before, CardCounters) else CardCounters(), balance)


def _subsidy(
    order: PurchaseOrder, main: CardIdentity, profile: CardProfile, now: CampusTime
) -> Flow[Purse | None]:
    """None: there is none that may be used. CardLost when the card is gone."""
    identity = yield from identify(profile, now)
    if isinstance(identity, Rejected):
        if identity.reason is Reason.CARD_GONE:
            raise CardLost("gone while its subsidy was looked at")
        return None
    if identity.card_id != main.card_id:
        return None
    found = yield from _look(order, identity)
    if isinstance(found, Declined) and found.reason is Reason.CARD_GONE:
        raise CardLost("gone while its subsidy was looked at")
    return None if isinstance(found, Declined) else found


def _why_not(shares: Shares, second: Purse | None) -> Reason | None:
    order = shares.order
    if shares.main.balance_fen < shares.rest_fen:
        return Reason.BALANCE
    verdict = judge_caps(_counted(shares.main, second, order), order.clock, order.amount_fen, order.caps)
    return verdict if isinstance(verdict, Reason) else None


def _counted(main: Purse, second: Purse | None, order: PurchaseOrder) -> CardCounters:
    """What both purses have spent."""
    return main.counters if second is None else together(main.counters, second.counters, order.clock)


def pay_subsidy(shares: Shares) -> Flow[PurchaseOutcome]:
    """The debit of the subsidy purse, which `share` has selected: the first half, or all of it."""
    if shares.subsidy is None:
        return Declined(Reason.BALANCE)
    is_all = not shares.rest_fen
    order = shares.order._replace(
        amount_fen=shares.subsidy_fen, pair=Pair.ALONE if is_all else Pair.FIRST,
        other_fen=shares.rest_fen, caps=None,
    )  # fmt: skip
    return (yield from _spend(order, shares.subsidy, times=int(is_all)))


def pay_main(
    order: PurchaseOrder, profile: CardProfile, now: CampusTime, subsidy_fen: int
) -> Flow[PurchaseOutcome]:
    """Select the main purse again and debit what the order is over. subsidy_fen: the first half before it, 0: none.

    Caps were judged on the whole sum.
    """
    identity = yield from identify(profile, now)
    if isinstance(identity, Rejected):
        return Declined(identity.reason, identity.sw)
    pair = Pair.SECOND if subsidy_fen else Pair.ALONE
    order = order._replace(pair=pair, other_fen=subsidy_fen, caps=None)
    try:
        purse = yield from _look(order, identity)
    except CardLost:
        return Declined(Reason.CARD_GONE)
    return purse if isinstance(purse, Declined) else (yield from _spend(order, purse, times=1))


def _spend(order: PurchaseOrder, purse: Purse, times: int) -> Flow[PurchaseOutcome]:
    after = judge_caps(purse.counters, order.clock, order.amount_fen, None, times=times)
    return (yield from spend(Spending(order, lambda: after), purse.identity))
