"""Runs a card flow inside a tap: card and PSAM go out as steps, the rest is answered by the body's own parts."""

from collections.abc import Generator
from typing import Any, Protocol, TypeVar

from edge.terminal.taps.steps import Step, Tap
from shared.ids import CardId
from shared.online import LoadAnswer, LoadRequest
from shared.purse.effects import Ask, Effect, Lookup, Persist, ToCard, ToPsam
from shared.purse.errors import CardLost, PsamLost
from shared.purse.outcomes import PendingLoad, PendingPurchase

Answer = TypeVar("Answer")
_STEPS = (ToCard, ToPsam)
"""Effects that leave the body."""


class Parts(Protocol):
    """What a flow may ask of a body. `persist` is durable when it returns."""

    def listed(self, card: CardId, index: int) -> bool: ...

    def persist(self, pending: PendingPurchase | PendingLoad) -> None: ...

    def ask(self, request: LoadRequest) -> Tap[LoadAnswer | None]: ...


def serve(flow: Generator[Effect, Any, Answer], parts: Parts) -> Generator[Step, Any, Answer]:
    """The flow's outcome. CardLost and PsamLost of the driver go into the flow, every other error ends the tap."""
    try:
        effect = next(flow)
        while True:
            try:
                answer = (yield effect) if isinstance(effect, _STEPS) else (yield from _inside(effect, parts))
            except (CardLost, PsamLost) as loss:
                effect = flow.throw(loss)
            else:
                effect = flow.send(answer)
    except StopIteration as end:
        outcome: Answer = end.value
        return outcome


def _inside(effect: Lookup | Persist | Ask, parts: Parts) -> Tap[object]:
    match effect:
        case Lookup(card, index):
            return parts.listed(card, index)
        case Persist(pending):
            parts.persist(pending)
            return None
        case Ask(request):
            return (yield from parts.ask(request))
