"""Line frames: frozen bytes, any split, noise never becomes a frame, bounds."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.link.rs485 import cobs
from edge.link.rs485.frame import (
    FRAME_MAX_BYTES,
    OVERHEAD_BYTES,
    PAYLOAD_MAX_BYTES,
    FrameError,
    FrameReader,
    Kind,
    LineFrame,
    decode_frame,
    encode_frame,
)

frames = st.builds(
    LineFrame, st.integers(0, 255), st.booleans(), st.sampled_from(Kind), st.binary(max_size=250),
    st.booleans(), st.integers(0, 1), st.integers(0, 1), st.booleans(),
)  # fmt: skip


def test_frozen_bytes():
    poll = LineFrame(7, upward=False, kind=Kind.EXCHANGE, expects=1)
    assert encode_frame(poll).hex() == "000507043be300"
    answer = LineFrame(7, True, Kind.EXCHANGE, b"\x10\x00abc", more=True, sequence=1, pending=True)
    assert encode_frame(answer).hex() == "0004079a1006616263c65f00"
    assert encode_frame(LineFrame(0xFF, False, Kind.CAST, b"\x15")).hex() == "0006ff4015b35800"
    assert [*Kind] == [0, 1, 2, 3]


@given(frames)
def test_comes_back(frame):
    raw = encode_frame(frame)
    assert raw[0] == raw[-1] == 0
    assert 0 not in raw[1:-1]
    assert len(raw) == len(frame.payload) + OVERHEAD_BYTES <= FRAME_MAX_BYTES
    assert decode_frame(raw[1:-1]) == frame


@given(st.lists(frames, max_size=5), st.integers(1, 40))
def test_any_split_of_the_stream(sent, step):
    raw, reader = b"".join(map(encode_frame, sent)), FrameReader()
    got = [frame for at in range(0, len(raw), step) for frame in reader.feed(raw[at : at + step])]
    assert got == sent
    assert reader.errors == 0


@given(frames, st.integers(0), st.integers(1, 255))
def test_a_changed_byte_is_noticed(frame, at, flip):
    raw = bytearray(encode_frame(frame))
    raw[1 + at % (len(raw) - 2)] ^= flip
    got = FrameReader().feed(bytes(raw))
    assert got == []


@given(st.binary(max_size=600))
def test_noise_never_raises_and_the_next_frame_is_heard(noise):
    reader, frame = FrameReader(), LineFrame(3, True, Kind.EXCHANGE, b"fine")
    reader.feed(noise)
    assert reader.feed(encode_frame(frame))[-1:] == [frame]


def test_endless_noise_is_not_kept():
    reader = FrameReader()
    for _ in range(1000):
        reader.feed(b"\x55" * 100)
        assert len(reader._buffer) <= FRAME_MAX_BYTES
    assert reader.feed(b"\0") == []
    assert reader.errors == 1


def test_random_noise_is_no_frame():
    chance, reader = random.Random(7), FrameReader()
    assert reader.feed(chance.randbytes(300_000)) == []
    assert reader.errors > 500


@pytest.mark.parametrize("frame", [LineFrame(256, False, Kind.CAST), LineFrame(-1, False, Kind.CAST),
                                   LineFrame(1, False, Kind.CAST, bytes(PAYLOAD_MAX_BYTES + 1))])  # fmt: skip
def test_what_fits_no_frame_is_not_sent(frame):
    with pytest.raises(FrameError):
        encode_frame(frame)


def sealed(inner: bytes) -> bytes:
    return cobs.encode(inner + genibus(inner).to_bytes(2))


def genibus(data: bytes) -> int:
    """CRC-16/GENIBUS bit by bit."""
    crc = 0xFFFF
    for byte in data:
        for shift in range(7, -1, -1):
            carry = (crc >> 15 ^ byte >> shift) & 1
            crc = (crc << 1 & 0xFFFF) ^ (0x1021 if carry else 0)
    return crc ^ 0xFFFF


@pytest.mark.parametrize(("encoded", "why"), [
    (b"", "empty"), (b"\x02", "a block longer"), (b"\x05\x07\x04\x3b\xe2", "wrong CRC"),
    (sealed(b"\x07"), "3 bytes"), (sealed(bytes(253)), "255 bytes"), (sealed(b"\x07\x05"), "later version"),
])  # fmt: skip
def test_what_is_no_frame_is_refused(encoded, why):
    with pytest.raises(FrameError, match=why):
        decode_frame(encoded)


def test_the_crc_is_the_one_we_say():
    """CRC-16/GENIBUS: its published check value."""
    assert genibus(b"123456789") == 0xD64E
    assert encode_frame(LineFrame(7, upward=False, kind=Kind.EXCHANGE, expects=1))[1:-1] == sealed(b"\x07\x04")


@given(frames, st.integers(1, 5))
def test_a_closing_delimiter_disturbed_into_zeros_of_cobs_is_noticed(frame, zeros):
    """Found by noise in virtual time: 0x01 is a zero to COBS, and a CRC without final XOR does not see it."""
    raw = encode_frame(frame)
    assert FrameReader().feed(raw[:-1] + b"\x01" * zeros + b"\0") == []
