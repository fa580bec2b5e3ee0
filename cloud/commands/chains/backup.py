"""One backup is one folder: each database as a file, and MANIFEST.json with its digest and what the books held.

A copy is taken in one step beside whoever writes (each commit of another would begin a copy in steps anew). It is
proven before it gets its name: SQLite's own check, the trial balance, the digests. Only then DATA/cloud/backup.json
says when it was over, which is what the alarms about backups look at. KEEP of them stay; a broken one is not counted.
"""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from hashlib import file_digest
from pathlib import Path
from typing import Any

from cloud.ledger.read.reader import open_reader
from cloud.process.settings import FOLDER, CloudSettings
from cloud.process.whole_file import write_whole
from cloud.store.db import copy_file
from cloud.watch.subjects.marks import MARK
from shared.clocks.campus_clock import WALL
from shared.clocks.clock import time_text
from shared.errors import ConfigFault, StoreFault
from shared.words.voice import Text

LEDGER = "ledger.db"
FILES = (LEDGER, "watch.db", "console.db", "docking.db")
"""Of DATA/cloud; those that are there. Keys, certificates and secrets are not in a backup of the books."""
MANIFEST, FORMAT = "MANIFEST.json", 1
MANIFEST_MAX = 65_536
PREFIX, PART = "backup-", ".part"
KEEP = 14
_ELSEWHERE = Text("账本在 PostgreSQL：用它自己的备份工具", "the ledger is in PostgreSQL: use its own tools")
SPARE_BYTES = 64 << 20
"""So much more than the copies must be free: a full disk would stop selling's books for the sake of their copy."""


@dataclass(frozen=True, slots=True)
class Backup:
    """One that is whole by its manifest. made_ms: Unix. files: name → SHA-256, hex. entries, records: of the books."""

    folder: Path
    campus: str
    made_ms: int
    files: dict[str, str]
    entries: int
    records: int

    def to_json(self) -> dict[str, Any]:
        """As `--json` says it."""
        return {**asdict(self), "folder": str(self.folder)}


def make(settings: CloudSettings, dsn: str, to: Path, now_ms: int, keep: int = KEEP) -> Backup:
    """A new one below `to`. ConfigFault: the ledger is no file. StoreFault, OSError: there is none, and no mark."""
    source = settings.data / FOLDER
    if "://" in dsn:
        raise ConfigFault(_ELSEWHERE)
    names = [name for name in FILES if (source / name).exists()]
    to.mkdir(mode=0o700, parents=True, exist_ok=True)
    _require_room(to, [source / name for name in names])
    stamp = time_text(WALL.at(now_ms / 1000)).replace("-", "").replace(":", "").replace(" ", "-")
    part = to / f"{PREFIX}{stamp}{PART}"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(mode=0o700)
    for name in names:
        copy_file(source / name, part / name)
    made = _proven(part, settings.name, now_ms, names)
    done = part.with_suffix("")
    part.rename(done)
    _sync(to)
    _thin_out(to, keep, done)
    said = {"format": 1, "finished_ms": now_ms, "what": "ledger", "where": str(done)}
    write_whole(source / MARK, json.dumps(said, ensure_ascii=False).encode())
    return replace(made, folder=done)


def listed(to: Path) -> list[Backup]:
    """Whole ones, the newest first; what has no manifest that can be read is none."""
    return sorted(_read_all(to), key=lambda one: one.made_ms, reverse=True)


def check(folder: Path) -> Backup:
    """Is it as it was made? StoreFault names the first file that is not."""
    made = _read(folder)
    for name, digest in made.files.items():
        if not (folder / name).is_file() or _digest(folder / name) != digest:
            raise StoreFault(Text(f"{name}: 缺失或已变", f"{name}: missing or changed"))
    return made


def restore(folder: Path, data: Path) -> Backup:
    """Its files into DATA/cloud, where none of them is. ConfigFault: one is there; StoreFault: the backup is broken."""
    made, target = check(folder), data / FOLDER
    there = [name for name in made.files if (target / name).exists()]
    if there:
        said = ", ".join(there)
        raise ConfigFault(Text(f"{said} 已存在：请先移走，不覆盖", f"{said}: is there, move it away first"))
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in made.files:
        part = target / f"{name}{PART}"
        shutil.copyfile(folder / name, part)
        _sync(part)
        part.rename(target / name)
    _sync(target)
    return made


def _require_room(to: Path, files: list[Path]) -> None:
    need = sum(file.stat().st_size for file in files) + SPARE_BYTES
    free = shutil.disk_usage(to).free
    if free < need:
        wanted, left = need >> 20, free >> 20
        raise StoreFault(Text(f"空间不足：需要 {wanted} MB，剩 {left} MB", f"{wanted} MB needed, {left} MB are free"))


def _proven(part: Path, campus: str, now_ms: int, names: list[str]) -> Backup:
    with closing(open_reader(str(part / LEDGER))) as reader:
        sums = reader.overview()
    if sums.difference_fen:
        raise StoreFault(Text("备份的账不平", "the books of the copy are not in balance"))
    for beside in (*part.glob("*-wal"), *part.glob("*-shm")):
        beside.unlink()
    files = {name: _digest(part / name) for name in names}
    made = Backup(part, campus, now_ms, files, sums.entries, sums.records)
    said = {"format": FORMAT} | {name: value for name, value in made.to_json().items() if name != "folder"}
    write_whole(part / MANIFEST, json.dumps(said, ensure_ascii=False, indent=1).encode())
    _sync(part)
    return made


def _read_all(to: Path) -> Iterator[Backup]:
    for folder in to.glob(f"{PREFIX}*"):
        if folder.suffix != PART:
            try:
                yield _read(folder)
            except StoreFault:
                continue


def _read(folder: Path) -> Backup:
    try:
        with (folder / MANIFEST).open("rb") as opened:
            raw = json.loads(opened.read(MANIFEST_MAX))
        if raw["format"] != FORMAT or not set(raw["files"]) <= set(FILES):
            raise ValueError("another format")
        files = {str(name): str(digest) for name, digest in raw["files"].items()}
        return Backup(folder, str(raw["campus"]), int(raw["made_ms"]), files, int(raw["entries"]), int(raw["records"]))
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise StoreFault(Text(f"{folder.name}: 不是备份", f"{folder.name}: no backup")) from fault


def _thin_out(to: Path, keep: int, made: Path) -> None:
    """The one just made stays, whatever the clock says of its age."""
    others = [one for one in listed(to) if one.folder != made]
    for old in others[keep - 1 :]:
        shutil.rmtree(old.folder)


def _digest(path: Path) -> str:
    with path.open("rb") as opened:
        return file_digest(opened, "sha256").hexdigest()


def _sync(path: Path) -> None:
    """A file's content, or a folder's names, on the disk."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
