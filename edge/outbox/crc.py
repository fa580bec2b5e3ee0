"""Checksums of outbox rows: a flipped byte anywhere in a row is named, whichever column it hit. Pure."""

from zlib import crc32

_MASK = 0xFFFF_FFFF


def record_crc(row: int, key: bytes, body: bytes, at_ms: int) -> int:
    """CRC-32 over all of a record row; the numbers go in as its start value, which a CRC never forgets."""
    return crc32(key + body, (row ^ at_ms ^ at_ms >> 32) & _MASK)


def pair_crc(name: bytes, value: bytes | int) -> int:
    """CRC-32 over a name and its value."""
    raw = value if isinstance(value, bytes) else value.to_bytes(8, "big")
    return crc32(raw, crc32(name))


def is_sound(row: object, key: object, body: object, at_ms: object, crc: object) -> bool:
    """Is this what was written? A flipped byte may have changed the very type of a column."""
    if not isinstance(row, int) or not isinstance(at_ms, int):
        return False
    return isinstance(key, bytes) and isinstance(body, bytes) and record_crc(row, key, body, at_ms) == crc


def is_pair(name: object, value: object, crc: object) -> bool:
    """Is this name and value what was written?"""
    if not isinstance(name, bytes) or not isinstance(value, (bytes, int)):
        return False
    return (isinstance(value, bytes) or value >= 0) and pair_crc(name, value) == crc


def range_crc(low: int, high: int) -> int:
    """CRC-32 over a range."""
    return pair_crc(low.to_bytes(8, "big"), high)


def is_range(low: object, high: object, crc: object) -> bool:
    """Is this range what was written?"""
    if not isinstance(low, int) or not isinstance(high, int):
        return False
    return 1 <= low <= high and range_crc(low, high) == crc
