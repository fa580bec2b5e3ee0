"""Flows at cards with split logs (0018, 0010, 001A), with a subsidy application, and with two purchase keys.

What the card keeps where is the card's (test_cos_ed.py); here a terminal finds it again after a torn transaction.
"""

from dataclasses import replace

import pytest

from shared.purse.cos.images import Application, decode_card_image, personalised_card_image
from shared.purse.cos.torn import Tear
from shared.purse.effects import drive
from shared.purse.flows.till import read_balance, read_log
from shared.purse.outcomes import (
    LoadStillUnknown,
    NotDebited,
    Purchased,
    RecoveredLoad,
    RecoveredPurchase,
    StillUnknown,
)
from shared.purse.profiles import CAMPUS, SUBSIDY
from shared.purse.reasons import Reason
from tests.shared.conftest import OTHER_ID, PSAM_ID

SPLIT = replace(CAMPUS, name="split-test", load_log=0x1A, away_log=0x10)
AWAY_HOME = b"\x99\x99"
"""A home that neither till belongs to: their debits go to 0010."""
FID_SUBSIDY = 0x3F02


def application(school, profile=CAMPUS, balance=5_000, **more):
    public = school.public(4711, profile)
    return Application(profile, public, school.keys(public, profile), balance, **more)


def till_of(new_till, school, profile, *applications):
    till = new_till(school, profile=profile)
    till.ram.image = personalised_card_image(applications)
    return till


@pytest.fixture
def split(new_till, school):
    """A till at a card whose purchases at home stand in 0018."""
    return till_of(new_till, school, SPLIT, application(school, SPLIT, split_logs=True, home=PSAM_ID[:2]))


@pytest.fixture
def away(new_till, school):
    """A till away from home: its purchases stand in 0010."""
    return till_of(new_till, school, SPLIT, application(school, SPLIT, split_logs=True, home=AWAY_HOME))


# --- 0018, 0010, 001A ----------------------------------------------------------------------------------------------


def test_each_log_holds_its_own(split):
    split.buy(100)
    split.load(2_000)
    split.buy(200)
    split.present()
    logs = {sfi: drive(read_log(sfi), card=split.card) for sfi in (0x18, 0x10, 0x1A)}
    assert [(r.kind, r.amount_fen, r.number) for r in logs[0x18]] == [(9, 200, 2), (9, 100, 1)]
    assert [(r.kind, r.amount_fen, r.number) for r in logs[0x1A]] == [(2, 2_000, 1)]
    assert logs[0x10] == ()


def test_a_torn_load_is_proven_by_001a(split):
    """Another load followed at another machine: 001A says that this one happened, its TAC is gone."""
    pending = split.torn_load(Tear.AFTER)
    split.card.power_on()
    split.school.load_card(split.card, 1)
    assert split.recover_load() == LoadStillUnknown(pending, Reason.PROOF_GONE)


def test_without_001a_a_torn_load_has_no_evidence(split):
    """The same card, read by a profile that looks for loads in 0018: the file matters."""
    pending = split.torn_load(Tear.AFTER)
    split.card.power_on()
    split.school.load_card(split.card, 1)
    split.profile = replace(SPLIT, load_log=0x18)
    assert split.recover_load() == LoadStillUnknown(pending, Reason.NO_EVIDENCE)


def test_purchases_do_not_push_a_load_out_of_001a(split):
    split.torn_load(Tear.AFTER)
    for _ in range(12):
        split.elsewhere(10)
    assert isinstance(split.recover_load(), RecoveredLoad)


@pytest.mark.parametrize("where", ["split", "away"])
def test_a_torn_debit_is_found_in_0018_and_in_0010(request, where):
    till = request.getfixturevalue(where)
    pending = till.torn_after()
    till.elsewhere(10)
    assert till.recover() == StillUnknown(pending, Reason.PROOF_GONE)


def test_a_debit_away_is_not_found_by_a_profile_without_0010(away):
    pending = away.torn_after()
    away.elsewhere(10)
    away.profile = replace(SPLIT, away_log=0)
    assert away.recover() == StillUnknown(pending, Reason.NO_EVIDENCE)


