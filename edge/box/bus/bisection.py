"""The search for a node that disturbs its bus, by sending half of the suspects off it, and half of those again. Pure.

A round lasts until an error, had the culprit still been there, would have come with 99 %: 4.6 / rate, and longer than
a node that is bus-off stays away, for in that time it is innocent by its absence. The last one is sent off once more
by itself and then let back, so that nobody is named whom the errors survive, or who had nothing to do with their end.
"""

from collections.abc import Iterable
from enum import Enum
from math import ceil

from edge.link.can.health import BACK_MAX_S

DWELL_ERRORS = 4.6
"""-ln 1 %."""
DWELL_MIN_S, DWELL_MAX_S = BACK_MAX_S + 5.0, 290.0
"""A terminal leaves the bus for no longer than this: rarer errors are for a watch overnight."""
SEARCH_MAX_S = 1200.0
"""All rounds together; with rarer errors nobody is sent off at all."""


class Search(Enum):
    """How a search stands."""

    GOES_ON = 1
    FOUND = 2
    NOT_ONE = 3
    GONE = 4


def dwell_s(rate: float, speaking: float = 1.0) -> float:
    """Seconds of a round at so many errors per second; speaking: the part of the nodes that still sends."""
    return max(DWELL_MIN_S, DWELL_ERRORS / (rate * speaking)) if rate > 0 else float("inf")


def rounds(nodes: int) -> int:
    """Of a search among so many, the two last checks included."""
    return max(0, nodes - 1).bit_length() + 2


class Bisection:
    """`silenced`: who has to be off the bus in this round, for `dwell_s`."""

    def __init__(self, suspects: Iterable[int], rate: float) -> None:
        self._suspects = sorted(suspects)
        self._all = len(self._suspects)
        self._rate = rate
        self.state = Search.GOES_ON
        self.silenced = self._half()

    @classmethod
    def affordable(cls, nodes: int, rate: float) -> bool:
        """Are the rounds short enough? With fewer than two nodes there is nothing to search."""
        longest_s = dwell_s(rate, 0.5)
        return nodes >= 2 and longest_s <= DWELL_MAX_S and rounds(nodes) * longest_s <= SEARCH_MAX_S

    @property
    def dwell_s(self) -> float:
        """Seconds of this round."""
        return min(DWELL_MAX_S, dwell_s(self._rate, 1 - len(self.silenced) / (self._all + 1)))

    @property
    def found(self) -> int:
        """The one that is left."""
        return self._suspects[0]

    def over(self, errors: int) -> None:
        """A round is over, with so many errors in it."""
        if len(self._suspects) == 1:
            self._check(errors)
            return
        self._suspects = [one for one in self._suspects if (one in self.silenced) is not bool(errors)]
        self.silenced = self._half()

    def _check(self, errors: int) -> None:
        """Of the last one: without it there are none, with it there are."""
        if self.silenced:
            self.state = Search.NOT_ONE if errors else Search.GOES_ON
            self.silenced = frozenset()
        else:
            self.state = Search.FOUND if errors else Search.GONE

    def _half(self) -> frozenset[int]:
        return frozenset(self._suspects[: ceil(len(self._suspects) / 2)])
