"""Who is on duty 值班: a week of shifts, by persons in turn, and swaps of single days. Pure.

Times are campus-local seconds of the day. A time that no shift covers has nobody on duty: that is said, not hidden.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from shared.clocks.school_days import WEEKDAYS, Calendar, SpanKind

_DAY_S = 86_400
_FIRST_WEEKDAY = 5
"""Day 0, 2000-01-01, was a Saturday; weekday 0 is Monday."""


class Days(StrEnum):
    """Days of the school calendar 校历. A promise to policy files: added to, never renamed."""

    ALWAYS = "always"
    SCHOOL = "school-days"
    FREE = "free-days"
    TERM = "term"
    HOLIDAY = "holiday"
    EXAM = "exam"
    GRADUATION = "graduation"


def is_day(days: Days, calendar: Calendar, day: int) -> bool:
    """Is this one of them? Without a calendar no day is of a term, a holiday or an exam."""
    match days:
        case Days.ALWAYS:
            return True
        case Days.SCHOOL | Days.FREE:
            return calendar.is_school_day(day) is (days is Days.SCHOOL)
    return calendar.on(day, SpanKind(days.value)) is not None


@dataclass(frozen=True, slots=True)
class Shift:
    """A stretch of the day, on some weekdays. persons: those who share it all at once, or in turn by weeks.

    until_s may be beyond midnight (above 86,400). in_turn: one person a week, in this order from week 0 on. on: of
    the school calendar.
    """

    name: str
    from_s: int
    until_s: int
    weekdays: frozenset[int]
    persons: tuple[str, ...]
    in_turn: bool = False
    on: Days = Days.ALWAYS


@dataclass(frozen=True, slots=True)
class Rota:
    """Shifts, and swaps: (day, who should) → who does instead."""

    shifts: Sequence[Shift] = ()
    swaps: Mapping[tuple[int, str], str] = field(default_factory=dict)

    def on(self, campus_s: int, calendar: Calendar = WEEKDAYS) -> tuple[str, ...]:
        """Everybody on duty at this moment, each once, in the order of the shifts."""
        found: dict[str, None] = {}
        for day in (campus_s // _DAY_S, campus_s // _DAY_S - 1):
            second = campus_s - day * _DAY_S
            for shift in self.shifts:
                is_now = shift.from_s <= second < shift.until_s and _weekday(day) in shift.weekdays
                if is_now and is_day(shift.on, calendar, day):
                    found.update((self.swaps.get((day, person), person), None) for person in _whose(shift, day))
        return tuple(found)


def _whose(shift: Shift, day: int) -> tuple[str, ...]:
    if not shift.in_turn or not shift.persons:
        return shift.persons
    return (shift.persons[(day + _FIRST_WEEKDAY) // 7 % len(shift.persons)],)


def _weekday(day: int) -> int:
    return (day + _FIRST_WEEKDAY) % 7
