"""A TCP relay of loopback that a scene can make deaf, and a clock that reads RECORD and ACK as they pass through it."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from typing import Self

from compose.servers.ports import LOOPBACK
from edge.link.messages import Type
from edge.link.tcp.framing import FrameDecoder

READ_BYTES = 65536

Hears = Callable[[bytes], bytes | None]
"""What passes in the place of what was heard; None: that itself."""


class Way(Enum):
    """Of bytes through a relay: to where it goes, or back from there."""

    UP = "up"
    DOWN = "down"


class Relay:
    """Use as `async with`. swallowing: bytes vanish both ways while the connections stay, as in a black hole. loses:
    they vanish on this way alone; whoever mends that must `cut`, for what was lost is missed in the middle."""

    def __init__(self, port: int, watches: Callable[[], tuple[Hears, Hears]] | None = None) -> None:
        """port: where it goes to. watches: for each connection, who hears what goes up and what comes down."""
        self.swallowing = False
        self.loses: Way | None = None
        self.port = 0
        self._to = port
        self._watches = watches
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, LOOPBACK, 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self.cut()

    async def cut(self) -> None:
        """End all connections that there are."""
        tasks = [*self._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            with suppress(OSError):
                await self._join(reader, writer)
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, onward = await asyncio.open_connection(LOOPBACK, self._to)
        up, down = self._watches() if self._watches else (_deaf, _deaf)
        ways = [
            asyncio.create_task(self._pass(reader, onward, up, Way.UP)),
            asyncio.create_task(self._pass(there, writer, down, Way.DOWN)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            onward.close()

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, hears: Hears, way: Way
    ) -> None:  # fmt: skip
        while data := await reader.read(READ_BYTES):
            if self.swallowing or self.loses is way:
                continue
            instead = hears(data)
            writer.write(data if instead is None else instead)
            await writer.drain()


class AckClock:
    """How long each RECORD waits for the next ACK of its connection, as the terminal sees it."""

    def __init__(self) -> None:
        self.waits_s: list[float] = []

    def watch(self) -> tuple[Hears, Hears]:
        """For one connection."""
        up, down = FrameDecoder(), FrameDecoder()
        since: list[float] = []

        def goes_up(data: bytes) -> None:
            since.extend(time.perf_counter() for message in up.feed(data) if message[0] == Type.RECORD)

        def comes_down(data: bytes) -> None:
            for message in down.feed(data):
                if message[0] == Type.ACK and since:
                    self.waits_s.append(time.perf_counter() - since[0])
                    since.clear()

        return goes_up, comes_down

    def take(self) -> list[float]:
        """The waits since the last time, sorted."""
        waits, self.waits_s = sorted(self.waits_s), []
        return waits


def _deaf(_: bytes) -> None:
    return
