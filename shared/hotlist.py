"""Hotlist 黑名单 of one issuer as an exact bitmap over dense card numbers (RECORDS.md, "Card data").

Bit `index & 7` (least significant first) of byte `index >> 3`. Exact: no false hit, no miss. A number beyond the
end of the bitmap is not listed. Says nothing about foreign cards: those are looked up by id.
"""

from collections.abc import Iterable
from zlib import crc32


def bitmap_of(indexes: Iterable[int]) -> bytes:
    """The shortest bitmap that lists exactly these dense numbers (1 and up)."""
    listed = frozenset(indexes)
    bits = bytearray(max(listed, default=-8) // 8 + 1)
    for index in listed:
        bits[index >> 3] |= 1 << (index & 7)
    return bytes(bits)


def is_listed(bitmap: bytes, index: int) -> bool:
    """Is this dense number on the hotlist?"""
    at = index >> 3
    return at < len(bitmap) and bool(bitmap[at] >> (index & 7) & 1)


def checksum(version: int, bitmap: bytes) -> int:
    """CRC-32 over version 4 ‖ bitmap without trailing zeros: what a terminal echoes in STATUS."""
    return crc32(version.to_bytes(4, "big") + bitmap.rstrip(b"\0"))
