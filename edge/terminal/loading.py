"""A load 圈存 at a load machine: settle what is pending on the card, ask the centre, credit, write, log, show.

The request is durable before it leaves and the granted load before the credit, so that a load ends confirmed,
recovered, unproven or not credited, and the centre hears which. Refuses to load again what had gone through.
"""

from collections.abc import Callable

from edge.terminal import display
from edge.terminal.body import Body
from edge.terminal.desk import Desk
from edge.terminal.display import Bar, Display
from edge.terminal.flash import Waiting
from edge.terminal.flash_layout import AskedLoad
from edge.terminal.serving import serve
from edge.terminal.steps import AwaitAnswer, End, Result, Show, Shown, Tap
from shared.errors import RuleBroken
from shared.ids import CardId
from shared.online import LoadAnswer, LoadRequest, LoadResult
from shared.purse.flows import identify
from shared.purse.load_flow import load, prove_counter
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
from shared.purse.recovery import recover_load
from shared.records import LOAD_SHAPED, PROVEN, Proof

_CARD_SAYS_NO_MORE = frozenset((Reason.PROOF_GONE, Reason.NO_EVIDENCE, Reason.COUNTER_BACK))
_LOADED = LOAD_SHAPED & PROVEN


class LoadPoint:
    """Loads of one body."""

    def __init__(self, body: Body, desk: Desk, is_joined: Callable[[], bool]) -> None:
        self._body = body
        self._desk = desk
        self._is_joined = is_joined
        self._asked: Waiting | None = None
        self._opened: Waiting | None = None
        self._number = 0
        self._purse = 0

    def load(self, amount_fen: int) -> Tap[Result]:
        """Load an amount; 0 = only settle what is pending on this card."""
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
        if waiting is not None:
            settled = yield from self._settle(waiting, identity)
            if settled is not None:
                return settled
            if not amount_fen:
                yield from self._prove_counter(identity)
        return (yield from self._load(amount_fen, identity))

    def _barred(self, amount_fen: int, bar: Bar | None) -> Tap[Result]:
        """No load now; without a bar there was nothing to settle on this card."""
        if bar is None:
            yield Show(display.load_refused(Reason.OTHER_CARD, None))
            return Result(End.DECLINED, amount_fen, reason=Reason.OTHER_CARD)
        yield Show(display.not_selling(bar))
        return Result(End.NOT_SELLING, amount_fen)

    def _settle(self, waiting: Waiting, identity: CardIdentity) -> Tap[Result | None]:
        """What became of a pending load. None: it was not credited."""
        body, pending = self._body, _load_of(waiting)
        amount_fen = pending.request.amount_fen
        outcome = yield from serve(recover_load(pending, identity), self)
        match outcome:
            case RecoveredLoad():
                row = body.book.proven(waiting, outcome.tac, Proof.PROVE)
                yield Shown(row)
                yield Show(_loaded_display(pending, before=True))
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

    def _prove_counter(self, identity: CardIdentity) -> Tap[None]:
        """Nobody wants a load now, so no request will tell the centre that its money never reached the card."""
        if self._body.bar is None and self._is_joined():
            yield from serve(prove_counter(LoadOrder(0, self._body.psam), identity), self)

    def _load(self, amount_fen: int, identity: CardIdentity) -> Tap[Result]:
        bar = self._body.bar or (None if self._is_joined() else Bar.NOT_JOINED)
        if bar is not None or not amount_fen:
            return (yield from self._barred(amount_fen, bar))
        order = LoadOrder(amount_fen, self._body.psam)
        self._asked = self._opened = None
        self._purse = identity.profile.purse_byte(order.key_id)
        outcome = yield from serve(load(order, identity), self)
        match outcome:
            case Loaded(pending, tac):
                return (yield from self._loaded(pending, tac))
            case LoadRefused():
                return (yield from self._refused(outcome, amount_fen))
            case LoadUnknown(pending, reason):
                yield Show(display.again(pending, reason))
                return Result(End.UNKNOWN, amount_fen, reason=reason)

    def _loaded(self, pending: PendingLoad, tac: bytes) -> Tap[Result]:
        if self._opened is None:
            raise RuleBroken("a load without a pending slot")
        row = self._body.book.proven(self._opened, tac, Proof.DEBIT)
        yield Shown(row)
        yield Show(_loaded_display(pending, before=False))
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
        yield Show(display.load_refused(outcome.reason, denied))
        return Result(End.DECLINED, amount_fen, reason=outcome.reason, denied=denied)

    def listed(self, card: CardId, index: int) -> bool:
        """The hotlist, preloaded; the centre looks as well."""
        return self._body.settings.hotlist.contains(card, index)

    def persist(self, pending: PendingPurchase | PendingLoad) -> None:
        """The granted load, durable on return; it takes over from the request."""
        body = self._body
        if not isinstance(pending, PendingLoad):
            raise RuleBroken("a load machine keeps loads only")
        self._opened = body.book.open_load(
            pending, self._number, clock_set=body.clock.is_set, mono_s=body.now.mono_s
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
                asked, self._number, clock_set=body.clock.is_set, mono_s=body.now.mono_s
            )  # fmt: skip
        epoch = body.flash.epochs[-1].epoch
        self._desk.ask(self._number, epoch, request.to_bytes(), body.now.mono_s)
        yield AwaitAnswer()
        return self._desk.take()


def _loaded_display(pending: PendingLoad, *, before: bool) -> Display:
    return display.loaded(pending.request.amount_fen, pending.balance_after_fen, before=before)


def _load_of(waiting: Waiting) -> PendingLoad:
    if not isinstance(waiting.slot.body, PendingLoad):
        raise RuleBroken("not a load")
    return waiting.slot.body
