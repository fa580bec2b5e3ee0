"""Unload 圈提 at the card office: INIT, MAC2 from the centre, kept, debit, MAC3 proven by the centre; and its recovery.

Never half: until 8054 is sent nothing was debited; after it only the card can say; and nothing is paid out before the
centre has proven MAC3. A card that is torn is asked by its online counter and its log, as after a load.
"""

from __future__ import annotations

from dataclasses import replace
from struct import Struct

from shared.clocks.clock import date_time_bcd
from shared.money import FEN_MAX
from shared.purse import commands
from shared.purse.apdu import DebitVerdict, ResponseApdu, Sw, debit_verdict
from shared.purse.crypto import TYPE_UNLOAD
from shared.purse.desk_outcomes import (
    PendingUnload,
    Remedy,
    Unloaded,
    UnloadOrder,
    UnloadOutcome,
    UnloadRefused,
    UnloadUnknown,
)
from shared.purse.effects import AskCentre, CentreAnswer, Denial, DeskFlow, Grant, Keep, ToCard, UnloadProof
from shared.purse.errors import CardLost
from shared.purse.flows.recovery import Says, Trace, log_says, prove, purse_state, read_logs
from shared.purse.flows.till import pin_refusal, reason_of
from shared.purse.load_auth import LoadAuth
from shared.purse.outcomes import CardIdentity, Pin
from shared.purse.profiles import CardProfile, PinUse
from shared.purse.reasons import Reason

UNLOAD_ANSWER = Struct(">IHBB4s4s")
"""Answer of 8050 05: balance, online counter, key version, algorithm, random, MAC1."""

_answer = ResponseApdu.of_any


def unload(order: UnloadOrder, identity: CardIdentity) -> DeskFlow[UnloadOutcome]:
    """Debit the identified card once and prove it."""
    if not 0 < order.amount_fen <= FEN_MAX:
        return UnloadRefused(Reason.AMOUNT)
    if order.purse not in identity.profile.unload:
        return UnloadRefused(Reason.CARD_REFUSED)
    try:
        auth = yield from _open(order, identity)
    except CardLost:
        return UnloadRefused(Reason.CARD_GONE)
    if isinstance(auth, UnloadRefused):
        return auth
    try:
        answer: CentreAnswer = yield AskCentre(auth)
    except CardLost:
        return UnloadRefused(Reason.CARD_GONE)
    if not isinstance(answer, Grant):
        why = answer.why if isinstance(answer, Denial) else None
        return UnloadRefused(Reason.CENTRE_DENIED if why else Reason.CENTRE_SILENT, None, why)
    pending = PendingUnload(auth, order.purse, order.key_id, answer.time_s)
    return (yield from _debit(pending, answer.mac2, identity.profile))


def recover_unload(pending: PendingUnload, identity: CardIdentity, pin: Pin | None = None) -> DeskFlow[UnloadOutcome]:
    """Settle a kept unload with the card that was just identified; a MAC3 that is here already is only proven.

    The card says its counter only to who knows the PIN, where the profile wants one for unloads.
    """
    if identity.card_id != pending.auth.card:
        return UnloadUnknown(pending, Reason.OTHER_CARD, Remedy.PRESENT_AGAIN)
    try:
        return (yield from _recover(pending, identity.profile, pin))
    except CardLost:
        return UnloadUnknown(pending, Reason.CARD_GONE, Remedy.PRESENT_AGAIN)


def prove_unload(pending: PendingUnload, mac3: bytes) -> DeskFlow[UnloadOutcome]:
    """Hand MAC3 in; needs no card. The proof is kept before it is asked about, so that it can be handed in again."""
    pending = replace(pending, mac3=None)
    proven = replace(pending, mac3=mac3)
    yield Keep(proven)
    try:
        right: CentreAnswer = yield AskCentre(UnloadProof(pending.auth, pending.time_s, mac3))
    except CardLost:
        right = None
    if right is True:
        return Unloaded(proven)
    if right is False:
        yield Keep(pending)
        return UnloadUnknown(pending, Reason.MAC3_WRONG, Remedy.PRESENT_AGAIN)
    return UnloadUnknown(proven, Reason.CENTRE_SILENT, Remedy.ASK_CENTRE_AGAIN)


