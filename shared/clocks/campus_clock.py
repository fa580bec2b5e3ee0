"""The campus clock as a value: which campus-local second it is at a given system second.

Pure: the caller passes the system time. A trace replay gives every process the same three numbers
(`--clock T0:REAL0:SPEED`); otherwise the campus clock is the system clock in China standard time.
Timeouts never use it: they are monotonic.
"""

from dataclasses import dataclass
from math import isfinite

from shared.errors import ConfigFault
from shared.words.voice import Text

UNIX_2000 = 946_684_800
"""Unix time of 2000-01-01 00:00:00 UTC."""
CHINA_OFFSET_S = 8 * 3600


@dataclass(frozen=True, slots=True)
class CampusClock:
    """campus seconds since 2000 = campus_s + (unix − real_s) × speed."""

    campus_s: float
    real_s: float
    speed: float

    def at(self, unix_s: float) -> int:
        """Unsigned campus-local seconds since 2000-01-01."""
        return max(0, int(self.campus_s + (unix_s - self.real_s) * self.speed))

    def to_option(self) -> str:
        """The text of `--clock`."""
        return f"{self.campus_s:.3f}:{self.real_s:.3f}:{self.speed:g}"


WALL = CampusClock(CHINA_OFFSET_S - UNIX_2000, 0.0, 1.0)
"""The ordinary campus clock: China standard time."""


def parse_clock(text: str | None) -> CampusClock:
    """The clock of a `--clock` option; None is the wall clock; ConfigFault when malformed."""
    if text is None:
        return WALL
    try:
        campus, real, speed = (float(part) for part in text.split(":"))
    except ValueError as fault:
        raise ConfigFault(Text("--clock: 应为 T0:REAL0:SPEED", "--clock wants T0:REAL0:SPEED")) from fault
    if not all(map(isfinite, (campus, real, speed))) or speed <= 0:
        raise ConfigFault(Text("--clock: 应为数字，且速度大于 0", "--clock: numbers, and a speed above 0"))
    return CampusClock(campus, real, speed)
