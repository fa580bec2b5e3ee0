"""A box's files put in place: all of them or as before, whenever the power goes.

They are gathered in `.enrolling/ready`, which appears whole by one rename. From then on they count: whoever starts (the
box, or the command again) moves them on first. Each move is a rename within one file system, synced; those that are
there already are not moved again. Nothing of a box's store is touched: a box that is enrolled anew keeps what it owes.
"""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from edge.files.disk import sync_folder
from shared.ids import box_id

FOLDER = ".enrolling"
READY, MAKING, MOVED, BOX = "ready", "making", "moved", "box"
_NAMES = frozenset(("edge.json", "ca.pem", "box.pem", "box.key", "link.key", "link-believed.pem", "link.pem",
                    "place.json"))  # fmt: skip


def gather(data: Path, box: str, files: Mapping[str, bytes]) -> None:
    """All of a box's files, to be `finish`ed. OSError; ValueError for a file that a box has not."""
    if not set(files) <= _NAMES:
        raise ValueError("a file that no box has")
    own = data / FOLDER
    making = own / MAKING
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True, mode=0o700)
    for name, body in {**files, BOX: box_id(box).encode()}.items():
        write_synced(making / name, body)
    sync_folder(making)
    making.rename(own / READY)
    sync_folder(own)


def finish(data: Path) -> str:
    """Move on what was gathered; the box's id, or nothing. OSError: it is moved on the next time."""
    ready = data / FOLDER / READY
    if not ready.exists():
        if (data / FOLDER / MOVED).exists():
            _tidy(data)
        return ""
    box = box_id((ready / BOX).read_text(encoding="ascii"))
    folder = data / "boxes" / box
    folder.mkdir(parents=True, mode=0o700, exist_ok=True)
    for file in sorted(ready.iterdir()):
        if file.name in _NAMES:
            file.rename(folder / file.name)
    for moved_in in (folder, folder.parent, data):
        sync_folder(moved_in)
    ready.rename(data / FOLDER / MOVED)
    _tidy(data)
    return box


def _tidy(data: Path) -> None:
    shutil.rmtree(data / FOLDER)
    sync_folder(data)


def write_synced(path: Path, body: bytes) -> None:
    """A file of mode 0600, durable but for its name."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "wb") as out:
        out.write(body)
        out.flush()
        os.fsync(out.fileno())


def replace_synced(path: Path, body: bytes) -> None:
    """A file that is whole, or as it was."""
    beside = path.with_name(f".{path.name}.new")
    write_synced(beside, body)
    beside.rename(path)
    sync_folder(path.parent)
