"""Alarms as the overview counts them: by grade, the oldest that nobody has acknowledged. A watch that cannot be read is
said as such, and one that has never run."""

import time
from pathlib import Path
from typing import Any

from cloud.console.frame.sources import watch_of
from cloud.watch.alarms.states import State
from cloud.watch.alarms.terms import GRADES
from cloud.watch.kept import past
from cloud.watch.store import FILE, Listed
from cloud.watch.turn import BEAT, STALE_MS
from shared.errors import YktError
from shared.facts.told import Level

MARKS = {Level.URGENT: "bad", Level.IMPORTANT: "bad", Level.GENERAL: "warn", Level.NOTICE: "off"}


class Standing:
    """Over the watch's file; reads it anew when it was written to. Belongs to one thread at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._written: tuple[int, ...] = ()
        self._known: dict[str, Any] = {"known": False, "ran": False}
        self._numbers: tuple[int, ...] = ()
        self._beat_ms = 0

    def read(self) -> dict[str, Any]:
        """{"alarms": …, "alarm_marks": …}; known: could it be read? ran: is there a watch at all? alarm_marks: others
        than before, and something has happened to alarms, in what is told or decided about them, or to the watch."""
        written = self._marks()
        if not written:
            return {"alarms": {"known": False, "ran": False}}
        if written != self._written:
            try:
                with watch_of(self._folder) as store:
                    self._known = _counted(store.alarms())
                    with store.db.reading():
                        self._numbers, self._beat_ms = past.newest(store.db), store.mark(BEAT)
            except (YktError, OSError):
                return {"alarms": {**self._known, "known": False, "ran": True}}
            self._written = self._marks()
        is_away = time.time() * 1000 - self._beat_ms > STALE_MS
        return {"alarms": self._known, "alarm_marks": (*self._numbers, is_away)}

    def _marks(self) -> tuple[int, ...]:
        """Others than before: somebody has written. Empty: there is no file."""
        found = []
        for name in (FILE, f"{FILE}-wal"):
            try:
                seen = (self._folder / name).stat()
            except OSError:
                continue
            found += [seen.st_mtime_ns, seen.st_size]
        return tuple(found)


def _counted(listed: list[Listed]) -> dict[str, Any]:
    active = [one.alarm for one in listed if one.alarm.state in (State.UNACKNOWLEDGED, State.ACKNOWLEDGED)]
    waiting = [one for one in active if one.state is State.UNACKNOWLEDGED and one.grade is not Level.NOTICE]
    return {
        "known": True,
        "ran": True,
        "grades": [
            {"grade": str(grade), "mark": MARKS[grade], "count": sum(one.grade is grade for one in active)}
            for grade in GRADES
        ],
        "waiting": len(waiting),
        "urgent": sum(one.grade is Level.URGENT for one in waiting),
        "oldest_ms": min((one.since_ms for one in waiting), default=0),
    }