@pytest.mark.parametrize("where", ["split", "away"])
def test_another_till_under_the_same_counter_is_seen_in_either_log(request, where):
    till = request.getfixturevalue(where)
    till.torn_before()
    till.elsewhere(1250)
    assert isinstance(till.recover(), NotDebited)


@pytest.mark.parametrize("where", ["split", "away"])
def test_a_torn_debit_is_recovered_with_its_tac(request, where):
    till = request.getfixturevalue(where)
    till.torn_after()
    assert isinstance(till.recover(), RecoveredPurchase)
    assert till.balance == 5_000 - till.spent


# --- the subsidy application ---------------------------------------------------------------------------------------


@pytest.fixture
def subsidised(new_till, school):
    """A till that serves the subsidy purse of a card with both."""
    return till_of(
        new_till, school, SUBSIDY,
        application(school), application(school, SUBSIDY, 3_000, fid=FID_SUBSIDY),
    )  # fmt: skip


def balances(till):
    """Main, subsidy."""
    card = decode_card_image(till.ram.image).card
    return tuple(stored.open().purse(2).balance_fen for stored in card.directories[1:])


def test_the_subsidy_purse_buys_and_the_main_purse_stays(subsidised):
    sold = subsidised.buy(1_000)
    assert isinstance(sold, Purchased)
    assert sold.purchase.purse >> 6 == SUBSIDY.application
    assert balances(subsidised) == (5_000, 2_000)
    subsidised.profile = CAMPUS
    assert subsidised.buy(500).purchase.purse >> 6 == CAMPUS.application
    assert balances(subsidised) == (4_500, 2_000)


@pytest.mark.parametrize(("tear", "outcome"), [(Tear.BEFORE, NotDebited), (Tear.AFTER, RecoveredPurchase)])
def test_a_torn_subsidy_purchase_is_settled_at_its_own_counter(subsidised, tear, outcome):
    """The main purse has other counters: purchases from it between do not confuse the recovery."""
    subsidised.buy(1)
    torn = subsidised.torn_before() if tear is Tear.BEFORE else subsidised.torn_after()
    subsidised.elsewhere(10)
    subsidised.elsewhere(10)
    assert isinstance(subsidised.recover(), outcome)
    assert balances(subsidised) == (4_980, 3_000 - subsidised.spent)
    assert torn.counter == 1


def test_an_expired_subsidy_leaves_the_main_purse(school, new_till):
    expired = replace(school.public(4711, SUBSIDY), expiry=bytes.fromhex("20250930"))
    keys = school.keys(school.public(4711))
    both = (application(school), Application(SUBSIDY, expired, keys, 3_000, fid=FID_SUBSIDY))
    till = till_of(new_till, school, SUBSIDY, *both)
    assert till.present().reason is Reason.CARD_EXPIRED
    till.profile = CAMPUS
    assert isinstance(till.buy(100), Purchased)


# --- two versions of the purchase key ------------------------------------------------------------------------------


def test_two_versions_of_the_purchase_key_serve_in_turn(school):
    card, psam = school.card(balance=5_000), school.psam()
    sold = [school.buy(card, psam, school.order(100, key_id=key_id)) for key_id in (1, 2, 1)]
    assert [(one.purchase.key_version, one.purchase.purse & 0x0F) for one in sold] == [(1, 1), (2, 2), (1, 1)]
    assert all(one.tac == school.purchase_tac(one.purchase) for one in sold)
    assert drive(read_balance(), card=card) == 4_700


def test_a_psam_without_the_new_version_debits_nothing(school):
    old = replace_masters(school)
    card = school.card(balance=5_000)
    refused = school.buy(card, old, school.order(100, OTHER_ID, key_id=2))
    assert refused.reason is Reason.CARD_KEY
    assert isinstance(school.buy(card, old, school.order(100, OTHER_ID, key_id=1)), Purchased)
    assert drive(read_balance(), card=card) == 4_900


def replace_masters(school):
    """A PSAM that has version 1 alone."""
    kept, school.purchase = school.purchase, {1: school.purchase[1]}
    try:
        return school.psam(OTHER_ID)
    finally:
        school.purchase = kept
