"""Lines of whoever sits at a counter by hand: one after the other, and one word that is heard while a tap goes on."""

import asyncio
from collections import deque
from collections.abc import Collection
from typing import Any

KEPT_MAX = 64
"""Lines that were typed during a tap and are obeyed after it; what comes beyond is lost."""


class Keyboard:
    """Over standard input, as a keyboard, a pipe or a file gives it."""

    def __init__(self, lines: asyncio.StreamReader) -> None:
        self._lines = lines
        self._kept: deque[bytes] = deque()

    async def line(self) -> bytes:
        """The next one; empty at the end of the input."""
        return self._kept.popleft() if self._kept else await self._lines.readline()

    async def hears(self, words: Collection[str], during: asyncio.Future[Any]) -> bool:
        """True as soon as one of these words is typed; False when `during` has ended, or nobody types any more."""
        while not during.done():
            read = asyncio.ensure_future(self._lines.readline())
            await asyncio.wait((read, during), return_when=asyncio.FIRST_COMPLETED)
            if not read.done():
                read.cancel()
                await asyncio.wait((read,))  # one reader at a time
            if read.cancelled():
                return False
            typed = read.result()
            if typed.decode("utf-8", "replace").strip() in words:
                return True
            if not typed:
                return False
            if len(self._kept) < KEPT_MAX:
                self._kept.append(typed)
        return False
