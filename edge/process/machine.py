"""How the box's own machine is: figures of the system. What it does not tell is not known, and never 0."""

import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from shared.wire.box_state import Reading, ReadingRow

_STAT, _MEMINFO, _ZONES = Path("/proc/stat"), Path("/proc/meminfo"), Path("/sys/class/thermal")
_IDLE = slice(3, 5)
"""Of the figures of /proc/stat's first line: idle, and waiting for a disk."""


class Machine:
    """Load is of the time since the last look."""

    def __init__(self, folder: Path) -> None:
        """folder: whose disk counts."""
        self._folder = folder
        self._spent: tuple[int, int] | None = None

    def look(self) -> Iterator[ReadingRow]:
        """Some small files of the kernel's; no disk is waited for."""
        for kind, value in (
            (Reading.CPU_PERMILLE, self._busy()),
            (Reading.MEMORY_FREE_PERMILLE, _memory_free()),
            (Reading.DISK_FREE_PERMILLE, self._disk_free()),
            (Reading.TEMPERATURE_MC, hottest(_ZONES)),
        ):
            if value is not None:
                yield ReadingRow(kind, "", value)

    def _busy(self) -> int | None:
        """None at the first look."""
        try:
            figures = [int(word) for word in _STAT.read_text(encoding="ascii").splitlines()[0].split()[1:9]]
        except (OSError, ValueError, IndexError):
            return None
        before, self._spent = self._spent, (sum(figures), sum(figures[_IDLE]))
        if before is None or self._spent[0] <= before[0]:
            return None
        passed, idle = self._spent[0] - before[0], self._spent[1] - before[1]
        return 1000 - min(1000, max(0, 1000 * idle // passed))

    def _disk_free(self) -> int | None:
        try:
            usage = shutil.disk_usage(self._folder)
        except OSError:
            return None
        return 1000 * usage.free // usage.total if usage.total else None


def _memory_free() -> int | None:
    try:
        lines = _MEMINFO.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    figures = {name: rest.split()[0] for name, _, rest in (line.partition(":") for line in lines) if rest}
    total, free = int(figures.get("MemTotal", "0")), figures.get("MemAvailable")
    return 1000 * int(free) // total if total and free is not None else None


def hottest(zones: Path) -> int | None:
    """Thousandths of a degree, of the hottest thermal zone; None: the machine has none that tells."""
    found = []
    for file in zones.glob("thermal_zone*/temp"):
        with suppress(OSError, ValueError):
            found.append(int(file.read_text(encoding="ascii")))
    return max(found, default=None)
