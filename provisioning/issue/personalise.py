"""What stands on a user card and a PSAM; and those of a plan as whole images, for a virtual campus.

A card gets its diversified keys and its opening balance; a PSAM gets purchase masters and its own control key, never a
load, TAC or link key. Real bodies are written by commands: personalise_apdu.py. Dates are campus seconds since 2000.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from itertools import islice
from typing import NamedTuple

from provisioning.keys.levels import (
    LINK_VERSION,
    VERSIONS,
    CardKeySet,
    card_keys,
    operator_key,
    psam_control_key,
)
from provisioning.keys.store import KeyKind, KeyStore
from provisioning.plan import names, numbers
from provisioning.plan.plan import CardPlan, Plan
from shared.clocks.clock import DAY_S, date_bcd
from shared.errors import ConfigFault
from shared.ids import CardId, PsamId
from shared.inventory import CardRow
from shared.purse.caps import CardCounters
from shared.purse.cos.images import (
    Application,
    CardKey,
    CardKeys,
    PsamMaster,
    new_psam_image,
    operator_card_image,
    personalised_card_image,
)
from shared.purse.cos.layout import FID_SUBSIDY
from shared.purse.crypto import Key
from shared.purse.files import PublicData, encode_holder
from shared.purse.profiles import CAMPUS_CARDS, SUBSIDY, CardProfile, Purse
from shared.purse.suite import suite_of
from shared.records.slot_file import render_initial
from shared.transit.ride_record import RideRecord
from shared.words.voice import Text

PURCHASE_KEY_ID = 1
LOAD_KEY_ID = 1
CARD_KEY_VERSION = VERSIONS[0]
CARD_CLASS = 1
OPERATOR_CLASS = 0xF0
VALID_YEARS = 5
CAPP_RECORDS = (CardCounters().encode(), RideRecord().encode())
"""File 0017 of every card: day and meal counters, and the transit record, so that a bus may come later."""
INDUSTRY = bytes.fromhex("0001")
_DAY_0 = date(2000, 1, 1).toordinal()
_CHUNK = 1_000
"""Cards whose keys are derived, and held, at one time."""


class Validity(NamedTuple):
    """First and last day of cards and PSAMs, each as the campus second at which it begins."""

    issued: int
    expires: int


class MadeCard(NamedTuple):
    """A card: its row of the inventory, its file."""

    row: CardRow
    file: bytes


def validity(plan: Plan, now_s: int) -> Validity:
    """The plan's dates; else the day of making and the same day some years on (28 February for the 29th)."""
    issued = _seconds(plan.issued) if plan.issued else now_s - now_s % DAY_S
    return Validity(issued, _seconds(plan.expires)) if plan.expires else usual_validity(issued)


