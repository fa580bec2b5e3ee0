"""After a torn debit or credit: the same card is presented again and says what became of it (pboc research, section 3).

The card's counter decides, then its own log, then the balance; transaction prove (805A) only fetches the TAC. A bare
9000 of 805A proves nothing: with an unchanged counter it hands out the *previous* transaction's TAC.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from shared.clocks.clock import date_time_bcd
from shared.purse import commands
from shared.purse.apdu import ResponseApdu, Sw, says_mac_wrong
from shared.purse.commands import COUNTER_MAX
from shared.purse.crypto import TYPE_CAPP_PURCHASE, TYPE_ED_LOAD, TYPE_EP_LOAD, TYPE_OVERDRAFT, TYPE_UNLOAD
from shared.purse.effects import CardFlow, Flow, ToCard, ToPsam
from shared.purse.errors import CardLost, PsamLost
from shared.purse.files import LOG_DEPTH, LogRecord
from shared.purse.flows.load import LOAD_ANSWER
from shared.purse.flows.till import INIT_ANSWER, pin_refusal, read_log
from shared.purse.outcomes import (
    CardIdentity,
    LoadRecovery,
    LoadStillUnknown,
    NotCredited,
    NotDebited,
    PendingLoad,
    PendingPurchase,
    Pin,
    PurchaseRecovery,
    RecoveredLoad,
    RecoveredPurchase,
    StillUnknown,
)
from shared.purse.profiles import CardProfile, Number, PinUse, ProveOrder, PurchaseForm, Purse
from shared.purse.reasons import Reason

_ONLINE_TYPES = frozenset((TYPE_ED_LOAD, TYPE_EP_LOAD, TYPE_UNLOAD, TYPE_OVERDRAFT))
"""These move the online counter, all others the offline one."""
_NOT_FOR_NOTHING = frozenset((Sw.WRONG_DATA, Sw.CONDITIONS))
"""What cards say to an INIT with amount 0 that they do not take."""
_BLANK = frozenset((0x00, 0xFF))
"""Kinds of log records that were never written."""
_KEY_ID_BITS = 0x0F
_PURSE_SHIFT, _PURSE_BITS = 4, 0x03
_answer = ResponseApdu.of_any


class Says(Enum):
    """What the card's log says of one transaction number."""

    OURS = 0
    ANOTHER = 1
    NOTHING = 2


@dataclass(frozen=True, slots=True)
class PurseState:
    """A purse as INIT says it is. said: all of INIT's answer, empty from a card whose counter is full."""

    counter: int
    balance_fen: int
    said: bytes = b""


@dataclass(frozen=True, slots=True)
class Trace:
    """How the transaction in doubt would stand in the card's log."""

    counter: int
    amount_fen: int
    kind: int
    terminal_id: bytes
    date_time: bytes


# --- purchase ----------------------------------------------------------------------------------------------------


def recover(pending: PendingPurchase, identity: CardIdentity, live_ttn: int | None = None) -> Flow[PurchaseRecovery]:
    """Settle a pending purchase with the card that was just identified.

    `live_ttn`: the terminal number of the PSAM's open session, if it has one; only then can MAC2 be checked.
    """
    if identity.card_id != pending.card_id:
        return StillUnknown(pending, Reason.OTHER_CARD)
    try:
        return (yield from _recover(pending, identity.profile, live_ttn))
    except CardLost:
        return StillUnknown(pending, Reason.CARD_GONE)


