"""Calls that are held: phones wait here, on the front's one loop, and one watcher asks behind it for all.

It asks each LOOK_S while anybody waits, in one call of the line, so 1,000 phones cost it what three calls a second do.
Bounds: HELD_MAX in all and HELD_OF_ADDRESS of one address, which leaves room for calls that are not held; there, and
behind HELD_S, a phone is answered with how it stood, and asks again by itself. Who goes away is not waited for.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from cloud.process.bodies import Receive
from cloud.wallet.line.calls import HANDLES_MAX
from cloud.wallet.line.problems import CallRefused

LOOK_S = 0.3
HELD_S = 28.0
"""Longer than the accounts service lets anybody wait (back/money/waiting.py)."""
HELD_MAX, HELD_OF_ADDRESS = HANDLES_MAX, 600
Answer = dict[str, Any]


class HeldCalls:
    """look(handles): those that have ended, with their answers, None for one that nobody knows; CallRefused: away."""

    def __init__(self, look: Callable[[list[str]], Awaitable[dict[str, Any]]]) -> None:
        self.held = 0
        """Since the start, as the next."""
        self.not_held = 0
        self._look = look
        self._waiting: dict[str, asyncio.Future[Answer | None]] = {}
        self._addresses: Counter[str] = Counter()
        self._watcher: asyncio.Task[None] | None = None

    async def told(self, first: Answer, address: str, receive: Receive) -> Answer:
        """What it came to; `first`, as it stood, where that is not known in time, or it cannot be held. receive: ends
        when the phone goes."""
        if len(self._waiting) >= HELD_MAX or self._addresses[address] >= HELD_OF_ADDRESS:
            self.not_held += 1
            return first
        self.held += 1
        handle, waits = first["held"], asyncio.get_running_loop().create_future()
        self._waiting[handle] = waits
        self._addresses[address] += 1
        self._watch()
        gone = asyncio.ensure_future(receive())
        try:
            await asyncio.wait((waits, gone), timeout=HELD_S, return_when=asyncio.FIRST_COMPLETED)
            return (waits.result() if waits.done() else None) or first
        finally:
            gone.cancel()
            self._waiting.pop(handle, None)
            self._addresses[address] -= 1
            self._addresses += Counter()  # those of zero go

    def _watch(self) -> None:
        if self._watcher is None or self._watcher.done():
            self._watcher = asyncio.get_running_loop().create_task(self._looked())

    async def _looked(self) -> None:
        """While anybody waits. The accounts service may be away for a moment: who waits does not hear of it."""
        while self._waiting:
            await asyncio.sleep(LOOK_S)
            handles = [handle for handle, waits in self._waiting.items() if not waits.done()]
            if not handles:
                continue  # the last of them was told, and has not gone yet
            with suppress(CallRefused):
                for handle, answer in (await self._look(handles)).items():
                    waits = self._waiting.get(handle)
                    if waits is not None and not waits.done():
                        waits.set_result(answer)
