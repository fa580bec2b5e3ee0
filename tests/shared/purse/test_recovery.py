"""A card torn at every step of purchase and load, presented again: no fen lost, none doubled, every TAC right.

Each step of the dialogue and each write of card and PSAM is cut before and after it takes effect; then the
recovery itself is cut the same way. The books are what the terminal ends with; they must equal the card.
"""

import itertools
from dataclasses import replace

import pytest

from shared.purse.effects import drive
from shared.purse.errors import CardLost
from shared.purse.flows import purchase, read_balance
from shared.purse.images import RamMemory, decode_card_image
from shared.purse.load_flow import load
from shared.purse.outcomes import (
    Declined,
    Loaded,
    LoadOrder,
    LoadRefused,
    LoadStillUnknown,
    LoadUnknown,
    NotCredited,
    NotDebited,
    Purchased,
    RecoveredLoad,
    RecoveredPurchase,
    StillUnknown,
    Unknown,
)
from shared.purse.profiles import BANK_EP, CAMPUS, Number, ProveOrder
from shared.purse.reasons import Reason
from shared.purse.recovery import recover, recover_load
from shared.purse.torn import Tear, TearingChannel, TearingMemory

PSAM_ID = bytes.fromhex("510000000023")
OTHER_ID = bytes.fromhex("510000000024")
CUTS = [Tear.BEFORE, Tear.AFTER]


class Knife:
    """Cuts the n-th step it is asked about, once; counts all of them."""

    def __init__(self, at=None, tear=Tear.NOT):
        self.at, self.tear, self.steps = at, tear, 0

    def __call__(self):
        self.steps += 1
        return self.tear if self.steps - 1 == self.at else Tear.NOT


class Till:
    """One till with its card, PSAM and one pending slot, and knives in every place that can tear."""

    def __init__(self, school, profile=CAMPUS, balance=5000, psam_id=PSAM_ID):
        self.school, self.profile, self.psam_id = school, profile, psam_id
        self.ram = school.memory(balance=balance, profile=profile)
        self.knife = Knife()
        self.card = school.card(TearingMemory(self.ram, lambda: self.knife()))
        self.field = TearingChannel(self.card, lambda: self.knife())
        self.slot = None
        self.spent = 0
        self.loaded = 0
        self.psam = school.psam(psam_id)

    def present(self):
        """The card comes into the field: power, then who it is."""
        self.card.power_on()
        return self.school.identify(self.field, self.profile)

    def keep(self, pending):
        self.slot = pending

    def buy(self, amount=1250):
        order = self.school.order(amount, self.psam_id)
        try:
            identity = self.present()
            outcome = drive(
                purchase(order, identity), card=self.field, psam=self.psam, persist=self.keep,
                lookup=lambda card_id, index: False,
            )  # fmt: skip
        finally:
            self.knife = Knife()
        return self.settle(outcome)

    def load(self, amount=2000):
        identity = self.present()
        order = LoadOrder(amount, PSAM_ID)
        outcome = drive(load(order, identity), card=self.field, persist=self.keep, ask=self.school.centre())
        self.knife = Knife()
        return self.settle(outcome)

    def settle(self, outcome):
        """What a terminal does with an outcome: book it, erase the slot, or keep it."""
        match outcome:
            case Purchased() | RecoveredPurchase():
                assert outcome.tac == self.school.purchase_tac(outcome.purchase)
                self.spent += outcome.purchase.amount_fen
                self.slot = None
            case Loaded() | RecoveredLoad():
                assert outcome.tac == self.school.load_tac(outcome.load)
                self.loaded += outcome.load.request.amount_fen
                self.slot = None
            case Declined() | LoadRefused() | NotDebited() | NotCredited():
                self.slot = None
        return outcome

    def recover(self, live_ttn=None):
        identity = self.present()
        outcome = drive(recover(self.slot, identity, live_ttn), card=self.field, psam=self.psam)
        self.knife = Knife()
        return self.settle(outcome)

    def recover_load(self):
        identity = self.present()
        outcome = drive(recover_load(self.slot, identity), card=self.field)
        self.knife = Knife()
        return self.settle(outcome)

    def elsewhere(self, amount):
        """The card buys at another till, with nothing torn."""
        self.card.power_on()
        outcome = self.school.buy(self.card, self.school.psam(OTHER_ID), self.school.order(amount, OTHER_ID))
        assert isinstance(outcome, Purchased)
        return outcome

    @property
    def balance(self):
        return decode_card_image(self.ram.image).balance_fen


def steps_of(till, action):
    """How many cuttable steps an uncut run of this action has."""
    till.knife = knife = Knife()
    action()
    return knife.steps


