"""Rides on a real card: the record and the balance move together, whatever is torn, and nobody pays twice."""

import random
from dataclasses import dataclass, replace
from functools import partial

import pytest

from shared.clocks.clock import CampusTime
from shared.input.section import Section
from shared.purse.caps import CardCounters, parse_counters
from shared.purse.cos.card import UserCard
from shared.purse.cos.images import Application, RamMemory, personalised_card_image
from shared.purse.cos.torn import Tear, TearingChannel, TearingMemory
from shared.purse.effects import drive
from shared.purse.flows.recovery import recover
from shared.purse.flows.till import identify, read_balance, read_capp
from shared.purse.outcomes import Declined, NotDebited, Purchased, RecoveredPurchase, Unknown
from shared.purse.profiles import BANK_EP, CAMPUS
from shared.purse.reasons import Reason
from shared.transit.fares import Moment, Point, alight, board, parse_table
from shared.transit.flow import RideOrder, ride
from shared.transit.ride_record import RIDE_TAG, RideRecord, parse_ride
from shared.transit.trip import Step, parse_trip

FARES = parse_table(
    Section(
        {
            "version": 1,
            "discount_fen": 50,
            "window_s": 3600,
            "lines": [
                {"line": 1, "name": "环线", "form": "flat", "fares_fen": [200]},
                {"line": 2, "name": "校区线", "form": "stages", "fares_fen": [100, 100, 200, 300]},
            ],
        },
        "fares",
    )
)
NOW_S = 817_339_530


@dataclass
class Bus:
    """A validator's PSAM, a card with both records, and one cut."""

    school: object
    balance: int = 5000
    cut: tuple = (-1, Tear.NOT)

    def __post_init__(self):
        public = self.school.public(4711)
        records = (CardCounters(day=9000, day_sum_fen=700).encode(), RideRecord().encode())
        application = Application(CAMPUS, public, self.school.keys(public), self.balance, records=records)
        self.memory = RamMemory(personalised_card_image([application]))
        self.card = UserCard(TearingMemory(self.memory, self.tear), random.Random(7).randbytes)
        self.field = TearingChannel(self.card, self.tear)
        self.psam = self.school.psam()
        self.kept, self.steps, self.time_s = [], 0, NOW_S

    def tear(self):
        self.steps += 1
        at, tear = self.cut
        return tear if self.steps - 1 == at else Tear.NOT

    def present(self):
        self.card.power_on()
        return drive(identify(CAMPUS, CampusTime(NOW_S, is_set=True)), card=self.card)

    def order(self, rule, line, stop, after_s=0):
        self.time_s += after_s
        rule = partial(rule, point=Point(line, stop, 0), now=Moment(self.time_s, True), table=FARES)
        return RideOrder(self.time_s, b"\x51\x00\x00\x00\x00\x23", rule)

    def tap(self, rule, line, stop, after_s=0, hotlist=()):
        order = self.order(rule, line, stop, after_s)
        identity = self.present()
        self.steps = 0
        return drive(
            ride(order, identity),
            card=self.field, psam=self.psam, persist=self.kept.append, lookup=lambda card, index: index in hotlist,
        )  # fmt: skip

    def read(self):
        """(balance, ride record, day sum) of the card."""
        self.cut = (-1, Tear.NOT)
        self.present()
        ridden = parse_ride(drive(read_capp(0x17, RIDE_TAG), card=self.card))
        sums = parse_counters(drive(read_capp(0x17, 0x21), card=self.card))
        return drive(read_balance(), card=self.card), ridden, sums.day_sum_fen


def test_a_ride_by_distance(school):
    bus = Bus(school)
    entry = bus.tap(board, 2, 1)
    assert isinstance(entry, Purchased)
    assert (entry.purchase.amount_fen, entry.purchase.type, entry.counters) == (0, 9, None)
    assert parse_trip(entry.purchase.trip).step is Step.BOARD
    balance, ridden, sums = bus.read()
    assert (balance, ridden.is_aboard, ridden.held_fen, sums) == (5000, True, 300, 700)
    leaving = bus.tap(alight, 2, 3, 900)
    assert isinstance(leaving, Purchased)
    assert leaving.tac == school.purchase_tac(leaving.purchase)
    assert entry.tac == school.purchase_tac(entry.purchase)
    balance, ridden, sums = bus.read()
    assert (balance, ridden.is_aboard, ridden.base_line, sums) == (4800, False, 2, 700)
    assert bus.tap(board, 1, 1, 60).purchase.price_adjust_fen == -50
    assert bus.read()[0] == 4650


@pytest.mark.parametrize("fen", [0, 299])
def test_who_could_not_pay_the_highest_fare_does_not_get_in(school, fen):
    bus = Bus(school, balance=fen)
    assert bus.tap(board, 2, 1) == Declined(Reason.BALANCE)
    assert (bus.kept, bus.read()[1].is_aboard) == ([], False)


def test_refusals_of_rule_card_and_list(school):
    bus = Bus(school)
    assert bus.tap(board, 9, 1) == Declined(Reason.NO_FARE)
    bus.tap(board, 2, 1)
    assert bus.tap(board, 2, 1, 10) == Declined(Reason.TAPPED_TWICE)
    assert bus.tap(alight, 2, 2, 10, hotlist={bus.present().hotlist_index}) == Declined(Reason.HOTLISTED)
    plain = replace(bus.present(), profile=BANK_EP)
    assert drive(ride(bus.order(board, 1, 1), plain)) == Declined(Reason.CARD_REFUSED)


def test_a_card_without_the_transit_record_rides_nowhere(school):
    card = school.card()
    identity = school.identify(card)
    outcome = drive(ride(Bus(school).order(board, 1, 1), identity), card=card)
    assert outcome == Declined(Reason.NO_RIDES, 0x6A83)


def settled(bus, outcome):
    """What became of a torn tap when the same card comes again: was it done?"""
    if isinstance(outcome, Purchased):
        return True
    if isinstance(outcome, Declined):
        return False
    assert isinstance(outcome, Unknown)
    bus.cut = (-1, Tear.NOT)
    found = drive(recover(outcome.pending, bus.present()), card=bus.card)
    assert isinstance(found, RecoveredPurchase | NotDebited), found
    if isinstance(found, RecoveredPurchase):
        assert found.purchase.trip == outcome.pending.trip
        assert found.tac == bus.school.purchase_tac(found.purchase)
    return isinstance(found, RecoveredPurchase)


@pytest.mark.parametrize("rule", [board, alight], ids=["entry", "exit"])
def test_torn_at_every_step_record_and_balance_agree(school, rule):
    probe = Bus(school)
    if rule is alight:
        probe.tap(board, 2, 1)
    probe.tap(rule, 2, 3, 900)
    points = [(at, tear) for at in range(probe.steps) for tear in (Tear.BEFORE, Tear.AFTER)]
    assert len(points) == 10
    ends = set()
    for cut in points:
        bus = Bus(school)
        if rule is alight:
            bus.tap(board, 2, 1)
        bus.cut = cut
        done = settled(bus, bus.tap(rule, 2, 3, 900))
        balance, ridden, _ = bus.read()
        if rule is board:
            assert (balance, ridden.is_aboard) == (5000, done), cut
        else:
            assert (balance, ridden.is_aboard) == ((4800, False) if done else (5000, True)), cut
        ends.add(done)
    assert ends == {True, False}
