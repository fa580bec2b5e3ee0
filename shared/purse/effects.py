"""What a card flow may ask of the world, one value per step, and the plain synchronous driver.

A flow is a generator: it yields an effect and is sent the answer. A driver that loses the card throws CardLost into
it, one that loses the PSAM throws PsamLost; flows turn both into outcomes. Other errors of a driver pass through.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, TypeVar

from shared.ids import CardId
from shared.online import LoadAnswer, LoadRequest
from shared.purse.apdu import CardChannel
from shared.purse.errors import CardLost, PsamLost, PurseError
from shared.purse.outcomes import PendingLoad, PendingPurchase


@dataclass(frozen=True, slots=True)
class ToCard:
    """Answer: the response bytes."""

    apdu: bytes


@dataclass(frozen=True, slots=True)
class ToPsam:
    """Answer: the response bytes."""

    apdu: bytes


@dataclass(frozen=True, slots=True)
class Lookup:
    """Answer: True if the card is on the hotlist."""

    card_id: CardId
    hotlist_index: int


@dataclass(frozen=True, slots=True)
class Persist:
    """Answer: nothing, and only when `pending` is durable. A driver that cannot make it durable raises."""

    pending: PendingPurchase | PendingLoad


@dataclass(frozen=True, slots=True)
class Ask:
    """Answer: a LoadAnswer, or None when none came within the driver's bound."""

    request: LoadRequest


Effect = ToCard | ToPsam | Lookup | Persist | Ask

Outcome = TypeVar("Outcome")
Flow = Generator[Effect, Any, Outcome]
"""The answer's type follows from the effect, which the type system cannot say of a generator."""

PersistCall = Callable[[PendingPurchase | PendingLoad], None]
LookupCall = Callable[[CardId, int], bool]
AskCall = Callable[[LoadRequest], LoadAnswer | None]


def drive(
    flow: Flow[Outcome],
    *,
    card: CardChannel | None = None,
    psam: CardChannel | None = None,
    persist: PersistCall | None = None,
    lookup: LookupCall | None = None,
    ask: AskCall | None = None,
) -> Outcome:
    """Run a flow to its outcome in the caller's thread. PurseError if it asks for a part that was not given."""
    answers: dict[type, Callable[[Any], object]] = {}
    if card is not None:
        answers[ToCard] = lambda effect: card.transmit(effect.apdu)
    if psam is not None:
        answers[ToPsam] = lambda effect: _ask_psam(psam, effect.apdu)
    if persist is not None:
        answers[Persist] = lambda effect: persist(effect.pending)
    if lookup is not None:
        answers[Lookup] = lambda effect: lookup(effect.card_id, effect.hotlist_index)
    if ask is not None:
        answers[Ask] = lambda effect: ask(effect.request)
    return _run(flow, answers)


def _run(flow: Flow[Outcome], answers: dict[type, Callable[[Any], object]]) -> Outcome:
    try:
        effect = next(flow)
        while True:
            answer = answers.get(type(effect))
            if answer is None:
                raise PurseError(f"nothing here answers {type(effect).__name__}")
            try:
                given = answer(effect)
            except (CardLost, PsamLost) as loss:
                effect = flow.throw(loss)
            else:
                effect = flow.send(given)
    except StopIteration as end:
        outcome: Outcome = end.value
        return outcome


def _ask_psam(psam: CardChannel, apdu: bytes) -> bytes:
    try:
        return psam.transmit(apdu)
    except CardLost as loss:
        raise PsamLost("the PSAM gave no answer") from loss
