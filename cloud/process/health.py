"""/healthz, /readyz and /metrics of a service of the platform: where asked for, on loopback alone.

On the service's own loop: one that hangs does not answer, which is an answer. What is said: shared/words/health.py.
"""

import argparse
import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from cloud.process.life import say
from shared.input.command_line import Parser
from shared.words.health import CALLER_S, CALLERS_MAX, HEAD_MAX, Look, answer_to
from shared.words.voice import Text

HOST = "127.0.0.1"
_PORT_MAX = 65_535
HEALTH_HELP = Text(
    "在本机此端口提供 /healthz、/readyz、/metrics；0：任选",
    "serve /healthz, /readyz and /metrics at this port of loopback; 0: any",
)


def add_health(parser: Parser) -> None:
    """--health PORT; nothing is served without."""
    parser.add_argument("--health", type=_port, metavar="PORT", help=HEALTH_HELP)


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


def _port(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or int(text) > _PORT_MAX:
        raise argparse.ArgumentTypeError(str(Text("应为端口", "must be a port")))
    return int(text)
