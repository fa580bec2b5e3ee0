"""Small files that are whole and durable, or as they were before: the one home of that rule in the cloud."""

import os
from pathlib import Path


def write_whole(path: Path, raw: bytes) -> None:
    """Its owner's alone; on disk under its name when this returns, with the folders that had to be made for it."""
    _need_folder(path.parent)
    fresh = path.with_name(path.name + ".new")
    fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(fd, "wb") as out:
        out.write(raw)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(path)
    _sync(path.parent)


def _need_folder(folder: Path) -> None:
    if not folder.is_dir():
        _need_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        _sync(folder.parent)


def _sync(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
