"""What an order does at the desk: on the card that was meant, told as it ended, also when the card is pulled."""

import random
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from edge.desk.agent.orders import Bench, carry_out
from edge.desk.desk import Desk
from edge.desk.doors.matters import Matters
from shared.purse.cos.card import UserCard
from shared.purse.cos.images import Application, CardKey, CardKeys, RamMemory, personalised_card_image
from shared.purse.crypto import Key
from shared.purse.errors import CardLost
from shared.purse.files import PublicData, encode_holder
from shared.purse.profiles import CAMPUS, SUBSIDY
from shared.wire.desk.line import Deed, End, Order, parse_ended

CARD = bytes.fromhex("10010000202600000007")
ID = bytes(16)
PIN = "123456"


def chip():
    keys = [Key(random.Random(name).randbytes(16)) for name in ("purchase", "load", "tac", "unblock")]
    money = CardKeys(
        (CardKey(1, 1, keys[0]),), (CardKey(1, 1, keys[1]),), keys[2], pin_unblock=keys[3], pin=bytes.fromhex(PIN)
    )
    public = PublicData(
        issuer=b"\x10\x01", serial=CARD[2:], start=bytes.fromhex("20250901"), expiry=bytes.fromhex("20290731"),
        city=b"\x53\x00", industry=b"\x00\x01", card_type=1,
    )  # fmt: skip
    purses = [Application(CAMPUS, public, money, 12_345, holder=encode_holder("张三"))]
    purses.append(Application(SUBSIDY, public, money, 5_00))
    made = UserCard(RamMemory(personalised_card_image(purses)), random.Random(1).randbytes)
    made.power_on()
    return made


@dataclass
class Reader:
    """A card that is pulled before its command number `left`; 'unblock' at the one that changes it."""

    card: Any
    left: int = 1000
    heard: list[bytes] = field(default_factory=list)

    def transmit(self, apdu: bytes) -> bytes:
        self.heard.append(bytes(apdu))
        self.left -= 1
        if self.left < 0:
            raise CardLost("pulled")
        return self.card.transmit(apdu)


class Keys:
    """Of another campus: the card takes none of its MACs."""

    def ask(self, _: object) -> bytes:
        return bytes.fromhex("8424000000") + bytes(8)


def bench(reader, tmp_path):
    @contextmanager
    def lay():
        yield reader

    def desk(_, out):
        return Desk(tmp_path, None, Matters(tmp_path / "m"), None, Keys(), out)

    return Bench(lay, lambda: None, desk)


def done(order, reader, tmp_path):
    ended = carry_out(order, bench(reader, tmp_path))
    return parse_ended(ended.to_list())


def test_a_card_is_read_with_both_purses_as_one_sum(tmp_path):
    ended = done(Order(ID, Deed.READ), Reader(chip()), tmp_path)
    assert ended.end is End.DONE
    assert ended.seen
    assert ended.seen.card == CARD
    assert ended.seen.sums.card == 12_845
    assert ended.seen.sums.ledger is None, "no ledger was asked"
    assert ended.seen.is_listed is None
    assert "未与账本核对" in ended.seen.match_said.zh


def test_a_look_that_is_cut_off_anywhere_is_none(tmp_path):
    whole = Reader(chip())
    done(Order(ID, Deed.READ), whole, tmp_path)
    for left in range(len(whole.heard)):
        ended = done(Order(ID, Deed.READ), Reader(chip(), left), tmp_path)
        assert (ended.end, ended.seen) == (End.FAILED, None), left


def test_another_card_on_the_reader_is_left_alone(tmp_path):
    reader = Reader(chip())
    ended = done(Order(ID, Deed.PIN_UNBLOCK, bytes(10), (PIN,)), reader, tmp_path)
    assert ended.end is End.FAILED
    assert "另一张卡" in ended.words[0].zh


def test_a_card_that_refuses_is_not_done_and_one_that_is_pulled_is_not_known(tmp_path):
    order = Order(ID, Deed.PIN_UNBLOCK, CARD, (PIN,))
    whole = Reader(chip())
    assert done(order, whole, tmp_path).end is End.FAILED
    cuts = [done(order, Reader(chip(), left), tmp_path).end for left in range(len(whole.heard))]
    assert cuts[-1] is End.UNKNOWN, "the command that changes the card was sent"
    assert End.DONE not in cuts
    assert done(order, Reader(chip(), 1), tmp_path).end is End.FAILED, "nothing was begun"


@pytest.mark.parametrize("typed", ["", "1", "12345", "1234567890123456", "abcd"])
def test_what_is_no_pin_touches_no_pin(tmp_path, typed):
    ended = done(Order(ID, Deed.PIN_RELOAD, CARD, (typed,)), Reader(chip()), tmp_path)
    assert ended.end is End.FAILED
    assert "4 到 12 位" in ended.words[0].zh


def test_an_order_shows_its_pin_to_nobody():
    assert PIN not in repr(Order(ID, Deed.PIN_RELOAD, CARD, (PIN,)))
