"""Card dialogues of a till: identify, purchase 消费 (CAPP and plain), and what a till reads besides.

Generators of effects (`effects`); each ends in an outcome (`outcomes`) and raises for no card behaviour at all.
Order of a purchase: read 0017, INIT, hotlist, caps, 8070, pending record durable, 80DC, 8054, MAC2 by the PSAM.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from struct import Struct

from shared.clocks.clock import CampusTime, date_bcd, date_time_bcd
from shared.ids import hotlist_index, psam_id
from shared.money import FEN_MAX
from shared.purse import commands
from shared.purse.apdu import DebitVerdict, ResponseApdu, Sw, debit_verdict, says_mac_wrong
from shared.purse.caps import CardCounters, judge_caps, parse_counters, wants_pin
from shared.purse.effects import CardFlow, Flow, Lookup, Persist, ToCard, ToPsam
from shared.purse.errors import CardLost, LayoutError, PsamLost
from shared.purse.files import (
    LOG_DEPTH,
    LogRecord,
    PublicData,
    is_enabled,
    parse_log,
    parse_public,
)
from shared.purse.flows.city import show_auth_id
from shared.purse.outcomes import (
    CardIdentity,
    Declined,
    PendingPurchase,
    Pin,
    PsamIdentity,
    Purchased,
    PurchaseOrder,
    PurchaseOutcome,
    Rejected,
    Unknown,
)
from shared.purse.profiles import (
    Agreed,
    CardProfile,
    PinUse,
    PurchaseForm,
    Purse,
    card_id_of,
    diversification_factors,
    purchase_type_of,
)
from shared.purse.reasons import Reason
from shared.purse.selecting import select_one

KNOWN_CARDS = 4096
"""Parsed 0015 files kept; a pure function of the bytes, so the bound costs time only."""

INIT_ANSWER = Struct(">IH3sBB4s")
"""Answer of 8050 01 and 03: balance, offline counter, overdraft limit, key version, algorithm, random."""

_REASON_OF_SW = {
    Sw.BALANCE: Reason.BALANCE,
    Sw.KEY_NOT_FOUND: Reason.CARD_KEY,
    Sw.COUNTER_FULL: Reason.CARD_COUNTER_FULL,
    Sw.APP_BLOCKED: Reason.CARD_BLOCKED,
    Sw.LOCKED_FOR_EVER: Reason.CARD_BLOCKED,
    Sw.CAPP_LOCKED: Reason.CARD_LOCKED,
    Sw.GREY_LOCKED: Reason.CARD_LOCKED,
}
_TRIES_LEFT = 0x63C0
_answer = ResponseApdu.of_any


_NO_SUCH_KEY = frozenset((Sw.REFERENCE_NOT_FOUND, Sw.KEY_NOT_FOUND))
"""A PSAM's answers to a key version that it never had, or has no more: the card's fault, not the PSAM's."""


def reason_of(sw: int, profile: CardProfile | None = None) -> Reason:
    """Why a card refused, as far as its status word says; a profile may give words a meaning of their own."""
    own = () if profile is None else profile.meanings
    known = next((reason for word, reason in own if word == sw), None)
    return known or next((reason for word, reason in _REASON_OF_SW.items() if word == sw), Reason.CARD_REFUSED)


# --- identify ----------------------------------------------------------------------------------------------------


def identify(profile: CardProfile, now: CampusTime, agreed: tuple[Agreed, ...] = ()) -> Flow[CardIdentity | Rejected]:
    """Select the purse and read who this is: of `profile`, or, where its issuer is agreed, of that kind.

    Dates are judged only by a clock that is set.
    """
    try:
        found = yield from select_one(profile, agreed)
    except CardLost:
        return Rejected(Reason.CARD_GONE)
    except LayoutError:
        return Rejected(Reason.CARD_DATA)
    if isinstance(found, Rejected):
        return found
    try:
        identity, data = _identity_of(*found)
    except LayoutError:
        return Rejected(Reason.CARD_DATA)
    reason = _why_not(identity.profile, data, now)
    return identity if reason is None else Rejected(reason)


