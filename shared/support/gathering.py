"""Gathers what a diagnostics bundle may hold, and what it must not: reads files of an installation, whatever is broken.

A file that cannot be read is named with the reason, and its secrets are then nowhere else but where they were.
"""

import importlib.metadata
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from shared.support.allowed import CONF, ENVIRONMENT, FILES, picked
from shared.support.bundle import Item
from shared.support.files import SECRETS, walked
from shared.support.machine import settings_of
from shared.support.sweeping import secrets_in
from shared.words.refused import why_not

READ_MAX = 1 << 20
TAIL_MAX = 200 << 10
"""Octets of the end of one log."""
SECRET_FILES_MAX = 5_000
LISTED_MAX = 5_000
FILES_OF_A_KIND_MAX = 40
JOURNAL_LINES = 2_000
JOURNAL_S = 5.0
CONF_FILE = Path("/etc/openykt/edge.conf")
RELEASE = Path("/etc/os-release")
_SETTINGS = ("*.json", "*.toml", "*.conf", "*.dsn")
"""Files in which secrets stand behind telling names."""
_TELLING = ("KEY", "SECRET", "PASS", "TOKEN", "DSN", "CREDENTIAL", "AUTH", "PIN")


class Room(NamedTuple):
    """root: the launcher's folder, or of an installation the one in which `campus` is. campus: the data folder.

    run: where a running box says how it is. journal: units whose log is asked for.
    """

    root: Path
    campus: Path
    run: Path
    journal: tuple[str, ...] = ()


class Gathered(NamedTuple):
    """left_out: what could not be read, and why."""

    items: list[Item]
    left_out: list[tuple[str, str]]


def gather(room: Room, doctor: object) -> Gathered:
    """All that may be told; doctor: what it has found, as JSON."""
    found = Gathered([Item("doctor.json", json.dumps(doctor, ensure_ascii=False, indent=1)), _machine()], [])
    for name, file in _settings(room):
        _take(found, name, file, FILES[_pattern(name)])
    if CONF_FILE.is_file():
        said = settings_of(CONF_FILE.read_text(encoding="utf-8", errors="replace"))
        found.items.append(Item("edge.conf", "".join(f"{name}={said.get(name, '')}\n" for name in CONF)))
    found.items.append(Item("files.txt", "".join(_listing(room.root))))
    for file in sorted((room.root / "log").glob("*.log*")):
        _tail(found, file)
    if room.journal:
        found.items.append(Item("journal.txt", _journal(room.journal)))
    return found


def _pattern(name: str) -> str:
    return next(one for one in FILES if Path(name).match(one))


def _settings(room: Room) -> Iterator[tuple[str, Path]]:
    """Name in the bundle, and file, of all that are on the list."""
    for pattern in FILES:
        base, rest = _placed(room, pattern)
        for file in sorted(base.glob(rest))[:FILES_OF_A_KIND_MAX]:
            head = pattern.partition("/")[0] if "/" in pattern else ""
            yield "/".join(filter(None, (head, str(file.relative_to(base))))), file


def _placed(room: Room, pattern: str) -> tuple[Path, str]:
    head, slash, rest = pattern.partition("/")
    if not slash:
        return room.root, pattern
    return {"campus": room.campus, "run": room.run}[head], rest


def _take(found: Gathered, name: str, file: Path, paths: tuple[str, ...]) -> None:
    try:
        with file.open("rb") as opened:
            raw = opened.read(READ_MAX)
    except OSError as fault:
        found.left_out.append((name, str(why_not(fault))))
    else:
        found.items.append(Item(name, picked(raw, paths)))


def _tail(found: Gathered, file: Path) -> None:
    try:
        with file.open("rb") as opened:
            opened.seek(max(0, os.fstat(opened.fileno()).st_size - TAIL_MAX))
            raw = opened.read(TAIL_MAX)
    except OSError as fault:
        found.left_out.append((f"log/{file.name}", str(why_not(fault))))
    else:
        found.items.append(Item(f"log/{file.name}", raw.decode("utf-8", "replace")))


def _machine() -> Item:
    packages = {one.metadata["Name"]: one.version for one in importlib.metadata.distributions() if one.metadata["Name"]}
    said = {
        "python": sys.version.split()[0], "system": platform.system(), "kernel": platform.release(),
        "machine": platform.machine(), "cores": os.cpu_count(), "packages": dict(sorted(packages.items())),
        "release": _release(), "environment": {name: os.environ[name] for name in ENVIRONMENT if name in os.environ},
    }  # fmt: skip
    return Item("machine.json", json.dumps(said, ensure_ascii=False, indent=1))


def _release() -> str:
    said = settings_of(RELEASE.read_text(encoding="utf-8")) if RELEASE.is_file() else {}
    return said.get("PRETTY_NAME", "").strip('"')


def _listing(root: Path) -> Iterator[str]:
    """Mode, owner, size and time of each file; no content."""
    for at, file in enumerate(walked(root)):
        if at >= LISTED_MAX:
            yield "…\n"
            return
        try:
            one = file.lstat()
        except OSError:
            continue
        yield f"{one.st_mode:06o} {one.st_uid:>5} {one.st_size:>12} {int(one.st_mtime)} {file.relative_to(root)}\n"


def _journal(units: tuple[str, ...]) -> str:
    words = [word for unit in units for word in ("-u", unit)]
    command = ("journalctl", "--no-pager", "-o", "short-iso", "-n", str(JOURNAL_LINES), *words)
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=JOURNAL_S).stdout
    except (OSError, subprocess.TimeoutExpired) as fault:
        return f"{type(fault).__name__}\n"


def known_secrets(folders: Iterable[Path]) -> Iterator[bytes]:
    """Of every file of keys, logins and settings below, and of this process's own environment."""
    for folder in folders:
        files = (file for file in walked(folder) if _may_hold(file))
        for _, file in zip(range(SECRET_FILES_MAX), files, strict=False):
            yield from _secrets_of(file)
    for name, value in os.environ.items():
        if any(word in name.upper() for word in _TELLING):
            yield value.encode("utf-8", "surrogateescape")


def _may_hold(file: Path) -> bool:
    return any(file.match(name) for name in (*SECRETS, *_SETTINGS))


def _secrets_of(file: Path) -> Iterator[bytes]:
    is_secret = any(file.match(name) for name in SECRETS) and not any(file.match(name) for name in _SETTINGS)
    try:
        with file.open("rb") as opened:
            raw = opened.read(READ_MAX)
    except OSError:
        return
    yield from secrets_in(raw, is_secret=is_secret or file.match("*.dsn"))
