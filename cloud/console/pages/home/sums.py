"""A sum and a day as somebody types them into one field: 12.50, ¥3 昨天, 8.5 11-27, 2026-11-27 8.50. Pure."""

import re
from decimal import Decimal
from typing import NamedTuple

from shared.clocks.clock import DAY_S, ClockError, day_number, parse_time, time_text

_SUM = re.compile(r"[¥￥]?(\d{1,6})(\.\d{1,2})?元?")
_DAYS = {"今天": 0, "today": 0, "昨天": 1, "yesterday": 1, "前天": 2}
_MONTH = re.compile(r"(\d{1,2})(?:-|/|月)(\d{1,2})日?")
_YEAR = re.compile(r"(\d{4})[-/年](\d{1,2})[-/月](\d{1,2})日?")


class SumAndDay(NamedTuple):
    """day None: none was said."""

    fen: int
    day: int | None


def sum_and_day(text: str, today: int) -> SumAndDay | None:
    """None: it is something else. A day without its year is the last one that was so."""
    words = text.split()
    days = [day for word in words if (day := _day(word, today)) is not None]
    sums = [found for word in words if _day(word, today) is None and (found := _SUM.fullmatch(word))]
    if len(sums) != 1 or len(days) > 1 or len(words) != len(sums) + len(days):
        return None
    return SumAndDay(int(Decimal(sums[0][1] + (sums[0][2] or "")) * 100), days[0] if days else None)


def _day(word: str, today: int) -> int | None:
    if word.lower() in _DAYS:
        return today - _DAYS[word.lower()]
    if found := _YEAR.fullmatch(word):
        return _number(*map(int, found.groups()))
    if found := _MONTH.fullmatch(word):
        year = int(time_text(today * DAY_S)[:4])
        here = [_number(one, *map(int, found.groups())) for one in (year, year - 1)]
        return next((day for day in here if day is not None and day <= today), None)
    return None


def _number(year: int, month: int, day: int) -> int | None:
    try:
        return day_number(parse_time(f"{year:04}-{month:02}-{day:02}"))
    except ClockError:
        return None
