"""The gate's rim: connections of loopback, or of an address that was asked for, to the core and back.

A connection is read at BYTES_A_SECOND at most; who does not take what is for him has BACKLOG_MAX of it, and is let go.
"""

import asyncio
from contextlib import suppress
from itertools import count

from cloud.watch.docking.gate.core import Done, Gate

READ = 16_384
BYTES_A_SECOND = 1 << 20
BACKLOG_MAX = 4 << 20
FIRST_S = 5.0
"""Longest that a connection may take to say who it is."""
LOOK_S = 1.0


class Serving:
    """The gate at a port, until it is closed."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._numbers = count(1)
        self._writers: dict[int, asyncio.StreamWriter] = {}
        self._server: asyncio.Server | None = None

    async def open(self, host: str, port: int) -> int:
        """Listen; the port. OSError: it is taken."""
        self._server = await asyncio.start_server(self._serve, host, port, limit=READ)
        found: int = self._server.sockets[0].getsockname()[1]
        return found

    async def run(self, stop: asyncio.Event) -> None:
        """Let go of who is silent, until stop; then of all."""
        while not stop.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), LOOK_S)
            self.do(self._gate.passed(_now_s(), FIRST_S))
        if self._server is not None:
            self._server.close()
        for writer in self._writers.values():
            writer.transport.abort()

    def do(self, done: Done) -> None:
        """Send, and close."""
        for connection, octets in done.sends:
            writer = self._writers.get(connection)
            if writer is not None and not writer.is_closing():
                writer.write(octets)
                if writer.transport.get_write_buffer_size() > BACKLOG_MAX:
                    writer.transport.abort()
        for connection in done.closes:
            writer = self._writers.pop(connection, None)
            if writer is not None:
                writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = next(self._numbers)
        if not self._gate.opened(connection, _now_s()):
            writer.close()
            return
        self._writers[connection] = writer
        with suppress(OSError):
            while octets := await reader.read(READ):
                self.do(self._gate.received(connection, octets, _now_s()))
                await asyncio.sleep(len(octets) / BYTES_A_SECOND)
                if connection not in self._writers:
                    break
        self.do(self._gate.closed(connection))
        self._writers.pop(connection, None)
        writer.close()


def _now_s() -> float:
    return asyncio.get_running_loop().time()
