"""Small files that are whole and durable, or as they were before: the one home of that rule in the cloud."""

import os
from pathlib import Path


def write_whole(path: Path, raw: bytes) -> None:
    """Its owner's alone; on disk under its name when this returns, with the folders that had to be made for it.

    What root writes belongs to whom the folder belongs: a service has to read what was written beside it.
    """
    _need_folder(path.parent)
    fresh = path.with_name(path.name + ".new")
    fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(fd, "wb") as out:
        leave_to_owner(fd, path.parent)
        out.write(raw)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(path)
    _sync(path.parent)


def leave_to_owner(made: Path | int, folder: Path) -> None:
    """Root gives what it made, a file's number or a path, to whom this folder belongs. Others have nothing to give."""
    owner = folder.stat()
    if os.geteuid() == 0 and owner.st_uid != 0:
        os.chown(made, owner.st_uid, owner.st_gid)


def _need_folder(folder: Path) -> None:
    if not folder.is_dir():
        _need_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        leave_to_owner(folder, folder.parent)
        _sync(folder.parent)


def _sync(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
