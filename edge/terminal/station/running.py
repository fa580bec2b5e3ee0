"""Finds what runs beside an interactive counter: the box's edge process, its TCP port, the console's port.

By command line, of this user's processes and of this data folder only (/proc). Nothing found is nothing: options can
say it instead.
"""

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from shared.input.data_folder import CAMPUS


@dataclass(frozen=True, slots=True)
class Found:
    """A process of ours."""

    pid: int
    words: tuple[str, ...]

    def option(self, name: str) -> str:
        """The word after an option, empty when there is none."""
        places = [at for at, word in enumerate(self.words[:-1]) if word == name]
        return self.words[places[0] + 1] if places else ""


def edge_of(data: Path, box: str) -> Found | None:
    """The running edge of a box."""
    return next((p for p in _running(data, "edge", "run") if p.option("--box") == box), None)


def console_of(data: Path) -> Found | None:
    """The running console."""
    return next(_running(data, "cloud", "console"), None)


def desk_centre_of(data: Path) -> Found | None:
    """The running ledger service of card desks."""
    return next(_running(data, "cloud", "desk"), None)


def desk_keys_of(data: Path) -> Path | None:
    """The desk socket of the running key process, if it has one."""
    found = next(_running(data, "provisioning", "keys"), None)
    socket = found.option("--desk-socket") if found else ""
    return Path(socket) if socket else None


def kill(found: Found) -> bool:
    """kill -9. False when it has ended by itself."""
    try:
        os.kill(found.pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def _running(data: Path, module: str, verb: str) -> Iterator[Found]:
    for entry in Path("/proc").iterdir():
        found = _read(entry) if entry.name.isdecimal() else None
        if found is None or not _is(found.words, module, verb):
            continue
        folder = found.option("--data")
        if (Path(folder) if folder else CAMPUS).absolute() == data.absolute():
            yield found


def _is(words: tuple[str, ...], module: str, verb: str) -> bool:
    return any(words[at : at + 3] == ("-m", module, verb) for at in range(len(words) - 2))


def _read(entry: Path) -> Found | None:
    try:
        if entry.stat().st_uid != os.getuid():
            return None
        words = (entry / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
    except OSError:
        return None
    return Found(int(entry.name), tuple(words))