@lru_cache(maxsize=KNOWN_CARDS)
def _identity_of(profile: CardProfile, public: bytes) -> tuple[CardIdentity, PublicData]:
    data = parse_public(profile.form, public)
    factors = diversification_factors(profile, data)
    card_id = card_id_of(profile, data)
    index = hotlist_index(card_id)
    return (
        CardIdentity(profile, card_id, index, factors, data.start, data.expiry, data.card_type, data.subtype),
        data,
    )


def _why_not(profile: CardProfile, data: PublicData, now: CampusTime) -> Reason | None:
    if not is_enabled(profile.form, data):
        return Reason.CARD_DISABLED
    if not now.is_set:
        return None
    today = date_bcd(now.seconds)
    if today < data.start:
        return Reason.CARD_NOT_YET_VALID
    return Reason.CARD_EXPIRED if today > data.expiry else None


def open_psam() -> Flow[PsamIdentity | Rejected]:
    """Once after power-on: read 0016 and 0015, then select the purchase application, wherever it stands."""
    try:
        terminal = _answer((yield ToPsam(commands.read_binary(commands.SFI_HOLDER, 6))))
        public = _answer((yield ToPsam(commands.read_binary(commands.SFI_PUBLIC, 14))))
        for fid in commands.PSAM_APPLICATIONS:
            selected = _answer((yield ToPsam(commands.select_file(fid))))
            if selected.sw != Sw.FILE_NOT_FOUND:
                break
    except PsamLost:
        return Rejected(Reason.PSAM_GONE)
    for step in (terminal, public, selected):
        if step.sw != Sw.OK:
            return Rejected(Reason.PSAM_REFUSED, step.sw)
    if len(terminal.data) != 6:
        return Rejected(Reason.PSAM_REFUSED)
    return PsamIdentity(psam_id(terminal.data), public.data[:10])


# --- reading -----------------------------------------------------------------------------------------------------


def read_balance() -> CardFlow[int | Rejected]:
    """Balance in fen of the card that `identify` selected."""
    try:
        read = _answer((yield ToCard(commands.GET_BALANCE)))
    except CardLost:
        return Rejected(Reason.CARD_GONE)
    if read.sw != Sw.OK or len(read.data) != 4:
        return Rejected(Reason.CARD_DATA, read.sw)
    return int.from_bytes(read.data, "big")


def read_log(sfi: int = commands.SFI_LOG) -> CardFlow[tuple[LogRecord, ...]]:
    """A log file (0018), newest first, at most LOG_DEPTH records; ends at the first that is absent or unreadable.

    CardLost passes through: a log cut short must not look like a short log.
    """
    records: list[LogRecord] = []
    for number in range(1, LOG_DEPTH + 1):
        read = _answer((yield ToCard(commands.read_record(sfi, number))))
        if read.sw != Sw.OK:
            break
        try:
            records.append(parse_log(read.data))
        except LayoutError:
            break
    return tuple(records)


# --- purchase ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Spending:
    """A debit that is wanted. least_fen: what the card must hold at least, though less may be taken.

    judge: asked when the card has said its balance and is not on the hotlist; the CAPP record to write with the
    debit (counters or bytes; None on a plain purchase), or why it may not be.
    """

    order: PurchaseOrder
    judge: Callable[[], CardCounters | bytes | Reason | None]
    least_fen: int = 0
    trip: bytes = b""


@dataclass(frozen=True, slots=True)
class _Prepared:
    """Ready to be spent: everything judged, MAC1 in hand, nothing durable yet."""

    pending: PendingPurchase
    record: CardCounters | bytes | None


def purchase(order: PurchaseOrder, identity: CardIdentity) -> Flow[PurchaseOutcome]:
    """Debit the identified card once."""
    if not 0 < order.amount_fen <= FEN_MAX:
        return Declined(Reason.AMOUNT)
    try:
        before = yield from counters_before(order, identity.profile)
    except CardLost:
        return Declined(Reason.CARD_GONE)
    if isinstance(before, Declined):
        return before
    return (yield from spend(Spending(order, partial(_record_after, before, order)), identity))


