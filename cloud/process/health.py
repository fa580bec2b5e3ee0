"""/healthz, /readyz and /metrics of a service of the platform: where asked for, on loopback alone.

On the service's own loop: one that hangs does not answer, which is an answer. What is said: shared/words/health.py.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from cloud.process.life import say
from shared.words.health import CALLER_S, CALLERS_MAX, HEAD_MAX, Look, answer_to

HOST = "127.0.0.1"


@asynccontextmanager
async def healthy(port: int | None, look: Look) -> AsyncIterator[None]:
    """Served meanwhile; `HEALTH 127.0.0.1:PORT` is said. OSError: the port is taken."""
    if port is None:
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

    server = await asyncio.start_server(greet, HOST, port, limit=HEAD_MAX)
    say(f"HEALTH {HOST}:{server.sockets[0].getsockname()[1]}")
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
