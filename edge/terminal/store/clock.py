"""A terminal's own clock: what its RTC says, put right by times that a proven edge gave.

Unset from power loss until somebody gave the time; then it is set for good. Timeouts never use it.
"""

from typing import NamedTuple

from shared.clocks.clock import MAX_SECONDS, CampusTime

STEP_MIN_S = 2
"""A smaller difference is the link's delay and is left alone."""


class Now(NamedTuple):
    """The time of an input: monotonic seconds for timeouts, and campus seconds as the RTC has them."""

    mono_s: float
    rtc_s: int


class TerminalClock:
    """RTC plus correction."""

    def __init__(self, *, is_set: bool) -> None:
        self.is_set = is_set
        self._offset_s = 0

    def at(self, now: Now) -> CampusTime:
        """Campus time of this moment."""
        return CampusTime(min(max(now.rtc_s + self._offset_s, 0), MAX_SECONDS), self.is_set)

    def correct(self, campus_s: int, now: Now) -> None:
        """An authenticated time came."""
        if not self.is_set or abs(campus_s - self.at(now).seconds) >= STEP_MIN_S:
            self._offset_s = campus_s - now.rtc_s
        self.is_set = True
