"""Where firmware is written that is not in use, as a file: each page by itself, durable before it counts.

Header: form 1 ‖ head ‖ CRC-32 4. Then each page at a place of its own: 1 KiB ‖ CRC-32 4 over digest, number and page. A
page whose CRC is wrong is none, so the power may go at any byte; another document, or half a header, erases all.
"""

import os
import struct
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from zlib import crc32

from edge.files.disk import Disk, sync_folder
from shared.errors import StoreFault, WireFault
from shared.fleet.document import HEAD_SIZE, PAGE_SIZE, Head, decode_head, page_count, page_size
from shared.words.refused import why_not

NAME = "firmware.slot"
FORM = 1
_CRC = struct.Struct(">I")
_HEADER_SIZE = 1 + HEAD_SIZE + _CRC.size
_PLACE = PAGE_SIZE + _CRC.size


class FileSlot:
    """DATA/terminals/NAME/firmware.slot. One document at a time."""

    def __init__(self, folder: Path, disk: Disk | None = None) -> None:
        self._file = folder / NAME
        self._disk = disk or Disk()
        self._head: Head | None = None

    def begin(self, head: Head) -> Collection[int]:
        """See Slot."""
        with self._opened() as fd:
            if _head_of(os.pread(fd, _HEADER_SIZE, 0)) != head.mark:
                self._erase(fd, head)
            self._head = head
            return [number for number in range(page_count(head.length)) if _page(fd, head, number) is not None]

    def write(self, number: int, page: bytes) -> None:
        """See Slot."""
        head = self._begun
        with self._opened() as fd:
            raw = page.ljust(PAGE_SIZE, b"\0") + _CRC.pack(_crc(head, number, page))
            self._disk.write(fd, raw, _HEADER_SIZE + number * _PLACE)
            self._disk.sync(fd)

    def body(self) -> bytes:
        """See Slot. StoreFault when a page cannot be read back."""
        head = self._begun
        with self._opened() as fd:
            pages = [_page(fd, head, number) for number in range(page_count(head.length))]
        if any(page is None for page in pages):
            raise StoreFault(f"{self._file}: a page that was written is not there")
        return b"".join(page for page in pages if page is not None)

    def forget(self) -> None:
        """See Slot."""
        self._head = None
        with self._opened() as fd:
            os.ftruncate(fd, 0)
            self._disk.sync(fd)

    @property
    def _begun(self) -> Head:
        if self._head is None:
            raise StoreFault(f"{self._file}: nothing was begun")
        return self._head

    def _erase(self, fd: int, head: Head) -> None:
        os.ftruncate(fd, 0)
        raw = bytes((FORM,)) + head.encode()
        self._disk.write(fd, raw + _CRC.pack(crc32(raw)), 0)
        self._disk.sync(fd)
        sync_folder(self._file.parent)

    @contextmanager
    def _opened(self) -> Iterator[int]:
        try:
            fd = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                yield fd
            finally:
                os.close(fd)
        except OSError as fault:
            raise StoreFault(f"{self._file}: {why_not(fault)}") from fault


def _head_of(raw: bytes) -> tuple[int, bytes] | None:
    """Generation and digest of what is kept there; None: nothing that can be read."""
    if len(raw) != _HEADER_SIZE or raw[0] != FORM or _CRC.pack(crc32(raw[: -_CRC.size])) != raw[-_CRC.size :]:
        return None
    try:
        return decode_head(raw[1 : -_CRC.size]).mark
    except WireFault:
        return None


def _page(fd: int, head: Head, number: int) -> bytes | None:
    raw = os.pread(fd, _PLACE, _HEADER_SIZE + number * _PLACE)
    page = raw[: page_size(head.length, number)]
    return page if raw[PAGE_SIZE:] == _CRC.pack(_crc(head, number, page)) else None


def _crc(head: Head, number: int, page: bytes) -> int:
    return crc32(page, crc32(head.digest + number.to_bytes(2, "big")))
