"""A backup is put back: into an empty place, checked first; what was put back is written down for the statement.

SQLite knows the moments at which a backup was made; PostgreSQL every second within its span. Nothing that is there is
ever overwritten.
"""

import json
from pathlib import Path
from typing import NamedTuple

from cloud.commands.chains.backups import files, pgbackrest
from cloud.commands.chains.backups.files import Backup
from cloud.process.settings import FOLDER
from cloud.process.whole_file import write_whole
from shared.clocks.campus_clock import WALL
from shared.clocks.clock import time_text
from shared.errors import ConfigFault
from shared.words.voice import Text

NOTE = "restored.json"
NOTE_MAX = 4096
LATEST = 0
"""In the place of a time: all that was archived."""


class Restored(NamedTuple):
    """What was put back, when; of which moment the books are (None: nobody knows to the second, all that there was)."""

    backup: str
    made_ms: int
    of_ms: int | None
    at_ms: int
    entries: int
    records: int


def chosen(to: Path, at_ms: int | None) -> Backup:
    """The newest backup, or the newest one that is not later than this. ConfigFault: there is none."""
    found = files.listed(to)
    fitting = [one for one in found if not at_ms or one.made_ms <= at_ms]
    if fitting:
        return fitting[0]
    said = _text(found[-1].made_ms) if found else "–"
    raise ConfigFault(Text(f"没有这样早的备份，最早 {said}", f"no backup is so old, the oldest is of {said}"))


def restore(one: Path, data: Path, now_ms: int, cluster: Path | None = None, at_ms: int | None = None) -> Restored:
    """Its files into DATA/cloud, where none of them is; a ledger of PostgreSQL into `cluster`, an empty folder.

    at_ms: a time within the span, or LATEST, for PostgreSQL alone; a backup of files is of its own moment. ConfigFault:
    something is there, or the time is out of reach; StoreFault: the backup is broken.
    """
    made, target = files.check(one, data), data / FOLDER
    there = [name for name in made.files if (target / name).exists()]
    if there:
        said = ", ".join(there)
        raise ConfigFault(Text(f"{said} 已存在：请先移走，不覆盖", f"{said}: is there, move it away first"))
    secret = pgbackrest.require_secret(data) if made.sealed else ""
    if made.base is not None:
        pgbackrest.restore(pgbackrest.repository(one.parent, data), _required(cluster), made.base.label, at_ms)
    files.put_back(made, target, secret)
    of_ms = made.made_ms if made.base is None or at_ms is None else at_ms or None
    done = Restored(one.name, made.made_ms, of_ms, now_ms, made.entries, made.records)
    write_whole(target / NOTE, json.dumps({"format": 1} | done._asdict()).encode())
    return done


def told(done: Restored) -> list[Text | str]:
    """For people."""
    of = Text("归档所及", "the last that was archived")
    if done.of_ms:
        of = Text(_text(done.of_ms), _text(done.of_ms))
    return [
        Text(
            f"{done.backup}：账本为 {of.zh} 的状态，做成时分录 {done.entries}、流水 {done.records}",
            f"{done.backup}: the books as of {of.en}; {done.entries} entries, {done.records} records when it was made",
        )
    ]


def noted(data: Path) -> Restored | None:
    """What was put back here last; None: nothing was, as far as is known."""
    try:
        with (data / FOLDER / NOTE).open("rb") as opened:
            raw = json.loads(opened.read(NOTE_MAX))
        return Restored(**{name: raw[name] for name in Restored._fields})
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _required(cluster: Path | None) -> Path:
    if cluster is None:
        raise ConfigFault(
            Text("缺少 --cluster：还原到的空目录", "--cluster is missing: the empty folder that the database goes to")
        )
    return cluster


def _text(unix_ms: int) -> str:
    return time_text(WALL.at(unix_ms / 1000))