# --- purchase --------------------------------------------------------------------------------------------------

BUY_STEPS = {CAMPUS: 6, BANK_EP: 4}
"""SELECT, READ RECORD, INIT, 80DC, 8054 and its write; plain without 0017."""
RECOVER_STEPS = 5
"""SELECT, INIT, READ RECORD of the log (the first tells), 805A; one more to see that none follows."""


@pytest.mark.parametrize("profile", [CAMPUS, BANK_EP])
def test_the_steps_are_counted_right(school, profile):
    till = Till(school, profile)
    assert steps_of(till, till.buy) == BUY_STEPS[profile]


@pytest.mark.parametrize("earlier", [0, 1, 12])
@pytest.mark.parametrize("tear", CUTS)
@pytest.mark.parametrize("profile", [CAMPUS, BANK_EP])
def test_a_purchase_torn_anywhere_adds_up(school, profile, tear, earlier):
    for at in range(1, BUY_STEPS[profile]):
        till = Till(school, profile, balance=50_000)
        for _ in range(earlier):
            assert isinstance(till.buy(), Purchased)
        till.knife = Knife(at, tear)
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
def test_the_card_was_really_debited_in_one_case_and_not_in_the_other(school, tear):
    till = Till(school)
    till.buy(100)
    till.knife = Knife(5, tear)
    assert isinstance(till.buy(), Unknown)
    assert till.balance == (4900 if tear is Tear.BEFORE else 3650)
    expected = NotDebited if tear is Tear.BEFORE else RecoveredPurchase
    assert isinstance(till.recover(), expected)


@pytest.mark.parametrize("second", CUTS)
@pytest.mark.parametrize("first", CUTS)
def test_a_recovery_torn_anywhere_can_be_repeated(school, first, second):
    for at, again in itertools.product((4, 5), range(1, RECOVER_STEPS)):
        till = Till(school, balance=50_000)
        till.buy(100)
        till.knife = Knife(at, first)
        outcome = till.buy()
        if not isinstance(outcome, Unknown):
            continue
        till.knife = Knife(again, second)
        settled = till.recover()
        if isinstance(settled, StillUnknown):
            assert settled.reason is Reason.CARD_GONE
            settled = till.recover()
        assert isinstance(settled, NotDebited | RecoveredPurchase)
        assert till.balance == 50_000 - till.spent


@pytest.mark.parametrize("tear", CUTS)
@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_psam_torn_anywhere_adds_up(school, at, tear):
    """Steps at the PSAM: 8070, its write, 8072."""
    knife = Knife(at, tear)
    till = Till(school)
    real = till.psam
    real._memory = TearingMemory(real._memory, lambda: knife())
    till.psam = TearingChannel(real, lambda: knife())
    outcome = till.buy()
    if at < 2:
        assert (type(outcome), outcome.reason) == (Declined, Reason.PSAM_GONE)
    else:
        assert (type(outcome), outcome.reason) == (Unknown, Reason.MAC2_UNCHECKED)
        assert outcome.tac == school.purchase_tac(outcome.pending)
        assert isinstance(till.recover(), RecoveredPurchase)
    assert till.balance == 5000 - till.spent


def torn_after(till):
    """A purchase whose debit took effect and whose answer was lost."""
    till.knife = Knife(5, Tear.AFTER)
    outcome = till.buy()
    assert isinstance(outcome, Unknown)
    return outcome.pending


def torn_before(till):
    """A purchase whose debit never reached the card."""
    till.knife = Knife(4, Tear.BEFORE)
    outcome = till.buy()
    assert isinstance(outcome, Unknown)
    return outcome.pending


def test_the_trap_of_the_previous_transaction(school):
    """With an unchanged counter 805A answers 9000 and the purchase before: it must not be asked."""
    till = Till(school)
    first = till.buy(1250)
    pending = torn_before(till)
    till.present()
    proof = till.card.transmit(bytes.fromhex("805A000902") + pending.counter.to_bytes(2, "big"))
    assert proof[4:8] == first.tac
    assert isinstance(till.recover(), NotDebited)
    assert till.balance == 5000 - till.spent


def test_another_till_took_the_same_sum_under_the_same_counter(school):
    """Counter +1 and the very same balance step, but the money went elsewhere: the card's log says so."""
    till = Till(school)
    pending = torn_before(till)
    assert till.elsewhere(1250).purchase.counter == pending.counter
    assert till.balance == pending.balance_after_fen
    assert isinstance(till.recover(), NotDebited)


