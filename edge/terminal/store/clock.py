"""A terminal's own clock: what its RTC says, put right by times that a proven edge gave.

Unset from power loss until somebody gave the time; then it is set for good. Timeouts never use it. A time that cannot
be is not believed, whoever says it: an RTC that lost its battery may begin at 2000-01-01, or leap, and call itself
set; a window that believed it would turn good cards away.
"""

from typing import NamedTuple

from shared.clocks.clock import DAY_S, MAX_SECONDS, CampusTime, day_of_date_bcd

STEP_MIN_S = 2
"""A smaller difference is the link's delay and is left alone."""
EARLIEST_S = day_of_date_bcd(bytes.fromhex("20100101")) * DAY_S
LATEST_S = day_of_date_bcd(bytes.fromhex("20700101")) * DAY_S
"""No terminal of ours works outside of these, nor plays a trace of such a day."""
BEFORE_DAYS, BEHIND_DAYS = 1, 366
"""An RTC is believed from the day before the last business day that this store has seen, to so long behind it."""


class Now(NamedTuple):
    """The time of an input: monotonic seconds for timeouts, and campus seconds as the RTC has them."""

    mono_s: float
    rtc_s: int


class TerminalClock:
    """RTC plus correction. is_set: it claims to be; last_day: business day that the store has seen last, 0 = none."""

    def __init__(self, *, is_set: bool, last_day: int = 0) -> None:
        self.is_set = is_set
        self._offset_s = 0
        self._from_s, self._to_s = EARLIEST_S, LATEST_S
        if last_day:
            self._from_s = max(EARLIEST_S, (last_day - BEFORE_DAYS) * DAY_S)
            self._to_s = min(LATEST_S, (last_day + BEHIND_DAYS) * DAY_S)

    def at(self, now: Now) -> CampusTime:
        """Campus time of this moment."""
        seconds = min(max(now.rtc_s + self._offset_s, 0), MAX_SECONDS)
        return CampusTime(seconds, self.is_set and self._from_s <= seconds < self._to_s)

    def correct(self, campus_s: int, now: Now) -> bool:
        """An authenticated time came. False when it cannot be, and nothing is changed."""
        if not EARLIEST_S <= campus_s < LATEST_S:
            return False
        if not self.is_set or abs(campus_s - self.at(now).seconds) >= STEP_MIN_S:
            self._offset_s = campus_s - now.rtc_s
        self.is_set = True
        self._from_s, self._to_s = EARLIEST_S, LATEST_S
        return True
