"""The keypad as Linux gives it (/dev/input/by-id/…): opened, taken for this program alone, opened again when it was
unplugged.

Taken alone: else each key of a holder's PIN would reach the console of the machine, too.
"""

import asyncio
import fcntl
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from edge.terminal.front.presses import EVENT, Key, Presses

EVIOCGRAB = 0x40044590
AGAIN_S = 1.0
_AT_ONCE = 64
_DROPS = 16
"""More than the kernel keeps of one keypad."""


class KeysFile:
    """One keypad. heard: for each key; path: may be absent, and come later."""

    def __init__(self, path: Path, heard: Callable[[Key], None]) -> None:
        self._path = path
        self._heard = heard
        self._fd = -1
        self._presses = Presses()
        self._tried_s = float("-inf")

    @property
    def is_there(self) -> bool:
        return self._fd >= 0

    def look(self) -> None:
        """Open it if it is not, once in AGAIN_S."""
        now_s = asyncio.get_running_loop().time()
        if self.is_there or now_s < self._tried_s + AGAIN_S:
            return
        self._tried_s = now_s
        with suppress(OSError):
            self._opened(os.open(self._path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC))

    def drop(self) -> None:
        """Forget what was pressed and not heard yet: it was meant for something else."""
        for _ in range(_DROPS):
            try:
                raw = os.read(self._fd, EVENT.size * _AT_ONCE) if self.is_there else b""
            except OSError:
                return
            self._presses.feed(raw)
            if not raw:
                return

    def close(self) -> None:
        """Give it back."""
        if self.is_there:
            asyncio.get_running_loop().remove_reader(self._fd)
            os.close(self._fd)
            self._fd = -1

    def _opened(self, fd: int) -> None:
        try:
            fcntl.ioctl(fd, EVIOCGRAB, 1)
        except OSError:
            if self._path.resolve().is_relative_to("/dev/input"):  # a pipe that stands for one knows no grab
                os.close(fd)
                raise
        self._fd, self._presses = fd, Presses()
        asyncio.get_running_loop().add_reader(fd, self._readable)

    def _readable(self) -> None:
        try:
            raw = os.read(self._fd, EVENT.size * _AT_ONCE)
        except BlockingIOError:
            return
        except OSError:
            raw = b""
        if not raw:
            self.close()
        for key in self._presses.feed(raw):
            self._heard(key)
