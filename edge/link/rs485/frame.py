"""One frame on an RS-485 line: 0x00 | COBS(address 1, control 1, payload 0..250, CRC-16 2) | 0x00. Sans-I/O.

A delimiter that no data can contain is a must on a shared line: everybody hears everybody's binary answers. No
dependence on silences between characters, so USB adapters and serial servers will do.
"""

import binascii
from dataclasses import dataclass
from enum import IntEnum

from edge.link.rs485 import cobs

ALL_ADDRESSES = 0xFF
PAYLOAD_MAX_BYTES = 250
# Two delimiters, one COBS byte, address, control, CRC.
OVERHEAD_BYTES = 7
FRAME_MAX_BYTES = PAYLOAD_MAX_BYTES + OVERHEAD_BYTES

_DELIMITER = b"\0"
_INNER_MIN, _INNER_MAX = 4, PAYLOAD_MAX_BYTES + 4
_ENCODED_MAX = _INNER_MAX + 1


class FrameError(ValueError):
    """Bytes between two delimiters that are no frame."""


class Kind(IntEnum):
    """What a frame is for. The master asks with EXCHANGE and RESET and speaks to all with CAST."""

    EXCHANGE = 0
    RESET = 1
    CAST = 2
    # A slave's answer when it has just started: it must be RESET before it exchanges.
    FRESH = 3


@dataclass(frozen=True, slots=True)
class LineFrame:
    """`sequence` numbers the payload's fragment (0/1), `expects` the fragment wanted next from the other side."""

    address: int
    upward: bool
    kind: Kind
    payload: bytes = b""
    more: bool = False
    sequence: int = 0
    expects: int = 0
    pending: bool = False


def encode_frame(frame: LineFrame) -> bytes:
    """The bytes for the line, delimiters included; raises FrameError."""
    if not 0 <= frame.address <= 0xFF or len(frame.payload) > PAYLOAD_MAX_BYTES:
        raise FrameError("an address has 8 bits and a payload at most 250 bytes")
    control = (
        frame.upward << 7 | frame.kind << 5 | frame.more << 4
        | (frame.sequence & 1) << 3 | (frame.expects & 1) << 2 | frame.pending << 1
    )  # fmt: skip
    inner = bytes([frame.address, control]) + frame.payload
    return _DELIMITER + cobs.encode(inner + _crc(inner)) + _DELIMITER


def decode_frame(encoded: bytes) -> LineFrame:
    """The frame between two delimiters; raises FrameError."""
    try:
        inner = cobs.decode(encoded)
    except cobs.CobsError as broken:
        raise FrameError(str(broken)) from broken
    if not _INNER_MIN <= len(inner) <= _INNER_MAX:
        raise FrameError(f"{len(inner)} bytes are no frame")
    if _crc(inner[:-2]) != inner[-2:]:
        raise FrameError("wrong CRC")
    control = inner[1]
    if control & 1:
        raise FrameError("a control bit of a later version")
    return LineFrame(
        address=inner[0],
        upward=bool(control >> 7),
        kind=Kind(control >> 5 & 3),
        payload=inner[2:-2],
        more=bool(control >> 4 & 1),
        sequence=control >> 3 & 1,
        expects=control >> 2 & 1,
        pending=bool(control >> 1 & 1),
    )


def _crc(inner: bytes) -> bytes:
    """CRC-16/GENIBUS: polynomial 0x1021, start and final XOR 0xFFFF.

    Without the final XOR a frame followed by a zero checks as well, and a closing delimiter disturbed into 0x01 is
    just that.
    """
    return (binascii.crc_hqx(inner, 0xFFFF) ^ 0xFFFF).to_bytes(2)


class FrameReader:
    """Finds the frames in what the line says; `errors` counts what was none."""

    def __init__(self) -> None:
        self.errors = 0
        self._buffer = bytearray()
        self._skipping = False

    def feed(self, data: bytes) -> list[LineFrame]:
        """Frames that became whole. Never raises; holds at most one frame's bytes."""
        *whole, rest = data.split(_DELIMITER)
        frames = []
        for part in whole:
            self._append(part)
            frames += self._take()
        self._append(rest)
        return frames

    def _append(self, part: bytes) -> None:
        self._buffer += part
        if len(self._buffer) > _ENCODED_MAX:
            self._buffer.clear()
            self._skipping = True

    def _take(self) -> list[LineFrame]:
        encoded, skipped = bytes(self._buffer), self._skipping
        self._buffer.clear()
        self._skipping = False
        if not encoded and not skipped:
            return []
        try:
            return [decode_frame(encoded)]
        except FrameError:
            self.errors += 1
            return []
