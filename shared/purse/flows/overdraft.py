"""Overdraft limit of an ED 修改透支限额 at the card office: INIT, MAC2 from the centre, kept, 8058; recovery.

An EP has no limit (FMCOS): the profile must name an ED. The card's online counter tells what became of a torn change.
"""

from __future__ import annotations

from struct import Struct

from shared.clocks.clock import date_time_bcd
from shared.purse import commands
from shared.purse.apdu import DebitVerdict, ResponseApdu, Sw, debit_verdict
from shared.purse.crypto import OVERDRAFT_MAX_FEN, TYPE_OVERDRAFT
from shared.purse.desk_outcomes import (
    OverdraftOrder,
    OverdraftOutcome,
    OverdraftRefused,
    OverdraftSet,
    OverdraftUnknown,
    PendingOverdraft,
    Remedy,
)
from shared.purse.effects import AskCentre, CentreAnswer, Denial, DeskFlow, Grant, Keep, ToCard
from shared.purse.errors import CardLost
from shared.purse.flows.recovery import prove, purse_state
from shared.purse.flows.till import pin_refusal, reason_of
from shared.purse.outcomes import CardIdentity, Pin
from shared.purse.overdraft_auth import OverdraftAuth
from shared.purse.profiles import CardProfile, PinUse, Purse
from shared.purse.reasons import Reason

OVERDRAFT_ANSWER = Struct(">IH3sBB4s4s")
"""Answer of 8050 04: balance, online counter, limit, key version, algorithm, random, MAC1."""

_answer = ResponseApdu.of_any


def set_overdraft(order: OverdraftOrder, identity: CardIdentity) -> DeskFlow[OverdraftOutcome]:
    """Give the ED of the identified card another limit."""
    if not 0 <= order.limit_fen <= OVERDRAFT_MAX_FEN:
        return OverdraftRefused(Reason.AMOUNT)
    if Purse.ED not in identity.profile.purses:
        return OverdraftRefused(Reason.CARD_REFUSED)
    try:
        auth = yield from _open(order, identity)
    except CardLost:
        return OverdraftRefused(Reason.CARD_GONE)
    if isinstance(auth, OverdraftRefused):
        return auth
    try:
        answer: CentreAnswer = yield AskCentre(auth)
    except CardLost:
        return OverdraftRefused(Reason.CARD_GONE)
    if not isinstance(answer, Grant):
        why = answer.why if isinstance(answer, Denial) else None
        return OverdraftRefused(Reason.CENTRE_DENIED if why else Reason.CENTRE_SILENT, None, why)
    pending = PendingOverdraft(auth, order.key_id, answer.time_s)
    return (yield from _update(pending, answer.mac2, identity.profile))


def recover_overdraft(
    pending: PendingOverdraft, identity: CardIdentity, pin: Pin | None = None
) -> DeskFlow[OverdraftOutcome]:
    """Settle a kept change with the card that was just identified, after its PIN where the profile wants one."""
    if identity.card_id != pending.auth.card:
        return OverdraftUnknown(pending, Reason.OTHER_CARD, Remedy.PRESENT_AGAIN)
    try:
        return (yield from _recover(pending, identity.profile, pin))
    except CardLost:
        return OverdraftUnknown(pending, Reason.CARD_GONE, Remedy.PRESENT_AGAIN)


def _open(order: OverdraftOrder, identity: CardIdentity) -> DeskFlow[OverdraftAuth | OverdraftRefused]:
    if PinUse.OVERDRAFT in identity.profile.pin:
        refusal = yield from pin_refusal(order.pin)
        if refusal is not None:
            return OverdraftRefused(*refusal)
    opened = _answer((yield ToCard(commands.init_overdraft(order.key_id, order.terminal_id))))
    if opened.sw != Sw.OK:
        return OverdraftRefused(reason_of(opened.sw, identity.profile), opened.sw)
    if len(opened.data) != OVERDRAFT_ANSWER.size:
        return OverdraftRefused(Reason.CARD_DATA)
    balance, counter, limit, version, algorithm, rnd, mac1 = OVERDRAFT_ANSWER.unpack(opened.data)
    auth = OverdraftAuth(
        identity.card_id, version, algorithm, rnd, counter, balance, int.from_bytes(limit, "big"), order.limit_fen,
        order.terminal_id, mac1,
    )  # fmt: skip
    # The card has spent more than the new limit allows: it must be loaded first.
    return OverdraftRefused(Reason.BALANCE) if auth.balance_after_fen < 0 else auth


def _update(pending: PendingOverdraft, mac2: bytes, profile: CardProfile) -> DeskFlow[OverdraftOutcome]:
    limit = pending.auth.new_limit_fen
    try:
        yield Keep(pending)
    except CardLost:
        return OverdraftRefused(Reason.CARD_GONE, None, None, pending)
    try:
        changed = _answer((yield ToCard(commands.update_overdraft(limit, date_time_bcd(pending.time_s), mac2))))
    except CardLost:
        return OverdraftUnknown(pending, Reason.NO_RESPONSE, Remedy.PRESENT_AGAIN)
    verdict = debit_verdict(changed.sw, profile.not_executed)
    if verdict is DebitVerdict.NOT_DONE:
        return OverdraftRefused(reason_of(changed.sw, profile), changed.sw, None, pending)
    if verdict is DebitVerdict.UNKNOWN:
        return OverdraftUnknown(pending, Reason.UNKNOWN_STATUS, Remedy.PRESENT_AGAIN, changed.sw)
    if len(changed.data) != 4:
        return OverdraftUnknown(pending, Reason.BAD_RESPONSE, Remedy.PRESENT_AGAIN, changed.sw)
    return OverdraftSet(pending, changed.data)


def _recover(pending: PendingOverdraft, profile: CardProfile, pin: Pin | None) -> DeskFlow[OverdraftOutcome]:
    auth = pending.auth
    if PinUse.OVERDRAFT in profile.pin:
        refusal = yield from pin_refusal(pin)
        if refusal is not None:
            return OverdraftUnknown(pending, refusal[0], Remedy.PRESENT_AGAIN, refusal[1])
    init = commands.init_overdraft(pending.key_id, auth.terminal_id)
    state = yield from purse_state(init, OVERDRAFT_ANSWER.size, Purse.ED)
    if isinstance(state, int):
        return OverdraftUnknown(pending, Reason.CARD_REFUSED, Remedy.PRESENT_AGAIN, state)
    if state.counter == auth.counter:
        return OverdraftRefused(Reason.CARD_GONE, None, None, pending)
    if state.counter < auth.counter:
        return OverdraftUnknown(pending, Reason.COUNTER_BACK, Remedy.PRESENT_AGAIN)
    if state.counter != auth.counter + 1:
        return OverdraftUnknown(pending, Reason.NO_EVIDENCE, Remedy.PRESENT_AGAIN)
    # One online transaction has happened. What stood in our place left the limit as it was, or set its own.
    if state.said and OVERDRAFT_ANSWER.unpack(state.said)[2] != auth.new_limit_fen.to_bytes(3, "big"):
        return OverdraftRefused(Reason.CARD_GONE, None, None, pending)
    proof = yield from prove(TYPE_OVERDRAFT, auth.counter, profile)
    if isinstance(proof, int):
        return OverdraftUnknown(pending, Reason.PROOF_GONE, Remedy.PRESENT_AGAIN, proof)
    return OverdraftSet(pending, proof[1])
