"""Folders of releases on the data partition: unpacked beside, proven file by file, the link switched; all durable.

    PLACE/standing.json    what follows from it is done again at each start (standing.py)
    PLACE/releases/NAME    whole; a folder that is being unpacked has another name
    PLACE/current          a link to one of them, or to the release of the Debian package

A process that is killed anywhere here leaves the folder that ran before, the link to it, and at most an unfinished
folder, which the next start takes away.
"""

import errno
import hashlib
import json
import os
import shutil
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

from edge.files.disk import sync_folder
from edge.upgrade.standing import Offered, Standing, Why, decode, encode

STANDING, RELEASES, CURRENT = "standing.json", "releases", "current"
PART = ".part"
MANIFEST = "MANIFEST.json"
ARCHIVE_MAX = 64 << 20
UNPACKED_MAX = 256 << 20
FILES_MAX = 20_000
_BLOCK = 1 << 20
OPEN_FOLDER, OPEN_FILE = 0o755, 0o644
"""What root writes here, the box reads."""


class NotTaken(Exception):
    """A release that is not to be started: why, and a line about it."""

    def __init__(self, why: Why, said: str) -> None:
        super().__init__(said)
        self.why, self.said = why, said


Prove = Callable[[Path, Offered], str]
"""Have officers signed this archive under this number? Empty, or why not. It is asked of the release that runs now."""
Step = Callable[[str], None]
"""Told before each durable step, by its name: where a test pulls the plug."""


def nothing(_: str) -> None:
    """Nobody asks."""


class Folders:
    """Of one box. shipped: the release of the Debian package, the last way back."""

    def __init__(self, place: Path, shipped: Path, step: Step = nothing) -> None:
        self.place, self._shipped, self._step = place, shipped, step

    def standing(self) -> Standing:
        """As it was kept; without a file that can be read, the release of the package."""
        try:
            return decode((self.place / STANDING).read_bytes())
        except (OSError, ValueError):
            return Standing(self.shipped)

    def keep(self, standing: Standing) -> None:
        """Durable when it returns."""
        self._write(self.place / STANDING, encode(standing))

    @property
    def shipped(self) -> Offered:
        """The release of the package: number 0, so that each signed one is above it."""
        return Offered(self._shipped.name, 0, "")

    def folder(self, one: Offered) -> Path:
        """Of this release."""
        return self._shipped if not one.digest else self.place / RELEASES / one.name

    def switch(self, standing: Standing) -> None:
        """The link names what should start; by rename, so that there always is one."""
        wanted, link = self.folder(standing.started), self.place / CURRENT
        if link.is_symlink() and link.readlink() == wanted:
            return
        fresh = self.place / f"{CURRENT}{PART}"
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(wanted)
        self._step("rename link")
        fresh.rename(link)
        self._step("sync link")
        sync_folder(self.place)

    def take(self, archive: Path, offered: Offered, prove: Prove, machine: tuple[str, str], *, is_here: bool) -> None:
        """A copy of its own is proven, and unpacked under its own name, unless its folder is here. machine: Python and
        processor. NotTaken; OSError."""
        (self.place / RELEASES).mkdir(exist_ok=True)
        (self.place / RELEASES).chmod(OPEN_FOLDER)
        part = self.place / RELEASES / f"{offered.name}{PART}"
        _remove(part)
        part.mkdir()
        try:
            copy = self._own_copy(archive, offered, part)
            said = prove(copy, offered)
            if said:
                raise NotTaken(Why.UNPROVEN, said)
            if is_here:
                return
            self._unpack(copy, offered, part)
            require_whole(part / offered.name, *machine)
        except OSError as fault:
            if fault.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            raise NotTaken(Why.ROOM, str(fault.strerror)) from fault
        self._step("sync files")
        _sync_tree(part)
        final = self.place / RELEASES / offered.name
        _remove(final)
        self._step("rename folder")
        (part / offered.name).rename(final)
        self._step("sync folder")
        sync_folder(self.place / RELEASES)
        _remove(part)

    def prune(self, standing: Standing) -> None:
        """What is neither current, nor before it, nor tried."""
        room = self.place / RELEASES
        for path in sorted(room.iterdir()) if room.is_dir() else ():
            if path.name not in standing.kept:
                self._step("prune")
                _remove(path)

    # ---- inside

    def _own_copy(self, archive: Path, offered: Offered, part: Path) -> Path:
        """What is unpacked is what is proven: nobody else can write to it, while the box owns what it has fetched."""
        copy, found = part / "archive", hashlib.sha256()
        if not archive.is_file() or archive.stat().st_size > ARCHIVE_MAX:
            raise NotTaken(Why.FILES, "archive")
        with archive.open("rb") as source, copy.open("wb") as out:
            while block := source.read(_BLOCK):
                found.update(block)
                out.write(block)
        if found.hexdigest() != offered.digest:
            raise NotTaken(Why.FILES, f"archive: SHA-256 {found.hexdigest()[:16]}…")
        return copy

    def _unpack(self, archive: Path, offered: Offered, part: Path) -> None:
        try:
            with tarfile.open(archive) as opened:
                for count, member in enumerate(_bounded(opened, offered.name)):
                    if count % 200 == 0:
                        self._step("unpack")
                    opened.extract(member, part, filter="data")
        except (tarfile.TarError, EOFError, ValueError) as fault:
            raise NotTaken(Why.FILES, f"archive: {type(fault).__name__}: {fault}") from fault
        archive.unlink()
        for folder in (part / offered.name, *(part / offered.name).rglob("*/")):
            folder.chmod(OPEN_FOLDER)

    def _write(self, path: Path, raw: bytes) -> None:
        fresh = path.with_name(f"{path.name}{PART}")
        self._step(f"write {path.name}")
        with fresh.open("wb") as out:
            out.write(raw)
            out.flush()
            os.fchmod(out.fileno(), OPEN_FILE)
            os.fsync(out.fileno())
        self._step(f"rename {path.name}")
        fresh.rename(path)
        self._step(f"sync {path.name}")
        sync_folder(self.place)


