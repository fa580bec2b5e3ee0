"""Today at the tills: what was sold by hour beside the same weekday of last week, how many taps went well, how late
records come. Sums are the ledger's; what was read once is not read again."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from cloud.ledger.read.reader import Reader
from cloud.ledger.read.shown.lately import CHINA_MS, HOUR_MS, Hour
from shared.clocks.campus_clock import WALL
from shared.clocks.clock import business_day

DAY_MS = 24 * HOUR_MS
HOURS = 24
WEEK = 7
QUALITY_MS = 10_000
"""How often success and lateness are worked out anew."""
ARRIVALS_MS = 10 * 60_000
"""Over so long."""
SAMPLE = 300
"""Records that are looked at for it."""
SAMPLE_MIN = 20
"""Of fewer nothing is said."""


class Quality(NamedTuple):
    """success: of all taps, from 0 to 1; p95_s: within so long 95 of 100 records came. None: not known."""

    success: float | None = None
    p95_s: int | None = None


class Today:
    """Belongs to one thread at a time."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._day = -1
        self._next = 1
        self._now: dict[int, Hour] = {}
        self._then: list[int] = []
        self._quality, self._quality_ms = Quality(), 0

    def read(self, now_ms: int) -> dict[str, Any]:
        """hours: fen by hour, as far as the day has come; then: of the same weekday last week, all of it."""
        self._turn(now_ms)
        found, self._next = self._reader.hours(self._next)
        for one in found:
            before = self._now.get(one.hour, Hour(one.hour, 0, 0))
            self._now[one.hour] = Hour(one.hour, before.fen + one.fen, before.sales + one.sales)
        if now_ms - self._quality_ms >= QUALITY_MS:
            self._quality, self._quality_ms = self._worked_out(now_ms), now_ms
        hour = (now_ms + CHINA_MS) // HOUR_MS % HOURS
        return {
            "fen": sum(one.fen for one in self._now.values()),
            "sales": sum(one.sales for one in self._now.values()),
            "hours": _by_hour(self._now.values())[: hour + 1],
            "then": self._then,
            "success": self._quality.success,
            "p95_s": self._quality.p95_s,
        }

    def _turn(self, now_ms: int) -> None:
        """To the day that it is now."""
        day = (now_ms + CHINA_MS) // DAY_MS
        if day == self._day:
            return
        begins_ms = day * DAY_MS - CHINA_MS
        then_ms = begins_ms - WEEK * DAY_MS
        self._then = _by_hour(self._reader.hours_between(then_ms, then_ms + DAY_MS))
        self._day, self._next, self._now = day, self._reader.first_entry(begins_ms), {}

    def _worked_out(self, now_ms: int) -> Quality:
        day = business_day(WALL.at(now_ms / 1000))
        tallied = self._reader.tallied(day, day + 1)
        taps = tallied.served + sum(tallied.reasons.values())
        delays = sorted(one.delay_s for one in self._reader.arrivals(now_ms - ARRIVALS_MS, now_ms, SAMPLE).sample)
        late = max(0, delays[len(delays) * 95 // 100]) if len(delays) >= SAMPLE_MIN else None
        return Quality(tallied.served / taps if taps else None, late)


def _by_hour(found: Iterable[Hour]) -> list[int]:
    fen = [0] * HOURS
    for one in found:
        fen[one.hour % HOURS] += one.fen
    return fen
