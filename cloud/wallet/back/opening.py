"""How ledger and people are opened, and what a demonstration finds in them at its first start."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from cloud.keys.client import KeyClient
from cloud.ledger.journal.opened import open_prepared
from cloud.ledger.records.values import Now
from cloud.payments.deposits.settings import Offer, provider_offers
from cloud.payments.deposits.wakes import Wakes
from cloud.process.functions import read_off
from cloud.process.settings import FOLDER, CloudSettings
from cloud.store.db import Database, open_database
from cloud.wallet.back.context import Site
from cloud.wallet.back.sms import door_of
from cloud.wallet.people.demonstration import PARENT, demonstration
from cloud.wallet.people.persons import add_person, bind_guardian, person_with_phone
from cloud.wallet.people.roster import is_empty, take_roster
from cloud.wallet.people.schema import FILE, make_tables
from cloud.wallet.people.sessions import make_link
from cloud.wallet.settings import Binding, WalletSettings, read_wallet
from cloud.wallet.sso.settings import read_sign_ons
from cloud.wallet.sso.terms import SignOn
from shared.errors import ConfigFault
from shared.input.functions import Function

log = logging.getLogger(__name__)


class Outward(NamedTuple):
    """address: the wallet as phones see it, "" as wallet.toml has it. keys: the key process's socket for the wallet,
    None: no phone is certified."""

    address: str = ""
    keys: Path | None = None


NOWHERE = Outward()


def open_site(settings: CloudSettings, dsn: str, now: Now, outward: Outward = NOWHERE) -> Site:
    """StoreFault, ConfigFault."""
    people = open_people(settings.data)
    folder = settings.data / FOLDER
    phones = KeyClient(outward.keys) if outward.keys is not None else None
    wallet, offers = _wallet(folder), _offers(folder)
    site = Site(
        open_prepared(dsn), people, settings.demo, tuple(offers), Wakes(folder), outward.address or wallet.address,
        phones, _sign_ons(settings.data), wallet.binding, sends=lambda: door_of(folder) is not None, offers=offers,
    )  # fmt: skip
    if settings.demo:
        _make_demonstration(site, now)
    return site


def _offers(folder: Path) -> Mapping[str, Offer]:
    """Settings of providers that are wrong take deposits away, and nothing else of the wallet."""
    try:
        return provider_offers(folder)
    except ConfigFault as fault:
        log.warning("deposits: %s", fault)
        return {}


def _sign_ons(data: Path) -> Mapping[str, SignOn]:
    """As above: a sign-on that is set up wrongly takes itself away."""
    try:
        return read_sign_ons(data / FOLDER) if Function.SSO not in read_off(data) else {}
    except ConfigFault as fault:
        log.warning("sign-on: %s", fault)
        return {}


def _wallet(folder: Path) -> WalletSettings:
    """What is set up wrongly makes nothing easier."""
    try:
        return read_wallet(folder)
    except ConfigFault as fault:
        log.warning("wallet: %s", fault)
        return WalletSettings(Binding.LETTER)


def open_people(data: Path) -> Database:
    """The file of people of this data folder. StoreFault."""
    people = open_database(str(data / FOLDER / FILE))
    make_tables(people)
    return people


def demonstration_link(site: Site, now: Now) -> str:
    """A one-time token for the demonstration's parent; '' where there is none."""
    with site.people.writing():
        parent = person_with_phone(site.people, PARENT.phone) if site.is_demo else None
        return make_link(site.people, parent.id, now.unix_ms) if parent else ""


def _make_demonstration(site: Site, now: Now) -> None:
    """Once: a school's own roster, imported later, stays."""
    ledger, people = site.ledger.database, site.people
    with ledger.reading():
        labels = [label for (label,) in ledger.run("SELECT label FROM card ORDER BY label")]
    with people.writing():
        if not labels or not is_empty(people):
            return
        holders, guardians = demonstration(labels, now.campus_s)
        take_roster(people, holders, guardians)
        parent = add_person(people, PARENT.phone, PARENT.name, "", now.unix_ms)
        for one in guardians:
            bind_guardian(people, parent.id, one.holder, now.unix_ms)