def test_used_elsewhere_after_the_debit_the_log_still_proves_it(school):
    till = Till(school)
    pending = torn_after(till)
    till.elsewhere(10)
    assert till.recover() == StillUnknown(pending, Reason.PROOF_GONE)


def test_used_elsewhere_and_never_debited_here(school):
    till = Till(school)
    torn_before(till)
    for _ in range(3):
        till.elsewhere(10)
    assert isinstance(till.recover(), NotDebited)


def test_used_so_often_that_the_log_forgot(school):
    till = Till(school)
    pending = torn_after(till)
    for _ in range(10):
        till.elsewhere(10)
    assert till.recover() == StillUnknown(pending, Reason.NO_EVIDENCE)


def test_a_load_between_does_not_hide_the_debit(school):
    till = Till(school)
    torn_after(till)
    till.card.power_on()
    school.load_card(till.card, 777)
    assert isinstance(till.recover(), RecoveredPurchase)


def test_without_a_readable_log_the_balance_tells(school):
    till = Till(school)
    pending = torn_after(till)
    identity = till.present()
    muted = Muted(till.card, {0xB2: "6982"})
    assert isinstance(drive(recover(pending, identity), card=muted), RecoveredPurchase)
    school.load_card(till.card, 777)
    identity = till.present()
    assert drive(recover(pending, identity), card=muted) == StillUnknown(pending, Reason.NO_EVIDENCE)


class Muted:
    """A card that answers some instructions in its own way."""

    def __init__(self, card, answers):
        self.card, self.answers = card, answers

    def transmit(self, apdu, /):
        answer = self.answers.get(apdu[1])
        if isinstance(answer, Exception):
            raise answer
        return self.card.transmit(apdu) if answer is None else bytes.fromhex(answer)


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
def test_a_card_that_will_not_say(school, answers, reason, sw):
    till = Till(school)
    pending = torn_after(till)
    identity = till.present()
    outcome = drive(recover(pending, identity), card=Muted(till.card, answers), psam=till.psam)
    assert outcome == StillUnknown(pending, reason, sw)


def test_another_card_settles_nothing(school):
    till = Till(school)
    pending = torn_after(till)
    other = school.identify(school.card(number=99))
    assert drive(recover(pending, other)) == StillUnknown(pending, Reason.OTHER_CARD)


def test_a_counter_that_went_back_is_no_decision(school):
    till = Till(school)
    till.buy(10)
    pending = torn_after(till)
    till.ram.image = school.memory().image
    assert till.recover() == StillUnknown(pending, Reason.COUNTER_BACK)


def test_the_psam_checks_what_prove_brought_only_while_its_session_lives(school):
    till = Till(school)
    pending = torn_after(till)
    assert till.recover(live_ttn=pending.ttn).mac2_checked
    till = Till(school)
    pending = torn_after(till)
    assert not till.recover(live_ttn=pending.ttn + 1).mac2_checked
    till = Till(school)
    pending = torn_after(till)
    identity = till.present()
    gone = Muted(None, {0x72: CardLost()})
    outcome = drive(recover(pending, identity, pending.ttn), card=till.card, psam=gone)
    assert not outcome.mac2_checked


def test_a_forged_proof_is_refused_by_the_psam(school):
    till = Till(school)
    pending = torn_after(till)
    identity = till.present()
    forged = Muted(till.card, {0x5A: "11223344556677889000"})
    outcome = drive(recover(pending, identity, pending.ttn), card=forged, psam=till.psam)
    assert outcome == StillUnknown(pending, Reason.MAC2_WRONG, 0x9302)


@pytest.mark.parametrize("order", ProveOrder)
@pytest.mark.parametrize("prove", Number)
@pytest.mark.parametrize("log", Number)
def test_every_convention_of_a_profile(school, log, prove, order):
    profile = replace(CAMPUS, log_number=log, prove_number=prove, prove_order=order)
    till = Till(school, profile)
    till.buy(10)
    pending = torn_after(till)
    assert till.recover(live_ttn=pending.ttn).mac2_checked
    torn_before(till)
    assert isinstance(till.recover(), NotDebited)
    assert till.balance == 5000 - till.spent


def full_till(school, **counters):
    till = Till(school)
    image = decode_card_image(till.ram.image)
    for name, value in counters.items():
        setattr(image, name, value)
    till.ram.image = image.encode()
    return till


@pytest.mark.parametrize("tear", CUTS)
def test_the_cards_last_number_torn(school, tear):
    """After the last debit INIT answers 9402: the counter is known by that, the balance by 805C."""
    till = full_till(school, offline=0xFFFE)
    till.knife = Knife(5, tear)
    assert isinstance(till.buy(), Unknown)
    settled = till.recover()
    assert isinstance(settled, NotDebited if tear is Tear.BEFORE else RecoveredPurchase)
    assert till.balance == 5000 - till.spent


