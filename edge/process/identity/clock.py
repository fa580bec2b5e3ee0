"""What time this box believes. A board without a battery wakes up in the past, and TLS then refuses everybody.

No time before FLOOR_S, the newest row of the outbox or the last saved time is believed. While the system's clock says
such a one, certificates are checked without their dates, the door of our own CA is asked for the time, and what it says
counts from then on (beside the system's clock, which is not ours to set); then the dates count again.
"""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from edge.process.identity.install import replace_synced
from shared.errors import LinkFault, WireFault
from shared.words.voice import Text

if TYPE_CHECKING:
    from edge.process.identity.asking import DoorSetting

log = logging.getLogger(__name__)

FLOOR_S = 1_793_491_200
"""2026-11-01: no program of this release ran before. A release may raise it."""
FILE = "clock"
SAVE_S = 600.0
"""So often the time is kept: a box that lost its power is at most so far behind."""
SLACK_S = 86_400
"""What a record may have been ahead of us without making our clock a wrong one."""


class BoxClock:
    """Unix time as this box believes it. newest_ms: of the newest row in the outbox, 0: none."""

    def __init__(self, folder: Path, newest_ms: int, system: Callable[[], float] = time.time) -> None:
        self._file = folder / FILE
        self._system = system
        self._ahead_s = 0.0
        self._saved_at_s = time.monotonic()
        self.floor_s = max(FLOOR_S, newest_ms // 1000 - SLACK_S, _saved(self._file))

    @property
    def is_trusted(self) -> bool:
        """Is it later than everything that we know to have been?"""
        return self.now() >= self.floor_s

    def now(self) -> float:
        """Unix seconds."""
        return self._system() + self._ahead_s

    @property
    def is_system_trusted(self) -> bool:
        """Is the system's clock, by which TLS looks at dates?"""
        return self._system() >= self.floor_s

    def ask(self, door: "DoorSetting") -> bool:
        """Take the door's time; blocking, bounded. False: it did not answer, or said a time before the floor."""
        from edge.process.identity.asking import fetch_time  # HTTP: a MiB that a box seldom needs

        try:
            said_s = fetch_time(door) / 1000
        except (LinkFault, WireFault) as fault:
            log.warning("%s", Text(f"对时未成：{fault}", f"no time from the platform: {fault}"))
            return False
        if said_s < self.floor_s:
            log.warning("%s", Text("平台所说的时间早于已知时间", "the platform says a time that has been"))
            return False
        self._ahead_s = said_s - self._system()
        return True

    def save(self) -> None:
        """Keep the time, each SAVE_S, and never one that is not trusted. A full disk keeps an older one."""
        if self.is_trusted and time.monotonic() - self._saved_at_s >= SAVE_S:
            self.keep()

    def keep(self) -> None:
        """Now."""
        self._saved_at_s = time.monotonic()
        if self.is_trusted:
            with suppress(OSError):
                replace_synced(self._file, str(int(self.now())).encode())


def _saved(file: Path) -> int:
    try:
        return int(file.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 0
