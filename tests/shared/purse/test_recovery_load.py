"""A load torn at every step and presented again: credited or not, never half, every TAC right."""

from dataclasses import replace

import pytest

from shared.purse.cos.images import RamMemory
from shared.purse.cos.torn import Tear
from shared.purse.effects import drive
from shared.purse.errors import CardLost
from shared.purse.flows.recovery import recover_load
from shared.purse.flows.till import read_balance
from shared.purse.outcomes import Loaded, LoadStillUnknown, LoadUnknown, NotCredited, RecoveredLoad
from shared.purse.reasons import Reason

CUTS = [Tear.BEFORE, Tear.AFTER]
RECOVER_STEPS = 5
"""SELECT, INIT, the log's one record and its end, 805A."""

# --- load ------------------------------------------------------------------------------------------------------

LOAD_STEPS = 4
"""SELECT, INIT, 8052 and its write."""


def test_the_steps_of_a_load_are_counted_right(school, new_till):
    till = new_till(school)
    assert till.steps_of(till.load) == LOAD_STEPS
    till = new_till(school)
    till.torn_load(Tear.AFTER)
    assert till.steps_of(till.recover_load) == RECOVER_STEPS


@pytest.mark.parametrize("earlier", [0, 1])
@pytest.mark.parametrize("tear", CUTS)
def test_a_load_torn_anywhere_adds_up(school, tear, earlier, new_till):
    for at in range(1, LOAD_STEPS):
        till = new_till(school)
        for _ in range(earlier):
            till.load(300)
        till.cut(at, tear)
        outcome = till.load()
        assert not isinstance(outcome, Loaded)
        if isinstance(outcome, LoadUnknown):
            assert isinstance(till.recover_load(), NotCredited | RecoveredLoad)
        assert till.slot is None
        assert till.balance == 5000 + till.loaded
        assert isinstance(till.load(), Loaded)
        assert till.balance == 5000 + till.loaded


@pytest.mark.parametrize("second", CUTS)
def test_a_load_recovery_torn_anywhere_can_be_repeated(school, second, new_till):
    for again in range(1, RECOVER_STEPS):
        till = new_till(school)
        till.torn_load(Tear.AFTER)
        till.cut(again, second)
        settled = till.recover_load()
        if isinstance(settled, LoadStillUnknown):
            assert settled.reason is Reason.CARD_GONE
            settled = till.recover_load()
        assert isinstance(settled, RecoveredLoad)
        assert till.balance == 5000 + till.loaded


def test_purchases_between_do_not_hide_a_load(school, new_till):
    till = new_till(school)
    till.torn_load(Tear.AFTER)
    for _ in range(12):
        till.elsewhere(10)
    assert isinstance(till.recover_load(), RecoveredLoad)


def test_a_load_elsewhere_whose_log_is_overwritten_is_not_taken_for_ours(school, new_till):
    """The card's last proof is of the load at the other machine; its MAC2 is not the one that we sent."""
    till = new_till(school)
    pending = till.torn_load(Tear.BEFORE)
    till.card.power_on()
    assert isinstance(school.load_card(till.card, 2001), Loaded)
    for _ in range(12):
        till.elsewhere(10)
    assert till.recover_load() == LoadStillUnknown(pending, Reason.NO_EVIDENCE)


def test_a_load_elsewhere_under_the_same_counter(school, new_till):
    till = new_till(school)
    till.torn_load(Tear.BEFORE)
    till.card.power_on()
    assert isinstance(school.load_card(till.card, 2001), Loaded)
    assert isinstance(till.recover_load(), NotCredited)


@pytest.mark.parametrize(("between", "reason"), [(1, Reason.PROOF_GONE), (10, Reason.NO_EVIDENCE)])
def test_loaded_elsewhere_after_the_credit(school, between, reason, new_till):
    till = new_till(school)
    pending = till.torn_load(Tear.AFTER)
    till.card.power_on()
    for _ in range(between):
        school.load_card(till.card, 1)
    assert till.recover_load() == LoadStillUnknown(pending, reason)


def test_load_outcomes_that_decide_nothing(school, new_till, muted):
    till = new_till(school)
    pending = till.torn_load(Tear.AFTER)
    other = school.identify(school.card(number=99))
    assert drive(recover_load(pending, other)) == LoadStillUnknown(pending, Reason.OTHER_CARD)
    identity = till.present()
    for answers, reason, sw in (
        ({0x50: "6A81"}, Reason.CARD_REFUSED, 0x6A81),
        ({0x5A: "9406"}, Reason.PROOF_GONE, 0x9406),
        ({0x50: CardLost()}, Reason.CARD_GONE, None),
    ):
        outcome = drive(recover_load(pending, identity), card=muted(till.card, answers))
        assert outcome == LoadStillUnknown(pending, reason, sw)
    newer = replace(pending, request=pending.request._replace(counter=9))
    assert drive(recover_load(newer, identity), card=till.card).reason is Reason.COUNTER_BACK


@pytest.mark.parametrize("tear", CUTS)
def test_the_cards_last_load_torn(school, tear, new_till):
    till = new_till(school)
    till.set_counters(online=0xFFFE)
    till.torn_load(tear)
    settled = till.recover_load()
    assert isinstance(settled, NotCredited if tear is Tear.BEFORE else RecoveredLoad)
    assert till.balance == 5000 + till.loaded


def test_a_card_at_its_ceiling_can_still_recover(school, new_till):
    till = new_till(school, balance=98_000)
    till.torn_load(Tear.AFTER)
    assert till.balance == 100_000
    assert isinstance(till.recover_load(), RecoveredLoad)
    till.present()
    assert drive(read_balance(), card=till.card) == 100_000


def test_ram_memory_is_what_was_stored():
    memory = RamMemory(b"a")
    memory.store(b"b")
    assert memory.load() == b"b"
