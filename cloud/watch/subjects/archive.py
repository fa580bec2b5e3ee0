"""Whether a ledger in PostgreSQL archives its log, as the server itself says; of any other ledger nothing is known."""

from collections.abc import Iterator
from pathlib import Path

from cloud.store.db import Database
from cloud.watch.alarms.terms import Signal
from cloud.watch.subjects.marks import BACKUP, OPENS

_SQL = (
    "SELECT current_setting('archive_mode'), current_setting('archive_command'), last_archived_time IS NOT NULL, "
    "COALESCE(last_failed_time > COALESCE(last_archived_time, '-infinity'), false), COALESCE(last_archived_wal, ''), "
    "pg_walfile_name(pg_current_wal_lsn()) FROM pg_stat_archiver"
)
_SCHOOL_SERVER = "pgbackrest-segment "
"""What an installation of `./ykt server` archives by from its first start: it goes nowhere before it is set up."""
_NAME = 24
"""Characters of a segment's name: timeline, file and segment, 8 hexadecimal digits each."""
_SEGMENTS = 256
"""Segments of 16 MiB in a file of the log, as it is numbered."""


def archive_signals(db: Database, folder: Path, now_ms: int) -> Iterator[Signal]:
    """Does it fail, and how many segments wait. None where no log is archived, or nothing was yet.

    folder: DATA/cloud.
    """
    is_set_up = (folder / OPENS).exists()
    failing, waiting = _asked(db, is_set_up=is_set_up) if db.dialect == "postgresql" else (None, None)
    yield Signal("archive-failing", BACKUP, now_ms, failing)
    yield Signal("archive-waiting", BACKUP, now_ms, waiting)


def _asked(db: Database, *, is_set_up: bool) -> tuple[int | None, int | None]:
    with db.reading():
        ((mode, command, has_any, fails, last, current),) = db.run(_SQL)
    if not keeps_log(mode, command, is_set_up=is_set_up):
        return None, None
    return int(fails), waiting_segments(last, current) if has_any else None


def keeps_log(mode: str, command: str, *, is_set_up: bool) -> bool:
    """By the server's settings. is_set_up: `cloud backup set-up` has said where to."""
    return mode != "off" and (is_set_up or not command.startswith(_SCHOOL_SERVER))


def waiting_segments(last: str, current: str) -> int | None:
    """Between the last one that was archived and the one that is written. None: it was no segment, or of before."""
    if len(last) < _NAME or last[:8] != current[:8]:
        return None
    return max(0, _number(current) - _number(last) - 1)


def _number(name: str) -> int:
    return int(name[8:16], 16) * _SEGMENTS + int(name[16:_NAME], 16)
