"""School days 上课日: Monday to Friday. There is no campus calendar yet, so holidays count as school days. Pure."""

from shared.clocks.clock import day_number

_SATURDAY = 5
_FIRST_WEEKDAY = 5
"""Day 0, 2000-01-01, was a Saturday."""


def school_days_since(then_s: int, now_s: int) -> int:
    """School days that have begun after the day of `then_s`, up to that of `now_s`. Campus seconds."""
    first, last = day_number(then_s) + 1, day_number(now_s)
    if last < first:
        return 0
    weeks, rest = divmod(last - first + 1, 7)
    return 5 * weeks + sum(_is_school_day(last - n) for n in range(rest))


def _is_school_day(day: int) -> bool:
    return (day + _FIRST_WEEKDAY) % 7 < _SATURDAY
