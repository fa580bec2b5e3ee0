"""A toll card as its profile says: selected by file id, 43 bytes of 0015, CAPP records in 0019, proofs TAC first.

What the record AA means is the toll operator's; a till of ours writes it back as it read it.
"""

import pytest

from shared.clocks.clock import date_time_bcd
from shared.purse import commands
from shared.purse.cos.card import UserCard
from shared.purse.cos.images import Application, RamMemory, decode_card_image, personalised_card_image
from shared.purse.cos.torn import Tear, TearingChannel
from shared.purse.crypto import diversify
from shared.purse.effects import drive
from shared.purse.files import PublicData
from shared.purse.flows.recovery import recover
from shared.purse.flows.till import Spending, identify, purchase, spend
from shared.purse.outcomes import CardIdentity, Purchased, RecoveredPurchase, Unknown
from shared.purse.profiles import CAMPUS, PROFILES, diversification_factors
from tests.shared.conftest import Knife, Reference

TOLL = PROFILES["toll"]
PUBLIC = PublicData(
    issuer=bytes.fromhex("C9FACFD500000000"), serial=bytes.fromhex("1601220000004711"), interop=b"\x16\x01",
    start=bytes.fromhex("20250901"), expiry=bytes.fromhex("20350831"), card_type=0x16, version=0x10,
)  # fmt: skip
RECORD = bytes.fromhex("AA29") + b"\0" + bytes(range(40))
OTHER = bytes.fromhex("AB03") + b"\0\x01\x02"
BALANCE = 5_000


@pytest.fixture
def memory(school):
    application = Application(TOLL, PUBLIC, school.keys(PUBLIC, TOLL), BALANCE, records=(RECORD, OTHER))
    return RamMemory(personalised_card_image([application]))


@pytest.fixture
def card(school, memory):
    made = UserCard(memory, school.rng.randbytes)
    made.power_on()
    return made


@pytest.fixture
def psam(school):
    return school.psam(levels=2)


def tac_of(school, pending):
    """By the reference: issuer's key of the card's key of the master."""
    dtk = diversify(school.tac, *reversed(diversification_factors(TOLL, PUBLIC))).octets
    data = pending.amount_fen.to_bytes(4, "big") + bytes((pending.type,)) + pending.psam_id
    return Reference.tac(dtk, data + pending.ttn.to_bytes(4, "big") + date_time_bcd(pending.time_s))


def buy(school, card, psam, amount=1_250):
    identity = drive(identify(TOLL, school.now), card=card)
    assert isinstance(identity, CardIdentity)
    return drive(
        purchase(school.order(amount), identity), card=card, psam=psam, persist=lambda _: None,
        lookup=lambda *_: False,
    )  # fmt: skip


def files_of(memory):
    return {ef.fid: ef.content for ef in decode_card_image(memory.image).application.files}


def test_a_toll_card_pays_and_keeps_its_own_record(school, memory, card, psam):
    bought = buy(school, card, psam)
    assert isinstance(bought, Purchased)
    assert bought.purchase.card_id.hex() == "16011601220000004711"
    assert (bought.purchase.type, bought.tac) == (9, tac_of(school, bought.purchase))
    assert decode_card_image(memory.image).balance_fen == BALANCE - 1_250
    assert files_of(memory)[0x19] == RECORD + OTHER
    assert 0x17 not in files_of(memory)


@pytest.mark.parametrize("tear", [Tear.BEFORE, Tear.AFTER])
def test_a_torn_toll_debit_is_proven_tac_first_or_was_none(school, memory, card, psam, tear):
    steps = Knife()
    buy(school, TearingChannel(card, steps), psam)
    knife = Knife(steps.steps - 1, tear)
    torn = buy(school, TearingChannel(card, knife), psam)
    assert isinstance(torn, Unknown)
    card.power_on()
    identity = drive(identify(TOLL, school.now), card=card)
    settled = drive(recover(torn.pending, identity, None), card=card, psam=psam)
    is_debited = isinstance(settled, RecoveredPurchase)
    assert is_debited is (tear is Tear.AFTER)
    assert decode_card_image(memory.image).balance_fen == BALANCE - 1_250 * (2 if is_debited else 1)
    if is_debited:
        assert settled.tac == tac_of(school, torn.pending)


def test_the_record_changes_with_the_debit_in_the_file_that_is_named(school, memory, card, psam):
    changed = RECORD[:-1] + b"\xff"
    identity = drive(identify(TOLL, school.now), card=card)
    seen = []

    class Watched:
        def transmit(self, apdu, /):
            answer = card.transmit(apdu)
            seen.append((apdu[1], files_of(memory)[0x19]))
            return answer

    outcome = drive(
        spend(Spending(school.order(100), lambda: changed), identity), card=Watched(), psam=psam,
        persist=lambda _: None, lookup=lambda *_: False,
    )  # fmt: skip
    assert isinstance(outcome, Purchased)
    assert seen[-2:] == [(0xDC, RECORD + OTHER), (0x54, changed + OTHER)]


def test_only_a_file_of_records_that_is_there_takes_one(card):
    card.transmit(commands.select_file(0x1001))
    init = commands.init_purchase(TOLL.purchase, 1, 1, bytes.fromhex("510000000023"))
    for sfi in (0x17, 0x15, 0x18, 0):
        assert card.transmit(init)[-2:] == b"\x90\0"
        assert card.transmit(commands.update_capp(0xAA, RECORD, sfi)).hex() == "6a82"


def test_a_campus_till_meets_no_application_of_its_own(school, card):
    assert drive(identify(CAMPUS, school.now), card=card).sw == 0x6A82
