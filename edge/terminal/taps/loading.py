"""A load 圈存 or claim 领款: settle what is pending on the card, ask the centre, credit, write, log, show.

The request is durable before it leaves and the granted load before the credit, so that a load ends confirmed,
recovered, unproven or not credited, and the centre hears which. Refuses to load again what had gone through.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from edge.terminal.store.book import Row
from edge.terminal.store.flash import Waiting
from edge.terminal.store.layout import AskedLoad
from edge.terminal.taps import display
from edge.terminal.taps.asking import ANSWER_S, Asking
from edge.terminal.taps.body import Body
from edge.terminal.taps.display import Bar, Display
from edge.terminal.taps.serving import serve
from edge.terminal.taps.steps import AwaitAnswer, End, Result, Show, Shown, Tap
from shared.errors import RuleBroken
from shared.ids import CardId
from shared.money import FEN_MAX
from shared.online import RETRIES, LoadAnswer, LoadRequest, LoadResult, Purpose
from shared.purse.flows.load import load, question
from shared.purse.flows.recovery import recover_load
from shared.purse.flows.till import identify
from shared.purse.outcomes import (
    CardIdentity,
    Loaded,
    LoadOrder,
    LoadRefused,
    LoadStillUnknown,
    LoadUnknown,
    NotCredited,
    PendingLoad,
    PendingPurchase,
    RecoveredLoad,
    Rejected,
)
from shared.purse.reasons import Reason
from shared.records import LOAD_SHAPED, PROVEN, Proof

_CARD_SAYS_NO_MORE = frozenset((Reason.PROOF_GONE, Reason.NO_EVIDENCE, Reason.COUNTER_BACK))
_LOADED = LOAD_SHAPED & PROVEN
BEHIND_S = 2.0
"""Behind a tap each answer of the centre is waited for no longer: the next customer stands there."""
_OFFERS = {
    LoadResult.CLAIMABLE: Purpose.CLAIM,
    LoadResult.RETRY: Purpose.RETRY,
    LoadResult.RETRY_CLAIM: Purpose.RETRY_CLAIM,
    LoadResult.AUTO: Purpose.AUTO,
}


class _Wanted(NamedTuple):
    """What is to be asked for now. rest_fen: what the card has no room for."""

    amount_fen: int
    purpose: Purpose
    rest_fen: int


_No = tuple[Reason, LoadResult | None]
"""Why there is nothing to ask for, and what the centre said."""


class LoadPoint:
    """Loads of one body."""

    def __init__(self, body: Body, asking: Asking, is_joined: Callable[[], bool]) -> None:
        self._body = body
        self._asking = asking
        self._is_joined = is_joined
        self._asked: Waiting | None = None
        self._opened: Waiting | None = None
        self._number = 0
        self._purse = 0
        self._wait_s = ANSWER_S
        self._is_behind = False

    def load(self, amount_fen: int) -> Tap[Result]:
        """Load an amount; 0 = only settle what is pending on this card."""
        begun = yield from self._begin(amount_fen)
        if isinstance(begun, Result):
            return begun
        identity, was_waiting = begun
        if not amount_fen and was_waiting and self._bar is None:
            offer = yield from self._question(identity, Purpose.LOAD)
            if isinstance(offer, _Wanted):
                return (yield from self._take(offer, identity))
        return (yield from self._load(LoadOrder(amount_fen, self._body.psam), identity))

    def claim(self) -> Tap[Result]:
        """领款: what waits for this card in the pending load, as far as the card has room; else a load gone wrong; else
        what is due to it by rule or order."""
        begun = yield from self._begin(0)
        if isinstance(begun, Result):
            return begun
        if self._bar is not None:
            return (yield from self._barred(0, self._bar))
        identity, _ = begun
        offer = yield from self._offered(identity, Purpose.CLAIM)
        if isinstance(offer, _Wanted):
            return (yield from self._take(offer, identity))
        yield Show(display.load_refused(*offer))
        return Result(End.DECLINED, 0, reason=offer[0], denied=offer[1])

    def behind(self, card: CardId) -> Tap[None]:
        """This card has just tapped, and a load of it is half done, in this body or as the centre says: settle it; if
        the card never got it, try it once more. The tap's own end is shown already, so nothing here is shown but a
        success or a card that is wanted again, and no wait is longer than BEHIND_S."""
        body = self._body
        waiting = body.book.waiting_for(card, PendingLoad)
        is_awaited = body.awaited.asks(card, body.now.mono_s) and self._bar is None
        if not (waiting or is_awaited) or body.settling_bar is not None:
            return
        identity = yield from serve(identify(body.settings.profile, body.time()), self)
        if isinstance(identity, Rejected) or identity.card_id != card:
            return
        self._is_behind, self._wait_s = True, BEHIND_S
        try:
            if waiting is None or (yield from self._settle_quietly(waiting, identity)):
                yield from self._try_again(identity)
        finally:
            self._is_behind, self._wait_s = False, ANSWER_S

    def _settle_quietly(self, waiting: Waiting, identity: CardIdentity) -> Tap[bool]:
        """Is the centre to be asked? Not while the card may still tell, nor when it has told that it has the money."""
        body, pending = self._body, _load_of(waiting)
        outcome = yield from serve(recover_load(pending, identity), self)
        match outcome:
            case RecoveredLoad():
                yield from self._recovered(waiting, pending, outcome.tac)
                return False
            case NotCredited():
                body.book.not_credited(waiting, body.time().seconds)
                return True
            case LoadStillUnknown(_, reason) if reason in _CARD_SAYS_NO_MORE:
                body.book.close_unproven(waiting, body.time().seconds)
                return True  # the centre hears that nobody knows; the card's MAC1 decides
            case LoadStillUnknown():
                return False

    def _try_again(self, identity: CardIdentity) -> Tap[None]:
        """Ask once, whatever comes of it: who asked in vain asks again later."""
        if self._bar is not None:
            return
        self._body.awaited.asked(identity.card_id, self._body.now.mono_s)
        offer = yield from self._offered(identity, Purpose.RETRY)
        if isinstance(offer, _Wanted):
            yield from self._take(offer, identity)
        elif offer[0] is Reason.LOAD_NO_ANSWER:
            self._body.awaited.centre_is_silent(self._body.now.mono_s)

    @property
    def _bar(self) -> Bar | None:
        """Why nothing new is asked for now."""
        return self._body.bar or (None if self._is_joined() else Bar.NOT_JOINED)

    def _begin(self, amount_fen: int) -> Tap[Result | tuple[CardIdentity, bool]]:
        """The card, settled: and whether there was something to settle. Or how the tap ends already."""
        body = self._body
        if body.settling_bar is not None:
            return (yield from self._barred(amount_fen, body.settling_bar))
        identity = yield from serve(identify(body.settings.profile, body.time()), self)
        if isinstance(identity, Rejected):
            yield Show(display.declined(identity.reason))
            return Result(End.DECLINED, amount_fen, reason=identity.reason)
        waiting = body.book.waiting_for(identity.card_id, PendingLoad)
        body.other_card_came(identity.card_id)
        untold = body.untold.take(identity.card_id, amount_fen, _LOADED)
        if untold is not None:
            yield Shown(untold)
            yield Show(display.loaded(untold.amount_fen, body.untold.balance_fen, before=True))
            return Result(End.DONE, untold.amount_fen, untold)
        settled = (yield from self._settle(waiting, identity)) if waiting is not None else None
        return settled or (identity, waiting is not None)

    def _offered(self, identity: CardIdentity, purpose: Purpose) -> Tap[_Wanted | _No]:
        """What waits for this card; where nothing does, what is due to it by rule or order."""
        offer = yield from self._question(identity, purpose)
        if isinstance(offer, _Wanted) or offer[1] is not LoadResult.NOTHING:
            return offer
        due = yield from self._question(identity, Purpose.AUTO)
        return due if isinstance(due, _Wanted) else offer

    def _question(self, identity: CardIdentity, purpose: Purpose) -> Tap[_Wanted | _No]:
        """What waits for this card; no money is asked for yet."""
        order = LoadOrder(0, self._body.psam, purpose=purpose)
        offer = yield from serve(question(order, identity), self)
        if isinstance(offer, LoadRefused):
            return offer.reason, None
        answer = offer.answer
        if answer is None:
            return Reason.LOAD_NO_ANSWER, None
        wanted = _OFFERS.get(answer.result)
        if wanted is None or not answer.amount_fen:
            return Reason.LOAD_DENIED, answer.result
        return self._bounded(answer.amount_fen, offer.balance_fen, wanted)

    def _bounded(self, amount_fen: int, balance_fen: int, purpose: Purpose) -> _Wanted | _No:
        """A claim, and what is due, take what the card has room for; a second try is the same sum or nothing."""
        ceiling_fen = self._body.parameters.ceiling_fen or FEN_MAX
        room_fen = max(0, ceiling_fen - balance_fen)
        if not room_fen or (purpose in RETRIES and room_fen < amount_fen):
            return Reason.LOAD_CEILING, None
        return _Wanted(min(amount_fen, room_fen), purpose, max(0, amount_fen - room_fen))

    def _take(self, wanted: _Wanted, identity: CardIdentity) -> Tap[Result]:
        order = LoadOrder(wanted.amount_fen, self._body.psam, purpose=wanted.purpose)
        return (yield from self._load(order, identity, wanted.rest_fen))

    def _barred(self, amount_fen: int, bar: Bar | None) -> Tap[Result]:
        """No load now; without a bar there was nothing to settle on this card."""
        if bar is None:
            yield Show(display.load_refused(Reason.OTHER_CARD, None))
            return Result(End.DECLINED, amount_fen, reason=Reason.OTHER_CARD)
        yield Show(self._body.not_selling(bar))
        return Result(End.NOT_SELLING, amount_fen)

    def _settle(self, waiting: Waiting, identity: CardIdentity) -> Tap[Result | None]:
        """What became of a pending load. None: it was not credited."""
        body, pending = self._body, _load_of(waiting)
        amount_fen = pending.request.amount_fen
        outcome = yield from serve(recover_load(pending, identity), self)
        match outcome:
            case RecoveredLoad():
                row = yield from self._recovered(waiting, pending, outcome.tac)
                return Result(End.DONE, amount_fen, row)
            case NotCredited():
                body.book.not_credited(waiting, body.time().seconds)
                return None
            case LoadStillUnknown(_, reason) if reason in _CARD_SAYS_NO_MORE:
                body.book.close_unproven(waiting, body.time().seconds)
                yield Show(display.closed(pending, reason))
                return Result(End.CLOSED, amount_fen, reason=reason)
            case LoadStillUnknown(_, reason):
                yield Show(display.again(pending, reason))
                return Result(End.UNKNOWN, amount_fen, reason=reason)

    def _recovered(self, waiting: Waiting, pending: PendingLoad, tac: bytes) -> Tap[Row]:
        """The card had it after all: written as such, and shown as of before."""
        row = self._body.book.proven(waiting, tac, Proof.PROVE)
        yield Shown(row)
        yield Show(_loaded_display(pending, before=True))
        return row

    def _load(self, order: LoadOrder, identity: CardIdentity, rest_fen: int = 0) -> Tap[Result]:
        bar, amount_fen = self._bar, order.amount_fen
        if bar is not None or not amount_fen:
            return (yield from self._barred(amount_fen, bar))
        self._asked = self._opened = None
        self._purse = identity.profile.purse_byte(order.key_id)
        outcome = yield from serve(load(order, identity), self)
        match outcome:
            case Loaded(pending, tac):
                return (yield from self._loaded(pending, tac, rest_fen))
            case LoadRefused():
                return (yield from self._refused(outcome, amount_fen))
            case LoadUnknown(pending, reason):
                yield Show(display.again(pending, reason))
                return Result(End.UNKNOWN, amount_fen, reason=reason)

    def _loaded(self, pending: PendingLoad, tac: bytes, rest_fen: int) -> Tap[Result]:
        if self._opened is None:
            raise RuleBroken("a load without a pending slot")
        row = self._body.book.proven(self._opened, tac, Proof.DEBIT)
        yield Shown(row)
        yield Show(_loaded_display(pending, before=False, rest_fen=rest_fen))
        return Result(End.DONE, row.amount_fen, row)

    def _refused(self, outcome: LoadRefused, amount_fen: int) -> Tap[Result]:
        """Nothing was credited. Unless the centre said no itself, it hears so by a record."""
        book, answer = self._body.book, outcome.answer
        waiting = self._opened or self._asked
        if waiting is not None and (answer is None or answer.result is LoadResult.GRANTED):
            book.not_credited(waiting, self._body.time().seconds)
        elif waiting is not None:
            book.drop(waiting)
        denied = answer.result if answer is not None and outcome.reason is Reason.LOAD_DENIED else None
        if not self._is_behind:
            yield Show(display.load_refused(outcome.reason, denied))
        return Result(End.DECLINED, amount_fen, reason=outcome.reason, denied=denied)

    def listed(self, card: CardId, index: int) -> bool:
        """The hotlist in use; the centre looks as well."""
        return self._body.is_listed(card, index)

    def persist(self, pending: PendingPurchase | PendingLoad) -> None:
        """The granted load, durable on return; it takes over from the request."""
        body = self._body
        if not isinstance(pending, PendingLoad):
            raise RuleBroken("a load point keeps loads only")
        self._opened = body.book.open_load(
            pending, self._number, clock_set=body.time().is_set, mono_s=body.now.mono_s
        )  # fmt: skip
        if self._asked is not None:
            body.book.drop(self._asked)

    def ask(self, request: LoadRequest) -> Tap[LoadAnswer | None]:
        """Ask the centre: the request is durable before it leaves, unless it asks for no money."""
        body = self._body
        self._number = body.flash.next_request()
        if request.amount_fen:
            asked = AskedLoad(request, self._purse, body.psam)
            self._asked = body.book.open_load(
                asked, self._number, clock_set=body.time().is_set, mono_s=body.now.mono_s
            )  # fmt: skip
        epoch = body.flash.epochs[-1].epoch
        self._asking.ask(self._number, epoch, request.to_bytes(), body.now.mono_s, self._wait_s)
        yield AwaitAnswer()
        answer = self._asking.take()
        return answer if isinstance(answer, LoadAnswer) else None


def _loaded_display(pending: PendingLoad, *, before: bool, rest_fen: int = 0) -> Display:
    amount_fen, after_fen, purpose = pending.request.amount_fen, pending.balance_after_fen, pending.request.purpose
    if before or purpose is Purpose.LOAD:
        return display.loaded(amount_fen, after_fen, before=before)
    if purpose in RETRIES:
        return display.tried_again(amount_fen, after_fen)
    if purpose is Purpose.AUTO:
        return display.auto_loaded(amount_fen, after_fen)
    return display.claimed(amount_fen, after_fen, rest_fen)


def _load_of(waiting: Waiting) -> PendingLoad:
    if not isinstance(waiting.slot.body, PendingLoad):
        raise RuleBroken("not a load")
    return waiting.slot.body
