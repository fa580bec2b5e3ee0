"""The clocks of the parts, all made from the world's one time. Campus time may leap over quiet hours; timeouts not."""

from edge.box.values.effects import Now as EdgeNow
from edge.terminal.store.clock import Now as TerminalNow
from shared.clocks.campus_clock import CHINA_OFFSET_S, UNIX_2000
from tests.sim.blueprint import CAMPUS_S
from tests.sim.world import World


class Clock:
    """`leap` moves campus and system time forward, as a quiet night would, without waking anybody."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._midnight_s = CAMPUS_S
        """Campus time at the world's zero."""

    def leap(self, seconds: int) -> None:
        """So much later, all at once."""
        self._midnight_s += seconds

    def campus_s(self) -> int:
        """True campus time: seconds since 2000."""
        return self._midnight_s + int(self._world.now_s)

    def unix_ms(self) -> int:
        """True system time."""
        return int((self._midnight_s + self._world.now_s + UNIX_2000 - CHINA_OFFSET_S) * 1000)

    def edge(self, off_s: float) -> EdgeNow:
        """A box whose system clock is off by so much."""
        now_s, midnight_s = self._world.now_s, self._midnight_s
        unix_ms = int((midnight_s + now_s + UNIX_2000 - CHINA_OFFSET_S) * 1000)
        if not off_s:
            return EdgeNow(now_s, unix_ms, midnight_s + int(now_s))
        return EdgeNow(now_s, unix_ms + int(off_s * 1000), midnight_s + int(now_s) + int(off_s))

    def terminal(self, booted_s: float, rtc_lost_s: int | None) -> TerminalNow:
        """A terminal since its boot. rtc_lost_s: its RTC began at 2000 at this true campus second."""
        rtc_s = self.campus_s() - (rtc_lost_s or 0)
        return TerminalNow(self._world.now_s - booted_s, rtc_s)
