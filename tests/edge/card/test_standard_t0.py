"""Our card on T=0 under a reader that knows TPDUs alone: five header bytes, data or nothing, 61xx, 6Cxx, GET RESPONSE.

ISO 7816-3, T=0, cases 1 to 4: 6Cxx means that nothing was done yet, and what is asked again is done once.
"""

import os

import pytest

from edge.card.sim.t0 import T0Chip
from shared.purse.cos.card import UserCard
from shared.purse.cos.images import RamMemory
from tests.edge.card import standard_des as des
from tests.edge.card.standard_desk import NOON, PURSE_NAME, TERMINAL, TTN, h
from tests.shared.purse import full_card
from tests.shared.purse.full_card import CITY, DAMK, DAY, DLK, DPK, DTK, TRIP


class Tpdu:
    """One card under a T=0 reader: what goes in by header and data, what comes out by header and P3."""

    def __init__(self, chip):
        self.chip = T0Chip(chip)
        self.atr = self.chip.power_on()

    def send(self, head, data=b"", p3=0):
        answer = self.chip.transmit(h(head) + (bytes((len(data),)) + data if data else bytes((p3,))))
        return answer[:-2], answer[-2:].hex().upper()

    def word(self, head, data=b"", p3=0):
        return self.send(head, data, p3)[1]

    def take(self, head, data=b"", p3=0):
        """The whole answer, as a reader fetches it."""
        got, word = self.send(head, data, p3)
        if word[:2] == "6C":
            got, word = self.send(head, b"", int(word[2:], 16))
        while word[:2] == "61":
            more, word = self.send("00C00000", b"", int(word[2:], 16))
            got += more
        assert word == "9000", f"{head}: {word}"
        return got


@pytest.fixture
def card():
    made = Tpdu(UserCard(RamMemory(full_card.image()), os.urandom))
    assert made.word("00A40400", PURSE_NAME)[:2] == "61"
    return made


def test_the_atr_says_t_0_alone(card):
    """TS 3B; T0 without TD1, so T=0 and no check byte; its historical bytes, and nothing behind them."""
    ts, t0, *historical = card.atr
    assert (ts, t0 >> 7) == (0x3B, 0)
    assert len(historical) == t0 & 0x0F


def test_the_four_cases(card):
    assert card.word("00200000", h("123456")) == "9000"
    assert card.word("805C0002", p3=4) == "9000"
    assert card.word("805C0002", p3=0) == "6C04"
    assert card.word("805C0002", p3=9) == "6C04"
    assert card.word("00840000", p3=8) == "9000"
    assert card.word("80500102", b"\1" + bytes(4) + TERMINAL) == "610F"
    assert card.word("80500102", b"\1" + des.fen(9_999_999) + TERMINAL) == "9401"
    assert card.word("00C00000", p3=15) == "6985"


def test_an_answer_is_fetched_in_parts(card):
    """GET RESPONSE with less than there is: the part, and 61 with what is left."""
    whole = card.take("00A40400", PURSE_NAME)
    size = int(card.word("00A40400", PURSE_NAME)[2:], 16)
    first, word = card.send("00C00000", p3=16)
    assert word == f"61{size - 16:02X}"
    second, word = card.send("00C00000", p3=size - 16 - 1)
    assert word == "6101"
    last, word = card.send("00C00000", p3=1)
    assert word == "9000"
    assert first + second + last == whole
    assert card.word("00C00000", p3=1) == "6985"


def test_more_than_there_is_gets_the_length(card):
    card.word("80500102", b"\1" + bytes(4) + TERMINAL)
    assert card.word("00C00000", p3=0) == "6C0F"
    assert card.word("00C00000", p3=16) == "6C0F"
    assert len(card.take("00C00000", p3=15)) == 15


def test_another_command_loses_the_rest(card):
    card.word("80500102", b"\1" + bytes(4) + TERMINAL)
    card.send("00C00000", p3=4)
    card.take("805C0002", p3=4)
    assert card.word("00C00000", p3=11) == "6985"


def test_6cxx_has_not_moved_to_the_next_record(card):
    """READ RECORD of the next one with P3 00: told the length, asked again, it is the next and not the one after."""
    found = [card.take("00B200B8")]
    found += [card.take("00B200BA") for _ in range(2)]
    assert found == [DAY, TRIP, CITY]
    assert card.word("00B200BA") == "6A83"


def test_after_6cxx_another_command_is_another_command(card):
    assert card.word("00B221B8") == "6C08"
    assert card.take("00B222B8", p3=8) == TRIP
    assert card.take("00B221B8", p3=8) == DAY
    assert card.word("00B221B8") == "6C08"
    assert card.word("00B221B8", p3=7) == "6C08"


def test_a_purchase_a_load_and_a_proof(card):
    assert card.word("00200000", h("123456")) == "9000"
    opened = card.take("80500002", b"\1" + des.fen(700) + TERMINAL)
    session = des.load_session(DLK, opened[8:12], opened[4:6])
    mac2 = des.mac(session, des.fen(700), b"\2", TERMINAL, NOON)
    tac = card.take("80520000", NOON + mac2)
    assert tac == des.tac(DTK, des.fen(5_700), opened[4:6], des.fen(700), b"\2", TERMINAL, NOON)
    opened = card.take("80500302", b"\1" + des.fen(300) + TERMINAL)
    assert card.word("80DC21B8", DAY) == "9000"
    session = des.purchase_session(DPK, opened[11:], opened[4:6], TTN)
    answer = card.take("80540100", TTN + NOON + des.mac(session, des.fen(300), b"\x09", TERMINAL, NOON))
    assert answer[4:] == des.mac(session, des.fen(300))
    assert card.take("805A0009", h("0001")) == answer[4:] + answer[:4]
    assert card.take("805C0002") == des.fen(5_400)


def test_a_torn_get_response_leaves_the_debit_done(card):
    """The card has debited when it says 6108; the field goes before the rest is fetched."""
    opened = card.take("80500102", b"\1" + des.fen(300) + TERMINAL)
    session = des.purchase_session(DPK, opened[11:], opened[4:6], TTN)
    mac1 = des.mac(session, des.fen(300), b"\x06", TERMINAL, NOON)
    assert card.word("80540100", TTN + NOON + mac1) == "6108"
    card.chip.power_on()
    assert card.word("00C00000", p3=8) == "6985"
    card.take("00A40400", PURSE_NAME)
    assert card.take("805C0002") == des.fen(4_700)
    assert card.take("805A0006", h("0001"))[:4] == des.mac(session, des.fen(300))


def test_line_protection(card):
    """04D6 and 04B0 have data: their answers are fetched."""
    start = card.take("00840000", p3=4)
    code = des.line_mac(DAMK, start, h("04D6960006") + h("BABA"))
    assert card.word("04D69600", h("BABA") + code) == "9000"
    assert card.take("00B09600", p3=2) == h("BABA")
