"""Backup marks 备份标记: up to which outbox row of each box a verified backup holds what it has sent (RECORDS "Acks").

Written after a backup was archived and verified, and read from what that backup holds, never from what the ledger held
when it ended. They stand in the ledger itself: one that was put back knows only the marks of backups before its own, so
it claims no more than it can keep. Bound: one row for each store that a box ever had.
"""

from collections.abc import Mapping
from typing import NamedTuple

from cloud.ledger.journal.mark_rows import BoxKey
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.records.values import Now
from cloud.store.db import Database


class Covered(NamedTuple):
    """All rows up to this one stand in a backup that was made then."""

    row: int
    made_ms: int


def rows_held(db: Database) -> dict[BoxKey, int]:
    """What a backup that is made of these books from now on covers. Inside of a snapshot."""
    rows = db.run("SELECT box, store, cumulative FROM box_mark")
    return {(box, bytes(store)): int(row) for box, store, row in rows if row > 0}


def covered(db: Database) -> dict[BoxKey, Covered]:
    """As the newest marks say. Inside of a snapshot."""
    rows = db.run("SELECT box, store, row, made_ms FROM backup_mark")
    return {(box, bytes(store)): Covered(int(row), int(at_ms)) for box, store, row, at_ms in rows}


class BackupMarks:
    """Over an opened ledger: each door is one transaction."""

    def __init__(self, opened: OpenedLedger) -> None:
        self._opened = opened

    def rows_held(self) -> dict[BoxKey, int]:
        """As `rows_held`."""
        with self._opened.database.reading():
            return rows_held(self._opened.database)

    def covered(self) -> dict[BoxKey, Covered]:
        """As `covered`."""
        with self._opened.database.reading():
            return covered(self._opened.database)

    def cover(self, rows: Mapping[BoxKey, int], made_ms: int, now: Now) -> None:
        """A backup of then, which holds these rows, is archived and verified: nothing older counts any more."""
        with self._opened.writing(now) as writing:
            writing.db.run("DELETE FROM backup_mark")
            marks = [(box, store, row, made_ms) for (box, store), row in sorted(rows.items())]
            writing.db.insert("backup_mark", "box, store, row, made_ms", marks)
