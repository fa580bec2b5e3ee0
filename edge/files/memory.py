"""Memories of software cards and PSAMs in files: durable before `store` returns, whole whenever the power goes.

Two-slot files (shared.records.slot_file): the older slot is overwritten and synced. A file is in one field at a
time: it is held by an exclusive lock, which the kernel gives back when a process dies.
"""

import fcntl
import os
from pathlib import Path
from typing import Self

from edge.files.disk import Disk, InUse
from shared.errors import StoreFault
from shared.records.slot_file import choose, fits, render_slot
from shared.words.refused import why_not
from shared.words.voice import Text


class FileMemory:
    """A CardMemory. StoreFault when there is no sound image; InUse when somebody else holds the file."""

    def __init__(self, path: Path, disk: Disk | None = None) -> None:
        self._disk = disk or Disk()
        try:
            self._fd = os.open(path, os.O_RDWR)
        except OSError as error:
            raise StoreFault(f"{path}: {why_not(error)}") from error
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._capacity = os.fstat(self._fd).st_size // 2
            self._newest = choose(os.pread(self._fd, 2 * self._capacity, 0))
        except BlockingIOError as error:
            os.close(self._fd)
            raise InUse(Text(f"{path.name}: 正在另一处使用", f"{path.name}: lies in another field")) from error
        except StoreFault:
            os.close(self._fd)
            raise

    def load(self) -> bytes:
        return self._newest.body

    def store(self, image: bytes, /) -> None:
        slot, generation = 1 - self._newest.slot, self._newest.generation + 1
        if not fits(image, self._capacity):
            size = len(image)
            raise StoreFault(Text(f"{size} 字节的映像，文件放不下", f"an image of {size} bytes does not fit its file"))
        self._disk.write(self._fd, render_slot(generation, image), slot * self._capacity)
        self._disk.sync(self._fd)
        self._newest = type(self._newest)(slot, generation, image)

    def close(self) -> None:
        """Take the card out of the field."""
        os.close(self._fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def read_image(path: Path) -> bytes:
    """The newest image of a file, without taking it into a field; StoreFault when there is none."""
    try:
        return choose(path.read_bytes()).body
    except OSError as error:
        raise StoreFault(f"{path}: {why_not(error)}") from error
