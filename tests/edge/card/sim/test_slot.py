import pytest

from edge.card.sim.slot import Cut, Slot
from edge.card.sim.wire import Control, frame
from tests.edge.card.chips import ATR, Scripted

COMMAND = bytes.fromhex("805C000204")
ANSWER = "000004E29000"


def slot_with(chip):
    slot = Slot()
    slot.insert(chip)
    chip.said.clear()
    return slot


def control(slot, code):
    return slot.take(bytes((code,)))


def test_an_empty_slot_drops_every_line():
    for body in (b"\x04", b"\x01", COMMAND):
        assert Slot().take(body).gone
        assert Slot().take(body).raw == b""


def test_a_card_is_known_by_its_atr_before_it_is_powered():
    slot = slot_with(Scripted())
    assert control(slot, Control.ATR).raw == frame(ATR)


def test_power_goes_to_the_card_and_only_the_atr_and_commands_are_answered():
    chip = Scripted({0x5C: ANSWER})
    slot = slot_with(chip)
    for code in (Control.ON, Control.RESET, Control.OFF, 0x77):
        assert control(slot, code) == slot.take(bytes((Control.OFF,)))
    assert chip.said == ["on", "off", "on", "off", "off", "off", "off"]
    assert slot.take(COMMAND).raw == frame(bytes.fromhex(ANSWER))
    assert slot.commands == 1


@pytest.mark.parametrize(
    ("cut", "raw", "gone", "reached"),
    [
        (Cut.BEFORE, "", True, 0),
        (Cut.AFTER, "", True, 1),
        (Cut.MIDDLE, "0006000004", True, 1),
        (Cut.MUTE, "", False, 1),
    ],
)
def test_where_a_command_is_cut(cut, raw, gone, reached):
    chip = Scripted({0x5C: ANSWER, 0xA4: "9000"})
    slot = slot_with(chip)
    slot.tear(cut, at=2, keep=3)
    assert slot.take(b"\x00\xa4\x04\x00").raw == frame(b"\x90\x00")
    reaction = slot.take(COMMAND)
    assert (reaction.raw.hex(), reaction.gone) == (raw, gone)
    assert [word for word in chip.said if word.startswith("80")] == [COMMAND.hex()] * reached
    assert slot.is_empty is gone


def test_a_plan_is_for_one_command_and_one_card():
    slot = slot_with(Scripted({0x5C: ANSWER}))
    slot.tear(Cut.MUTE)
    assert slot.take(COMMAND).raw == b""
    assert slot.take(COMMAND).raw == frame(bytes.fromhex(ANSWER))
    slot.tear(Cut.BEFORE)
    slot.insert(Scripted({0x5C: ANSWER}))
    assert slot.take(COMMAND).raw == frame(bytes.fromhex(ANSWER))


def test_a_card_that_dies_under_a_command_has_left():
    chip = Scripted(dies=0x54)
    slot = slot_with(chip)
    assert slot.take(bytes.fromhex("8054010000")).gone
    assert slot.is_empty
    assert chip.said[-1] == "off"
