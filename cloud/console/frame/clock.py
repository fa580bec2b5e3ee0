"""What time it is for the books and for people: campus days, and the clock on this machine's wall."""

import time

from cloud.ledger.records.values import Now
from shared.clocks.campus_clock import CHINA_OFFSET_S, UNIX_2000, WALL
from shared.clocks.clock import DAY_S, ClockError, day_number, parse_time, time_text


def wall_now() -> Now:
    """As both of the ledger's clocks."""
    unix_s = time.time()
    return Now(int(unix_s * 1000), WALL.at(unix_s))


def today() -> int:
    """Campus days since 2000."""
    return day_number(wall_now().campus_s)


def moment_of(unix_ms: int) -> str:
    """As the campus says it; '' for 0."""
    return time_text(WALL.at(unix_ms / 1000)) if unix_ms else ""


def asked_day(text: str, otherwise: int) -> int:
    """Of a form's date; what is none is the other one."""
    try:
        return day_number(parse_time(text)) if text else otherwise
    except ClockError:
        return otherwise


def day_ends_ms(day: int) -> int:
    """Unix milliseconds at which this campus day is over."""
    return ((day + 1) * DAY_S + UNIX_2000 - CHINA_OFFSET_S) * 1000
