"""Laws of the card under any bytes and any cut: it never raises but CardLost, and money never moves without a MAC."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.purse.apdu import CommandApdu
from shared.purse.cos.images import RamMemory, decode_card_image
from shared.purse.cos.torn import Tear, TearingMemory
from shared.purse.errors import CardLost
from tests.shared.purse import full_card
from tests.shared.purse.full_card import DAMK, DAY, DCCK, DLK, DPK, DTK, DUK, DULK, SUBSIDY_AID
from tests.shared.purse.issuer import AID, Desk, Dice

HEADS = [
    (0x00, 0x20), (0x00, 0x82), (0x00, 0x84), (0x00, 0x88), (0x00, 0xA4), (0x00, 0xB0), (0x00, 0xB2), (0x00, 0xD6),
    (0x00, 0xDC), (0x00, 0xE2), (0x04, 0xB0), (0x04, 0xB2), (0x04, 0xD6), (0x04, 0xDC), (0x04, 0xE2), (0x80, 0x0E),
    (0x80, 0x50), (0x80, 0x52), (0x80, 0x54), (0x80, 0x58), (0x80, 0x5A), (0x80, 0x5C), (0x80, 0x5E), (0x80, 0xCA),
    (0x80, 0xD4), (0x80, 0xDC), (0x80, 0xE0), (0x84, 0x16), (0x84, 0x18), (0x84, 0x1E), (0x84, 0x24), (0x84, 0xD4),
]  # fmt: skip
KNOWN = [0, 1, 2, 3, 4, 5, 0x15, 0x17, 0x21, 0x36, 0x3F, 0x95, 0xB8, 0xBC, 0xC4]
PARAMETER = st.one_of(st.sampled_from(KNOWN), st.integers(0, 255))
DATA = st.one_of(
    st.binary(max_size=40),
    st.sampled_from([AID, SUBSIDY_AID, b"\x3f\x00", b"\x3f\x01", full_card.PIN, DAY, b"\1\0\0\0\5" + bytes(6)]),
    st.builds(bytes.__add__, st.sampled_from([b"\x38", b"\x3f", b"\x2f", b"\x28", b"\x3e"]), st.binary(max_size=20)),
)
WILD = st.one_of(
    st.binary(max_size=30),
    st.builds(
        lambda head, p1, p2, data, le: CommandApdu(*head, p1, p2, data, le).encode(),
        st.sampled_from(HEADS), PARAMETER, PARAMETER, DATA, st.one_of(st.none(), st.integers(1, 256)),
    ),
)  # fmt: skip


def money(image):
    """Every purse of a card: balance, limit, counters."""
    card = decode_card_image(image).card
    return [
        (purse.balance_fen, purse.limit_fen, purse.online, purse.offline)
        for stored in card.directories
        for purse in stored.open().purses
    ]


@settings(max_examples=150, deadline=None)
@given(st.lists(WILD, max_size=40))
def test_no_bytes_move_money_or_raise(commands):
    """Guessing a MAC succeeds once in four thousand million; the card's numbers here are no guesses."""
    desk = full_card.desk()
    before = money(desk.memory.image)
    for command in commands:
        answer = desk.card.transmit(command)
        assert 2 <= len(answer) <= 258
    assert money(desk.memory.image) == before
    assert decode_card_image(desk.memory.image).encode() == desk.memory.image


@settings(max_examples=60, deadline=None)
@given(st.lists(WILD, max_size=40))
def test_no_bytes_make_an_open_card_raise(commands):
    """On a card that anybody may issue, every command is reachable."""
    desk = Desk(full_card_open())
    desk.run("00A40000023F0100")
    for command in commands:
        answer = desk.card.transmit(command)
        assert 2 <= len(answer) <= 258
    assert len(desk.memory.image) <= 8192
    decode_card_image(desk.memory.image)


def full_card_open():
    image = decode_card_image(full_card.image(keys=full_card.main_keys(b"")))
    for stored in image.card.directories:
        directory = stored.open()
        directory.create = directory.erase = directory.key_add = 0xF0
        directory.keys = b"".join(slot.encode() for slot in directory.slots(0x3E))
    return image.encode()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(WILD, st.sampled_from([*Tear])), max_size=25))
