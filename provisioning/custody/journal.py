"""A durable append-only journal in a file, one writer at a time: an append has returned only when it is on the disk.

And small files that are whole or as they were, whoever else writes them.

Bounds: JOURNAL_MAX bytes a file (more is refused, by name), LOCK_S seconds of waiting for another writer. A torn last
line is cut off at opening: nobody was ever answered for it.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from provisioning.custody.lines import Row, decode, encode
from shared.errors import ConfigFault, StoreFault
from shared.words.refused import why_not
from shared.words.voice import Text

JOURNAL_MAX = 256 * 1024 * 1024
LOCK_S = 10.0
_POLL_S = 0.02


class JournalBusy(ConfigFault):
    """Happens when another process holds the journal longer than LOCK_S, or at all when it was asked not to wait."""


class Journal:
    """An open journal. rows: what it held when it was opened, and all that was added since."""

    def __init__(self, fd: int, rows: list[dict[str, Any]], size: int) -> None:
        self._fd = fd
        self._size = size
        self.rows = rows

    def append(self, *rows: Row) -> None:
        """Durable, all or (after a power cut) a first part of them. StoreFault when nothing was accepted."""
        text = b"".join(map(encode, rows))
        if self._size + len(text) > JOURNAL_MAX:
            raise StoreFault(Text(f"日志已满，最多 {JOURNAL_MAX} 字节", f"the journal is full, at {JOURNAL_MAX} bytes"))
        try:
            self._write(text)
        except OSError as fault:
            os.ftruncate(self._fd, self._size)
            raise StoreFault(
                Text(f"日志无法写入：{why_not(fault).zh}", f"the journal cannot be written: {why_not(fault).en}")
            ) from fault
        self._size += len(text)
        self.rows.extend(map(dict, rows))

    def _write(self, text: bytes) -> None:
        done = 0
        while done < len(text):
            done += os.pwrite(self._fd, text[done:], self._size + done)
        os.fsync(self._fd)


@contextmanager
def open_journal(path: Path, *, wait_s: float = LOCK_S) -> Iterator[Journal]:
    """The journal for this writer alone, made when missing. JournalBusy, StoreFault, OSError."""
    new = not path.exists()
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _lock(fd, path, wait_s)
        raw = _read_all(fd)
        read = decode(raw, path.name)
        if read.size < len(raw):
            os.ftruncate(fd, read.size)
        if new:
            sync_folder(path.parent)
        yield Journal(fd, read.rows, read.size)
    finally:
        os.close(fd)


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """One writer at a time in a folder whose files are replaced whole. JournalBusy, OSError."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        _lock(fd, folder, LOCK_S)
        yield
    finally:
        os.close(fd)


def read_journal(path: Path) -> list[dict[str, Any]]:
    """All whole rows without holding the file; none when there is no file. StoreFault, OSError."""
    if not path.exists():
        return []
    return decode(path.read_bytes(), path.name).rows


def sync_folder(folder: Path) -> None:
    """Make names of a folder durable."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def write_private(path: Path, body: bytes) -> None:
    """A file of mode 600, whole or not at all, durable. Replaces what was there; of two writers at once the last one's.

    JournalBusy when others write it longer than LOCK_S, OSError. Who writes what it has read is to be `alone_in`.
    """
    made = path.with_name(f".{path.name}.new")
    with os.fdopen(_beside(made), "wb") as file:
        file.truncate()
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
        made.rename(path)
    sync_folder(path.parent)


def _beside(made: Path) -> int:
    """The file that will be the new one, for this writer alone: what another has put in place meanwhile is not it."""
    last = time.monotonic() + LOCK_S
    while True:
        fd = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            _lock(fd, made, last - time.monotonic())
            if _is_named(fd, made):
                return fd
        except BaseException:
            os.close(fd)
            raise
        os.close(fd)


def _is_named(fd: int, path: Path) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(fd))
    except FileNotFoundError:
        return False


def read_private(path: Path) -> bytes:
    """A secret from a file that its owner alone can read; ConfigFault otherwise, OSError."""
    if path.stat().st_mode & 0o077:
        raise ConfigFault(Text(f"{path.name}: 权限应为 600", f"{path.name}: must be readable by its owner only"))
    return path.read_bytes()


def _lock(fd: int, path: Path, wait_s: float) -> None:
    last = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as fault:
            if time.monotonic() >= last:
                raise _busy(path) from fault
            time.sleep(_POLL_S)
        else:
            return


def _busy(path: Path) -> JournalBusy:
    return JournalBusy(Text(f"{path.name}: 另一个程序正在使用", f"{path.name}: another process uses it"))


def _read_all(fd: int) -> bytes:
    size = os.fstat(fd).st_size
    if size > JOURNAL_MAX:
        raise StoreFault(Text(f"日志过大，最多 {JOURNAL_MAX} 字节", f"a journal has at most {JOURNAL_MAX} bytes"))
    parts, at = [], 0
    while at < size:
        part = os.pread(fd, size - at, at)
        if not part:
            break
        parts.append(part)
        at += len(part)
    return b"".join(parts)
