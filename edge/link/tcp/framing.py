"""Messages in a byte stream: two bytes of length, big-endian, then the message. Sans-I/O.

Refuses lengths 0 and above 4095: a peer that sends one cannot be followed any more, its connection must end. The
decoder never holds more than one unfinished message.
"""

import struct
from collections.abc import Iterator

from edge.link.port import MESSAGE_MAX_BYTES

PREFIX_BYTES = 2
_PREFIX = struct.Struct(">H")


class FramingError(ValueError):
    """The stream cannot be followed from here on."""


def encode(message: bytes) -> bytes:
    """The message with its prefix; raises FramingError for a size that no link carries."""
    return _PREFIX.pack(_require_length(len(message))) + message


class FrameDecoder:
    """Feed what arrived, iterate over what became whole."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    @property
    def unfinished(self) -> bool:
        """True while part of a message is held."""
        return bool(self._buffer)

    def feed(self, data: bytes | bytearray) -> Iterator[bytes]:
        """Whole messages in order; raises FramingError at the first impossible length, after those before it."""
        self._buffer += data
        while len(self._buffer) >= PREFIX_BYTES:
            end = PREFIX_BYTES + _require_length(_PREFIX.unpack_from(self._buffer)[0])
            if len(self._buffer) < end:
                return
            message = bytes(self._buffer[PREFIX_BYTES:end])
            del self._buffer[:end]
            yield message


def _require_length(length: int) -> int:
    if not 1 <= length <= MESSAGE_MAX_BYTES:
        raise FramingError(f"a message of {length} bytes")
    return length
