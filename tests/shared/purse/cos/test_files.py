"""The user card's files in bytes: SELECT, READ BINARY, READ RECORD, GET CHALLENGE, and words for bad commands."""

import pytest

from shared.purse import commands
from shared.purse.apdu import ResponseApdu
from shared.purse.caps import CardCounters
from shared.purse.cos.images import blank_card_image, decode_card_image
from shared.purse.profiles import AID_PURSE
from tests.shared.purse.issuer import Desk

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
    [("00", "6700"), ("8050030205", "6700"), ("00DC0000", "6986"), ("80EE0000", "6D00"), ("84240000", "9403"),
     ("90500000", "6E00"), ("04500000", "6D00"),
     ("80500302", "6700"), ("805004020701510000000023", "6A86"), ("805003010B01000000015100000000230F", "6A82"),
     ("805C000104", "6A82")],
)  # fmt: skip
def test_status_words_of_bad_commands(card, raw, word):
    assert sw(card, raw) == word


# --- the current record --------------------------------------------------------------------------------------------

TAGGED = (b"\x21\1a", b"\x22\1b", b"\x21\1c", b"\x23\1d", b"\x21\1e")
FIRST, LAST, NEXT, PREVIOUS, NUMBER = range(0x30, 0x35)


@pytest.fixture
def tagged():
    """File 0006 with five records, three of them of one tag, and file 0007 beside it."""
    desk = Desk(blank_card_image())
    desk.run("80E00006072C0040F0F0FFFF", "80E00007072C0040F0F0FFFF", "00E2003803" "2101FF")
    desk.run(*("00E2003003" + record.hex() for record in TAGGED), "00A40000020006")
    return desk


def walk(desk, tag, *modes):
    """The bodies of the records that these reads find, or their status words."""
    answers = [desk.ask(bytes((0, 0xB2, tag, mode, 0))) for mode in modes]
    return [answer.data[2:].decode() if answer.sw == 0x9000 else f"{answer.sw:04X}" for answer in answers]


@pytest.mark.parametrize(
    ("tag", "modes", "found"),
    [
        (0x21, (FIRST, NEXT, NEXT, NEXT), ["a", "c", "e", "6A83"]),
        (0x21, (LAST, PREVIOUS, PREVIOUS, PREVIOUS), ["e", "c", "a", "6A83"]),
        (0x21, (NEXT, NEXT, PREVIOUS), ["a", "c", "a"]),
        (0x21, (PREVIOUS,), ["e"]),
        (0x00, (FIRST, NEXT, NEXT, LAST, PREVIOUS), ["a", "b", "c", "e", "d"]),
        (0x24, (FIRST, LAST, NEXT, PREVIOUS), ["6A83"] * 4),
        (0x22, (FIRST, NEXT, PREVIOUS, FIRST), ["b", "6A83", "6A83", "b"]),
        (0x21, (0x35, 0x36, 0x37), ["6A86"] * 3),
    ],
)
def test_records_by_tag_first_last_next_previous(tagged, tag, modes, found):
    """ISO 7816-4, P2 000 to 011; P1 00 is any record. A search that finds nothing moves nothing."""
    assert walk(tagged, tag, *modes) == found


def test_number_zero_is_the_current_record_and_a_number_moves_nothing(tagged):
    assert walk(tagged, 0, NUMBER) == ["6A83"]
    assert walk(tagged, 0x22, FIRST) == ["b"]
    assert walk(tagged, 0, NUMBER) == ["b"]
    assert walk(tagged, 5, NUMBER) == ["e"]
    assert walk(tagged, 0, NUMBER) == ["b"]
    assert walk(tagged, 0x21, NEXT) == ["c"]


def test_another_file_or_directory_forgets_the_current_record(tagged):
    for away in ("00B201" "3C00", "00A40000020006", "00A40000023F00"):
        assert walk(tagged, 0x22, FIRST) == ["b"]
        tagged.run(away)
        tagged.run("00A40000020006")
        assert walk(tagged, 0, NUMBER) == ["6A83"]


def test_the_current_record_of_one_file_is_not_that_of_another(tagged):
    assert walk(tagged, 0x21, FIRST) == ["a"]
    assert tagged.sw("00B2003C00") == "6A83"
    assert len(tagged.data("00B2213800")) == 3
    assert tagged.data("00B2003C00") == b"\x21\1\xff"


def test_updates_by_tag_go_where_a_read_would_and_move_there(tagged):
    tagged.run("00DC213103" "2101" + b"z".hex(), "00DC213303" "2101" + b"y".hex())
    assert walk(tagged, 0, NUMBER, FIRST, LAST) == ["y", "a", "z"]
    assert tagged.sw("00DC003403" "2101" + b"x".hex()) == "9000"
    assert walk(tagged, 0, LAST) == ["x"]
    assert tagged.sw("00DC243003" "240178") == "6A83"


def test_what_was_appended_is_current(tagged):
    tagged.run("00E2003003" "2401" + b"f".hex())
    assert walk(tagged, 0, NUMBER) == ["f"]
    desk = Desk(blank_card_image())
    desk.run("80E0000A072E0203F0F0FFFF", "00E2005003" "610101", "00E2005003" "620102")
    assert desk.data("00B2005400") == b"\x62\1\2"
    assert desk.data("00B2005200") == b"\x61\1\1"


def test_the_cache_of_a_composite_purchase_takes_a_tag_or_a_number(school):
    card = school.card(number=4711, balance=5000)
    ask(card, commands.select_name(AID_PURSE))
    record = CardCounters().encode()
    for p1, p2, word in ((0x21, 0xB9, "6A86"), (0x21, 0xBA, "6A86"), (0, 0xB8, "6A83"), (0, 0xBC, "6A83"),
                         (1, 0xBC, "9000"), (0x21, 0xB8, "9000")):  # fmt: skip
        ask(card, commands.init_purchase(commands.PurchaseForm.CAPP, 1, 0, bytes(6)))
        assert sw(card, bytes((0x80, 0xDC, p1, p2, len(record))) + record) == word
