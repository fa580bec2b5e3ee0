"""The day before a holiday of the school calendar, whoever still holds something is told of, while there is time.

Looked at on that day and on the holiday's first, at most every LOOK_MS; told once for each holiday by a process.
"""

from cloud.ledger.fleet.draining import undrained
from cloud.ledger.fleet.parameters.door import calendar
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.records.values import Now
from shared.clocks.clock import day_number
from shared.clocks.school_days import Span
from shared.facts.settings import HolidayUndrained

LOOK_MS = 3_600_000


class Holidays:
    """Over an opened ledger; belongs to one thread at a time."""

    def __init__(self, opened: OpenedLedger) -> None:
        self._opened = opened
        self._due_ms = 0
        self._told: Span | None = None

    def look(self, now: Now) -> bool:
        """Was it told?"""
        if 0 <= now.unix_ms - self._due_ms < LOOK_MS:
            return False
        self._due_ms = now.unix_ms
        database, today = self._opened.database, day_number(now.campus_s)
        with database.reading():
            ahead = calendar(database).next_holiday(today)
            if ahead is None or ahead == self._told or today not in (ahead.first - 1, ahead.first):
                return False
            found = undrained(database, now)
        if not found:
            return False
        boxes = sum(one.is_box for one in found)
        self._told = ahead
        with self._opened.writing(now) as writing:
            writing.notes.tell(HolidayUndrained(ahead.name, len(found) - boxes, boxes))
        return True
