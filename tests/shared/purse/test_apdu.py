"""Short APDUs, status words, and what hides T=0."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.purse.apdu import (
    MAX_GET_RESPONSE,
    CommandApdu,
    DebitVerdict,
    ResponseApdu,
    Sw,
    T0Channel,
    WholeChannel,
    debit_verdict,
    sw_text,
)
from shared.purse.errors import ApduError

BYTE = st.integers(0, 255)
COMMANDS = st.builds(
    CommandApdu, BYTE, BYTE, BYTE, BYTE, st.binary(max_size=255), st.one_of(st.none(), st.integers(1, 256))
)


@pytest.mark.parametrize(
    ("command", "raw"),
    [
        (CommandApdu(0x00, 0xA4, 0x04, 0x00), "00A40400"),
        (CommandApdu(0x80, 0x5C, 0x00, 0x02, le=4), "805C000204"),
        (CommandApdu(0x00, 0xB0, 0x95, 0x00, le=256), "00B0950000"),
        (CommandApdu(0x80, 0x72, 0x00, 0x00, b"\1\2\3\4"), "807200000401020304"),
        (CommandApdu(0x00, 0xA4, 0x00, 0x00, b"\x3f\x01", 256), "00A40000023F0100"),
    ],
)
def test_the_four_cases(command, raw):
    assert command.encode().hex().upper() == raw
    assert CommandApdu.decode(bytes.fromhex(raw)) == command


@given(COMMANDS)
def test_what_was_encoded_comes_back(command):
    assert CommandApdu.decode(command.encode()) == command


@pytest.mark.parametrize(
    "raw", ["", "00A404", "00A4040002AA", "00A4040001AABBCC", "00A404000000FF", "00A40400000001AA"]
)
def test_what_is_no_short_apdu_is_refused(raw):
    with pytest.raises(ApduError):
        CommandApdu.decode(bytes.fromhex(raw))


@pytest.mark.parametrize("command", [CommandApdu(0, 0, 0, 0, bytes(256)), CommandApdu(0, 0, 0, 0, b"", 257)])
def test_too_long_commands_are_refused(command):
    with pytest.raises(ApduError):
        command.encode()


def test_responses():
    assert ResponseApdu.decode(b"\x01\x02\x90\x00") == (b"\x01\x02", 0x9000)
    assert ResponseApdu(b"\x01", 0x6A82).encode() == b"\x01\x6a\x82"
    assert ResponseApdu.of_any(b"") == (b"", 0)
    assert ResponseApdu.of_any(b"\x90") == (b"", 0)
    for raw in (b"", b"\x90", bytes(259)):
        with pytest.raises(ApduError):
            ResponseApdu.decode(raw)


@pytest.mark.parametrize("sw", [*Sw, 0x63C2, 0x6110, 0x6C04, 0x1234])
def test_every_status_word_has_both_texts(sw):
    text = sw_text(sw)
    assert text.zh
    assert text.en
    assert not text.zh.isascii()
    assert text.en.isascii()


@given(st.integers(0, 0xFFFF))
def test_an_unlisted_word_on_a_debit_is_an_unknown_outcome(sw):
    proven = {0x9302, 0x9401, 0x9402, 0x6700, 0x6A86, 0x6D00, 0x6E00}
    expected = DebitVerdict.DONE if sw == 0x9000 else DebitVerdict.NOT_DONE if sw in proven else DebitVerdict.UNKNOWN
    assert debit_verdict(sw) is expected


@pytest.mark.parametrize("sw", [0x6901, 0x6982, 0x6985, 0x6A80, 0x6581, 0x0000, 0x9303])
def test_words_that_third_party_cards_misuse_prove_nothing(sw):
    assert debit_verdict(sw) is DebitVerdict.UNKNOWN


class Contact:
    """A contact card that answers from a script and keeps what it was asked."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []

    def transmit(self, apdu, /):
        self.asked.append(apdu.hex())
        return bytes.fromhex(self.answers.pop(0))


def test_more_data_is_fetched_in_parts():
    card = Contact("AABB6102", "CCDD9000")
    assert T0Channel(card).transmit(bytes.fromhex("00B0950000")) == bytes.fromhex("AABBCCDD9000")
    assert card.asked == ["00b0950000", "00c0000002"]


def test_a_wrong_length_is_asked_again_with_the_right_one():
    card = Contact("6C1E", "AA9000")
    assert T0Channel(card).transmit(bytes.fromhex("00B0950020")) == bytes.fromhex("AA9000")
    assert card.asked == ["00b0950020", "00b095001e"]


def test_data_and_le_do_not_go_into_one_command():
    card = Contact("6108", "DEA51C3A9000")
    assert T0Channel(card).transmit(bytes.fromhex("805A000902002808")) == bytes.fromhex("DEA51C3A9000")
    assert card.asked == ["805a0009020028", "00c0000008"]


def test_a_part_may_be_shorter_than_it_was_said():
    card = Contact("6108", "6C04", "DEA51C3A9000")
    assert T0Channel(card).transmit(bytes.fromhex("805A000902002808")) == bytes.fromhex("DEA51C3A9000")
    assert card.asked == ["805a0009020028", "00c0000008", "00c0000004"]


def test_on_another_protocol_the_le_stays():
    card = Contact("6C08", "6104", "DEA51C3A9000")
    assert WholeChannel(card).transmit(bytes.fromhex("805A000902002810")) == bytes.fromhex("DEA51C3A9000")
    assert card.asked == ["805a000902002810", "805a000902002808", "00c0000004"]


def test_a_plain_answer_passes():
    assert T0Channel(Contact("9302")).transmit(b"\x80\x54\x01\x00") == b"\x93\x02"


@pytest.mark.parametrize("word", ["6700", "6D00", "6E00", "6A86", "9302", "9401", ""])
def test_a_refused_get_response_is_no_word_of_the_command(word):
    """61xx: it was done. What is missing makes the answer short, and never a refusal of the command."""
    card = Contact("6108", word)
    assert WholeChannel(card).transmit(bytes.fromhex("8054010000")) == b"\x61\x08"
    assert debit_verdict(0x6108) is DebitVerdict.UNKNOWN
    assert T0Channel(Contact("AA6102", "BB6101", word)).transmit(bytes(5)) == bytes.fromhex("AABB6101")


def test_an_endless_card_is_stopped():
    card = Contact(*["6101"] * (MAX_GET_RESPONSE + 1))
    with pytest.raises(ApduError):
        T0Channel(card).transmit(bytes.fromhex("00B0950000"))
    assert len(card.asked) == MAX_GET_RESPONSE + 1
