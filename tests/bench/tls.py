"""What TLS costs a terminal on TCP: from the call to the second answer, as a join has it, in plain, by pre-shared key
and by certificate, in the same run; and the bytes of each handshake.

Both ends in one process on loopback, so the time is what both of them compute: on a real line each handshake has two
more round trips.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from edge.link.tcp.door import HAS_PSK, TlsClient, TlsEnd, TlsServer
from edge.link.tcp.link import TcpBounds, TcpLink, TcpTerminalLink
from tests.bench.row import Row, not_measured
from tests.edge.link.tcp.tls_ends import Pair, by_psk, psk

JOINS = 200
HELLO = bytes(40)
MORE_MS = 5.0
"""What a join may take more than in plain."""


def rows() -> Iterator[Row]:
    """Milliseconds of a join; bytes of a handshake."""
    with tempfile.TemporaryDirectory(prefix="ykt-tls-") as folder:
        pair = Pair(Path(folder) / "pair")
        ways: dict[str, tuple[TlsServer, TlsClient]] = {"certificates": (pair.server(), pair.client())}
        if HAS_PSK:
            ways["pre-shared key"] = by_psk(), TlsClient(psk())
        else:
            yield not_measured("join over TCP by pre-shared key, p50", "ms", "Python < 3.13")
        plain_ms = asyncio.run(_joins(None, None))
        yield Row("join over TCP in plain, p50", plain_ms, "ms")
        for name, (server, client) in ways.items():
            took_ms = asyncio.run(_joins(server, client))
            goal, met = f"≤ plain + {MORE_MS:g}", took_ms <= plain_ms + MORE_MS
            yield Row(f"join over TCP by {name}, p50", took_ms, "ms", "plain", plain_ms, goal, met)
        for name, (server, client) in ways.items():
            up, down = _bytes(server.accept(), client.connect())
            yield Row(f"handshake by {name}, up", up, "bytes", "down", down)


async def _joins(server: TlsServer | None, client: TlsClient | None) -> float:
    """One after the other, each on a connection of its own."""
    box = TcpLink("127.0.0.1", 0, tls=server, plain=server is None)
    answers: set[asyncio.Task[bool]] = set()
    box.on_message(lambda peer, message: answers.add(asyncio.ensure_future(box.send(peer, message))))
    serving = asyncio.create_task(box.run())
    port = await box.port()
    took = [await _join(port, client) for _ in range(JOINS)]
    serving.cancel()
    await asyncio.gather(serving, *answers, return_exceptions=True)
    return statistics.median(took) * 1000


async def _join(port: int, client: TlsClient | None) -> float:
    link = TcpTerminalLink("127.0.0.1", port, TcpBounds(), client)
    answered: asyncio.Queue[bytes] = asyncio.Queue()
    up = asyncio.Event()
    link.on_message(answered.put_nowait)
    link.on_wire(lambda there: up.set() if there else None)
    began = time.perf_counter()
    running = asyncio.create_task(link.run())
    await up.wait()
    for _ in range(2):
        await link.send(HELLO)
        await answered.get()
    took_s = time.perf_counter() - began
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return took_s


def _bytes(box: TlsEnd, terminal: TlsEnd) -> tuple[int, int]:
    """Up and down, until both ends are open."""
    up = down = 0
    terminal.begin()
    while not (box.is_open and terminal.is_open):
        said = terminal.take()
        box.feed(said)
        answer = box.take()
        terminal.feed(answer)
        up, down = up + len(said), down + len(answer)
    return up, down
