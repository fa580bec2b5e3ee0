"""/healthz, /readyz and /metrics of a service of the platform: where asked for, on loopback or at a socket alone.

On the service's own loop: one that hangs does not answer, which is an answer. What is said: shared/words/health.py.
"""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from cloud.process.life import say
from shared.support.answering import Greet, answering
from shared.words.health import HEAD_MAX, Look

HOST = "127.0.0.1"
SOCKET_MODE = 0o660
"""Nothing is asked there that a group may not know, and its folder says which group."""


@asynccontextmanager
async def healthy(place: int | Path | None, look: Look) -> AsyncIterator[None]:
    """Served meanwhile; `HEALTH 127.0.0.1:PORT` or `HEALTH PATH` is said. OSError: the port is taken."""
    if place is None:
        yield
        return
    async with answering(partial(_listen, place), look) as server:
        is_path = isinstance(place, Path)
        say(f"HEALTH {place if is_path else f'{HOST}:{server.sockets[0].getsockname()[1]}'}")
        yield


async def _listen(place: int | Path, greet: Greet) -> asyncio.Server:
    if isinstance(place, Path):
        return await asyncio.start_unix_server(greet, sock=_bound(place), limit=HEAD_MAX)
    return await asyncio.start_server(greet, HOST, place, limit=HEAD_MAX)


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
