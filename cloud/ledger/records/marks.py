"""Marks: which numbers of a sequence are held, as 'all up to' and ranges above it. Pure, immutable.

Bound: RANGES_MAX ranges. A number that would open one more is held by the ledger but not named, so it is simply not
acknowledged yet: it comes again, and is named when a gap has closed.
"""

from collections.abc import Iterable, Sequence
from struct import Struct
from typing import NamedTuple

from shared.wire.messages import RANGES_MAX, Range

_PAIR = Struct(">QQ")


class Mark(NamedTuple):
    """All of 1..cumulative, and each inclusive range above it, ascending and apart."""

    cumulative: int = 0
    ranges: tuple[Range, ...] = ()

    def holds(self, number: int) -> bool:
        """Is this number named?"""
        return 0 < number <= self.cumulative or any(low <= number <= high for low, high in self.ranges)

    def total(self) -> int:
        """How many numbers are named."""
        return self.cumulative + sum(high - low + 1 for low, high in self.ranges)

    def highest(self) -> int:
        """The highest number named; 0 if none."""
        return self.ranges[-1][1] if self.ranges else self.cumulative

    def covers(self, other: "Mark") -> bool:
        """Is everything that the other names named here too?"""
        spans = ((1, self.cumulative), *self.ranges)
        wanted = ((1, other.cumulative), *other.ranges)
        return all(low > high or any(a <= low and high <= b for a, b in spans) for low, high in wanted)

    def missing(self, first: int, last: int) -> tuple[Range, ...]:
        """The inclusive ranges of first..last that are not named."""
        holes, at = [], max(first, self.cumulative + 1)
        for low, high in self.ranges:
            if low > last:
                break
            if at < low:
                holes.append((at, low - 1))
            at = max(at, high + 1)
        return (*holes, (at, last)) if at <= last else tuple(holes)


EMPTY = Mark()


def add(mark: Mark, numbers: Iterable[int]) -> Mark:
    """The mark with these numbers (≥ 1) too, as far as the bound allows; the lowest are named first."""
    for low, high in runs(numbers):
        mark = _add_range(mark, low, high)
    return mark


def runs(numbers: Iterable[int]) -> list[Range]:
    """Inclusive runs of consecutive numbers, ascending."""
    ordered = sorted(set(numbers))
    if ordered and ordered[-1] - ordered[0] == len(ordered) - 1:
        return [(ordered[0], ordered[-1])]  # without a gap, as nearly always
    found: list[Range] = []
    for number in ordered:
        if found and found[-1][1] == number - 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found


def _add_range(mark: Mark, low: int, high: int) -> Mark:
    if high <= mark.cumulative:
        return mark
    if low <= mark.cumulative + 1 and not mark.ranges:
        return Mark(high)
    merged = _merge((*mark.ranges, (low, high)))
    cumulative = mark.cumulative
    if merged[0][0] <= cumulative + 1:
        cumulative, merged = max(cumulative, merged[0][1]), merged[1:]
    return mark if len(merged) > RANGES_MAX else Mark(cumulative, tuple(merged))


def _merge(ranges: Sequence[Range]) -> list[Range]:
    merged: list[Range] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return merged


def pack_ranges(ranges: Sequence[Range]) -> bytes:
    """16 bytes a range."""
    return b"".join(_PAIR.pack(low, high) for low, high in ranges)


def unpack_ranges(raw: bytes) -> tuple[Range, ...]:
    """What pack_ranges wrote."""
    return tuple((low, high) for low, high in _PAIR.iter_unpack(raw))