# --- load ------------------------------------------------------------------------------------------------------

LOAD_STEPS = 4
"""SELECT, INIT, 8052 and its write."""


def test_the_steps_of_a_load_are_counted_right(school):
    till = Till(school)
    assert steps_of(till, till.load) == LOAD_STEPS


@pytest.mark.parametrize("earlier", [0, 1])
@pytest.mark.parametrize("tear", CUTS)
def test_a_load_torn_anywhere_adds_up(school, tear, earlier):
    for at in range(1, LOAD_STEPS):
        till = Till(school)
        for _ in range(earlier):
            till.load(300)
        till.knife = Knife(at, tear)
        outcome = till.load()
        assert not isinstance(outcome, Loaded)
        if isinstance(outcome, LoadUnknown):
            assert isinstance(till.recover_load(), NotCredited | RecoveredLoad)
        assert till.slot is None
        assert till.balance == 5000 + till.loaded
        assert isinstance(till.load(), Loaded)
        assert till.balance == 5000 + till.loaded


@pytest.mark.parametrize("second", CUTS)
def test_a_load_recovery_torn_anywhere_can_be_repeated(school, second):
    for again in range(1, RECOVER_STEPS):
        till = Till(school)
        torn_load(till, Tear.AFTER)
        till.knife = Knife(again, second)
        settled = till.recover_load()
        if isinstance(settled, LoadStillUnknown):
            assert settled.reason is Reason.CARD_GONE
            settled = till.recover_load()
        assert isinstance(settled, RecoveredLoad)
        assert till.balance == 5000 + till.loaded


def torn_load(till, tear):
    till.knife = Knife(3, tear)
    outcome = till.load()
    assert isinstance(outcome, LoadUnknown)
    return outcome.pending


def test_purchases_between_do_not_hide_a_load(school):
    till = Till(school)
    torn_load(till, Tear.AFTER)
    for _ in range(12):
        till.elsewhere(10)
    assert isinstance(till.recover_load(), RecoveredLoad)


def test_a_load_elsewhere_under_the_same_counter(school):
    till = Till(school)
    torn_load(till, Tear.BEFORE)
    till.card.power_on()
    assert isinstance(school.load_card(till.card, 2001), Loaded)
    assert isinstance(till.recover_load(), NotCredited)


@pytest.mark.parametrize(("between", "reason"), [(1, Reason.PROOF_GONE), (10, Reason.NO_EVIDENCE)])
def test_loaded_elsewhere_after_the_credit(school, between, reason):
    till = Till(school)
    pending = torn_load(till, Tear.AFTER)
    till.card.power_on()
    for _ in range(between):
        school.load_card(till.card, 1)
    assert till.recover_load() == LoadStillUnknown(pending, reason)


def test_load_outcomes_that_decide_nothing(school):
    till = Till(school)
    pending = torn_load(till, Tear.AFTER)
    other = school.identify(school.card(number=99))
    assert drive(recover_load(pending, other)) == LoadStillUnknown(pending, Reason.OTHER_CARD)
    identity = till.present()
    for answers, reason, sw in (
        ({0x50: "6A81"}, Reason.CARD_REFUSED, 0x6A81),
        ({0x5A: "9406"}, Reason.PROOF_GONE, 0x9406),
        ({0x50: CardLost()}, Reason.CARD_GONE, None),
    ):
        outcome = drive(recover_load(pending, identity), card=Muted(till.card, answers))
        assert outcome == LoadStillUnknown(pending, reason, sw)
    newer = replace(pending, request=replace(pending.request, counter=9))
    assert drive(recover_load(newer, identity), card=till.card).reason is Reason.COUNTER_BACK


@pytest.mark.parametrize("tear", CUTS)
def test_the_cards_last_load_torn(school, tear):
    till = full_till(school, online=0xFFFE)
    torn_load(till, tear)
    settled = till.recover_load()
    assert isinstance(settled, NotCredited if tear is Tear.BEFORE else RecoveredLoad)
    assert till.balance == 5000 + till.loaded


def test_a_card_at_its_ceiling_can_still_recover(school):
    till = Till(school, balance=98_000)
    torn_load(till, Tear.AFTER)
    assert till.balance == 100_000
    assert isinstance(till.recover_load(), RecoveredLoad)
    till.present()
    assert drive(read_balance(), card=till.card) == 100_000


def test_ram_memory_is_what_was_stored():
    memory = RamMemory(b"a")
    memory.store(b"b")
    assert memory.load() == b"b"