def spend(spending: Spending, identity: CardIdentity) -> Flow[PurchaseOutcome]:
    """INIT to MAC2. Its amount may be 0 (CAPP)."""
    try:
        prepared = yield from _prepare(spending, identity)
    except CardLost:
        return Declined(Reason.CARD_GONE)
    except PsamLost:
        return Declined(Reason.PSAM_GONE)
    if isinstance(prepared, Declined):
        return prepared
    refusal = yield from _announce(prepared, identity.profile)
    if refusal is not None:
        return refusal
    return (yield from _debit(prepared, identity.profile))


def counters_before(order: PurchaseOrder, profile: CardProfile) -> Flow[CardCounters | bytes | Declined | None]:
    """What file 0017 holds before a purchase; an ED is asked for its PIN first, if it wants one, and so is whoever
    comes above the sum of a day that goes without. CardLost passes."""
    if order.purse is Purse.ED:
        refusal = None
        if PinUse.ED_PURCHASE in profile.pin:
            refusal = yield from pin_refusal(order.pin)
        return None if refusal is None else Declined(*refusal)
    if profile.purchase is PurchaseForm.PLAIN:
        return None
    record = yield from read_capp(profile.capp_file, profile.capp_tag)
    if isinstance(record, Declined) or not profile.counters:
        return record
    try:
        counters = parse_counters(record)
    except LayoutError:
        return Declined(Reason.CARD_DATA)
    if counters.locked:
        return Declined(Reason.CARD_LOCKED)
    refusal = None
    if wants_pin(counters, order.clock, order.amount_fen, order.caps):
        refusal = yield from pin_refusal(order.pin)
    return counters if refusal is None else Declined(*refusal)


def read_capp(sfi: int, tag: int) -> CardFlow[bytes | Declined]:
    """The CAPP record with this tag, which is its first byte; CardLost passes through."""
    read = _answer((yield ToCard(commands.read_tagged(sfi, tag))))
    if read.sw != Sw.OK:
        return Declined(Reason.CARD_DATA, read.sw)
    return read.data if read.data[:1] == bytes((tag,)) else Declined(Reason.CARD_DATA)


def pin_refusal(pin: Pin | None) -> CardFlow[tuple[Reason, int | None] | None]:
    """VERIFY the PIN; why not, with the status word, or None when it is right. CardLost passes through."""
    if pin is None:
        return Reason.PIN_WANTED, None
    verified = _answer((yield ToCard(commands.verify_pin(pin.pin_id, pin.digits))))
    return None if verified.sw == Sw.OK else (pin_reason(verified.sw), verified.sw)


def pin_reason(sw: int) -> Reason:
    """Why a PIN was not taken."""
    if sw & 0xFFF0 == _TRIES_LEFT:
        return Reason.PIN_WRONG
    return Reason.PIN_LOCKED if sw in (Sw.LOCKED, Sw.LOCKED_FOR_EVER) else Reason.PIN_REFUSED


def _record_after(before: CardCounters | bytes | None, order: PurchaseOrder) -> CardCounters | bytes | Reason | None:
    return judge_caps(before, order.clock, order.amount_fen, order.caps) if isinstance(before, CardCounters) else before


def _prepare(spending: Spending, identity: CardIdentity) -> Flow[_Prepared | Declined]:
    profile, order = identity.profile, spending.order
    if profile.auth_id_in_mac1:
        refusal = yield from show_auth_id()
        if refusal is not None:
            return refusal
    form = PurchaseForm.PLAIN if order.purse is Purse.ED else profile.purchase
    init = commands.init_purchase(form, order.key_id, order.amount_fen, order.psam_id, order.purse)
    opened = _answer((yield ToCard(init)))
    if opened.sw != Sw.OK:
        return Declined(reason_of(opened.sw, profile), opened.sw)
    if len(opened.data) != INIT_ANSWER.size:
        return Declined(Reason.CARD_DATA)
    if int.from_bytes(opened.data[:4], "big") < max(order.amount_fen, spending.least_fen):
        return Declined(Reason.BALANCE)
    if (yield Lookup(identity.card_id, identity.hotlist_index)):
        return Declined(Reason.HOTLISTED)
    after = spending.judge()
    if isinstance(after, Reason):
        return Declined(after)
    granted = yield from _authorise(spending, identity, opened.data)
    return granted if isinstance(granted, Declined) else _Prepared(granted, after)


