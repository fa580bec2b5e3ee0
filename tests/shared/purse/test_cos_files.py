"""The user card's files in bytes: SELECT, READ BINARY, READ RECORD, GET CHALLENGE, and words for bad commands."""

import pytest

from shared.purse import commands
from shared.purse.apdu import ResponseApdu
from shared.purse.caps import CardCounters
from shared.purse.images import decode_card_image
from shared.purse.profiles import AID_PURSE

TERM = bytes.fromhex("510000000023")


def ask(card, raw):
    return ResponseApdu.decode(card.transmit(bytes.fromhex(raw) if isinstance(raw, str) else raw))


def sw(card, raw):
    return f"{ask(card, raw).sw:04X}"


def state(card):
    return decode_card_image(card._memory.load())


@pytest.fixture
def card(school):
    card = school.card(number=4711, balance=5000)
    ask(card, commands.select_name(AID_PURSE))
    return card


def test_select_answers_the_fci_with_0015(school):
    card = school.card()
    public = state(card).public
    for raw in (commands.select_name(AID_PURSE), "00A40000023F0100"):
        answer = ask(card, raw)
        assert answer.sw == 0x9000
        assert answer.data.endswith(b"\x9f\x0c\x1e" + public)
    assert ask(card, "00A40000023F00").data.hex() == "6f15840e315041592e5359532e4444463031a503880101"
    assert ask(card, "00A404000E315041592E5359532E4444463031").sw == 0x9000
    assert sw(card, "00A4040005D156000001") == "6A82"
    assert sw(card, "00A40000021001") == "6A82"
    assert sw(card, "00A4000001AA") == "6A82"
    assert sw(card, "00A40100023F01") == "6A86"


def test_nothing_of_the_purse_is_open_before_it_is_selected(school):
    card = school.card()
    for raw in ("00B095001E", "00B221B800", "00B201C400", "805C000204", commands.init_load(1, 1, TERM)):
        assert sw(card, raw) == "6A82"
    assert sw(card, commands.prove(9, 1)) == "6985"
    ask(card, commands.select_name(AID_PURSE))
    ask(card, "00A40000023F00")
    assert sw(card, "805C000204") == "6A82"


def test_read_binary(card):
    public = state(card).public
    assert ask(card, "00B095001E").data == public
    assert ask(card, "00B0950000").data == public
    assert ask(card, "00B0950A08").data == public[10:18]
    assert ask(card, "00B0960000").data == bytes(39)
    assert sw(card, "00B0951E01") == "6B00"
    assert sw(card, "00B095101E") == "6C0E"
    assert sw(card, "00B0940001") == "6A82"


def test_read_record(card):
    assert ask(card, "00B221B800").data == CardCounters().encode()
    assert ask(card, "00B201BC00").data == CardCounters().encode()
    assert ask(card, "00B221B830").sw == 0x9000
    assert sw(card, "00B221B810") == "6C30"
    assert sw(card, "00B222B800") == "6A83"
    assert sw(card, "00B202BC00") == "6A83"
    assert sw(card, "00B201C400") == "6A83"
    assert sw(card, "00B201A400") == "6A82"


def test_challenges(card):
    first, second = ask(card, "0084000004"), ask(card, "0084000008")
    assert (len(first.data), len(second.data)) == (4, 8)
    assert sw(card, "0084000005") == "6700"
    assert sw(card, "00840000") == "6700"


@pytest.mark.parametrize(
    ("raw", "word"),
    [("00", "6700"), ("8050030205", "6700"), ("00DC0000", "6A82"), ("80EE0000", "6D00"), ("84240000", "9403"),
     ("90500000", "6E00"), ("04500000", "6D00"),
     ("80500302", "6700"), ("805004020701510000000023", "6A86"), ("805003010B01000000015100000000230F", "6A82"),
     ("805C000104", "6A82")],
)  # fmt: skip
def test_status_words_of_bad_commands(card, raw, word):
    assert sw(card, raw) == word
