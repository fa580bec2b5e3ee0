"""Frame bytes are frozen; the table-driven length equals a bit-by-bit reading of the standard."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.link.can.frame import (
    ERROR,
    EXTENDED,
    REMOTE,
    CanFrame,
    FrameError,
    arbitration_key,
    frame_bits,
    pack,
    unpack,
)


def wire_text(frame: CanFrame) -> str:
    """The frame as the standard draws it, one character a bit, stuffing done on the text."""
    remote = "1" if frame.word & REMOTE else "0"
    if frame.word & EXTENDED:
        number = format(frame.word & 0x1FFFFFFF, "029b")
        head = "0" + number[:11] + "11" + number[11:] + remote + "00"
    else:
        head = "0" + format(frame.word & 0x7FF, "011b") + remote + "00"
    body = "" if frame.word & REMOTE else "".join(format(byte, "08b") for byte in frame.data)
    plain = head + format(len(frame.data), "04b") + body
    register = [0] * 15
    for character in plain:
        feedback = int(character) ^ register[0]
        register = [*register[1:], 0]
        if feedback:
            register = [a ^ int(b) for a, b in zip(register, format(0x4599, "015b"), strict=True)]
    plain += "".join(map(str, register))
    stuffed = ""
    for character in plain:
        stuffed += character
        if stuffed[-5:] in {"00000", "11111"}:
            stuffed += "1" if character == "0" else "0"
    return stuffed + "1" + "01" + "1111111" + "111"


def random_frame(chance: random.Random) -> CanFrame:
    extended = chance.random() < 0.6
    word = EXTENDED | chance.getrandbits(29) if extended else chance.getrandbits(11)
    word |= REMOTE if chance.random() < 0.1 else 0
    length = chance.randint(0, 8)
    # Long runs of equal bits are where stuffing goes wrong.
    data = bytes(chance.choice([0, 0, 255, 0xF8, 0x07, chance.getrandbits(8)]) for _ in range(length))
    return CanFrame(word, bytes(length) if word & REMOTE else data)


def test_length_equals_a_bit_by_bit_reference_on_3000_frames():
    chance = random.Random(2007)
    for _ in range(3000):
        frame = random_frame(chance)
        assert frame_bits(frame) == len(wire_text(frame)), frame


@given(st.booleans(), st.integers(0, 2**29 - 1), st.binary(max_size=8))
def test_length_of_any_frame(extended: bool, number: int, data: bytes):
    frame = CanFrame(EXTENDED | number if extended else number & 0x7FF, data)
    assert frame_bits(frame) == len(wire_text(frame))


def test_frozen_lengths():
    assert frame_bits(CanFrame(EXTENDED | 0x18DAF001, bytes.fromhex("1045100000000000"))) == 144
    assert frame_bits(CanFrame(0x555, bytes.fromhex("5555555555555555"))) == 112


def test_frozen_bytes():
    frame = CanFrame(EXTENDED | 0x18DAF001, b"\x02\x11\x07")
    raw = bytes.fromhex("01f0da98 03000000 0211070000000000")
    assert pack(frame) == raw
    assert unpack(raw) == frame


@given(st.integers(0, 2**29 - 1), st.binary(max_size=8))
def test_bytes_come_back(number: int, data: bytes):
    frame = CanFrame(EXTENDED | number, data)
    assert unpack(pack(frame)) == frame


@given(st.binary(max_size=24))
def test_any_bytes_are_a_frame_or_a_frame_error(raw: bytes):
    try:
        frame = unpack(raw)
    except FrameError:
        return
    assert len(raw) == 16
    assert len(frame.data) <= 8


@pytest.mark.parametrize("raw", [b"", bytes(15), bytes(17), bytes(4) + b"\x09" + bytes(11),
                                 bytes.fromhex("00080000") + bytes(12)])  # fmt: skip
def test_what_is_no_frame_is_refused(raw: bytes):
    with pytest.raises(FrameError):
        unpack(raw)


@pytest.mark.parametrize("frame", [CanFrame(0x800, b""), CanFrame(1, bytes(9)), CanFrame(-1, b""),
                                   CanFrame(1 << 32, b"")])  # fmt: skip
def test_what_is_no_frame_is_not_sent(frame: CanFrame):
    with pytest.raises(FrameError):
        pack(frame)


def test_an_error_frame_has_its_classes_in_the_id():
    assert unpack(pack(CanFrame(ERROR | 0x204, bytes(8)))).word == ERROR | 0x204


def arbitration_text(frame: CanFrame) -> str:
    """The bits that take part in arbitration, as the wire sees them."""
    remote = "1" if frame.word & REMOTE else "0"
    if frame.word & EXTENDED:
        number = format(frame.word & 0x1FFFFFFF, "029b")
        return number[:11] + "11" + number[11:] + remote
    return format(frame.word & 0x7FF, "011b") + remote + "0"


def test_arbitration_orders_as_the_wire_does():
    chance = random.Random(11)
    frames = [random_frame(chance) for _ in range(300)]
    # Same base id in all forms, where the order is decided behind it.
    frames += [CanFrame(word, b"") for word in (0x123, 0x123 | REMOTE, EXTENDED | 0x123 << 18,
               EXTENDED | REMOTE | 0x123 << 18, EXTENDED | 0x123 << 18 | 1)]  # fmt: skip
    by_key = sorted(frames, key=arbitration_key)
    texts = [arbitration_text(frame) for frame in by_key]
    assert texts == sorted(texts)
