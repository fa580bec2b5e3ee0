"""What the desk reads off a real card of ours: in use, not activated, blocked, a stranger's, taken away."""

import random
from dataclasses import replace

import pytest

from edge.desk.reading.examine import Block, NotOurs, PurseSaid, examine
from edge.desk.reading.reading import lines, read_card
from shared.purse.apdu import Sw
from shared.purse.cos.card import UserCard
from shared.purse.cos.cardfs import Block as CardBlock
from shared.purse.cos.images import Application, CardKey, CardKeys, RamMemory, open_card_image, personalised_card_image
from shared.purse.crypto import Key
from shared.purse.effects import drive
from shared.purse.errors import CardLost
from shared.purse.files import PublicData, encode_holder
from shared.purse.profiles import CAMPUS, SUBSIDY
from shared.words.voice import Language, speak

TODAY = bytes.fromhex("20260915")
PUBLIC = PublicData(
    issuer=b"\x10\x01", serial=bytes.fromhex("0000202600000007"), start=bytes.fromhex("20250901"),
    expiry=bytes.fromhex("20290731"), city=b"\x53\x00", industry=b"\x00\x01", card_type=2,
)  # fmt: skip


CARD_PUBLIC = PUBLIC.issuer + PUBLIC.city + PUBLIC.industry + bytes(2) + PUBLIC.serial + bytes(24)


def application(profile=CAMPUS, public=PUBLIC, fid=0x3F01, holder="张三"):
    keys = [Key(random.Random(name).randbytes(16)) for name in ("purchase", "load", "tac")]
    money = CardKeys((CardKey(1, 1, keys[0]),), (CardKey(1, 1, keys[1]),), keys[2])
    return Application(profile, public, money, 12_345, holder=encode_holder(holder), fid=fid)


def card_of(*applications, block=CardBlock.NONE):
    whole = personalised_card_image(list(applications), card_public=CARD_PUBLIC)
    image = open_card_image(whole)
    for stored in image.directories:
        if stored.open() is not image.mf:
            stored.open().block = block
    card = UserCard(RamMemory(image.encode()), random.Random(1).randbytes)
    card.power_on()
    return card


def test_a_card_in_use():
    said = drive(examine(CAMPUS), card=card_of(application()))
    assert isinstance(said, PurseSaid)
    assert (said.balance_fen, said.offline, said.online, said.holder) == (12_345, 0, 0, "张三")
    assert said.card == PUBLIC.issuer + PUBLIC.serial


def test_a_demonstration_card_of_before_shows_the_name_that_it_was_given():
    assert drive(examine(CAMPUS), card=card_of(application(holder="演练0012"))).holder == "演练0012"


def test_both_purses_are_read():
    said = read_card(card_of(application(), application(SUBSIDY, fid=0x3F02)), None)
    assert [one.profile for one in said.purses] == [CAMPUS, SUBSIDY]
    assert "类别：教工卡" in "\n".join(lines(said, TODAY))
    speak(Language.EN)
    assert "class: staff" in "\n".join(lines(said, TODAY))


def test_a_card_that_was_not_activated_is_read_all_the_same():
    said = read_card(card_of(application(public=replace(PUBLIC, enabled=0))), None)
    text = "\n".join(lines(said, TODAY))
    assert "未领卡激活" in text
    assert "¥123.45" in text


@pytest.mark.parametrize(
    ("block", "wanted"), [(CardBlock.TEMPORARY, Block.TEMPORARY), (CardBlock.PERMANENT, Block.PERMANENT)]
)
def test_a_blocked_application_says_who_it_is_and_nothing_of_its_money(block, wanted):
    said = drive(examine(CAMPUS), card=card_of(application(), block=block))
    assert said == NotOurs(wanted, said.sw, PUBLIC.issuer + PUBLIC.serial)
    assert wanted.value.zh in lines(read_card(card_of(application(), block=block), None), TODAY)[0]


def test_a_card_that_is_locked_as_a_whole_says_nothing():
    image = open_card_image(personalised_card_image([application()]))
    image.blocked = True
    card = UserCard(RamMemory(image.encode()), random.Random(1).randbytes)
    card.power_on()
    assert drive(examine(CAMPUS), card=card) == NotOurs(Block.CARD, Sw.APP_BLOCKED)


def test_a_strangers_card():
    card = card_of(application(replace(CAMPUS, aid=bytes(8))))
    said = drive(examine(CAMPUS), card=card)
    assert isinstance(said, NotOurs)
    assert said.sw != Sw.OK
    assert "不是本校的卡" in lines(read_card(card, None), TODAY)[0]


@pytest.mark.parametrize("after", range(6))
def test_a_card_that_is_taken_away_is_no_reading(after):
    card = card_of(application())

    class Pulled:
        left = after

        def transmit(self, apdu):
            self.left -= 1
            if self.left < 0:
                raise CardLost("pulled")
            return card.transmit(apdu)

    with pytest.raises(CardLost):
        drive(examine(CAMPUS), card=Pulled())


def test_the_dates_are_judged_by_the_day():
    text = "\n".join(lines(read_card(card_of(application()), None), bytes.fromhex("20300101")))
    assert "已过期" in text
