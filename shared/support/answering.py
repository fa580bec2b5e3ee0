"""Who looks after a service asks it, and is answered: callers of a server of its own, each bounded, ended with it.

What is said: shared/words/health.py. Where it listens is its owner's: a port, or a socket that was opened before.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from shared.words.health import CALLER_S, CALLERS_MAX, Look, answer_to

Greet = Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]


@asynccontextmanager
async def answering(listen: Callable[[Greet], Awaitable[asyncio.Server]], look: Look) -> AsyncIterator[asyncio.Server]:
    """Served meanwhile. Above CALLERS_MAX a caller is hung up on. OSError of `listen`."""
    callers: set[asyncio.Task[None]] = set()

    def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(callers) >= CALLERS_MAX:
            writer.close()
            return
        task = asyncio.get_running_loop().create_task(_answer(look, reader, writer))
        callers.add(task)
        task.add_done_callback(callers.discard)

    server = await listen(greet)
    try:
        yield server
    finally:
        server.close()
        for task in tuple(callers):
            task.cancel()
        await asyncio.gather(*callers, return_exceptions=True)


async def _answer(look: Look, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):  # TimeoutError is an OSError
            async with asyncio.timeout(CALLER_S):
                head = await reader.readuntil(b"\r\n\r\n")
            writer.write(answer_to(head, look))
            async with asyncio.timeout(CALLER_S):
                await writer.drain()
    finally:
        writer.close()