def _recover(pending: PendingPurchase, profile: CardProfile, live_ttn: int | None) -> Flow[PurchaseRecovery]:
    form = PurchaseForm.CAPP if pending.type == TYPE_CAPP_PURCHASE else PurchaseForm.PLAIN
    purse = Purse(pending.purse >> _PURSE_SHIFT & _PURSE_BITS)
    init = commands.init_purchase(form, pending.purse & _KEY_ID_BITS, 0, pending.psam_id, purse)
    state = yield from purse_state(init, INIT_ANSWER.size, purse)
    if isinstance(state, int):
        return StillUnknown(pending, Reason.CARD_REFUSED, state)
    if state.counter == pending.counter:
        return NotDebited(pending)
    if state.counter < pending.counter:
        return StillUnknown(pending, Reason.COUNTER_BACK)
    stamp = date_time_bcd(pending.time_s)
    trace = Trace(pending.counter, pending.amount_fen, pending.type, pending.psam_id, stamp)
    says = log_says(trace, (yield from read_logs(profile.log, profile.away_log)), profile.log_number)
    if says is Says.ANOTHER:
        return NotDebited(pending)
    if says is Says.NOTHING and not _balance_tells(state, pending.counter, pending.balance_after_fen):
        return StillUnknown(pending, Reason.NO_EVIDENCE)
    if state.counter != pending.counter + 1:
        return StillUnknown(pending, Reason.PROOF_GONE)
    return (yield from _fetch_tac(pending, profile, live_ttn))


def _balance_tells(state: PurseState, counter: int, after_fen: int) -> bool:
    """One transaction of that side since, and just this sum on top of what there was."""
    return state.counter == counter + 1 and state.balance_fen == after_fen


def _fetch_tac(pending: PendingPurchase, profile: CardProfile, live_ttn: int | None) -> Flow[PurchaseRecovery]:
    proof = yield from prove(pending.type, pending.counter, profile)
    if isinstance(proof, int):
        return StillUnknown(pending, Reason.PROOF_GONE, proof)
    mac2, tac = proof
    if live_ttn != pending.ttn:
        return RecoveredPurchase(pending, tac, mac2_checked=False)
    try:
        checked = _answer((yield ToPsam(commands.credit_sam_purchase(mac2))))
        if not says_mac_wrong(checked.sw):
            return RecoveredPurchase(pending, tac, mac2_checked=checked.sw == Sw.OK)
        other = _answer((yield ToPsam(commands.credit_sam_purchase(tac))))
    except PsamLost:
        return RecoveredPurchase(pending, tac, mac2_checked=False)
    if other.sw == Sw.OK:  # cards of one kind differ in the order, and a MAC2 that is right tells which half it is
        return RecoveredPurchase(pending, mac2, mac2_checked=True)
    return StillUnknown(pending, Reason.MAC2_WRONG, checked.sw)


# --- load --------------------------------------------------------------------------------------------------------


def recover_load(pending: PendingLoad, identity: CardIdentity, pin: Pin | None = None) -> Flow[LoadRecovery]:
    """Settle a pending load with the card that was just identified. The host checks the TAC that this brings.

    The card says its counter only to who knows the PIN, where the profile wants one for loads.
    """
    if identity.card_id != pending.request.card:
        return LoadStillUnknown(pending, Reason.OTHER_CARD)
    try:
        return (yield from _recover_load(pending, identity.profile, pin))
    except CardLost:
        return LoadStillUnknown(pending, Reason.CARD_GONE)


def _recover_load(pending: PendingLoad, profile: CardProfile, pin: Pin | None) -> Flow[LoadRecovery]:
    request = pending.request
    if PinUse.LOAD in profile.pin:
        refusal = yield from pin_refusal(pin)
        if refusal is not None:
            return LoadStillUnknown(pending, *refusal)
    init = commands.init_load(request.key_id, 0, pending.terminal_id)
    state = yield from purse_state(init, LOAD_ANSWER.size)
    if isinstance(state, int):
        return LoadStillUnknown(pending, Reason.CARD_REFUSED, state)
    if state.counter == request.counter:
        return NotCredited(pending)
    if state.counter < request.counter:
        return LoadStillUnknown(pending, Reason.COUNTER_BACK)
    stamp = date_time_bcd(pending.time_s)
    trace = Trace(request.counter, request.amount_fen, request.type, pending.terminal_id, stamp)
    says = log_says(trace, (yield from read_logs(profile.load_log)), profile.log_number)
    if says is Says.ANOTHER:
        return NotCredited(pending)
    is_ours = says is Says.OURS or _balance_tells(state, request.counter, pending.balance_after_fen)
    if state.counter != request.counter + 1:
        return LoadStillUnknown(pending, Reason.PROOF_GONE if is_ours else Reason.NO_EVIDENCE)
    proof = yield from prove(request.type, request.counter, profile)
    if isinstance(proof, int):
        return LoadStillUnknown(pending, Reason.PROOF_GONE, proof)
    mac, tac = proof
    if not is_ours and mac != pending.mac2:  # another load took our place: its proof is not ours
        return LoadStillUnknown(pending, Reason.NO_EVIDENCE)
    return RecoveredLoad(pending, tac)


