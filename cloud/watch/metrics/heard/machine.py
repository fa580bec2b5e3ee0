"""How busy the machine of the platform is. What the system does not tell is not known."""

from pathlib import Path

from cloud.watch.metrics.points import Point
from cloud.watch.metrics.series import MACHINE

_STAT = Path("/proc/stat")
_IDLE = slice(3, 5)
"""Of the figures of /proc/stat's first line: idle, and waiting for a disk."""


class Machine:
    """Load is of the time since the last look."""

    def __init__(self) -> None:
        self._spent: tuple[int, int] | None = None

    def points(self, now_ms: int) -> list[Point]:
        """One, or none."""
        busy = self._busy()
        return [] if busy is None else [Point(MACHINE, "", (("machine-cpu", busy),), now_ms)]

    def _busy(self) -> float | None:
        try:
            figures = [int(word) for word in _STAT.read_text(encoding="ascii").splitlines()[0].split()[1:9]]
        except (OSError, ValueError, IndexError):
            return None
        before, self._spent = self._spent, (sum(figures), sum(figures[_IDLE]))
        if before is None or self._spent[0] <= before[0]:
            return None
        return 100 - 100 * (self._spent[1] - before[1]) / (self._spent[0] - before[0])