def test_a_cut_card_says_nothing_until_it_has_power_again(steps):
    plan = iter([tear for _, tear in steps])
    ram = RamMemory(full_card.image())
    desk = full_card.desk(memory=TearingMemory(ram, lambda: next(plan, Tear.NOT)))
    before = money(ram.image)
    for command, _ in steps:
        try:
            desk.card.transmit(command)
        except CardLost:
            for raw in (command, b"\x00\xa4\x04\x00", b""):
                with pytest.raises(CardLost):
                    desk.card.transmit(raw)
            desk.card.power_on()
    assert money(ram.image) == before


def script():
    """One of everything that changes the card, in order."""
    return [
        lambda desk: desk.pin(),
        lambda desk: desk.load(DLK, DTK, 9000, purse=1),
        lambda desk: desk.load(DLK, DTK, 500),
        lambda desk: desk.limit(DUK, DTK, 1000),
        lambda desk: desk.unload(DULK, 300),
        lambda desk: desk.spend(DPK, DTK, 200, p1=2, purse=1, kind=4),
        lambda desk: desk.spend(DPK, DTK, 100, purse=1, kind=5),
        lambda desk: desk.spend(DPK, DTK, 30),
        lambda desk: desk.spend(DPK, DTK, 7, p1=3, kind=9, records=[DAY]),
        lambda desk: desk.maintain("04D6950A", b"\1\2\3\4", DAMK),
        lambda desk: desk.maintain("04DC22B8", full_card.TRIP, DAMK),
        lambda desk: desk.sw("805E010007" "123456FF778899"),
        lambda desk: desk.prove(DCCK),
        lambda desk: desk.maintain("84D43E01", DPK, DCCK, hidden=True),
        lambda desk: desk.maintain("841E0000", b"", DAMK),
        lambda desk: desk.maintain("84180000", b"", DAMK),
    ]


class Counting:
    """A memory that keeps every image it was given, and loses the card at one of them."""

    def __init__(self, ram, at=None, tear=Tear.NOT):
        self.ram, self.at, self.tear, self.stores = ram, at, tear, 0

    def load(self):
        return self.ram.load()

    def store(self, image, /):
        cut = self.stores == self.at
        self.stores += 1
        if cut and self.tear is Tear.BEFORE:
            raise CardLost("before")
        self.ram.store(image)
        if cut and self.tear is Tear.AFTER:
            raise CardLost("after")


def run(at, tear):
    """The script until it is cut: the money before and after the cut step, and what the memory holds."""
    ram = RamMemory(full_card.image())
    memory = Counting(ram, at, tear)
    desk = full_card.desk(memory=memory, dice=Dice())
    kept = money(ram.image)
    for number, step in enumerate(script()):
        try:
            step(desk)
        except CardLost:
            return number, kept, money(ram.image), memory.stores
        kept = money(ram.image)
    return None, kept, kept, memory.stores


def test_every_durable_write_cut_before_and_after():
    """At each store of the script: money is that of before or after the step, whole; one store moves money."""
    stores = run(None, Tear.NOT)[3]
    assert stores == 8 + 2 * 8
    whole = {}
    for at, tear in itertools.product(range(stores), (Tear.BEFORE, Tear.AFTER)):
        step, before, after, _ = run(at, tear)
        assert step is not None
        moved = before != after
        if 1 <= step <= 8:
            assert moved is (tear is Tear.AFTER)
            whole[step] = whole.get(step, 0) + 1
        else:
            assert not moved
    assert whole == dict.fromkeys(range(1, 9), 2)


def test_a_proof_is_there_exactly_when_the_money_moved():
    """Torn unload: 805A 03 tells the two cases apart."""
    for tear in (Tear.BEFORE, Tear.AFTER):
        ram = RamMemory(full_card.image())
        memory = Counting(ram)
        desk = full_card.desk(memory=memory)
        desk.pin()
        desk.load(DLK, DTK, 900, purse=1)
        memory.at, memory.tear = memory.stores, tear
        try:
            desk.unload(DULK, 100)
        except CardLost:
            desk.card.power_on()
        desk.select()
        done = desk.sw("805A000302000208") == "9000"
        assert done is (tear is Tear.AFTER)
        desk.pin()
        assert desk.balance(1) == (800 if done else 900)
