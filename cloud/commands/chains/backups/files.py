"""One backup is one folder: each SQLite file, and MANIFEST.json with its digest and what the books held.

A copy is taken in one step beside whoever writes (each commit of another would begin a copy in steps anew). It gets its
name when it is proven: SQLite's own check, the trial balance, the digests. What was broken off keeps another name, is
none, and goes with the next one. A ledger in PostgreSQL is in the repository beside these folders; the manifest names
its base there. Where backups are sealed, copies are taken in a folder beside the books, and only what is sealed goes to
the disk of backups.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from cloud.commands.chains.backups.pgbackrest import Base, require_secret
from cloud.commands.chains.backups.sealed_file import require_opens, seal, unseal
from cloud.process.whole_file import leave_to_owner, write_whole
from cloud.store.db import copy_file
from shared.errors import StoreFault
from shared.words.voice import Text

LEDGER = "ledger.db"
FILES = (LEDGER, "watch.db", "console.db", "docking.db", "people.db", "open.db")
"""Of DATA/cloud; those that are there. Keys, certificates and secrets are not in a backup of the books."""
MANIFEST, FORMAT, SEALED = "MANIFEST.json", 1, 2
"""SEALED: the format of one whose files are sealed; a program of before calls it no backup."""
MANIFEST_MAX = 65_536
PREFIX, PART = "backup-", ".part"
PLACE_DIGITS = 16
"""Of the name of the folder for plain copies: one for each folder that backups go to, so that two do not meet."""
KEEP = 14
SPARE_BYTES = 64 << 20
"""So much more than the copies must be free: a full disk would stop selling's books for the sake of their copy."""


@dataclass(frozen=True, slots=True)
class Backup:
    """One that is whole by its manifest. made_ms: Unix. files: name → SHA-256, hex. entries, records: of the books.
    base: where the ledger itself is when it is no file. sealed: its files open by backup.secret alone."""

    folder: Path
    campus: str
    made_ms: int
    files: dict[str, str]
    entries: int
    records: int
    base: Base | None = None
    sealed: bool = False

    def to_json(self) -> dict[str, Any]:
        """As `--json` says it."""
        found = asdict(self) | {"folder": str(self.folder)}
        return {name: value for name, value in found.items() if name not in ("base", "sealed") or value}


@contextmanager
def begun(to: Path, stamp: str) -> Iterator[Path]:
    """A fresh folder for a backup that is no backup yet; gone again when the block raises."""
    part = to / f"{PREFIX}{stamp}{PART}"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(mode=0o700)
    try:
        yield part
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


@contextmanager
def plain_place(source: Path, to: Path, part: Path, *, sealed: bool) -> Iterator[Path]:
    """Where plain copies are taken: in the backup itself; or, where it will be sealed, in a private folder beside the
    books, gone after the block."""
    if not sealed:
        yield part
        return
    place = _plain_place(source, to)
    place.mkdir(mode=0o700)
    leave_to_owner(place, source)
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def copy(source: Path, part: Path, names: Sequence[str]) -> None:
    """Each of these as it is at one moment, checked by SQLite. StoreFault, OSError."""
    for name in names:
        copy_file(source / name, part / name)


def seal_all(place: Path, part: Path, names: Sequence[str], secret: str) -> None:
    """These copies, into the backup; each opens again when this returns. StoreFault, OSError."""
    for name in names:
        seal(place / name, part / name, secret)
        require_opens(part / name, secret)


def digests(part: Path) -> dict[str, str]:
    """Of all files in it; what reading has left beside them goes."""
    for beside in (*part.glob("*-wal"), *part.glob("*-shm")):
        beside.unlink()
    return {file.name: digest_of(file) for file in sorted(part.iterdir())}


def named(part: Path, made: Backup) -> Backup:
    """It is proven: from here on it is a backup."""
    form = SEALED if made.sealed else FORMAT
    said = {"format": form} | {name: value for name, value in made.to_json().items() if name != "folder"}
    write_whole(part / MANIFEST, json.dumps(said, ensure_ascii=False, indent=1).encode())
    sync(part)
    done = part.with_suffix("")
    part.rename(done)
    sync(part.parent)
    return replace(made, folder=done)


