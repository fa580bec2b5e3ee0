"""What the store stands on: bytes that are durable once synced. A file of them is `station/flash_file.py`.

`write` promises nothing until `sync` returned. MemoryFlash is the simulator's, and knows what a power cut does to
writes that no sync had covered: each whole, gone or torn.
"""

from collections.abc import Callable
from typing import Protocol

from shared.errors import StoreFault


class FlashPort(Protocol):
    """Bytes at offsets. StoreFault when the medium refuses; then nothing since the last sync is promised."""

    def size(self) -> int: ...

    def read(self, offset: int, size: int) -> bytes: ...

    def write(self, offset: int, raw: bytes) -> None: ...

    def sync(self) -> None: ...


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
