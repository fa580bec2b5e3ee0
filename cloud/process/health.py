"""/healthz, /readyz and /metrics of a service of the platform: where asked for, on loopback or at a socket alone.

On the service's own loop: one that hangs does not answer, which is an answer. What is said: shared/words/health.py.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from cloud.process.life import say
from shared.words.health import CALLER_S, CALLERS_MAX, HEAD_MAX, Look, answer_to

HOST = "127.0.0.1"
_Greet = Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]
SOCKET_MODE = 0o660
"""Nothing is asked there that a group may not know, and its folder says which group."""


@asynccontextmanager
async def healthy(place: int | Path | None, look: Look) -> AsyncIterator[None]:
    """Served meanwhile; `HEALTH 127.0.0.1:PORT` or `HEALTH PATH` is said. OSError: the port is taken."""
    if place is None:
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

    server, at = await _listen(place, greet)
    say(f"HEALTH {at}")
    try:
        yield
    finally:
        server.close()
        for task in tuple(callers):
            task.cancel()
        await asyncio.gather(*callers, return_exceptions=True)


async def _listen(place: int | Path, greet: _Greet) -> tuple[asyncio.Server, str]:
    if isinstance(place, Path):
        return await asyncio.start_unix_server(greet, sock=_bound(place), limit=HEAD_MAX), str(place)
    server = await asyncio.start_server(greet, HOST, place, limit=HEAD_MAX)
    return server, f"{HOST}:{server.sockets[0].getsockname()[1]}"


def _bound(place: Path) -> socket.socket:
    place.unlink(missing_ok=True)  # of a life before: whoever killed it left it there
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        made.bind(str(place))
        place.chmod(SOCKET_MODE)
    except OSError:
        made.close()
        raise
    return made


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
