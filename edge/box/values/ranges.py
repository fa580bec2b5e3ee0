"""Sets of positive integers kept as sorted, disjoint, non-adjacent inclusive ranges. Pure.

Sequence numbers arrive nearly in order, so one range is the usual case and the last one is looked at first. Refuses
to grow beyond its bound: what does not fit is simply not known, and its owner is asked again.
"""

from bisect import bisect_right
from collections.abc import Iterable

from shared.wire.messages import Range

PIECES_MAX = 4096
"""Most ranges of one set: a terminal would have to lose every second record of 8,192 to reach it."""


class Ranges:
    """A set of integers from 1 on."""

    __slots__ = ("_highs", "_lows")

    def __init__(self, pieces: Iterable[Range] = ()) -> None:
        self._lows: list[int] = []
        self._highs: list[int] = []
        for low, high in pieces:
            self.add(low, high)

    def __contains__(self, value: int) -> bool:
        at = bisect_right(self._lows, value) - 1
        return at >= 0 and value <= self._highs[at]

    def __len__(self) -> int:
        """How many integers."""
        return sum(self._highs) - sum(self._lows) + len(self._lows)

    def __bool__(self) -> bool:
        return bool(self._lows)

    def pieces(self) -> tuple[Range, ...]:
        """The ranges, ascending."""
        return tuple(zip(self._lows, self._highs, strict=True))

    def add(self, low: int, high: int = 0) -> bool:
        """Add low..high (or `low` alone). False when that would exceed PIECES_MAX; nothing changes then."""
        high = high or low
        if self._highs and low == self._highs[-1] + 1:
            self._highs[-1] = high
            return True
        first = bisect_right(self._highs, low - 2)
        last = bisect_right(self._lows, high + 1)
        if first == last and len(self._lows) >= PIECES_MAX:
            return False
        if first < last:
            low, high = min(low, self._lows[first]), max(high, self._highs[last - 1])
        self._lows[first:last] = [low]
        self._highs[first:last] = [high]
        return True

    def remove(self, low: int, high: int = 0) -> None:
        """Take low..high (or `low` alone) out. A split beyond PIECES_MAX forgets the upper rest as well."""
        high = high or low
        first = bisect_right(self._highs, low - 1)
        last = bisect_right(self._lows, high)
        if first >= last:
            return
        left = [(self._lows[first], low - 1)] if self._lows[first] < low else []
        right = [(high + 1, self._highs[last - 1])] if self._highs[last - 1] > high else []
        if len(self._lows) - (last - first) + len(left) + len(right) > PIECES_MAX:
            right = []
        self._lows[first:last] = [piece[0] for piece in left + right]
        self._highs[first:last] = [piece[1] for piece in left + right]

    def run(self, base: int) -> int:
        """The highest n such that base+1..n are all in the set; `base` itself when base+1 is not."""
        at = bisect_right(self._lows, base + 1) - 1
        return self._highs[at] if at >= 0 and self._highs[at] > base else base

    def gaps(self, low: int, high: int) -> tuple[Range, ...]:
        """The ranges of low..high that are not in the set."""
        if self.run(low - 1) >= high:
            return ()
        found = []
        for a, b in self.within(low, high):
            if low < a:
                found.append((low, a - 1))
            low = b + 1
        if low <= high:
            found.append((low, high))
        return tuple(found)

    def upto(self, top: int) -> "Ranges":
        """A copy without what lies above `top`."""
        kept = Ranges()
        for low, high in zip(self._lows, self._highs, strict=True):
            if low > top:
                break
            kept.add(low, min(high, top))
        return kept

    def within(self, low: int, high: int) -> tuple[Range, ...]:
        """The ranges of the set that lie in low..high, cut to it."""
        first = bisect_right(self._highs, low - 1)
        last = bisect_right(self._lows, high)
        pairs = zip(self._lows[first:last], self._highs[first:last], strict=True)
        return tuple((max(a, low), min(b, high)) for a, b in pairs)
