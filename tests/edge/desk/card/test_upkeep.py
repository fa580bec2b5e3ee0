"""PIN at the desk on a card that has one: told right, wrong with its tries, locked, changed by the old one."""

import random

import pytest

from edge.desk.card.upkeep import check_pin
from shared.purse.cos.card import UserCard
from shared.purse.cos.images import Application, CardKey, CardKeys, RamMemory, personalised_card_image
from shared.purse.crypto import Key
from shared.purse.desk_outcomes import DoneAtCard
from shared.purse.effects import drive_desk
from shared.purse.files import PublicData
from shared.purse.flows.upkeep import change_pin
from shared.purse.outcomes import Pin
from shared.purse.profiles import CAMPUS
from shared.words.voice import Language, speak

RIGHT, WRONG, NEW = bytes.fromhex("123456"), bytes.fromhex("000000"), bytes.fromhex("654321")


@pytest.fixture
def card():
    return made(RIGHT)


def made(pin, serial=bytes(8)):
    keys = [Key(random.Random(name).randbytes(16)) for name in ("purchase", "load", "tac")]
    money = CardKeys((CardKey(1, 1, keys[0]),), (CardKey(1, 1, keys[1]),), keys[2], pin=pin)
    public = PublicData(
        issuer=b"\x10\x01", serial=serial, start=bytes.fromhex("20250901"), expiry=bytes.fromhex("20290731"),
        city=b"\x53\x00", industry=b"\x00\x01",
    )  # fmt: skip
    image = personalised_card_image([Application(CAMPUS, public, money)])
    found = UserCard(RamMemory(image), random.Random(1).randbytes)
    found.power_on()
    return found


def tried(card, pin):
    said = []
    done = check_pin(said.append, card, pin)
    return done, "\n".join(map(str, said))


def test_a_right_pin_gives_the_tries_back_that_wrong_ones_cost(card):
    assert "剩余次数：2" in tried(card, WRONG)[1]
    assert tried(card, RIGHT)[0]
    assert "剩余次数：2" in tried(card, WRONG)[1]


def test_three_wrong_ones_lock_it(card):
    for left in (2, 1, 0):
        assert f"剩余次数：{left}" in tried(card, WRONG)[1]
    done, said = tried(card, RIGHT)
    assert not done
    assert "口令已锁定" in said


def test_a_card_without_a_pin_says_so_and_not_that_its_key_is_not_supported():
    done, said = tried(made(b""), RIGHT)
    assert not done
    assert "未办理：卡上没有口令（9403）" in said
    speak(Language.EN)
    assert "not done: this card has no PIN (9403)" in tried(made(b""), RIGHT)[1]


def test_a_changed_pin_is_the_one_that_is_right(card):
    assert tried(card, RIGHT)[0]
    flow = change_pin(Pin(RIGHT), Pin(NEW))
    assert drive_desk(flow, card=card, centre=lambda _: None, keep=lambda _: None) == DoneAtCard()
    assert tried(card, NEW)[0]
    assert not tried(card, RIGHT)[0]