def usual_validity(issued: int) -> Validity:
    """From that day until the same day VALID_YEARS on (28 February for the 29th)."""
    day = date.fromordinal(_DAY_0 + issued // DAY_S)
    last = date(day.year + VALID_YEARS, day.month, min(day.day, 28) if day.month == 2 else day.day)
    return Validity(_seconds(day), _seconds(last))


def make_cards(
    plan: Plan, school: KeyStore, dates: Validity, numbered: Iterable[tuple[int, CardPlan]] | None = None
) -> Iterator[MadeCard]:
    """All cards of a plan, in its order, numbers dense from 1; or those that are given with their numbers."""
    left = iter(enumerate(plan.cards, 1) if numbered is None else numbered)
    while chunk := list(islice(left, _CHUNK)):
        serials = [numbers.card_serial(plan.region, plan.campus, number) for number, _ in chunk]
        keys = card_keys(school, CARD_KEY_VERSION, serials)
        for (number, card), serial, own in zip(chunk, serials, keys, strict=True):
            row = _row(plan, number, card, dates, own.purchase.suite.selector)
            yield MadeCard(row, _card_file(plan, card, serial, own, dates))


def make_operator(region: int, campus: int, school: KeyStore, number: int, dates: Validity) -> tuple[CardId, bytes]:
    """The operator card 主管卡 with this number (1 and up): who it is, and its file."""
    card = numbers.operator(region, campus, number)
    public = public_data(region, campus, card[2:], dates, OPERATOR_CLASS)
    key = CardKey(0, LINK_VERSION, operator_key(school, card))
    return card, render_initial(operator_card_image(public, key))


def make_psam(psam: PsamId, school: KeyStore, control: Key | None = None) -> bytes:
    """The file of a PSAM: the store's purchase masters of every version, and its own control key.

    control: where the store has no master of it; without either the PSAM is never written again.
    """
    versions = school.versions(KeyKind.PURCHASE)
    masters = {version: PsamMaster(key.card_key(KeyKind.PURCHASE)) for version, key in versions.items()}
    if control is None and school.versions(KeyKind.PSAM_CONTROL):
        control = psam_control_key(school, psam)
    return render_initial(new_psam_image(psam, masters, control=control))


def public_data(region: int, campus: int, serial: bytes, dates: Validity, card_class: int) -> PublicData:
    """File 0015 of a user card, enabled."""
    return PublicData(
        issuer=numbers.issuer(campus),
        serial=serial,
        start=date_bcd(dates.issued),
        expiry=date_bcd(dates.expires),
        city=numbers.city(region),
        industry=INDUSTRY,
        card_type=card_class,
    )


def card_public(public: PublicData, device: bytes) -> bytes:
    """File 0005 of the MF, 40 B: whose card, its serial, when and by which device (6 B) it was issued (pboc part 1)."""
    owner = public.issuer + public.city + public.industry + bytes(2) + public.serial[-8:]
    kind = bytes((public.card_type, public.subtype))
    return owner + kind + public.start + device + b"\x00\x01" + public.start + public.expiry + bytes(2)


def _row(plan: Plan, number: int, card: CardPlan, dates: Validity, algorithm: int) -> CardRow:
    return CardRow(
        card=numbers.card(plan.region, plan.campus, number),
        label=card.label,
        profile=plan.profile.name,
        key_version=CARD_KEY_VERSION,
        algorithm=algorithm,
        card_class=CARD_CLASS,
        hotlist_index=number,
        issued=dates.issued,
        expires=dates.expires,
        opening_fen=card.opening_fen,
        subsidy_fen=card.subsidy_fen or 0,
        group=card.group,
    )


def _card_file(plan: Plan, card: CardPlan, serial: bytes, own: CardKeySet, dates: Validity) -> bytes:
    public = public_data(plan.region, plan.campus, serial, dates, CARD_CLASS)
    holder = encode_holder(f"{names.DEMO}{card.label}" if plan.demo else "")
    main = Application(
        plan.profile, public, _keys(own), card.opening_fen, plan.ceiling_fen, holder=holder, records=CAPP_RECORDS,
        ep_unload=may_unload(plan.profile, own.unload),
    )  # fmt: skip
    image = personalised_card_image(
        [main, *_subsidy(plan, card, main)],
        card_public=card_public(public, bytes(6)), control=own.control, maintenance=own.maintenance,
    )  # fmt: skip
    return render_initial(image)


def _subsidy(plan: Plan, card: CardPlan, main: Application) -> list[Application]:
    """The subsidy purse 补助 beside the main one, with a validity of its own; none without `subsidy_fen`.

    Same masters and serial, so the same card keys: which purse a TAC is of, its balance and counter say.
    """
    if card.subsidy_fen is None:
        return []
    public = subsidy_public(main.public, _bcd(plan.subsidy_expires))
    opening_fen = card.subsidy_fen
    return [
        replace(
            main, profile=SUBSIDY, public=public, opening_balance_fen=opening_fen, fid=FID_SUBSIDY,
            ep_unload=may_unload(SUBSIDY, main.keys.unload),
        )
    ]  # fmt: skip


def subsidy_public(main: PublicData, expiry: bytes) -> PublicData:
    """File 0015 of the subsidy application: the card's, with the subsidy's own last day (BCD; empty: the card's)."""
    return replace(main, expiry=expiry or main.expiry)


def may_unload(profile: CardProfile, unload_key: object) -> bool:
    """圈提 of an EP is open where the profile has it and the card a key for it."""
    return Purse.EP in profile.unload and bool(unload_key)


def card_profile(algorithm: int) -> CardProfile:
    """The profile of a campus card whose money keys run this cipher (selector); ConfigFault when there is none."""
    suite = suite_of(algorithm)
    for profile in CAMPUS_CARDS:
        if profile.suite is suite:
            return profile
    raise ConfigFault(Text(f"没有算法 {algorithm:02X} 的校园卡", f"no campus card runs the algorithm {algorithm:02X}"))


def _keys(own: CardKeySet) -> CardKeys:
    return CardKeys(
        purchase=_money(PURCHASE_KEY_ID, own.purchase),
        load=_money(LOAD_KEY_ID, own.load),
        tac=own.tac,
        unload=_money(LOAD_KEY_ID, own.unload),
        overdraft=_money(LOAD_KEY_ID, own.overdraft),
        maintenance=own.maintenance,
        control=own.control,
        pin_unblock=own.pin_unblock,
        pin_reload=own.pin_reload,
        internal_auth=None if own.internal_auth is None else CardKey(0, CARD_KEY_VERSION, own.internal_auth),
    )


def _money(key_id: int, key: Key | None) -> tuple[CardKey, ...]:
    return () if key is None else (CardKey(key_id, CARD_KEY_VERSION, key),)


def _bcd(day: date | None) -> bytes:
    return date_bcd(_seconds(day)) if day else b""


def _seconds(day: date) -> int:
    return (day.toordinal() - _DAY_0) * DAY_S
