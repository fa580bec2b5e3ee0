"""The desk at a real PC/SC reader: a card read whole, and one that is taken away between two commands."""

import random
from pathlib import Path

import pytest

from edge.card.sim.place import CARD_READER
from edge.card.sim.slot import Cut
from edge.desk.agent.orders import Bench, carry_out
from edge.desk.doors.laying import Laying, card_in
from edge.desk.reading.reading import lines, read_card
from shared.purse.cos.card import UserCard
from shared.purse.cos.images import Application, CardKey, CardKeys, RamMemory, personalised_card_image
from shared.purse.crypto import Key
from shared.purse.errors import CardLost
from shared.purse.files import PublicData, encode_holder
from shared.purse.profiles import CAMPUS
from shared.wire.desk.line import Deed, End, Order

pytestmark = pytest.mark.process
HERE = Laying(Path(), reader=CARD_READER)


def chip():
    keys = [Key(random.Random(name).randbytes(16)) for name in ("purchase", "load", "tac")]
    money = CardKeys((CardKey(1, 1, keys[0]),), (CardKey(1, 1, keys[1]),), keys[2])
    public = PublicData(
        issuer=b"\x10\x01", serial=bytes.fromhex("0000202600000007"), start=bytes.fromhex("20250901"),
        expiry=bytes.fromhex("20290731"), city=b"\x53\x00", industry=b"\x00\x01", card_type=1,
    )  # fmt: skip
    application = Application(CAMPUS, public, money, 12_345, holder=encode_holder("张三"))
    return UserCard(RamMemory(personalised_card_image([application])), random.Random(1).randbytes)


def test_a_card_in_the_reader_is_read(readers):
    readers.put(chip()).close()
    with card_in(HERE) as card:
        text = "\n".join(lines(read_card(card, None), bytes.fromhex("20260915")))
    assert "¥123.45" in text
    assert "张三" in text


def test_a_card_that_is_taken_away_is_no_reading(readers):
    readers.put(chip()).close()
    with card_in(HERE) as card:
        readers.server.card.tear(Cut.BEFORE, at=5)
        with pytest.raises(CardLost):
            read_card(card, None)


BENCH = Bench(lambda: card_in(HERE), lambda: None, lambda _, __: pytest.fail("a look needs no desk"))
LOOK = Order(bytes(16), Deed.READ)


def test_the_console_has_the_card_in_the_reader_read(readers):
    assert carry_out(LOOK, BENCH).end is End.FAILED, "the reader is empty"
    readers.put(chip()).close()
    ended = carry_out(LOOK, BENCH)
    assert ended.end is End.DONE
    assert ended.seen.sums.card == 12_345
    readers.server.card.tear(Cut.BEFORE, at=5)
    ended = carry_out(LOOK, BENCH)
    assert (ended.end, ended.seen) == (End.FAILED, None)
