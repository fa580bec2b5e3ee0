"""Who is enrolled 在册, by number, as a document, and what an emergency meal 应急餐 is. Frozen bytes. Pure.

Form 1, fen of a meal 4, meals a week 1, salt 8, number of persons 4, width 1, then the marks of the persons: each is
the first `width` bits of HMAC-SHA-256(salt, digits); ascending, each once, as differences in Golomb-Rice code with
`width` less the bits of the count: quotient in unary (ones, then a zero), remainder, bits from the left, zeros behind.

No number stands in it and no name; whoever has the document can try numbers, as he could at any till. Of numbers that
are nobody's one in 2^spare passes: 20 bits where there is room, 7 for 60,000 persons in 64 KiB; the centre finds it.
Refuses, with WireFault, what is malformed.
"""

import hmac
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise

from shared.errors import WireFault
from shared.fleet.document import LENGTH_MAX, DocumentKind

FORM = 1
FEN_MIN, FEN_MAX = 1_00, 50_00
"""What one meal may be."""
PER_WEEK_MAX = 21
SALT_SIZE = 8
PERSONS_MAX = 60_000
SPARE_MAX, SPARE_MIN = 20, 7
"""Bits of a mark beyond what tells so many persons apart."""
_HEAD = struct.Struct(f">BIB{SALT_SIZE}sIB")
_LENGTH_MAX = LENGTH_MAX[DocumentKind.ENROLLED]
_MARK_BITS_MAX = 48
_MONDAY = 2
"""Number of a day that is a Monday: 2000-01-03."""
_ONES_MAX = 1 << 20
"""Of one quotient: more is no list."""


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What a terminal makes of it. fen: of a meal; per_week: for each person, 0: none is given out."""

    fen: int
    per_week: int
    salt: bytes
    width: int
    marks: frozenset[int]

    def has(self, number: str) -> bool:
        """Is this number somebody's?"""
        return mark_of(self.salt, number, self.width) in self.marks


def week_of(day: int) -> int:
    """Number of the week, from Monday to Sunday, that a business day is in."""
    return (day - _MONDAY) // 7


def mark_of(salt: bytes, number: str, width: int) -> int:
    """The first so many bits of what stands for a number."""
    mac = hmac.digest(salt, number.encode("ascii"), sha256)
    return int.from_bytes(mac[:8], "big") >> (64 - width)


def enrolled_body(fen: int, per_week: int, salt: bytes, numbers: Iterable[str]) -> bytes:
    """The bytes. WireFault above PERSONS_MAX, and where meal or week are out of bounds."""
    wanted = set(numbers)
    if len(wanted) > PERSONS_MAX:
        raise WireFault(f"list of {len(wanted)} persons, at most {PERSONS_MAX}")
    _require_rule(fen, per_week)
    room = _LENGTH_MAX * 8 // max(1, len(wanted))
    for spare in range(max(SPARE_MIN, min(SPARE_MAX, room)), SPARE_MIN - 1, -1):
        width = max(1, len(wanted).bit_length()) + spare
        marks = sorted({mark_of(salt, number, width) for number in wanted})
        body = _HEAD.pack(FORM, fen, per_week, salt, len(marks), width) + _packed(marks, _less(len(marks), width))
        if len(body) <= _LENGTH_MAX:
            return body
    raise WireFault(f"list of {len(wanted)} persons: no room")


def read_enrolled(body: bytes) -> Enrolled:
    """What a document of its kind says."""
    if len(body) < _HEAD.size:
        raise WireFault(f"list of persons of {len(body)} bytes")
    form, fen, per_week, salt, count, width = _HEAD.unpack_from(body)
    if form != FORM or count > PERSONS_MAX or not 1 <= width <= _MARK_BITS_MAX:
        raise WireFault(f"list of persons of form {form}: {count} of {width} bits")
    _require_rule(fen, per_week)
    marks = list(_unpacked(body[_HEAD.size :], count, _less(count, width)))
    if any(a >= b for a, b in pairwise(marks)) or (marks and marks[-1] >> width):
        raise WireFault("list of persons: out of order")
    if _packed(marks, _less(count, width)) != body[_HEAD.size :]:
        raise WireFault("list of persons: another encoding")
    return Enrolled(fen, per_week, salt, width, frozenset(marks))


def _require_rule(fen: int, per_week: int) -> None:
    if not FEN_MIN <= fen <= FEN_MAX or per_week > PER_WEEK_MAX:
        raise WireFault(f"an emergency meal of {fen} fen, {per_week} a week")


def _less(count: int, width: int) -> int:
    """Bits of remainder: about as many as a difference has on average."""
    return max(0, width - max(1, count.bit_length()))


def _packed(marks: list[int], less: int) -> bytes:
    last, bits = -1, []
    for mark in marks:
        over, rest = divmod(mark - last - 1, 1 << less)
        bits.append("1" * over + "0" + (f"{rest:0{less}b}" if less else ""))
        last = mark
    text = "".join(bits)
    return int(text.ljust(-(-len(text) // 8) * 8, "0"), 2).to_bytes(-(-len(text) // 8), "big") if text else b""


def _unpacked(raw: bytes, count: int, less: int) -> Iterator[int]:
    text, at, last = "".join(f"{byte:08b}" for byte in raw), 0, -1
    for _ in range(count):
        end = text.find("0", at)
        if end < 0 or end + 1 + less > len(text) or end - at > _ONES_MAX:
            raise WireFault("list of persons: ends too early")
        rest = int(text[end + 1 : end + 1 + less], 2) if less else 0
        last += 1 + ((end - at) << less) + rest
        at = end + 1 + less
        yield last
