"""User cards and PSAMs of a plan, as images in the two-slot form that a software card keeps its memory in.

A card gets its diversified keys and its opening balance; a PSAM gets purchase masters only, never a load, TAC or link
key. Dates are campus seconds since 2000.
"""

from collections.abc import Iterator
from datetime import date
from itertools import islice
from typing import NamedTuple

from provisioning import numbers
from provisioning.key_store import KeyKind, KeyStore
from provisioning.levels import VERSIONS, CardKeySet, card_keys
from provisioning.plan import CardPlan, Plan
from shared.clock import DAY_S, date_bcd
from shared.ids import PsamId
from shared.inventory import CardRow
from shared.purse.crypto import ALGORITHM_3DES
from shared.purse.files import PublicData, encode_holder
from shared.purse.images import CardKey, CardKeys, PsamMaster, new_card_image, new_psam_image
from shared.purse.profiles import CAMPUS
from shared.slot_file import render_initial

PROFILE = CAMPUS
PURCHASE_KEY_ID = 1
LOAD_KEY_ID = 1
CARD_KEY_VERSION = VERSIONS[0]
CARD_CLASS = 1
VALID_YEARS = 5
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
    if plan.expires:
        return Validity(issued, _seconds(plan.expires))
    day = date.fromordinal(_DAY_0 + issued // DAY_S)
    last = date(day.year + VALID_YEARS, day.month, min(day.day, 28) if day.month == 2 else day.day)
    return Validity(issued, _seconds(last))


def make_cards(plan: Plan, school: KeyStore, dates: Validity) -> Iterator[MadeCard]:
    """All cards of a plan, in its order; numbers are dense from 1."""
    numbered = iter(enumerate(plan.cards, 1))
    while chunk := list(islice(numbered, _CHUNK)):
        serials = [numbers.card_serial(plan.region, plan.campus, number) for number, _ in chunk]
        keys = card_keys(school, CARD_KEY_VERSION, serials)
        for (number, card), serial, own in zip(chunk, serials, keys, strict=True):
            yield MadeCard(_row(plan, number, card, dates), _card_file(plan, card, serial, own, dates))


def make_psam(psam: PsamId, school: KeyStore) -> bytes:
    """The file of a PSAM: the school's purchase masters of every version."""
    versions = school.versions(KeyKind.PURCHASE)
    masters = {version: PsamMaster(key.card_key(KeyKind.PURCHASE)) for version, key in versions.items()}
    return render_initial(new_psam_image(psam, masters))


def _row(plan: Plan, number: int, card: CardPlan, dates: Validity) -> CardRow:
    return CardRow(
        card=numbers.card(plan.region, plan.campus, number),
        label=card.label,
        profile=PROFILE.name,
        key_version=CARD_KEY_VERSION,
        algorithm=ALGORITHM_3DES,
        card_class=CARD_CLASS,
        hotlist_index=number,
        issued=dates.issued,
        expires=dates.expires,
        opening_fen=card.opening_fen,
    )


def _card_file(plan: Plan, card: CardPlan, serial: bytes, own: CardKeySet, dates: Validity) -> bytes:
    public = PublicData(
        issuer=numbers.issuer(plan.campus),
        serial=serial,
        start=date_bcd(dates.issued),
        expiry=date_bcd(dates.expires),
        city=numbers.city(plan.region),
        industry=INDUSTRY,
        card_type=CARD_CLASS,
    )
    keys = CardKeys(
        purchase=(CardKey(PURCHASE_KEY_ID, CARD_KEY_VERSION, own.purchase),),
        load=(CardKey(LOAD_KEY_ID, CARD_KEY_VERSION, own.load),),
        tac=own.tac,
    )
    holder = encode_holder(f"演练{card.label}" if plan.demo else "")
    image = new_card_image(
        PROFILE, public, keys, opening_balance_fen=card.opening_fen, holder=holder, ceiling_fen=plan.ceiling_fen
    )
    return render_initial(image)


def _seconds(day: date) -> int:
    return (day.toordinal() - _DAY_0) * DAY_S
