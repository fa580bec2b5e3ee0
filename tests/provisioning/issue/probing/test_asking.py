"""What a probe finds on good and bad bodies; and that looking does no harm: on our COS, and on one from the clauses."""

import copy
import itertools
import json
import os

import pytest

from provisioning.issue.probing import atr
from provisioning.issue.probing.asking import SLOW_MS, ask, looks_blank
from provisioning.issue.probing.finding import Mark
from provisioning.issue.probing.sheet import Probed, passes, sum_lines, to_json
from provisioning.issue.probing.trial import Trial, not_tried
from shared.errors import WireFault
from shared.purse.cos.card import UserCard
from shared.purse.cos.images import RamMemory, blank_card_image
from shared.purse.crypto import Key
from shared.purse.errors import CardLost
from tests.edge.card.standard_card import Choices, StandardCard
from tests.provisioning.issue.clause_body import ClauseBody
from tests.provisioning.issue.test_personalise_apdu import made

TRANSPORT = Key(bytes(range(0x40, 0x50)))
AT = 817_339_530


class Ours:
    """Our COS, with its memory at hand."""

    def __init__(self, image=None):
        self.memory = RamMemory(image or blank_card_image(TRANSPORT))
        self.card = UserCard(self.memory, os.urandom)

    def power_on(self):
        return self.card.power_on()

    def transmit(self, apdu):
        return self.card.transmit(apdu)

    def state(self):
        return self.memory.load()


class Clauses(ClauseBody):
    def __init__(self):
        super().__init__(TRANSPORT.octets)

    def state(self):
        return {fid: copy.deepcopy(vars(folder)) for fid, folder in self.folders.items()}


KINDS = {"our COS": Ours, "clauses": Clauses}


def clock(step_s=0.01):
    ticks = itertools.count()
    return lambda: next(ticks) * step_s


def probed(body, now=None):
    raw = body.power_on()

    def power():
        body.power_on()
        return True

    return ask(body, raw, power, now or clock())


def marks(found):
    return {one.check: one.mark for one in found}


@pytest.mark.parametrize("kind", KINDS)
def test_a_blank_passes_and_is_as_it_was(kind):
    body = KINDS[kind]()
    body.power_on()
    before = body.state()
    found = probed(body)
    assert Mark.BAD not in marks(found).values(), found
    assert looks_blank(found)
    assert body.state() == before


def test_a_finished_card_is_told_and_is_as_it_was():
    """It has a purse: no blank, so nothing would be written; its algorithm is told; its tries are all there."""
    card, memory = made()
    before = memory.load()
    found = ask(card, card.power_on(), lambda: bool(card.power_on()), clock())
    assert marks(found)["aid"] is Mark.BAD
    assert not looks_blank(found)
    assert next(one.said.en for one in found if one.check == "algorithm") == "key version 1, algorithm 00"
    assert memory.load() == before


def test_a_stranger_s_purse_is_no_blank():
    public = bytes.fromhex("5303000000000000FF") + bytes(21)
    card = StandardCard(public, (bytes(16), bytes(16), bytes(16)), 5_000, Choices())
    found = ask(card, card.power_on(), lambda: bool(card.power_on()), clock())
    assert not looks_blank(found)
    assert card.money == 5_000
    assert (card.online, card.offline) == (0, 0)


@pytest.mark.parametrize("kind", KINDS)
def test_a_trial_writes_a_blank_sells_with_it_and_cuts_it(kind):
    body = KINDS[kind]()
    body.power_on()
    now = clock(0.001)
    found = Trial(body, lambda: bool(body.power_on()), now, TRANSPORT, os.urandom, AT).run()
    assert [(one.check, one.mark) for one in found] == [
        (name, Mark.GOOD) for name in ("write", "readback", "load", "cut", "purchase")
    ], found


@pytest.mark.parametrize("kind", KINDS)
def test_a_body_under_another_transport_key_is_not_written(kind):
    body = KINDS[kind]()
    body.power_on()
    found = Trial(body, lambda: bool(body.power_on()), clock(), Key(bytes(16)), os.urandom, AT).run()
    assert found[0].mark is Mark.BAD
    assert "未写" in found[0].said.zh
    assert {one.mark for one in found[1:]} == {Mark.UNKNOWN}
    body.power_on()
    again = Trial(body, lambda: bool(body.power_on()), clock(0.001), TRANSPORT, os.urandom, AT).run()
    assert again[0].mark is Mark.GOOD, "one try was used, no more"


