"""Consistent overhead byte stuffing: bytes without zero, so that a zero can only be a frame's edge.

Source: Cheshire and Baker, "Consistent Overhead Byte Stuffing", IEEE/ACM Transactions on Networking 7(2), 1999.
"""

_BLOCK_MAX = 254


class CobsError(ValueError):
    """Bytes that no encoder writes."""


def encode(data: bytes) -> bytes:
    """Any bytes, as bytes without zero; one byte longer, and one more for every full 254 without a zero."""
    out = bytearray()
    parts = data.split(b"\0")
    for at, part in enumerate(parts):
        while len(part) >= _BLOCK_MAX:
            out.append(0xFF)
            out += part[:_BLOCK_MAX]
            part = part[_BLOCK_MAX:]
            if not part and at == len(parts) - 1:
                return bytes(out)
        out.append(len(part) + 1)
        out += part
    return bytes(out)


def decode(data: bytes) -> bytes:
    """What was encoded; raises CobsError."""
    if not data or 0 in data:
        raise CobsError("empty, or a zero inside")
    out = bytearray()
    at = 0
    while at < len(data):
        end = at + data[at]
        if end > len(data):
            raise CobsError("a block longer than what is there")
        out += data[at + 1 : end]
        if data[at] <= _BLOCK_MAX and end < len(data):
            out.append(0)
        at = end
    return bytes(out)
