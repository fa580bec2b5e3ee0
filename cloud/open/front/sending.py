"""Deliveries on their way: at most one of each application, all applications beside one another.

A receiver that hangs costs its own application ANSWER_S a try, and nobody else anything.
"""

import asyncio
from collections.abc import Awaitable, Callable

from cloud.open.line import Sending

Post = Callable[[Sending], Awaitable[tuple[int, str]]]
Note = Callable[[Sending, int, str], Awaitable[None]]


class Senders:
    """post: sends one; note: lays down how it ended, before the application's next one may go."""

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
            await self._note(one, status, fault)
        finally:
            del self._on_way[one.app]

    async def end(self) -> None:
        """What is on its way is let go: it was not noted as heard, and goes again at the next start."""
        tasks = list(self._on_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
