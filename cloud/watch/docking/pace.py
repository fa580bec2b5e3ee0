"""How much one sender may say: a bucket each, and what is beyond it is dropped and counted. Pure."""

from collections import OrderedDict
from collections.abc import Hashable

A_SECOND = 50.0
"""Messages of a sender, over time."""
AT_ONCE = 300.0
"""And in one go: a birth of a node with all its devices."""
SENDERS_MAX = 2_000
"""Remembered; of more the one that was heard longest ago is forgotten, and begins with a full bucket."""


class Pace:
    """Of all senders."""

    def __init__(self, a_second: float = A_SECOND, at_once: float = AT_ONCE) -> None:
        self._a_second, self._at_once = a_second, at_once
        self._left: OrderedDict[Hashable, tuple[float, int]] = OrderedDict()

    def lets(self, sender: Hashable, now_ms: int) -> bool:
        """May it say one more?"""
        left, at_ms = self._left.get(sender, (self._at_once, now_ms))
        left = min(self._at_once, left + max(0, now_ms - at_ms) / 1000 * self._a_second)
        self._left[sender] = (left - 1 if left >= 1 else left, now_ms)
        self._left.move_to_end(sender)
        if len(self._left) > SENDERS_MAX:
            self._left.popitem(last=False)
        return left >= 1