def require_whole(folder: Path, python: str, machine: str) -> None:
    """Every file is what the manifest says, no more and no fewer, and it is for this machine. NotTaken; OSError."""
    try:
        told = json.loads((folder / MANIFEST).read_bytes())
        files, needs, made_for = dict(told["files"]), told["python"], told["machine"]
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise NotTaken(Why.FILES, f"{MANIFEST}: {type(fault).__name__}") from fault
    if needs != python:
        raise NotTaken(Why.PYTHON, f"Python {needs} ≠ {python}")
    if made_for != machine:
        raise NotTaken(Why.MACHINE, f"{made_for} ≠ {machine}")
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()} - {MANIFEST}
    wrong = next((name for name in sorted(there ^ files.keys())), "") or _wrong(folder, files)
    if wrong:
        raise NotTaken(Why.FILES, wrong)


def _wrong(folder: Path, files: dict[str, str]) -> str:
    """The first one that is another than it was."""
    return next((name for name in sorted(files) if _digest(folder / name) != files[name]), "")


def _digest(path: Path) -> str:
    if path.is_symlink():
        return ""
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _bounded(opened: tarfile.TarFile, name: str) -> Iterator[tarfile.TarInfo]:
    size = 0
    for count, member in enumerate(opened):
        size += member.size
        if count > FILES_MAX or size > UNPACKED_MAX or not (member.isfile() or member.isdir()):
            raise ValueError(member.name[:80])
        if member.name.split("/")[0] != name:
            raise ValueError(member.name[:80])
        yield member


def _sync_tree(folder: Path) -> None:
    for path in (*folder.rglob("*"), folder):
        sync_folder(path)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
