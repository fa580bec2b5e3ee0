"""/healthz, /readyz and /metrics of the key process, at a unix socket of its own: counts and times, and no operation.

Mode 0600 as its other sockets, and never a port. What is said: shared/words/health.py.
"""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.support.answering import answering
from shared.words.health import HEAD_MAX, Look


@asynccontextmanager
async def healthy(listening: socket.socket | None, look: Look) -> AsyncIterator[None]:
    """Served meanwhile."""
    if listening is None:
        yield
        return
    async with answering(lambda greet: asyncio.start_unix_server(greet, sock=listening, limit=HEAD_MAX), look):
        yield
