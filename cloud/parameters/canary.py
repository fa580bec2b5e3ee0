"""Is a canary 先行 well? Its declines beside those of its own last week and of the others. Pure; whole numbers only.

Worse than every comparison that there is: it goes back. Enough taps over long enough, and not worse: it goes on. Too
few taps, or nothing to compare with: it does neither, and says so. What the others suffer, too, no parameter does.
"""

from enum import IntEnum
from typing import NamedTuple

TAPS_MIN = 30
"""Fewer taps say nothing, at the canary or beside it."""
DECLINES_MIN = 5
RISE_POINTS = 5
"""Per cent of taps more than beside it, and twice as many: that is a rise."""
GO_ON_TAPS = 100
GO_ON_S = 4 * 3600
"""So many taps, so long after the push at the soonest: a whole meal lies in it."""
QUIET_S = 24 * 3600
"""After so long without GO_ON_TAPS, or with nothing to compare with, it is said once that a person has to go on."""
WEEK_DAYS = 7


class Rate(NamedTuple):
    """What terminals served and refused."""

    served: int = 0
    declined: int = 0

    @property
    def taps(self) -> int:
        """All of them."""
        return self.served + self.declined

    @property
    def percent(self) -> int:
        """Of taps that were refused, rounded down."""
        return self.declined * 100 // self.taps if self.taps else 0

    def __add__(self, other: object) -> "Rate":
        """Both together."""
        if not isinstance(other, Rate):
            return NotImplemented
        return Rate(self.served + other.served, self.declined + other.declined)


class Word(IntEnum):
    """What became of a canary. Frozen numbers: they stand in the ledger. From BACK on nothing follows by itself."""

    WATCHED = 1
    QUIET = 2
    ALONE = 3
    """There are taps, and nothing to compare them with."""
    HELD = 4
    """Well; the others wait for a person, by the push's own word or because something tightens there."""
    BACK = 10
    ON = 11
    OVERTAKEN = 12
    """Something else was pushed meanwhile."""
    STUCK = 13
    """Worse, and there is nothing to go back to, or it was overtaken."""


def judged(canary: Rate, own: Rate, rest: Rate, age_s: int) -> Word:
    """own: the same terminals in the week before, rest: the others since then. WATCHED: nothing is to be done yet."""
    beside = [rate for rate in (own, rest) if rate.taps >= TAPS_MIN]
    if canary.taps >= TAPS_MIN and canary.declined >= DECLINES_MIN and beside and _is_worst(canary, beside):
        return Word.BACK
    is_enough = canary.taps >= GO_ON_TAPS
    if is_enough and beside and age_s >= GO_ON_S:
        return Word.ON
    if age_s >= QUIET_S:
        return Word.ALONE if is_enough else Word.QUIET
    return Word.WATCHED


def _is_worst(canary: Rate, beside: list[Rate]) -> bool:
    return all(_is_above(canary, base) for base in beside)


def _is_above(one: Rate, base: Rate) -> bool:
    """By cross-multiplication: no share is rounded."""
    more = one.declined * base.taps - base.declined * one.taps
    is_double = one.declined * base.taps >= 2 * base.declined * one.taps
    return is_double and more * 100 >= RISE_POINTS * one.taps * base.taps
