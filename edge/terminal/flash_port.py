"""What the store stands on: a file that is synced, or memory that loses what was not.

`write` promises nothing until `sync` returned. FileFlash is the real thing (pwrite, fdatasync); MemoryFlash is the
simulator's, and knows what a power cut does to writes that no sync had covered: each whole, gone or torn.
"""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from edge.terminal.disk import Disk, InUse, sync_folder
from shared.errors import StoreFault


class FlashPort(Protocol):
    """Bytes at offsets. StoreFault when the medium refuses; then nothing since the last sync is promised."""

    def size(self) -> int: ...

    def read(self, offset: int, size: int) -> bytes: ...

    def write(self, offset: int, raw: bytes) -> None: ...

    def sync(self) -> None: ...


class FileFlash:
    """A flash.bin, held by one process at a time. Made with zeros, and its folder synced, when it is not there."""

    def __init__(self, path: Path, size: int, disk: Disk | None = None) -> None:
        """`size` counts only for a new file. InUse when another process holds it, StoreFault when it will not open."""
        self._disk = disk or Disk()
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(self._fd).st_size == 0:
                os.ftruncate(self._fd, size)
                os.fsync(self._fd)
                sync_folder(path.parent)
        except BlockingIOError as error:
            raise InUse(f"{path}: 另一进程正在使用 / another process runs this terminal") from error
        except OSError as error:
            raise StoreFault(f"{path}: {error.strerror}") from error

    def size(self) -> int:
        return os.fstat(self._fd).st_size

    def read(self, offset: int, size: int) -> bytes:
        return os.pread(self._fd, size, offset)

    def write(self, offset: int, raw: bytes) -> None:
        self._disk.write(self._fd, raw, offset)

    def sync(self) -> None:
        self._disk.sync(self._fd)

    def close(self) -> None:
        os.close(self._fd)


class MemoryFlash:
    """Flash for tests and the simulator. `crash` is the power cut; `image` is what the next boot finds."""

    def __init__(self, size: int) -> None:
        self.image = bytearray(size)
        self._undo: list[tuple[int, bytes, bytes]] = []

    def size(self) -> int:
        return len(self.image)

    def read(self, offset: int, size: int) -> bytes:
        return bytes(self.image[offset : offset + size])

    def write(self, offset: int, raw: bytes) -> None:
        end = offset + len(raw)
        if end > len(self.image):
            raise StoreFault("flash write: beyond the end")
        self._undo.append((offset, bytes(self.image[offset:end]), raw))
        self.image[offset:end] = raw

    def sync(self) -> None:
        self._undo.clear()

    def crash(self, kept: Callable[[int], int]) -> None:
        """Cut the power: of each unsynced write, newest last, the first kept(its length) bytes reach the medium."""
        written, self._undo = self._undo, []
        for offset, before, _ in reversed(written):
            self.image[offset : offset + len(before)] = before
        for offset, _, raw in written:
            part = raw[: kept(len(raw))]
            self.image[offset : offset + len(part)] = part
