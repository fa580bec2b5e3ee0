"""Campus time: unsigned seconds since 2000-01-01 00:00, campus local, to 2136 (RECORDS.md, "Dates").

BCD date and time for card and PSAM are derived from the seconds by `date_time_bcd`, never the reverse for a
new record. No system clock here: the time comes in as a value.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple

from shared.errors import WireFault

DAY_S = 86_400
MAX_SECONDS = 0xFFFF_FFFF
KNOWN_TIMES = 1024
"""BCD times kept: card, PSAM and whoever checks a TAC ask for the same second, one soon after the other."""

_FIRST_YEAR = 2000
_EPOCH_ORDINAL = date(2000, 1, 1).toordinal()
_BCD = bytes((n // 10) << 4 | n % 10 for n in range(100))


class ClockError(WireFault):
    """A time outside 2000..2136, or bytes that are not BCD."""


class CampusTime(NamedTuple):
    """A device's idea of now. `is_set` is false from power loss until somebody gave the time."""

    seconds: int
    is_set: bool


def date_bcd(seconds: int) -> bytes:
    """4 bytes YYYYMMDD."""
    return _date_of_day(day_number(seconds))


def time_bcd(seconds: int) -> bytes:
    """3 bytes HHMMSS."""
    minutes, second = divmod(seconds % DAY_S, 60)
    hour, minute = divmod(minutes, 60)
    return bytes((_BCD[hour], _BCD[minute], _BCD[second]))


@lru_cache(maxsize=KNOWN_TIMES)
def date_time_bcd(seconds: int) -> bytes:
    """7 bytes YYYYMMDDHHMMSS: what card, PSAM and TAC see. The one place of this rule."""
    return _date_of_day(day_number(seconds)) + time_bcd(seconds)


def seconds_of_bcd(stamp: bytes) -> int:
    """Seconds of 7 BCD bytes; ClockError if they are no date of 2000..2136."""
    if len(stamp) != 7:
        raise ClockError(f"7 BCD bytes wanted, got {len(stamp)}")
    hour, minute, second = (_bcd_number(stamp[i : i + 1]) for i in (4, 5, 6))
    if hour > 23 or minute > 59 or second > 59:
        raise ClockError("no such time of day")
    seconds = day_of_date_bcd(stamp[:4]) * DAY_S + hour * 3600 + minute * 60 + second
    if seconds > MAX_SECONDS:
        raise ClockError("after the end of the epoch")
    return seconds


def time_text(seconds: int) -> str:
    """YYYY-MM-DD HH:MM:SS, campus time."""
    text = date_time_bcd(seconds).hex()
    return f"{text[:4]}-{text[4:6]}-{text[6:8]} {text[8:10]}:{text[10:12]}:{text[12:]}"


def day_text(day: int) -> str:
    """YYYY-MM-DD of a day's number (day_number)."""
    return time_text(day * DAY_S)[:10]


def parse_time(text: str) -> int:
    """Seconds of a campus time as people write it: 2026-11-26, 2026-11-26T11:30 or with seconds. ClockError."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as fault:
        raise ClockError("a time is written 2026-11-26T11:30") from fault
    if found.tzinfo is not None or found.year < _FIRST_YEAR:
        raise ClockError("campus time has no zone, and begins in 2000")
    seconds = (found.toordinal() - _EPOCH_ORDINAL) * DAY_S + found.hour * 3600 + found.minute * 60 + found.second
    if seconds > MAX_SECONDS:
        raise ClockError("after the end of the epoch")
    return seconds


def day_of_date_bcd(stamp: bytes) -> int:
    """Days since 2000-01-01 of 4 BCD bytes YYYYMMDD; ClockError if there is no such day."""
    if len(stamp) != 4:
        raise ClockError(f"4 BCD bytes wanted, got {len(stamp)}")
    try:
        day = date(_bcd_number(stamp[:2]), _bcd_number(stamp[2:3]), _bcd_number(stamp[3:4]))
    except ValueError as fault:
        raise ClockError("no such day") from fault
    days = day.toordinal() - _EPOCH_ORDINAL
    if days < 0:
        raise ClockError("before 2000")
    return days


def day_number(seconds: int) -> int:
    """Calendar days since 2000-01-01; fits 16 bits."""
    if not 0 <= seconds <= MAX_SECONDS:
        raise ClockError(f"{seconds} is no time of the epoch")
    return seconds // DAY_S


def business_day(seconds: int, day_start_s: int = 0) -> int:
    """Days since 2000 of the trading day, which begins `day_start_s` after midnight (a night canteen's day)."""
    return day_number(max(seconds - day_start_s, 0))


def period_began(seconds: int, day_start_s: int, starts: Sequence[int]) -> int:
    """Campus second at which the meal period of this moment began. starts: of the periods, ascending, seconds after the
    beginning of the trading day; before the first of them, and without any, the day itself began."""
    at = max(seconds - day_start_s, 0) % DAY_S
    place = bisect_right(starts, at)
    return seconds - at + (starts[place - 1] if place else 0)


@lru_cache(maxsize=64)
def _date_of_day(days: int) -> bytes:
    day = date.fromordinal(_EPOCH_ORDINAL + days)
    return bytes((_BCD[day.year // 100], _BCD[day.year % 100], _BCD[day.month], _BCD[day.day]))


def _bcd_number(raw: bytes) -> int:
    text = raw.hex()
    if not text.isdecimal():
        raise ClockError("not BCD")
    return int(text)
