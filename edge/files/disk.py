"""Makes bytes durable, and knows how long that took: a tap's own time is what is left without it. For no others' eyes.

Short writes and refusing media are StoreFaults; nothing of such a write is promised.
"""

import os
import time
from pathlib import Path

from shared.errors import StoreFault
from shared.words.refused import why_not
from shared.words.voice import Text


def keep_private() -> None:
    """What this process makes from now on, files, folders and sockets, is its owner's alone. Each process of ours."""
    os.umask(0o077)


class InUse(StoreFault):
    """Another process holds the file: the card lies in another field, the terminal runs already."""


class Disk:
    """One terminal's medium. spent_s: seconds in writes and syncs so far. slow_s: added to each sync, for trials."""

    def __init__(self, slow_s: float = 0.0) -> None:
        self.spent_s = 0.0
        self._slow_s = slow_s

    def write(self, fd: int, raw: bytes, offset: int) -> None:
        """All of it, at the offset."""
        began = time.perf_counter()
        try:
            written = os.pwrite(fd, raw, offset)
        except OSError as error:
            raise StoreFault(Text(f"写入失败：{why_not(error).zh}", f"write: {why_not(error).en}")) from error
        finally:
            self.spent_s += time.perf_counter() - began
        if written != len(raw):
            raise StoreFault(Text("只写入了一部分", "write: short"))

    def sync(self, fd: int) -> None:
        """Everything written to this file is durable on return."""
        began = time.perf_counter()
        try:
            os.fdatasync(fd)
            if self._slow_s:
                time.sleep(self._slow_s)
        except OSError as error:
            raise StoreFault(Text(f"落盘失败：{why_not(error).zh}", f"sync: {why_not(error).en}")) from error
        finally:
            self.spent_s += time.perf_counter() - began


def sync_folder(folder: Path) -> None:
    """A new file's name is durable on return."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