def _authorise(spending: Spending, identity: CardIdentity, opened: bytes) -> Flow[PendingPurchase | Declined]:
    """8070: the PSAM gives its number and MAC1 for what the card answered."""
    balance, counter, overdraft, version, algorithm, rnd = INIT_ANSWER.unpack(opened)
    order = spending.order
    kind = purchase_type_of(identity.profile, order.purse)
    stamp = date_time_bcd(order.time_s)
    request = commands.init_sam_purchase(
        rnd, counter, order.amount_fen, kind, stamp, version, algorithm, identity.factors
    )
    granted = _answer((yield ToPsam(request)))
    if granted.sw != Sw.OK or len(granted.data) != 8:
        return Declined(Reason.CARD_KEY if granted.sw in _NO_SUCH_KEY else Reason.PSAM_REFUSED, granted.sw)
    return PendingPurchase(
        card_id=identity.card_id,
        counter=counter,
        balance_fen=balance,
        overdraft=overdraft,
        amount_fen=order.amount_fen,
        type=kind,
        purse=identity.profile.purse_byte(order.key_id, order.purse),
        psam_id=order.psam_id,
        ttn=int.from_bytes(granted.data[:4], "big"),
        time_s=order.time_s,
        key_version=version,
        algorithm=algorithm,
        mac1=granted.data[4:],
        price_adjust_fen=order.price_adjust_fen,
        trip=spending.trip,
        pair=order.pair,
        other_fen=order.other_fen,
    )


def _announce(prepared: _Prepared, profile: CardProfile) -> Flow[Declined | None]:
    """Pending record durable, then 80DC. A card lost here was not debited: 8054 has not been sent."""
    pending, after = prepared.pending, prepared.record
    try:
        yield Persist(pending)
        if after is None:
            return None
        record = after.encode() if isinstance(after, CardCounters) else after
        cached = _answer((yield ToCard(commands.update_capp(record[0], record, profile.capp_file))))
    except CardLost:
        return Declined(Reason.CARD_GONE, None, pending)
    return None if cached.sw == Sw.OK else Declined(reason_of(cached.sw, profile), cached.sw, pending)


def _debit(prepared: _Prepared, profile: CardProfile) -> Flow[PurchaseOutcome]:
    pending = prepared.pending
    try:
        debited = _answer((yield ToCard(commands.debit(pending.ttn, date_time_bcd(pending.time_s), pending.mac1))))
    except CardLost:
        return Unknown(pending, Reason.NO_RESPONSE)
    verdict = debit_verdict(debited.sw, profile.not_executed)
    if verdict is DebitVerdict.NOT_DONE:
        return Declined(reason_of(debited.sw, profile), debited.sw, pending)
    if verdict is DebitVerdict.UNKNOWN:
        return Unknown(pending, Reason.UNKNOWN_STATUS, debited.sw)
    if len(debited.data) != 8:
        return Unknown(pending, Reason.BAD_RESPONSE, debited.sw)
    return (yield from _verify(prepared, debited.data[:4], debited.data[4:]))


def _verify(prepared: _Prepared, tac: bytes, mac2: bytes) -> Flow[PurchaseOutcome]:
    pending = prepared.pending
    try:
        checked = _answer((yield ToPsam(commands.credit_sam_purchase(mac2))))
    except PsamLost:
        return Unknown(pending, Reason.MAC2_UNCHECKED, None, tac)
    if checked.sw == Sw.OK:
        counters = prepared.record if isinstance(prepared.record, CardCounters) else None
        return Purchased(pending, tac, counters)
    reason = Reason.MAC2_WRONG if says_mac_wrong(checked.sw) else Reason.MAC2_UNCHECKED
    return Unknown(pending, reason, checked.sw, tac)
