"""A backup is made: copied, archived, verified; then, and not before, boxes are told how far it reaches.

Only then DATA/cloud/backup.json says when it was over, which is what the alarms about backups look at. What was broken
off at any moment, by a kill or a full disk, counts as none. One at a time for each folder: a second one is refused.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from cloud.commands.chains.backups import files, pgbackrest
from cloud.commands.chains.backups.files import FILES, KEEP, LEDGER, Backup
from cloud.ledger.journal.mark_rows import BoxKey
from cloud.ledger.journal.opened import open_prepared
from cloud.ledger.read.reader import open_reader
from cloud.ledger.read.views import LedgerSums
from cloud.ledger.receive.backup_marks import BackupMarks, rows_held
from cloud.ledger.records.values import Now
from cloud.process.settings import FOLDER, CloudSettings
from cloud.process.whole_file import write_whole
from cloud.watch.subjects.marks import MARK, finished
from shared.clocks.campus_clock import WALL
from shared.clocks.clock import time_text
from shared.errors import ConfigFault, StoreFault
from shared.words.voice import Text

LOCK = ".lock"
Held = tuple[LedgerSums, Mapping[BoxKey, int]]
"""What books hold at one moment: sums, and the rows of each box."""


def make(
    settings: CloudSettings, dsn: str, to: Path, now_ms: int, keep: int = KEEP, *, full: bool = False
) -> Backup:  # fmt: skip
    """A new one below `to`. full: of PostgreSQL, not only what has changed. ConfigFault, StoreFault, OSError: there is
    none, no box was told anything, and there is no mark."""
    source, is_file = settings.data / FOLDER, "://" not in dsn
    if not is_file:
        pgbackrest.repository(to, settings.data)
    to.mkdir(mode=0o700, parents=True, exist_ok=True)
    secret = _secret(to, settings.data)
    names = [name for name in FILES if (source / name).exists() and (is_file or name != LEDGER)]
    with alone(to):
        files.sweep(to, source)
        files.require_room(to, source, names, sealed=bool(secret))
        made, rows = _archived(settings, dsn, to, now_ms, names, secret, full=full)
        files.thin_out(to, keep, made.folder)
        if not is_file:
            bases = pgbackrest.bases(pgbackrest.repository(to, settings.data))
            files.drop_without_base(to, {one.label for one in bases})
    _tell_boxes(dsn, rows, now_ms)
    _write_mark(source, made.folder, now_ms, now_ms)
    return made


def check(one: Path, data: Path, now_ms: int) -> Backup:
    """Is it as it was made, does it open, its base in the repository too? If it is the newest, that is written down.
    StoreFault, ConfigFault."""
    made = files.check(one, data)
    if made.base is not None:
        pgbackrest.verify(pgbackrest.repository(one.parent, data))
    source = data / FOLDER
    finished_ms = finished(source / MARK)
    if finished_ms is not None and finished_ms == made.made_ms:
        _write_mark(source, one, finished_ms, now_ms)
    return made


def _write_mark(source: Path, where: Path, finished_ms: int, verified_ms: int) -> None:
    said = {"format": 1, "finished_ms": finished_ms, "verified_ms": verified_ms, "what": "ledger", "where": str(where)}
    write_whole(source / MARK, json.dumps(said, ensure_ascii=False).encode())


def _secret(to: Path, data: Path) -> str:
    """Empty where backups were never sealed. ConfigFault: they were, and a plain one would be made after them."""
    is_sealed = any(one.sealed for one in files.listed(to))
    return pgbackrest.require_secret(data) if is_sealed else pgbackrest.secret_of(data)


def _archived(
    settings: CloudSettings, dsn: str, to: Path, now_ms: int, names: list[str], secret: str, *, full: bool
) -> tuple[Backup, Mapping[BoxKey, int]]:
    stamp = time_text(WALL.at(now_ms / 1000)).replace("-", "").replace(":", "").replace(" ", "-")
    source, base = settings.data / FOLDER, None
    with files.begun(to, stamp) as part, files.plain_place(source, to, part, sealed=bool(secret)) as place:
        if "://" in dsn:
            sums, rows = _held(dsn)  # before the base begins, so that all of it is in there
            base = pgbackrest.make(pgbackrest.repository(to, settings.data), now_ms, full=full)
            files.copy(source, place, names)
        else:
            files.copy(source, place, names)
            sums, rows = _held(str(place / LEDGER))
        if secret:
            files.seal_all(place, part, names, secret)
        made = Backup(part, settings.name, now_ms, files.digests(part), sums.entries, sums.records, base, bool(secret))
        return files.named(part, made), rows


def _held(dsn: str) -> Held:
    """StoreFault where the books are not in balance."""
    with closing(open_reader(dsn)) as reader:
        sums = reader.overview()
        with reader.database.reading():
            rows = rows_held(reader.database)
    if sums.difference_fen:
        raise StoreFault(Text("备份的账不平", "the books of the copy are not in balance"))
    return sums, rows


def _tell_boxes(dsn: str, rows: Mapping[BoxKey, int], now_ms: int) -> None:
    with closing(open_prepared(dsn)) as opened:
        BackupMarks(opened).cover(rows, now_ms, Now(now_ms, WALL.at(now_ms / 1000)))


@contextmanager
def alone(to: Path) -> Iterator[None]:
    """No other backup is made here meanwhile. ConfigFault: one is."""
    fd = os.open(to / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as fault:
        raise ConfigFault(Text(f"{to}: 正在备份", f"{to}: a backup is being made")) from fault
    finally:
        os.close(fd)
