"""A file of real bytes beside the outbox that is given up when the disk is full, so that settling can still go on.

SQLite on a full disk cannot even delete (relsec part 0). Once it is given up, new records are refused until it is
whole again or the outbox has free pages of its own: only what frees space or names settled rows may use its room.
"""

import os
from contextlib import suppress
from pathlib import Path

_ROOM_FACTOR = 2
"""It is made again only when this many times its size is free, or it would fill the disk itself."""


class Ballast:
    """`size` bytes at `path`; size 0 means none."""

    def __init__(self, path: Path, size: int) -> None:
        self._path = path
        self._size = size

    def hold(self) -> bool:
        """Make it if there is room. True when it is there, or none is wanted."""
        if not self._size or self._is_whole():
            return True
        if _free_bytes(self._path.parent) < _ROOM_FACTOR * self._size:
            return False
        try:
            self._write()
        except OSError:
            self.release()
            return False
        return True

    def release(self) -> bool:
        """Give its room to the outbox. True when there was any to give."""
        there = self._path.exists()
        with suppress(OSError):
            self._path.unlink(missing_ok=True)
        return there

    def _is_whole(self) -> bool:
        return self._path.exists() and self._path.stat().st_size == self._size

    def _write(self) -> None:
        descriptor = os.open(self._path, os.O_CREAT | os.O_WRONLY, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, self._size)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def room_rows(folder: Path, row_bytes: int, spare_bytes: int) -> int:
    """How many more rows of `row_bytes` the disk of `folder` has room for, beside `spare_bytes`."""
    return max(0, _free_bytes(folder) - spare_bytes) // row_bytes


def _free_bytes(folder: Path) -> int:
    state = os.statvfs(folder)
    return state.f_bavail * state.f_frsize
