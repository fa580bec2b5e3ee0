"""The T=0 card against the channel that hides T=0: what a card says whole is what the caller gets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.card.sim.t0 import ATR_T0, T0Chip
from shared.purse.apdu import CommandApdu, T0Channel
from tests.edge.card.chips import Scripted


def tpdu(chip, text):
    return chip.transmit(bytes.fromhex(text)).hex().upper()


def test_data_and_answer_need_a_get_response():
    chip = T0Chip(Scripted({0x70: "000012A7F15CAB759000"}))
    assert tpdu(chip, "8070000002AABB") == "6108"
    assert tpdu(chip, "00C0000009") == "6C08"
    assert tpdu(chip, "00C0000002") == "00006106"
    assert tpdu(chip, "00C0000006") == "12A7F15CAB759000"
    assert tpdu(chip, "00C0000008") == "6985"


def test_another_command_forgets_what_was_to_be_fetched():
    chip = T0Chip(Scripted({0x70: "000012A7F15CAB759000", 0x72: "9000"}))
    assert tpdu(chip, "8070000002AABB") == "6108"
    assert tpdu(chip, "807200000456988A13") == "9000"
    assert tpdu(chip, "00C0000008") == "6985"


def test_a_wrong_length_is_named():
    chip = T0Chip(Scripted({0xB0: "5100000000239000"}))
    assert tpdu(chip, "00B0960000") == "6C06"
    assert tpdu(chip, "00B0960006") == "5100000000239000"


@pytest.mark.parametrize("whole", ["8070000002AABB08", "8070000003AABB"])
def test_data_with_le_or_of_another_length_cannot_be_sent(whole):
    assert tpdu(T0Chip(Scripted({0x70: "9000"})), whole) == "6700"


def test_a_bare_status_word_passes_and_power_forgets():
    chip = T0Chip(Scripted({0x54: "9302", 0x70: "01029000"}))
    assert tpdu(chip, "805401000101") == "9302"
    assert tpdu(chip, "8070000001AA") == "6102"
    assert chip.power_on() == ATR_T0
    assert tpdu(chip, "00C0000002") == "6985"
    chip.power_off()


@given(st.binary(max_size=255), st.binary(max_size=255), st.booleans())
def test_the_channel_hides_it_all(data, answer, wants):
    chip = Scripted({0x70: answer.hex() + "9000"})
    apdu = CommandApdu(0x80, 0x70, 0, 0, data, 256 if wants else None).encode()
    if not data and not wants and answer:
        return  # case 1 has no answer
    assert T0Channel(T0Chip(chip)).transmit(apdu) == answer + b"\x90\x00"
