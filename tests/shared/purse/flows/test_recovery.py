"""A card torn at every step of purchase and load, presented again: no fen lost, none doubled, every TAC right.

Each step of the dialogue and each write of card and PSAM is cut before and after it takes effect; then the
recovery itself is cut the same way. The books are what the terminal ends with; they must equal the card.
"""

import itertools
from dataclasses import replace

import pytest

from shared.purse.cos.torn import Tear
from shared.purse.effects import drive
from shared.purse.errors import CardLost
from shared.purse.flows.recovery import recover
from shared.purse.outcomes import (
    Declined,
    NotDebited,
    Purchased,
    RecoveredPurchase,
    StillUnknown,
    Unknown,
)
from shared.purse.profiles import BANK_EP, CAMPUS, Number, ProveOrder
from shared.purse.reasons import Reason

CUTS = [Tear.BEFORE, Tear.AFTER]


# --- purchase --------------------------------------------------------------------------------------------------

BUY_STEPS = {CAMPUS: 6, BANK_EP: 4}
"""SELECT, READ RECORD, INIT, 80DC, 8054 and its write; plain without 0017."""
RECOVER_STEPS = 6
"""SELECT, INIT, the log's two records and its end, 805A."""


@pytest.mark.parametrize("profile", [CAMPUS, BANK_EP])
def test_the_steps_are_counted_right(school, profile, new_till):
    till = new_till(school, profile)
    assert till.steps_of(till.buy) == BUY_STEPS[profile]


def test_the_steps_of_a_recovery_are_counted_right(school, new_till):
    till = new_till(school)
    till.buy()
    till.torn_after()
    assert till.steps_of(till.recover) == RECOVER_STEPS


@pytest.mark.parametrize("earlier", [0, 1, 12])
@pytest.mark.parametrize("tear", CUTS)
@pytest.mark.parametrize("profile", [CAMPUS, BANK_EP])
def test_a_purchase_torn_anywhere_adds_up(school, profile, tear, earlier, new_till):
    for at in range(1, BUY_STEPS[profile]):
        till = new_till(school, profile, balance=50_000)
        for _ in range(earlier):
            assert isinstance(till.buy(), Purchased)
        till.cut(at, tear)
        outcome = till.buy()
        assert not isinstance(outcome, Purchased)
        if isinstance(outcome, Unknown):
            assert till.slot == outcome.pending
            settled = till.recover(live_ttn=outcome.pending.ttn)
            assert isinstance(settled, NotDebited | RecoveredPurchase)
            assert getattr(settled, "mac2_checked", True)
        assert till.slot is None
        assert till.balance == 50_000 - till.spent
        assert isinstance(till.buy(), Purchased)
        assert till.balance == 50_000 - till.spent


@pytest.mark.parametrize("tear", CUTS)
def test_the_card_was_really_debited_in_one_case_and_not_in_the_other(school, tear, new_till):
    till = new_till(school)
    till.buy(100)
    till.cut(5, tear)
    assert isinstance(till.buy(), Unknown)
    assert till.balance == (4900 if tear is Tear.BEFORE else 3650)
    expected = NotDebited if tear is Tear.BEFORE else RecoveredPurchase
    assert isinstance(till.recover(), expected)


@pytest.mark.parametrize("second", CUTS)
@pytest.mark.parametrize("first", CUTS)
def test_a_recovery_torn_anywhere_can_be_repeated(school, first, second, new_till):
    for at, again in itertools.product((4, 5), range(1, RECOVER_STEPS)):
        till = new_till(school, balance=50_000)
        till.buy(100)
        till.cut(at, first)
        assert isinstance(till.buy(), Unknown)
        till.cut(again, second)
        settled = till.recover()
        if isinstance(settled, StillUnknown):
            assert settled.reason is Reason.CARD_GONE
            settled = till.recover()
        assert isinstance(settled, NotDebited | RecoveredPurchase)
        assert till.balance == 50_000 - till.spent


@pytest.mark.parametrize("tear", CUTS)
@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_psam_torn_anywhere_adds_up(school, at, tear, new_till):
    """Steps at the PSAM: 8070, its write, 8072."""
    till = new_till(school)
    till.cut_psam(at, tear)
    outcome = till.buy()
    if at < 2:
        assert (type(outcome), outcome.reason) == (Declined, Reason.PSAM_GONE)
    else:
        assert (type(outcome), outcome.reason) == (Unknown, Reason.MAC2_UNCHECKED)
        assert outcome.tac == school.purchase_tac(outcome.pending)
        assert isinstance(till.recover(), RecoveredPurchase)
    assert till.balance == 5000 - till.spent


def test_the_trap_of_the_previous_transaction(school, new_till):
    """With an unchanged counter 805A answers 9000 and the purchase before: it must not be asked."""
    till = new_till(school)
    first = till.buy(1250)
    pending = till.torn_before()
    till.present()
    proof = till.card.transmit(bytes.fromhex("805A000902") + pending.counter.to_bytes(2, "big"))
    assert proof[4:8] == first.tac
    assert isinstance(till.recover(), NotDebited)
    assert till.balance == 5000 - till.spent


