"""/healthz, /readyz and /metrics of the key process, at a unix socket of its own: counts and times, and no operation.

Mode 0600 as its other sockets, and never a port. What is said: shared/words/health.py.
"""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from shared.words.health import CALLER_S, CALLERS_MAX, HEAD_MAX, Look, answer_to


@asynccontextmanager
async def healthy(listening: socket.socket | None, look: Look) -> AsyncIterator[None]:
    """Served meanwhile."""
    if listening is None:
        yield
        return
    callers: set[asyncio.Task[None]] = set()

    def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(callers) >= CALLERS_MAX:
            writer.close()
            return
        task = asyncio.get_running_loop().create_task(_answer(look, reader, writer))
        callers.add(task)
        task.add_done_callback(callers.discard)

    server = await asyncio.start_unix_server(greet, sock=listening, limit=HEAD_MAX)
    try:
        yield
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
