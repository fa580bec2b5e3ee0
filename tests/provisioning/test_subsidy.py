"""Cards with a subsidy purse beside the main one: what they hold, how long, and who takes it."""

from itertools import islice
from random import Random

import pytest

from edge.terminal.settings.settings import parse as parse_settings
from provisioning.campus import settings as settings_files
from provisioning.issue import personalise
from provisioning.keys import levels
from provisioning.keys.store import KeyKind, KeyStore, Level, StoredKey
from provisioning.plan import numbers
from provisioning.plan.demo import demo_plan
from provisioning.plan.plan import Plan, parse_plan
from shared.clocks.clock import CampusTime
from shared.errors import ConfigFault
from shared.inventory import DeviceKind
from shared.purse.cos.card import UserCard
from shared.purse.cos.images import RamMemory
from shared.purse.effects import drive
from shared.purse.flows.till import identify, read_balance
from shared.purse.outcomes import CardIdentity, Rejected
from shared.purse.profiles import CAMPUS, SUBSIDY, CardProfile
from shared.purse.reasons import Reason
from shared.records.slot_file import choose

NOW_S = 9_700 * 86_400
SUBSIDIES: tuple[int | None, ...] = (None, 0, 800)


def plan(**changed: object) -> Plan:
    raw = demo_plan(len(SUBSIDIES)) | changed
    for card, fen in zip(raw["cards"], SUBSIDIES, strict=True):
        card["subsidy_fen"] = fen
    return parse_plan(raw)


def without(**changed: object) -> Plan:
    """No card of the plan has a subsidy purse."""
    raw = demo_plan(3)
    return parse_plan(raw | {"cards": [{**card, "subsidy_fen": None} for card in raw["cards"]]} | changed)


def school() -> KeyStore:
    dice = Random(7).randbytes
    cards = levels.school_of(levels.region_of(levels.new_root(dice), 1), 1)
    link = StoredKey(KeyKind.LINK, levels.LINK_VERSION, dice(levels.LINK_MASTER_SIZE))
    return KeyStore(Level.SCHOOL, 1, (*cards.keys, link))


def made(of: Plan) -> list[personalise.MadeCard]:
    return list(personalise.make_cards(of, school(), personalise.validity(of, NOW_S)))


def look(card: personalise.MadeCard, profile: CardProfile, days: int = 1) -> int | Reason:
    """Balance of one application, or why it is not served so many days after issue."""
    chip = UserCard(RamMemory(choose(card.file).body), Random(1).randbytes)
    chip.power_on()
    identity = drive(identify(profile, CampusTime(NOW_S + days * 86_400, is_set=True)), card=chip)
    if isinstance(identity, Rejected):
        return identity.reason
    assert isinstance(identity, CardIdentity)
    assert identity.card_id == card.row.card
    balance = drive(read_balance(), card=chip)
    assert isinstance(balance, int)
    return balance


def test_a_card_has_the_purses_that_its_plan_gives_it() -> None:
    cards = made(plan())
    assert [look(card, CAMPUS) for card in cards] == [card.row.opening_fen for card in cards]
    assert [look(card, SUBSIDY) for card in cards] == [Reason.FOREIGN_CARD, 0, 800]
    assert [card.row.subsidy_fen for card in cards] == [0, 0, 800]


def test_the_subsidy_has_a_validity_of_its_own() -> None:
    card = made(plan(issued="2026-07-01", expires="2030-07-01", subsidy_expires="2026-12-31"))[2]
    assert look(card, SUBSIDY, 100) == 800
    assert look(card, SUBSIDY, 400) is Reason.CARD_EXPIRED
    assert look(card, CAMPUS, 400) == card.row.opening_fen


def test_counters_take_subsidies_where_there_are_any() -> None:
    for of, takes in ((plan(), True), (without(), False), (without(subsidy=True), True)):
        for number, (box, terminal) in islice(enumerate(of.terminals(), 1), 20):
            device = numbers.device(1, number)
            body = settings_files.Body(box, terminal, device, numbers.psam(1, number), bytes(16))
            settings = parse_settings(settings_files.terminal_json(of, body, (), bytes(32)))
            assert settings.subsidy is (takes and terminal.kind is DeviceKind.POS)


def test_three_of_four_cards_of_the_demonstration_have_one() -> None:
    cards = parse_plan(demo_plan()).cards
    given = [card.subsidy_fen for card in cards if card.subsidy_fen is not None]
    assert (len(cards), len(given)) == (200, 150)
    assert min(given) < 300 < 5_000 < max(given) < 6_000


@pytest.mark.parametrize("fen", [-1, 1.5, 100_001, "1"])
def test_a_subsidy_out_of_bounds_is_named(fen: object) -> None:
    raw = demo_plan(1)
    raw["cards"][0]["subsidy_fen"] = fen
    with pytest.raises(ConfigFault, match=r"cards\[0\].subsidy_fen"):
        parse_plan(raw)


def test_a_subsidy_ends_after_it_begins() -> None:
    with pytest.raises(ConfigFault, match="subsidy_expires"):
        parse_plan(demo_plan(1) | {"issued": "2026-07-01", "subsidy_expires": "2026-07-01"})