# --- what both need ----------------------------------------------------------------------------------------------


def purse_state(init: bytes, size: int, purse: Purse = Purse.EP) -> CardFlow[PurseState | int]:
    """Counter and balance now, or the status word of a card that will not say.

    An INIT with amount 0 reads both; a card that begins nothing for nothing is asked for 1 fen. A card whose counter
    is full refuses it with 9402: then the counter is known and the balance is asked for.
    """
    opened = _answer((yield ToCard(init)))
    if opened.sw in _NOT_FOR_NOTHING:
        opened = _answer((yield ToCard(commands.for_one_fen(init))))
    if opened.sw == Sw.OK and len(opened.data) == size:
        return PurseState(int.from_bytes(opened.data[4:6], "big"), int.from_bytes(opened.data[:4], "big"), opened.data)
    if opened.sw != Sw.COUNTER_FULL:
        return opened.sw
    balance = _answer((yield ToCard(commands.GET_BALANCE if purse is Purse.EP else commands.GET_BALANCE_ED)))
    if balance.sw != Sw.OK or len(balance.data) != 4:
        return balance.sw
    return PurseState(COUNTER_MAX, int.from_bytes(balance.data, "big"))


def read_logs(*sfis: int) -> CardFlow[tuple[LogRecord, ...]]:
    """The records of these log files, one file after the other; 0 is no file."""
    records: list[LogRecord] = []
    for sfi in filter(None, sfis):
        records += yield from read_log(sfi)
    return tuple(records)


def log_says(trace: Trace, log: tuple[LogRecord, ...], convention: Number) -> Says:
    """Loads and purchases count apart, so only records of the same direction are compared.

    Ours is known by all that it says, under either number, for cards of one school differ in that. That another stands
    in our place is believed under the profile's number alone, and of a log that reaches back before it: on a card that
    counts the other way that number is the next one's, and ours may just have been overwritten.
    """
    written = [record for record in log if record.kind not in _BLANK]
    alike = [record for record in written if _is_online(record.kind) == _is_online(trace.kind)]
    ours = (trace.kind, trace.amount_fen, trace.terminal_id, trace.date_time)
    for record in alike:
        found = (record.kind, record.amount_fen, record.terminal_id, record.date_time)
        if found == ours and record.number - trace.counter in (0, 1):
            return Says.OURS
    number = trace.counter + (convention is Number.AFTER)
    reaches = len(written) < LOG_DEPTH or any(record.number <= trace.counter for record in alike)
    return Says.ANOTHER if reaches and any(record.number == number for record in alike) else Says.NOTHING


def _is_online(kind: int) -> bool:
    return kind in _ONLINE_TYPES


def prove(kind: int, counter: int, profile: CardProfile) -> CardFlow[tuple[bytes, bytes] | int]:
    """MAC and TAC of the transaction that was number `counter` before +1, or the status word.

    By the profile's number first; 9406: by the other one. A card keeps the last proof of a type, so when the counters
    say that ours is the last, neither number can get another's.
    """
    after = profile.prove_number is Number.AFTER
    for number in (counter + after, counter + (not after)):
        proof = _answer((yield ToCard(commands.prove(kind, number))))
        if proof.sw != Sw.NO_PROOF:
            break
    if proof.sw != Sw.OK or len(proof.data) != 8:
        return proof.sw
    first, second = proof.data[:4], proof.data[4:]
    return (first, second) if profile.prove_order is ProveOrder.MAC_TAC else (second, first)
