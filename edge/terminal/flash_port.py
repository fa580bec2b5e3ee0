"""What the store stands on: a file that is synced, or memory that loses what was not.

`write` promises nothing until `sync` returned. FileFlash is the real thing (pwrite, fdatasync); MemoryFlash is the
simulator's, and knows what a power cut does to writes that no sync had covered: each whole, gone or torn.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from shared.errors import StoreFault


class FlashPort(Protocol):
    """Bytes at offsets. StoreFault when the medium refuses; then nothing since the last sync is promised."""

    def size(self) -> int: ...

    def read(self, offset: int, size: int) -> bytes: ...

    def write(self, offset: int, raw: bytes) -> None: ...

    def sync(self) -> None: ...


class FileFlash:
    """A flash.bin. Made with zeros and its folder synced when it is not there."""

    def __init__(self, path: Path, size: int) -> None:
        """`size` counts only for a new file."""
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        if os.fstat(self._fd).st_size == 0:
            _make(self._fd, path, size)

    def size(self) -> int:
        return os.fstat(self._fd).st_size

    def read(self, offset: int, size: int) -> bytes:
        return os.pread(self._fd, size, offset)

    def write(self, offset: int, raw: bytes) -> None:
        try:
            written = os.pwrite(self._fd, raw, offset)
        except OSError as error:
            raise StoreFault(f"flash write: {error.strerror}") from error
        if written != len(raw):
            raise StoreFault("flash write: short")

    def sync(self) -> None:
        try:
            os.fdatasync(self._fd)
        except OSError as error:
            raise StoreFault(f"flash sync: {error.strerror}") from error

    def close(self) -> None:
        os.close(self._fd)


def _make(fd: int, path: Path, size: int) -> None:
    os.ftruncate(fd, size)
    os.fsync(fd)
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


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
