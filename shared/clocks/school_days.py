"""School days 上课日, by the school calendar 校历: terms, holidays, and days that make up for them. Pure.

Without a calendar they are Monday to Friday. Where terms are known, no day between them is a school day; one on which
people make up for a holiday (调休) is, whatever weekday it is.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from shared.clocks.clock import day_number

_SATURDAY = 5
_FIRST_WEEKDAY = 5
"""Day 0, 2000-01-01, was a Saturday."""
SPANS_MAX = 200
LOOK_MAX = 800
"""So many days are looked at for what lies ahead."""


class SpanKind(StrEnum):
    """What a span of days is. Frozen texts: they stand in the books."""

    TERM = "term"
    HOLIDAY = "holiday"
    EXAM = "exam"
    GRADUATION = "graduation"
    WORKDAY = "workday"


class Span(NamedTuple):
    """Days since 2000, ends included."""

    kind: SpanKind
    name: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Calendar:
    """Spans in any order; those of one kind do not overlap."""

    spans: tuple[Span, ...] = ()

    def on(self, day: int, *kinds: SpanKind) -> Span | None:
        """The span of one of these kinds that this day is in."""
        return next((one for one in self.spans if one.kind in kinds and one.first <= day <= one.last), None)

    def is_school_day(self, day: int) -> bool:
        """By what is nearest: made up for, holiday, term, weekday."""
        if self.on(day, SpanKind.WORKDAY):
            return True
        return not self.is_away(day) and (day + _FIRST_WEEKDAY) % 7 < _SATURDAY

    def is_away(self, day: int) -> bool:
        """Is the campus empty: a holiday, or out of term where terms are known? A free weekend is none."""
        if self.on(day, SpanKind.WORKDAY):
            return False
        is_out = self._knows_terms(day) and not self.on(day, SpanKind.TERM)
        return is_out or self.on(day, SpanKind.HOLIDAY) is not None

    def next_holiday(self, day: int) -> Span | None:
        """The holiday that this day is in, or the next one."""
        ahead = (one for one in self.spans if one.kind is SpanKind.HOLIDAY and one.last >= day)
        return min(ahead, key=lambda one: one.first, default=None)

    def _knows_terms(self, day: int) -> bool:
        """Terms say something of the time that they span, and nothing of years that nobody has written down yet."""
        terms = [one for one in self.spans if one.kind is SpanKind.TERM]
        return bool(terms) and min(one.first for one in terms) <= day <= max(one.last for one in terms)


WEEKDAYS = Calendar()
"""What counts until somebody has written a calendar."""


def school_days_since(then_s: int, now_s: int, calendar: Calendar = WEEKDAYS) -> int:
    """School days that have begun after the day of `then_s`, up to that of `now_s`. Campus seconds."""
    first, last = day_number(then_s) + 1, day_number(now_s)
    if not calendar.spans:
        return _weekdays(first, last)
    return sum(calendar.is_school_day(day) for day in range(max(first, last - LOOK_MAX), last + 1))


def overlapping(spans: Iterable[Span]) -> tuple[Span, Span] | None:
    """Two of one kind that share a day; None: there are none."""
    ordered: Sequence[Span] = sorted(spans, key=lambda one: (one.kind, one.first))
    for one, other in pairwise(ordered):
        if one.kind == other.kind and other.first <= one.last:
            return one, other
    return None


def _weekdays(first: int, last: int) -> int:
    if last < first:
        return 0
    weeks, rest = divmod(last - first + 1, 7)
    return 5 * weeks + sum(WEEKDAYS.is_school_day(last - n) for n in range(rest))
