"""One classic CAN frame: its bytes (the kernel's `struct can_frame`) and its exact length on the wire in bits.

Refuses CAN FD, more than 8 bytes and ids that do not fit their form. Sources: Linux can.h for the 16 bytes,
Bosch CAN 2.0 part B for the bit string, CRC-15 and stuffing.
"""

import struct
from dataclasses import dataclass
from functools import lru_cache

EXTENDED = 0x8000_0000
REMOTE = 0x4000_0000
ERROR = 0x2000_0000
STANDARD_MASK = 0x7FF
EXTENDED_MASK = 0x1FFF_FFFF

FRAME_BYTES = 16
DATA_MAX_BYTES = 8
INTERMISSION_BITS = 3

_LAYOUT = struct.Struct("=IB3x8s")
_CRC_POLYNOMIAL = 0x4599
_CRC_BITS = 15
# CRC delimiter, acknowledge slot and delimiter, end of frame, intermission: never stuffed.
_TAIL_BITS = 1 + 2 + 7 + INTERMISSION_BITS


class FrameError(ValueError):
    """Bytes or fields that are no classic CAN frame."""


@dataclass(frozen=True, slots=True)
class CanFrame:
    """`word` is the kernel's can_id: the 11 or 29 bit id with the EXTENDED, REMOTE and ERROR flags.

    A remote frame carries no bytes; the length of its `data` is its length code.
    """

    word: int
    data: bytes


def pack(frame: CanFrame) -> bytes:
    """The 16 bytes a SocketCAN raw socket takes; raises FrameError."""
    _require_form(frame.word, len(frame.data))
    return _LAYOUT.pack(frame.word, len(frame.data), frame.data)


def unpack(raw: bytes) -> CanFrame:
    """The frame in 16 bytes of a SocketCAN raw socket; raises FrameError on anything else."""
    if len(raw) != FRAME_BYTES:
        raise FrameError(f"a frame has {FRAME_BYTES} bytes, not {len(raw)}")
    word, length, data = _LAYOUT.unpack(raw)
    _require_form(word, length)
    return CanFrame(word, data[:length])


def _require_form(word: int, length: int) -> None:
    if length > DATA_MAX_BYTES:
        raise FrameError(f"a classic frame carries at most {DATA_MAX_BYTES} bytes, not {length}")
    if not 0 <= word <= 0xFFFF_FFFF:
        raise FrameError("the id word has 32 bits")
    if not word & (EXTENDED | ERROR) and word & (EXTENDED_MASK ^ STANDARD_MASK):
        raise FrameError("a standard id has 11 bits")


def arbitration_key(frame: CanFrame) -> int:
    """Orders frames as the wire does: the smaller key wins; equal keys collide."""
    remote = 1 if frame.word & REMOTE else 0
    if not frame.word & EXTENDED:
        return (frame.word & STANDARD_MASK) << 21 | remote << 20
    base, extension = divmod(frame.word & EXTENDED_MASK, 1 << 18)
    return base << 21 | 0b11 << 19 | extension << 1 | remote


OVERHEAD_BITS = 72
"""Of a frame, beside its bytes, with the stuffing that there is on average."""


def frame_bits(frame: CanFrame) -> int:
    """Exact bits on the wire from start of frame to the end of the intermission, stuff bits included."""
    code = len(frame.data)
    crc, state, bits = _header(frame.word & ~ERROR, code)
    for byte in b"" if frame.word & REMOTE else frame.data:
        crc = (crc << 8 ^ _CRC_TABLE[crc >> 7 ^ byte]) & 0x7FFF
        stuffed, state = _STUFF_TABLE[state][byte]
        bits += 8 + stuffed
    stuffed, state = _STUFF_TABLE[state][crc >> 7]
    bits += _CRC_BITS + stuffed
    for shift in range(6, -1, -1):
        stuffed, state = _stuff_bit(state, crc >> shift & 1)
        bits += stuffed
    return bits + _TAIL_BITS


@lru_cache(maxsize=4096)
def _header(word: int, code: int) -> tuple[int, int, int]:
    """CRC, stuffing state and bits of everything before the data; a bus uses few ids, so it is remembered."""
    crc, state, bits = 0, _IDLE_STATE, 0
    for bit in _header_bits(word, code):
        crc = _crc_bit(crc, bit)
        stuffed, state = _stuff_bit(state, bit)
        bits += 1 + stuffed
    return crc, state, bits


def _header_bits(word: int, code: int) -> list[int]:
    remote = 1 if word & REMOTE else 0
    if word & EXTENDED:
        base, extension = divmod(word & EXTENDED_MASK, 1 << 18)
        # start, base id, substitute remote and id extension (recessive), id extension, remote, two reserved
        return [0, *_bits(base, 11), 1, 1, *_bits(extension, 18), remote, 0, 0, *_bits(code, 4)]
    return [0, *_bits(word & STANDARD_MASK, 11), remote, 0, 0, *_bits(code, 4)]


def _bits(value: int, width: int) -> list[int]:
    return [value >> shift & 1 for shift in range(width - 1, -1, -1)]


def _crc_bit(crc: int, bit: int) -> int:
    carry = crc >> 14 ^ bit
    crc = crc << 1 & 0x7FFF
    return crc ^ _CRC_POLYNOMIAL if carry else crc


def _stuff_bit(state: int, bit: int) -> tuple[int, int]:
    """Stuff bits added by this bit (0 or 1) and the next state. A state is (last bit, its run of 1..4)."""
    last, run = state & 1, state >> 1
    run = run + 1 if bit == last else 1
    if run == 5:
        return 1, 1 << 1 | bit ^ 1
    return 0, run << 1 | bit


# Before the start of frame the bus is recessive and no run counts.
_IDLE_STATE = 0 << 1 | 1


def _crc_of_byte(byte: int) -> int:
    crc = 0
    for bit in _bits(byte, 8):
        crc = _crc_bit(crc, bit)
    return crc


def _stuff_of_byte(state: int, byte: int) -> tuple[int, int]:
    total = 0
    for bit in _bits(byte, 8):
        stuffed, state = _stuff_bit(state, bit)
        total += stuffed
    return total, state


_CRC_TABLE = tuple(_crc_of_byte(byte) for byte in range(256))
_STUFF_TABLE = tuple(tuple(_stuff_of_byte(state, byte) for byte in range(256)) for state in range(10))