class Odd(Clauses):
    """One answer is changed."""

    def __init__(self, ins, answer):
        super().__init__()
        self.ins, self.answer = ins, answer

    def transmit(self, apdu, /):
        if apdu[1] == self.ins:
            if self.answer is None:
                raise CardLost("no power")
            return self.answer(apdu) if callable(self.answer) else bytes.fromhex(self.answer)
        return super().transmit(apdu)


counted = itertools.count()
BAD = {
    "challenge": Odd(0x84, lambda apdu: bytes(apdu[4]) + b"\x90\0"),
    "files": Odd(0xB0, "009000"),
    "tries": Odd(0x20, lambda apdu: (0x63C3 - next(counted)).to_bytes(2, "big")),
}


@pytest.mark.parametrize("check", BAD)
def test_what_is_wrong_is_found(check):
    assert marks(probed(BAD[check]))[check] is Mark.BAD


def test_a_body_that_forgets_under_a_power_cut_a_slow_one_and_a_dead_one_are_found():
    body = Clauses()
    raw = body.power_on()
    assert marks(ask(body, raw, lambda: False, clock()))["tearing"] is Mark.BAD
    assert marks(probed(Clauses(), clock(SLOW_MS / 900)))["timing"] is Mark.BAD
    dead = marks(probed(Odd(0xA4, None)))
    assert dead["aid"] is dead["timing"] is Mark.BAD


def test_tries_that_are_told_are_told():
    found = probed(Odd(0x20, "63C3"))
    assert next(one for one in found if one.check == "tries").said.en == "3 tries of the PIN left"


@pytest.mark.parametrize(
    ("raw", "protocols", "cycles", "is_near"),
    [
        ("3B8180018080", (0, 1), 372, True),
        ("3B6900004A434F503331563431", (0,), 372, False),
        ("3B9F958131FE9F006646530510003171DF0000000000 02".replace(" ", ""), None, 0, False),
        ("3BF81300008131FE454A434F5076323431B7", (1,), 93, False),
        ("3F00", (0,), 372, False),
    ],
)
def test_an_answer_to_reset(raw, protocols, cycles, is_near):
    if protocols is None:
        with pytest.raises(WireFault):
            atr.parse(bytes.fromhex(raw))
        return
    seen = atr.parse(bytes.fromhex(raw))
    assert (seen.protocols, seen.cycles, seen.is_near) == (protocols, cycles, is_near)


@pytest.mark.parametrize("raw", ["", "3B", "00", "3B81800180", "3B8180018081", "3B69", "3B8180018080FF"])
def test_what_is_no_answer_to_reset(raw):
    with pytest.raises(WireFault):
        atr.parse(bytes.fromhex(raw))


def sheet_of(*atrs, spoils=()):
    good = tuple(probed(Clauses()))
    bad = tuple(probed(BAD["files"]))
    return [Probed(n, atr, bad if n in spoils else good) for n, atr in enumerate(atrs, 1)]


def test_a_delivery_is_good_when_as_many_as_were_wanted_pass_and_are_alike():
    assert passes(sheet_of(b"a", b"a"), 2)
    assert not passes(sheet_of(b"a", b"a"), 3)
    assert not passes(sheet_of(b"a", b"b"), 2)
    assert not passes(sheet_of(b"a", b"a", spoils=(2,)), 2)
    assert not passes([], 0)
    said = [line.zh for line in sum_lines(sheet_of(b"a", b"b", spoils=(2,)), 2)]
    assert said[0] == "共 2 张，合格 1，应试 2"
    assert "ATR 有 2 种：混批" in said
    assert "files：1 张不合格" in said
    assert said[-1] == "不要订货"


def test_the_sheet_is_json_and_names_each_check():
    raw = json.loads(to_json([Probed(1, b"\x3b", (*probed(Clauses()), *not_tried()))], 1, AT))
    assert raw["passes"] is True
    assert raw["bodies"][0]["checks"]["purchase"]["mark"] == "unknown"
