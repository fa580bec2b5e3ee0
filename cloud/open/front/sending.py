"""Deliveries on their way: at most one of each application, all applications beside one another.

A receiver that hangs costs its own application ANSWER_S a try, and nobody else anything. Where it could not be noted
how a try ended, the same one goes again, UNNOTED_S later.
"""

import asyncio
from collections.abc import Awaitable, Callable

from cloud.open.line import Sending

Post = Callable[[Sending], Awaitable[tuple[int, str]]]
Note = Callable[[Sending, int, str], Awaitable[bool]]
UNNOTED_S = 5.0
"""As long as after a first failure: a receiver hears it again then, and not with each turn."""


class Senders:
    """post: sends one; note: lays down how it ended, before the application's next one may go. False: it could not."""

    def __init__(self, post: Post, note: Note) -> None:
        self._post, self._note = post, note
        self._on_way: dict[str, asyncio.Task[None]] = {}

    @property
    def on_way(self) -> frozenset[str]:
        """Applications that something is on its way to."""
        return frozenset(self._on_way)

    def send(self, one: Sending) -> None:
        """Nothing happens where this application's last one has not ended."""
        app = one.app
        if app not in self._on_way:
            self._on_way[app] = asyncio.create_task(self._sent(one), name=f"webhook-{app}")

    async def _sent(self, one: Sending) -> None:
        try:
            status, fault = await self._post(one)
            if not await self._note(one, status, fault):
                await asyncio.sleep(UNNOTED_S)
        finally:
            del self._on_way[one.app]

    async def end(self) -> None:
        """What is on its way is let go: it was not noted as heard, and goes again at the next start."""
        tasks = list(self._on_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
