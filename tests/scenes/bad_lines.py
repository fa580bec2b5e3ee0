"""Bad lines of loopback: a TCP path and a serial line with rate and delay, and the ways in which they fail.

Every sleep here is the delay that is modelled. A way holds at most PIECES_MAX pieces, then its sender waits.
"""

import asyncio
import os
import socket
import struct
import tty
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, Self

from compose.servers.ports import LOOPBACK

PIECE_BYTES = 256
PIECES_MAX = 128
_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER: the end of this connection is a reset."""


class Profile(NamedTuple):
    """A way for bytes: its rate, and what it adds to each of them, one way."""

    bit_per_s: int
    delay_s: float


CELLULAR = Profile(64_000, 0.3)
"""64 kbit/s, and 600 ms there and back."""
WIFI = Profile(2_000_000, 0.01)
RADIO = Profile(9_600, 0.1)
"""A transparent Zigbee or LoRa module."""


class Way:
    """One direction: what is put in comes out by `out`, later. Ends with its task."""

    def __init__(self, profile: Profile, out: Callable[[bytes], None]) -> None:
        self._profile = profile
        self._out = out
        self._pieces: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(PIECES_MAX)
        self._free_s = 0.0

    async def put(self, data: bytes) -> None:
        """Waits while the way is full."""
        for at in range(0, len(data), PIECE_BYTES):
            piece = data[at : at + PIECE_BYTES]
            now_s = asyncio.get_running_loop().time()
            self._free_s = max(now_s, self._free_s) + len(piece) * 8 / self._profile.bit_per_s
            await self._pieces.put((self._free_s + self._profile.delay_s, piece))

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            due_s, piece = await self._pieces.get()
            await asyncio.sleep(due_s - asyncio.get_running_loop().time())
            self._out(piece)


class _Call:
    """One connection through a network, and whether it has been forgotten on the way."""

    def __init__(self, near: asyncio.StreamWriter, far: asyncio.StreamWriter) -> None:
        self.is_lost = False
        self.ends = near, far

    def reset(self) -> None:
        for end in self.ends:
            end.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            end.transport.abort()


class Network:
    """Between terminals and the TCP port of their box. Use as `async with`."""

    def __init__(self, port: int, profile: Profile) -> None:
        self.port = 0
        self.address = LOOPBACK
        """As whom the box sees the next calls."""
        self.calls = 0
        self._to = port
        self._profile = profile
        self._open: dict[asyncio.Task[None], _Call] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, LOOPBACK, 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        tasks = [*self._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def forget(self) -> None:
        """A NAT has forgotten all connections: nothing passes any more, and neither end is told."""
        for call in self._open.values():
            call.is_lost = True

    def roam(self, address: str) -> None:
        """Everybody has another address from now on: what was open is reset."""
        self.address = address
        for call in self._open.values():
            call.reset()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.calls += 1
        try:
            with suppress(OSError):
                await asyncio.sleep(2 * self._profile.delay_s)  # SYN and its answer
                there, onward = await asyncio.open_connection(LOOPBACK, self._to, local_addr=(self.address, 0))
                call = self._open[task] = _Call(writer, onward)
                await self._join(call, reader, there)
        finally:
            self._open.pop(task, None)
            self._tasks.discard(task)

    async def _join(self, call: _Call, reader: asyncio.StreamReader, there: asyncio.StreamReader) -> None:
        near, far = call.ends
        up, down = Way(self._profile, _into(call, far)), Way(self._profile, _into(call, near))
        ways = [asyncio.create_task(one) for one in (up.run(), down.run())]
        reads = [asyncio.create_task(one) for one in (_read(call, reader, up), _read(call, there, down))]
        try:
            await asyncio.wait(reads, return_when=asyncio.FIRST_COMPLETED)
            if call.is_lost:
                await asyncio.wait(reads)  # the other end holds on to what is dead
        finally:
            for one in (*ways, *reads):
                one.cancel()
            await asyncio.gather(*ways, *reads, return_exceptions=True)
            for end in call.ends:
                end.close()


def _into(call: _Call, end: asyncio.StreamWriter) -> Callable[[bytes], None]:
    return lambda piece: None if call.is_lost else end.write(piece)


async def _read(call: _Call, reader: asyncio.StreamReader, way: Way) -> None:
    while data := await reader.read(PIECE_BYTES):
        if not call.is_lost:
            await way.put(data)


class Radio:
    """A module at each end of a serial line: what comes out at `box` is the line of `port`, later. Use as
    `async with`. is_silent: nothing passes."""

    def __init__(self, port: Path, profile: Profile) -> None:
        self.is_silent = False
        self.box = ""
        self._port = port
        self._profile = profile
        self._fds: list[int] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        ours, theirs = os.openpty()
        line = os.open(self._port, os.O_RDWR | os.O_NOCTTY)
        self._fds = [ours, theirs, line]
        for fd in self._fds:
            tty.setraw(fd)
            os.set_blocking(fd, False)
        self.box = os.ttyname(theirs)
        self._pass(ours, line)
        self._pass(line, ours)
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for fd in (self._fds[0], self._fds[2]):
            asyncio.get_running_loop().remove_reader(fd)
        for fd in self._fds:
            os.close(fd)

    def _pass(self, source: int, target: int) -> None:
        """Its bytes are already as slow as the line is: what the module adds is delay."""
        way = Way(self._profile, lambda piece: None if self.is_silent else _write(target, piece))
        heard: asyncio.Queue[bytes] = asyncio.Queue()

        async def carry() -> None:
            while True:
                await way.put(await heard.get())

        asyncio.get_running_loop().add_reader(source, lambda: heard.put_nowait(os.read(source, PIECE_BYTES)))
        self._tasks += [asyncio.create_task(way.run()), asyncio.create_task(carry())]


def _write(fd: int, piece: bytes) -> None:
    with suppress(BlockingIOError):  # as on a wire: what nobody takes is gone
        os.write(fd, piece)
