"""A terminal's store as a file: pwrite, fdatasync, one process at a time."""

import fcntl
import os
from pathlib import Path

from edge.files.disk import Disk, InUse, sync_folder
from shared.errors import StoreFault
from shared.words.refused import why_not
from shared.words.voice import Text


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
            raise InUse(Text(f"{path}: 另一进程正在使用", f"{path}: another process runs this terminal")) from error
        except OSError as error:
            raise StoreFault(f"{path}: {why_not(error)}") from error

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
