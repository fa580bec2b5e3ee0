"""Many tills in one process: joined sessions over TCP that send ready-made genuine records, and a watcher of the acks.

The latency is taken here, outside of the product: from the moment a till writes its record to its socket until the
ledger's signed ack that names it is read from the broker. Beside it in the same seconds the floor: what the same broker
and disk take for the bare way, two messages and two syncs one after the other.
"""

import asyncio
import os
import secrets
import socket
import tempfile
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from cloud.ingest.mqtt import Endpoint, SessionPlan
from cloud.ingest.mqtt import Session as Line
from cloud.ingest.ticket import Arrival
from compose.servers.ports import LOOPBACK
from edge.link import messages as link
from edge.link.messages import Auth, AuthEpoch, Hello, Type
from edge.link.seal import Direction, Session, session_key
from edge.link.tcp import framing as tcp_framing
from shared.ids import BoxId, StorageId
from shared.wire.messages import decode_ack, decode_ack_body
from shared.wire.topics import DOWN_MONEY, topic
from tests.bench.scene import BOX, Body

JOIN_S = 15.0
AGAIN_S = 0.25
DRAIN_S = 10.0
POUR_S, POURED_S = 0.002, 60.0
ECHO_BYTES = 200
FLOOR_EVERY_S = 0.05
PACE = 100_000
"""Messages a second: more than there will be."""


@dataclass(slots=True)
class Till:
    """One terminal body. records: wire bytes still to be sent, seq 1, 2, …; sent_s: of those without a ledger ack."""

    body: Body
    records: deque[bytes] = field(default_factory=deque)
    last: int = 0
    sent_s: deque[float] = field(default_factory=deque)
    epoch: int = 0
    _storage: StorageId = field(default_factory=lambda: StorageId(secrets.token_bytes(8)))
    _link: "_Wire | None" = None
    _seal: Session | None = None
    _index: int = 0

    async def join(self, address: tuple[str, int]) -> None:
        """Connect and join, again until the ledger has given an epoch."""
        loop = asyncio.get_running_loop()
        _, self._link = await loop.create_connection(_Wire, *address)
        async with asyncio.timeout(JOIN_S):
            while not await self._joined(self._link):  # noqa: ASYNC110  # the edge is asked, nothing here changes
                await asyncio.sleep(AGAIN_S)

    def tap(self) -> None:
        """Send the next record now."""
        if self._link is None or self._seal is None:
            raise RuntimeError("not joined")
        message = self._seal.seal(Type.RECORD, self.records.popleft(), self._index)
        self.last += 1
        self.sent_s.append(asyncio.get_running_loop().time())
        self._link.send(message)

    def say(self, kind: Type, payload: bytes) -> None:
        """Send something else that is sealed."""
        if self._link is None or self._seal is None:
            raise RuntimeError("not joined")
        self._link.send(self._seal.seal(kind, payload, self._index))

    def beat(self) -> None:
        """Send a HEARTBEAT."""
        if self._link is not None:
            self._link.send(link.HEARTBEAT.encode(link.Heartbeat(0, 0, 0, 0)))

    def acked(self, cumulative: int, now_s: float) -> list[float]:
        """Latencies of what this mark names for the first time."""
        first = self.last - len(self.sent_s) + 1
        return [now_s - self.sent_s.popleft() for _ in range(max(0, cumulative - first + 1))]

    def leave(self) -> None:
        """Close the connection."""
        if self._link is not None:
            self._link.close()

    async def _joined(self, wire: "_Wire") -> bool:
        body, r_term = self.body, secrets.token_bytes(8)
        wire.send(link.HELLO.encode(Hello(body.device, self._storage, body.psam_id, 1, 1, 1, r_term)))
        challenge = link.CHALLENGE.decode(await wire.heard(Type.CHALLENGE))
        self._seal = Session(session_key(body.key, challenge.r_edge, r_term, body.device), body.device, Direction.UP)
        epochs = (AuthEpoch(self.epoch, body.psam_id, self.last + 1, self.last),) if self.epoch else ()
        wire.send(self._seal.seal(Type.AUTH, link.AUTH.encode(Auth(epochs))))
        welcome = link.WELCOME.decode(self._seal.open(await wire.heard(Type.WELCOME)).payload)
        self.epoch = welcome.current
        self._index = next((at for at, row in enumerate(welcome.epochs) if row.epoch == welcome.current), 0)
        return bool(welcome.current)


