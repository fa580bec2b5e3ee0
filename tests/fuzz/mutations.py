"""How good bytes become bad ones: seeded, so that a failing input comes again with its seed."""

from random import Random
from typing import Any
from zlib import crc32

import cbor2

TELLING = (0x00, 0x01, 0x5F, 0x7F, 0x80, 0x9F, 0xBF, 0xC2, 0xC4, 0xD8, 0xF6, 0xF9, 0xFB, 0xFF)
"""Bytes that mean something to one parser or another: ends, signs, heads of CBOR."""
LONG = 300


def mutated(rng: Random, good: bytes) -> bytes:
    """One to four things are wrong with it; now and then nothing of it is left."""
    raw = bytearray(good)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        at = rng.randrange(len(raw) + 1)
        match rng.randrange(8):
            case 0 if raw:
                raw[at % len(raw)] ^= 1 << rng.randrange(8)
            case 1 if raw:
                raw[at % len(raw)] = rng.choice(TELLING)
            case 2:
                del raw[at:]
            case 3:
                raw[at:at] = rng.randbytes(rng.randrange(1, 6))
            case 4:
                del raw[at : at + rng.randrange(1, 6)]
            case 5:
                raw[at:at] = raw[at : at + rng.randrange(1, 30)]
            case 6:
                raw[at : at + 2] = b"\xff\xff"
            case 7 if rng.random() < 0.2:
                raw = bytearray(rng.randbytes(rng.randrange(LONG)))
    return bytes(raw)


def sealed_again(raw: bytes) -> bytes:
    """With a CRC-32 at its end that fits, so that what is behind the check is met as well."""
    return raw[:-4] + crc32(raw[:-4]).to_bytes(4, "big")


ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1 << 32, 1 << 61, -(1 << 61), 1 << 64, 1.5, b"", bytes(5), bytes(6), "", "x", "\0",
    [], [[]], {}, {1: 2},
)  # fmt: skip
"""Values that stand where something else is expected."""


def other_values(rng: Random, good: bytes) -> bytes:
    """A CBOR array that is well formed and whose values are not: one is another, one is missing, one too many."""
    values = cbor2.loads(good)
    for _ in range(rng.choice((1, 1, 2))):
        values = _changed(rng, values)
    return cbor2.dumps(values)


def _changed(rng: Random, value: Any) -> Any:
    if not isinstance(value, list) or not value or rng.random() < 0.1:
        return rng.choice(ODD)
    at = rng.randrange(len(value))
    match rng.randrange(8):
        case 0:
            return [*value[:at], *value[at + 1 :]]
        case 1:
            return [*value, rng.choice(ODD)]
        case _:
            return [*value[:at], _changed(rng, value[at]), *value[at + 1 :]]
