"""Load 圈存 or claim 领款: INIT, ask the centre, pending load durable, credit. And the question what waits for a card.

The terminal holds no load key: the card's MAC1 goes up, MAC2 comes down. Until 8052 is sent nothing was credited,
whatever the centre answered; after it, only the card can say.
"""

from __future__ import annotations

from struct import Struct

from shared.clocks.clock import date_time_bcd
from shared.money import FEN_MAX
from shared.online import LoadAnswer, LoadRequest, LoadResult
from shared.purse import commands
from shared.purse.apdu import DebitVerdict, ResponseApdu, Sw, debit_verdict
from shared.purse.crypto import TYPE_EP_LOAD
from shared.purse.effects import Ask, Flow, Persist, ToCard
from shared.purse.errors import CardLost
from shared.purse.flows.till import pin_refusal, reason_of
from shared.purse.outcomes import (
    CardIdentity,
    Loaded,
    LoadOffer,
    LoadOrder,
    LoadOutcome,
    LoadRefused,
    LoadUnknown,
    PendingLoad,
)
from shared.purse.profiles import PinUse
from shared.purse.reasons import Reason

LOAD_ANSWER = Struct(">IHBB4s4s")
"""Answer of 8050 00: balance, online counter, key version, algorithm, random, MAC1."""

_answer = ResponseApdu.of_any


def load(order: LoadOrder, identity: CardIdentity) -> Flow[LoadOutcome]:
    """Credit the identified card once."""
    if not 0 < order.amount_fen <= FEN_MAX:
        return LoadRefused(Reason.AMOUNT)
    request = yield from _open(order, identity)
    if isinstance(request, LoadRefused):
        return request
    try:
        answer: LoadAnswer | None = yield Ask(request)
    except CardLost:
        return LoadRefused(Reason.CARD_GONE, None, request)
    if answer is None:
        return LoadRefused(Reason.LOAD_NO_ANSWER, None, request)
    if answer.result is not LoadResult.GRANTED or answer.amount_fen != order.amount_fen:
        return LoadRefused(Reason.LOAD_DENIED, None, request, answer)
    purse = identity.profile.purse_byte(order.key_id)
    pending = PendingLoad(request, purse, order.terminal_id, answer.time, answer.mac2)
    return (yield from _credit(pending, answer, identity.profile.not_executed))


def question(order: LoadOrder, identity: CardIdentity) -> Flow[LoadOffer | LoadRefused]:
    """Show the centre the card's counter by its MAC1 and ask for no money: a load that it granted and the card never
    got is given back, and the answer may name a sum that waits for this card. order.amount_fen is 0."""
    request = yield from _open(order, identity)
    if isinstance(request, LoadRefused):
        return request
    try:
        answer: LoadAnswer | None = yield Ask(request)
    except CardLost:
        return LoadRefused(Reason.CARD_GONE)
    return LoadOffer(request.balance_fen, answer)


def presence(order: LoadOrder, identity: CardIdentity) -> Flow[LoadRequest | LoadRefused]:
    """The card's MAC1 over this sum and this terminal id, and nothing more: nothing is credited, its counter stays."""
    return (yield from _open(order, identity))


def _open(order: LoadOrder, identity: CardIdentity) -> Flow[LoadRequest | LoadRefused]:
    try:
        if PinUse.LOAD in identity.profile.pin:
            refusal = yield from pin_refusal(order.pin)
            if refusal is not None:
                return LoadRefused(*refusal)
        init = commands.init_load(order.key_id, order.amount_fen, order.terminal_id)
        opened = ResponseApdu.of_any((yield ToCard(init)))
    except CardLost:
        return LoadRefused(Reason.CARD_GONE)
    if opened.sw != Sw.OK:
        reason = Reason.LOAD_CEILING if opened.sw == Sw.CONDITIONS else reason_of(opened.sw, identity.profile)
        return LoadRefused(reason, opened.sw)
    if len(opened.data) != LOAD_ANSWER.size:
        return LoadRefused(Reason.CARD_DATA)
    balance, counter, version, algorithm, rnd, mac1 = LOAD_ANSWER.unpack(opened.data)
    return LoadRequest(
        card=identity.card_id,
        counter=counter,
        balance_fen=balance,
        amount_fen=order.amount_fen,
        type=TYPE_EP_LOAD,
        key_version=version,
        algorithm=algorithm,
        key_id=order.key_id,
        rnd=rnd,
        mac1=mac1,
        purpose=order.purpose,
    )


def _credit(pending: PendingLoad, granted: LoadAnswer, not_executed: frozenset[int]) -> Flow[LoadOutcome]:
    request = pending.request
    try:
        yield Persist(pending)
    except CardLost:
        return LoadRefused(Reason.CARD_GONE, None, request, granted, pending)
    try:
        credited = _answer((yield ToCard(commands.credit(date_time_bcd(pending.time_s), granted.mac2))))
    except CardLost:
        return LoadUnknown(pending, Reason.NO_RESPONSE)
    verdict = debit_verdict(credited.sw, not_executed)
    if verdict is DebitVerdict.NOT_DONE:
        return LoadRefused(reason_of(credited.sw), credited.sw, request, granted, pending)
    if verdict is DebitVerdict.UNKNOWN:
        return LoadUnknown(pending, Reason.UNKNOWN_STATUS, credited.sw)
    if len(credited.data) != 4:
        return LoadUnknown(pending, Reason.BAD_RESPONSE, credited.sw)
    return Loaded(pending, credited.data)