def test_another_till_took_the_same_sum_under_the_same_counter(school, new_till):
    """Counter +1 and the very same balance step, but the money went elsewhere: the card's log says so."""
    till = new_till(school)
    pending = till.torn_before()
    assert till.elsewhere(1250).purchase.counter == pending.counter
    assert till.balance == pending.balance_after_fen
    assert isinstance(till.recover(), NotDebited)


def test_used_elsewhere_after_the_debit_the_log_still_proves_it(school, new_till):
    till = new_till(school)
    pending = till.torn_after()
    till.elsewhere(10)
    assert till.recover() == StillUnknown(pending, Reason.PROOF_GONE)


def test_used_elsewhere_and_never_debited_here(school, new_till):
    till = new_till(school)
    till.torn_before()
    for _ in range(3):
        till.elsewhere(10)
    assert isinstance(till.recover(), NotDebited)


def test_used_so_often_that_the_log_forgot(school, new_till):
    till = new_till(school)
    pending = till.torn_after()
    for _ in range(10):
        till.elsewhere(10)
    assert till.recover() == StillUnknown(pending, Reason.NO_EVIDENCE)


def test_a_load_between_does_not_hide_the_debit(school, new_till):
    till = new_till(school)
    till.torn_after()
    till.card.power_on()
    school.load_card(till.card, 777)
    assert isinstance(till.recover(), RecoveredPurchase)


def test_without_a_readable_log_the_balance_tells(school, new_till, muted):
    till = new_till(school)
    pending = till.torn_after()
    identity = till.present()
    silent = muted(till.card, {0xB2: "6982"})
    assert isinstance(drive(recover(pending, identity), card=silent), RecoveredPurchase)
    school.load_card(till.card, 777)
    identity = till.present()
    assert drive(recover(pending, identity), card=silent) == StillUnknown(pending, Reason.NO_EVIDENCE)


@pytest.mark.parametrize(
    ("answers", "reason", "sw"),
    [
        ({0x50: "6A81"}, Reason.CARD_REFUSED, 0x6A81),
        ({0x50: "00009000"}, Reason.CARD_REFUSED, 0x9000),
        ({0x50: "9402", 0x5C: "6982"}, Reason.CARD_REFUSED, 0x6982),
        ({0x5A: "9406"}, Reason.PROOF_GONE, 0x9406),
        ({0x5A: "00009000"}, Reason.PROOF_GONE, 0x9000),
        ({0x5A: CardLost()}, Reason.CARD_GONE, None),
    ],
)
def test_a_card_that_will_not_say(school, answers, reason, sw, new_till, muted):
    till = new_till(school)
    pending = till.torn_after()
    identity = till.present()
    outcome = drive(recover(pending, identity), card=muted(till.card, answers), psam=till.psam)
    assert outcome == StillUnknown(pending, reason, sw)


def test_another_card_settles_nothing(school, new_till):
    till = new_till(school)
    pending = till.torn_after()
    other = school.identify(school.card(number=99))
    assert drive(recover(pending, other)) == StillUnknown(pending, Reason.OTHER_CARD)


def test_a_counter_that_went_back_is_no_decision(school, new_till):
    till = new_till(school)
    till.buy(10)
    pending = till.torn_after()
    till.ram.image = school.memory().image
    assert till.recover() == StillUnknown(pending, Reason.COUNTER_BACK)


def test_the_psam_checks_what_prove_brought_only_while_its_session_lives(school, new_till, muted):
    till = new_till(school)
    pending = till.torn_after()
    assert till.recover(live_ttn=pending.ttn).mac2_checked
    till = new_till(school)
    pending = till.torn_after()
    assert not till.recover(live_ttn=pending.ttn + 1).mac2_checked
    till = new_till(school)
    pending = till.torn_after()
    identity = till.present()
    gone = muted(None, {0x72: CardLost()})
    outcome = drive(recover(pending, identity, pending.ttn), card=till.card, psam=gone)
    assert not outcome.mac2_checked


def test_a_forged_proof_is_refused_by_the_psam(school, new_till, muted):
    till = new_till(school)
    pending = till.torn_after()
    identity = till.present()
    forged = muted(till.card, {0x5A: "11223344556677889000"})
    outcome = drive(recover(pending, identity, pending.ttn), card=forged, psam=till.psam)
    assert outcome == StillUnknown(pending, Reason.MAC2_WRONG, 0x9302)


@pytest.mark.parametrize("order", ProveOrder)
@pytest.mark.parametrize("prove", Number)
@pytest.mark.parametrize("log", Number)
def test_every_convention_of_a_profile(school, log, prove, order, new_till):
    profile = replace(CAMPUS, log_number=log, prove_number=prove, prove_order=order)
    till = new_till(school, profile)
    till.buy(10)
    pending = till.torn_after()
    assert till.recover(live_ttn=pending.ttn).mac2_checked
    till.torn_before()
    assert isinstance(till.recover(), NotDebited)
    assert till.balance == 5000 - till.spent


@pytest.mark.parametrize("tear", CUTS)
def test_the_cards_last_number_torn(school, tear, new_till):
    """After the last debit INIT answers 9402: the counter is known by that, the balance by 805C."""
    till = new_till(school)
    till.set_counters(offline=0xFFFE)
    till.cut(5, tear)
    assert isinstance(till.buy(), Unknown)
    settled = till.recover()
    assert isinstance(settled, NotDebited if tear is Tear.BEFORE else RecoveredPurchase)
    assert till.balance == 5000 - till.spent