class _Wire(asyncio.Protocol):
    """Framed messages; only those of the join are kept."""

    def __init__(self) -> None:
        self._decoder = tcp_framing.FrameDecoder()
        self._wanted: tuple[int, asyncio.Future[bytes]] | None = None
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._transport = transport  # type: ignore[assignment]  # a TCP transport writes

    def data_received(self, data: bytes) -> None:
        for message in self._decoder.feed(data):
            if self._wanted is not None and message[0] == self._wanted[0]:
                self._wanted[1].set_result(message)
                self._wanted = None

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None

    async def heard(self, kind: Type) -> bytes:
        """The next message of this type."""
        future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._wanted = int(kind), future
        return await future

    def send(self, message: bytes) -> None:
        if self._transport is None:
            raise RuntimeError("the edge closed a bench session")
        self._transport.write(tcp_framing.encode(message))

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


class Watch:
    """Reads the box's ledger acks from the broker; plays the floor beside."""

    def __init__(self, tills: Sequence[Till], partition: int, folder: Path) -> None:
        self._folder = folder
        self.latencies_s: list[float] = []
        self.floor_s: list[float] = []
        self.heard = asyncio.Event()
        self._by_device = {bytes(till.body.device): till for till in tills}
        self._filter = topic(partition, BoxId(BOX), DOWN_MONEY)
        self._echo = topic(partition, BoxId("bench"), DOWN_MONEY)
        self._echoed = asyncio.Event()
        self._line: Line | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "Watch":
        return self

    async def connect(self, port: int) -> None:
        """Subscribe."""
        plan = SessionPlan("bench-watch", ((self._filter, 0), (self._echo, 0)), self._take, PACE)
        self._line = Line(plan, Endpoint(LOOPBACK, port), lambda *_: None, lambda _: None)
        self._tasks = [asyncio.create_task(self._line.run())]
        async with asyncio.timeout(JOIN_S):
            await self._line.up.wait()
        self._tasks.append(asyncio.create_task(self._floor(self._line)))

    async def __aexit__(self, *_: object) -> None:
        if self._line is not None:
            self._line.close()
            self._tasks[-1].cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _floor(self, line: Line) -> None:
        with tempfile.TemporaryFile(dir=self._folder) as file:
            while True:
                began_s = time.monotonic()
                for _ in range(2):
                    self._echoed.clear()
                    line.publish(self._echo, bytes(ECHO_BYTES))
                    await self._echoed.wait()
                    await asyncio.to_thread(_sync_page, file.fileno())
                self.floor_s.append(time.monotonic() - began_s)
                await asyncio.sleep(FLOOR_EVERY_S)

    async def _take(self, arrival: Arrival) -> None:
        if arrival.topic == self._echo:
            self._echoed.set()
            return
        now_s = asyncio.get_running_loop().time()
        for mark in decode_ack_body(decode_ack(arrival.payload).body).devices:
            till = self._by_device.get(bytes(mark.device))
            if till is not None and mark.epoch == till.epoch:
                self.latencies_s += till.acked(mark.cumulative, now_s)
        self.heard.set()


async def play(tills: Sequence[Till], watch: Watch, rate: float, taps: int, rng: Random) -> list[float]:
    """So many taps at random moments and random tills; latencies in s. TimeoutError when acks stay away."""
    loop = asyncio.get_running_loop()
    watch.latencies_s, watch.floor_s = [], []
    due_s = loop.time()
    for _ in range(taps):
        due_s += rng.expovariate(rate)
        await asyncio.sleep(max(0.0, due_s - loop.time()))
        rng.choice(tills).tap()
    async with asyncio.timeout(DRAIN_S):
        while len(watch.latencies_s) < taps:
            watch.heard.clear()
            await watch.heard.wait()
    return watch.latencies_s


async def pour(tills: Sequence[Till], watch: Watch, rate: float, taps: int) -> tuple[float, float]:
    """So many taps at this rate, the tills in turn: offered and settled per second. TimeoutError as above."""
    loop = asyncio.get_running_loop()
    watch.latencies_s, watch.floor_s = [], []
    began_s, sent = loop.time(), 0
    while sent < taps:
        due = min(taps, int((loop.time() - began_s) * rate) + 1)
        for number in range(sent, due):
            tills[number % len(tills)].tap()
        sent = due
        await asyncio.sleep(POUR_S)
    offered_s = loop.time() - began_s
    async with asyncio.timeout(POURED_S):
        while len(watch.latencies_s) < taps:
            watch.heard.clear()
            await watch.heard.wait()
    return taps / offered_s, taps / (loop.time() - began_s)


def _sync_page(fd: int) -> None:
    os.pwrite(fd, bytes(4096), 0)
    os.fdatasync(fd)
