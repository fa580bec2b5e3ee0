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
from shared.purse.desk_outcomes import PendingOverdraft, PendingUnload
from shared.purse.errors import CardLost, PsamLost, PurseError
from shared.purse.load_auth import LoadAuth
from shared.purse.outcomes import PendingLoad, PendingPurchase
from shared.purse.overdraft_auth import OverdraftAuth
from shared.purse.upkeep import ExternalAuthAsk, InternalAuthAsk, PinReloadAsk, UpkeepAsk
from shared.words.voice import Text


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


@dataclass(frozen=True, slots=True)
class Grant:
    """The centre allows an unload or an overdraft change: host time (s since 2000) and MAC2."""

    time_s: int
    mac2: bytes


@dataclass(frozen=True, slots=True)
class Denial:
    """The centre says no. `why`: for the desk."""

    why: Text


@dataclass(frozen=True, slots=True)
class UnloadProof:
    """The card's MAC3 for a granted unload: is it right? Answer: bool. Asking it again changes nothing."""

    auth: LoadAuth
    time_s: int
    mac3: bytes
    """Or the 8 bytes of 805A that hold it in one half (`mac3_halves`): cards differ in which, the key can tell."""


CentreQuestion = LoadAuth | UnloadProof | OverdraftAuth | UpkeepAsk | PinReloadAsk | ExternalAuthAsk | InternalAuthAsk


@dataclass(frozen=True, slots=True)
class AskCentre:
    """A card office's question. Answer: a Denial, None when none came within the driver's bound, or what was asked for:

    a Grant (LoadAuth of type 03, OverdraftAuth), a bool (UnloadProof, InternalAuthAsk), bytes (the others).
    """

    question: CentreQuestion


@dataclass(frozen=True, slots=True)
class Keep:
    """Answer: nothing, and only when `pending` is durable at the desk. A driver that cannot do so raises."""

    pending: PendingUnload | PendingOverdraft


Effect = ToCard | ToPsam | Lookup | Persist | Ask
DeskEffect = ToCard | AskCentre | Keep

Outcome = TypeVar("Outcome")
Flow = Generator[Effect, Any, Outcome]
"""The answer's type follows from the effect, which the type system cannot say of a generator."""
CardFlow = Generator[ToCard, Any, Outcome]
"""A part of a flow that speaks to the card alone."""
DeskFlow = Generator[DeskEffect, Any, Outcome]
"""A flow of the card office, which asks the centre for MACs instead of a PSAM."""

PersistCall = Callable[[PendingPurchase | PendingLoad], None]
LookupCall = Callable[[CardId, int], bool]
AskCall = Callable[[LoadRequest], LoadAnswer | None]
CentreAnswer = Grant | Denial | bytes | bool | None
CentreCall = Callable[[CentreQuestion], CentreAnswer]
KeepCall = Callable[["PendingUnload | PendingOverdraft"], None]


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


def drive_desk(
    flow: Generator[DeskEffect | Effect, Any, Outcome], *, card: CardChannel, centre: CentreCall, keep: KeepCall
) -> Outcome:
    """Run a flow of the card office to its outcome in the caller's thread."""
    return _run(
        flow,
        {
            ToCard: lambda effect: card.transmit(effect.apdu),
            AskCentre: lambda effect: centre(effect.question),
            Keep: lambda effect: keep(effect.pending),
        },
    )


def _run(flow: Generator[Any, Any, Outcome], answers: dict[type, Callable[[Any], object]]) -> Outcome:
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
