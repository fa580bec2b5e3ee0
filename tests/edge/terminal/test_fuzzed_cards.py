"""Our till and load machine against cards and PSAMs whose answers are spoiled at random, step by step, by a seed.

Nothing is raised, a card is charged at most once for each sale that was shown or noted, and when it is whole again what
it holds is what the records say. A failing seed is the bug report.
"""

import random

import pytest

from edge.terminal.taps.steps import End
from shared.online import LoadAnswer, LoadResult
from shared.purse.apdu import WholeChannel
from shared.purse.caps import CardCounters
from shared.purse.errors import CardLost, UnsupportedAlgorithm
from shared.records import LOAD_SHAPED, PROVEN, Kind
from tests.edge.card import standard_des as des
from tests.edge.card.odd_chip import Odd
from tests.edge.card.standard_card import Choices, StandardCard, StandardPsam
from tests.edge.terminal.rides import card_memory

OPENING = 50_000
SERIAL = bytes.fromhex("2025110000004711")
PUBLIC = bytes.fromhex("5303 0001 0000 0000 01 01 0000 2025110000004711 20250901 20290731 0102")
WORDS = [
    "9000", "6281", "6283", "6300", "63C1", "6400", "6581", "6700", "6882", "6900", "6901", "6981", "6982", "6983",
    "6985", "6986", "6988", "6A80", "6A81", "6A82", "6A83", "6A86", "6A88", "6B00", "6D00", "6E00", "6F00", "9303",
    "9403", "9406", "9407", "9408", "6108", "6C08", "",
]  # fmt: skip
SEEDS = range(60)
READ_RECORD = 0xB2
"""A log that lies is believed: it outranks the balance, for another till may have taken the same sum."""


class Spoiling:
    """Answers of a chip, spoiled with a chance of one in four while it is on. Words that a card sends only when it has
    done nothing (a profile's not_executed) are never sent for something done."""

    def __init__(self, chip, dice):
        self.chip = Odd(chip, dict.fromkeys(range(256), self._maybe))
        self.dice = dice
        self.on = True

    def _maybe(self, apdu, do):
        roll = self.dice.randrange(32) if self.on else 31
        if roll == 0:
            raise CardLost("before")
        if roll == 1:
            do()
            raise CardLost("after")
        if roll == 2:
            return bytes.fromhex(self.dice.choice(WORDS))
        if roll == 3:
            do()
            return bytes.fromhex(self.dice.choice(self.after_it()))
        answer = do()
        if roll == 4:
            return answer[: self.dice.randrange(len(answer))]
        if roll == 5:
            return self.dice.randbytes(self.dice.randrange(6)) + answer
        if roll == 6 and len(answer) > 2 and apdu[1] != READ_RECORD:
            spot = self.dice.randrange(len(answer) - 2)
            return answer[:spot] + bytes((answer[spot] ^ 1 << self.dice.randrange(8),)) + answer[spot + 1 :]
        return answer

    def after_it(self):
        nothing_done = {"6700", "6A86", "6D00", "6E00", "6C08"}
        return [word for word in WORDS if word not in nothing_done]


def spoiled(kit, school, seed, kind):
    dice = random.Random(seed)
    keys = [des.card_key(master.octets, SERIAL) for master in (school.purchase, school.loads, school.tac)]
    choices = Choices(
        log_after=dice.random() < 0.5, prove_after=dice.random() < 0.5, begins_with_nothing=dice.random() < 0.8,
        chains=dice.random() < 0.3, strict_le=dice.random() < 0.3,
    )  # fmt: skip
    chip = StandardCard(PUBLIC, keys, OPENING, choices, CardCounters().encode())
    bench = kit.Bench(school, kind=kind, ring_slots=256).connect()
    psam = StandardPsam(kit.psam_id, school.purchase.octets)
    card, sam = Spoiling(chip, dice), Spoiling(psam, dice)
    if kind == "pos":
        bench.counter.psam = WholeChannel(sam.chip)
    return bench, chip, card, sam, dice


def cautious(grant):
    """A centre that says no to a cipher that it has not."""

    def answer(*asked):
        try:
            return grant(*asked)
        except UnsupportedAlgorithm:
            return LoadAnswer(LoadResult.WRONG_MAC)

    return answer


def amounts(bench, kinds):
    return [record.amount_fen for record in bench.written().values() if record.kind in kinds]


@pytest.mark.parametrize("seed", SEEDS)
def test_sales(kit, school, seed):
    till, chip, card, sam, dice = spoiled(kit, school, seed, "pos")
    for turn in range(12):
        card.on = sam.on = turn < 8
        before, amount = chip.money, 100 + dice.randrange(900)
        chip.power_on()
        result = till.sell(None, amount, card=WholeChannel(card.chip))
        assert before - chip.money <= amount + 1_000
    taken(till, OPENING - chip.money)
    assert result.end is End.DONE
    assert len(till.shown) == len(amounts(till, PROVEN))


@pytest.mark.parametrize("seed", SEEDS)
def test_loads(kit, school, seed, monkeypatch):
    monkeypatch.setattr(school, "grant", cautious(school.grant))
    machine, chip, card, _, dice = spoiled(kit, school, seed, "load")
    for turn in range(8):
        card.on = turn < 5
        chip.power_on()
        result = machine.load(None, 100 + dice.randrange(900), card=WholeChannel(card.chip))
    moved = chip.money - OPENING
    proven = sum(amounts(machine, PROVEN & LOAD_SHAPED))
    unproven = sum(amounts(machine, {Kind.LOAD_UNPROVEN}))
    assert proven <= moved <= proven + unproven
    assert result.end is End.DONE


@pytest.mark.parametrize("seed", SEEDS)
def test_sales_from_two_purses(kit, school, seed):
    dice = random.Random(seed)
    memory = school.memory(subsidy=3_000)
    till = kit.Bench(school, subsidy=True, ring_slots=256).connect()
    opening = kit.balance(memory) + kit.subsidy(memory)
    result = visits(till, school.card(memory), dice, lambda card: till.sell(None, 100 + dice.randrange(900), card=card))
    taken(till, opening - kit.balance(memory) - kit.subsidy(memory))
    assert result.end is End.DONE


@pytest.mark.parametrize("seed", SEEDS)
def test_rides(kit, school, bus, seed):
    dice = random.Random(seed)
    memory = card_memory(school, 20_000)
    validator = bus(ring_slots=256)

    def tap(card):
        validator.wait(200)
        return validator.sell(None, 0, card=card)

    visits(validator, school.card(memory), dice, tap)
    taken(validator, 20_000 - kit.balance(memory))


def visits(bench, chip, dice, tap):
    """Eight times with spoiled answers of card and PSAM, then six with whole ones; how the last one ended."""
    card, sam = Spoiling(chip, dice), Spoiling(bench.psam, dice)
    bench.counter.psam = WholeChannel(sam.chip)
    for turn in range(14):
        card.on = sam.on = turn < 8
        chip.power_on()
        result = tap(WholeChannel(card.chip))
    return result


def taken(bench, moved):
    """What left the card is proven, or noted without proof."""
    proven = sum(amounts(bench, PROVEN - LOAD_SHAPED))
    assert proven <= moved <= proven + sum(amounts(bench, {Kind.UNPROVEN}))