def listed(to: Path) -> list[Backup]:
    """Whole ones, the newest first; what has no manifest that can be read is none."""
    return sorted(_read_all(to), key=lambda one: one.made_ms, reverse=True)


def check(folder: Path, data: Path) -> Backup:
    """Is it as it was made, and does all of it open by the secret of DATA, where it is sealed? StoreFault names the
    first file that is not or does not. ConfigFault: it is sealed, and the secret is gone."""
    made = _read(folder)
    for name, digest in made.files.items():
        if not (folder / name).is_file() or digest_of(folder / name) != digest:
            raise StoreFault(Text(f"{name}: 缺失或已变", f"{name}: missing or changed"))
    if made.sealed:
        secret = require_secret(data)
        for name in made.files:
            require_opens(folder / name, secret)
    return made


def put_back(made: Backup, target: Path, secret: str = "") -> None:
    """Its files into this folder, where none of them is; opened, where they are sealed. StoreFault, OSError."""
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in made.files:
        part = target / f"{name}{PART}"
        part.unlink(missing_ok=True)
        part.touch(0o600)
        if made.sealed:
            unseal(made.folder / name, part, secret)
        else:
            shutil.copyfile(made.folder / name, part)
        leave_to_owner(part, target)
        sync(part)
        part.rename(target / name)
    sync(target)


def require_room(to: Path, source: Path, names: Sequence[str], *, sealed: bool) -> None:
    """StoreFault where copies of these files would fill the disk of backups; or that of the books, where copies are
    taken first when they are sealed."""
    size = sum((source / name).stat().st_size for name in names)
    places = [to, source] if sealed else [to]
    is_one_disk = len({place.stat().st_dev for place in places}) < len(places)
    need = size * (1 + is_one_disk) + SPARE_BYTES
    free = min(shutil.disk_usage(place).free for place in places)
    if free < need:
        wanted, left = need >> 20, free >> 20
        raise StoreFault(Text(f"空间不足：需要 {wanted} MB，剩 {left} MB", f"{wanted} MB needed, {left} MB are free"))


def sweep(to: Path, source: Path) -> None:
    """What was broken off goes, its plain copies beside the books, too; whoever may make backups here is alone with
    both folders."""
    for part in (*to.glob(f"{PREFIX}*{PART}"), _plain_place(source, to)):
        shutil.rmtree(part, ignore_errors=True)


def thin_out(to: Path, keep: int, made: Path) -> None:
    """The one just made stays, whatever the clock says of its age."""
    others = [one for one in listed(to) if one.folder != made]
    for old in others[keep - 1 :]:
        shutil.rmtree(old.folder)


def drop_without_base(to: Path, labels: Collection[str]) -> None:
    """What is left of backups whose base the repository has dropped goes, too: nothing can be put back from it."""
    for one in listed(to):
        if one.base is not None and one.base.label not in labels:
            shutil.rmtree(one.folder)


def digest_of(path: Path) -> str:
    """SHA-256 of a file, hex."""
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def sync(path: Path) -> None:
    """A file's content, or a folder's names, on the disk."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _plain_place(source: Path, to: Path) -> Path:
    where = hashlib.sha256(str(to.resolve()).encode()).hexdigest()[:PLACE_DIGITS]
    return source / f"{PREFIX}{where}{PART}"


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
        if raw["format"] not in (FORMAT, SEALED) or not set(raw["files"]) <= set(FILES):
            raise ValueError("another format")
        files = {str(name): str(digest) for name, digest in raw["files"].items()}
        base = Base(**raw["base"]) if "base" in raw else None
        counts = int(raw["entries"]), int(raw["records"])
        is_sealed = raw["format"] == SEALED
        return Backup(folder, str(raw["campus"]), int(raw["made_ms"]), files, *counts, base, is_sealed)
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise StoreFault(Text(f"{folder.name}: 不是备份", f"{folder.name}: no backup")) from fault
