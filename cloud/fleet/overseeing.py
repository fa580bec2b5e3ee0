"""Who looks after the watch: the ingest does, for a watch that has stopped can tell nobody.

By the age of its beat (cloud/process/beats.py). Told once for each stop; a school that has never run a watch hears
nothing. After a start of ours it has GRACE_MS to begin.
"""

from collections.abc import Callable

from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.records.values import Now
from shared.facts.books import WatchSilent

SILENT_S = 60.0
GRACE_MS = 120_000


class Overseer:
    """Over an opened ledger; belongs to one thread at a time. age_s: of the newest beat, None: there never was one."""

    def __init__(self, opened: OpenedLedger, age_s: Callable[[], float | None]) -> None:
        self._opened, self._age_s = opened, age_s
        self._since_ms = 0
        self._is_told = self._was_heard = False

    def look(self, now: Now) -> bool:
        """Was it told?"""
        self._since_ms = self._since_ms or now.unix_ms
        age_s = self._age_s()
        if age_s is None:
            return False
        if age_s < SILENT_S:
            self._was_heard, self._is_told = True, False
            return False
        if self._is_told or not (self._was_heard or now.unix_ms - self._since_ms >= GRACE_MS):
            return False
        with self._opened.writing(now) as writing:
            writing.notes.tell(WatchSilent(int(age_s)))
        self._is_told = True
        return True