def _open(order: UnloadOrder, identity: CardIdentity) -> DeskFlow[LoadAuth | UnloadRefused]:
    if PinUse.UNLOAD in identity.profile.pin:
        refusal = yield from pin_refusal(order.pin)
        if refusal is not None:
            return UnloadRefused(*refusal)
    init = commands.init_unload(order.key_id, order.amount_fen, order.terminal_id, order.purse)
    opened = _answer((yield ToCard(init)))
    if opened.sw != Sw.OK:
        return UnloadRefused(reason_of(opened.sw, identity.profile), opened.sw)
    if len(opened.data) != UNLOAD_ANSWER.size:
        return UnloadRefused(Reason.CARD_DATA)
    balance, counter, version, algorithm, rnd, mac1 = UNLOAD_ANSWER.unpack(opened.data)
    if balance < order.amount_fen:
        return UnloadRefused(Reason.BALANCE)
    return LoadAuth(
        identity.card_id, version, algorithm, rnd, counter, balance, order.amount_fen, TYPE_UNLOAD,
        order.terminal_id, mac1,
    )  # fmt: skip


def _debit(pending: PendingUnload, mac2: bytes, profile: CardProfile) -> DeskFlow[UnloadOutcome]:
    try:
        yield Keep(pending)
    except CardLost:
        return UnloadRefused(Reason.CARD_GONE, None, None, pending)
    try:
        debited = _answer((yield ToCard(commands.unload(date_time_bcd(pending.time_s), mac2))))
    except CardLost:
        return UnloadUnknown(pending, Reason.NO_RESPONSE, Remedy.PRESENT_AGAIN)
    verdict = debit_verdict(debited.sw, profile.not_executed)
    if verdict is DebitVerdict.NOT_DONE:
        return UnloadRefused(reason_of(debited.sw, profile), debited.sw, None, pending)
    if verdict is DebitVerdict.UNKNOWN:
        return UnloadUnknown(pending, Reason.UNKNOWN_STATUS, Remedy.PRESENT_AGAIN, debited.sw)
    if len(debited.data) != 4:
        return UnloadUnknown(pending, Reason.BAD_RESPONSE, Remedy.PRESENT_AGAIN, debited.sw)
    return (yield from prove_unload(pending, debited.data))


def _recover(pending: PendingUnload, profile: CardProfile, pin: Pin | None) -> DeskFlow[UnloadOutcome]:
    if pending.mac3 is not None:
        return (yield from prove_unload(pending, pending.mac3))
    if PinUse.UNLOAD in profile.pin:
        refusal = yield from pin_refusal(pin)
        if refusal is not None:
            return UnloadUnknown(pending, refusal[0], Remedy.PRESENT_AGAIN, refusal[1])
    auth = pending.auth
    init = commands.init_unload(pending.key_id, 0, auth.terminal_id, pending.purse)
    state = yield from purse_state(init, UNLOAD_ANSWER.size, pending.purse)
    if isinstance(state, int):
        return UnloadUnknown(pending, Reason.CARD_REFUSED, Remedy.PRESENT_AGAIN, state)
    if state.counter == auth.counter:
        return UnloadRefused(Reason.CARD_GONE, None, None, pending)
    if state.counter < auth.counter:
        return UnloadUnknown(pending, Reason.COUNTER_BACK, Remedy.PRESENT_AGAIN)
    trace = Trace(auth.counter, auth.amount_fen, TYPE_UNLOAD, auth.terminal_id, date_time_bcd(pending.time_s))
    says = log_says(trace, (yield from read_logs(profile.load_log, profile.log)), profile.log_number)
    if says is Says.ANOTHER:
        return UnloadRefused(Reason.CARD_GONE, None, None, pending)
    if state.counter != auth.counter + 1:
        reason = Reason.PROOF_GONE if says is Says.OURS else Reason.NO_EVIDENCE
        return UnloadUnknown(pending, reason, Remedy.PRESENT_AGAIN)
    proof = yield from prove(TYPE_UNLOAD, auth.counter, profile)
    if isinstance(proof, int):
        return UnloadUnknown(pending, Reason.PROOF_GONE, Remedy.PRESENT_AGAIN, proof)
    # A card keeps MAC2 and MAC3 of an unload where it keeps MAC and TAC of the others, or the other way round.
    return (yield from prove_unload(pending, proof[1] + proof[0]))
