"""A full CAN bus: how many messages it carries, beside the formula over the exact bits of every frame sent.

`saturate_virtual` runs the cores on the bus model in virtual time; `saturate` runs the daemon, python-can and the
asyncio links in real time. The formula is bit rate over the mean bits of a message with its flow control.
"""

import asyncio
import contextlib
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from edge.link.can.door import CanBusSettings
from edge.link.can.frame import CanFrame, frame_bits
from edge.link.can.ids import BULK_PRIORITY, EDGE_ADDRESS, CanId
from edge.link.can.isotp import CONTINUE_FRAME, Transfer, TransferLimits
from edge.link.can.link import CanLink, CanLinkSettings, CanTerminalLink
from edge.link.can.node import CanNode
from edge.link.port import Peer
from edge.link.sim.can_bus import NS_PER_S, BusSettings
from edge.link.sim.can_world import VirtualCan

_RECORD_TYPE = 0x10
_REFILL_NS = 1_000_000
_WARM_UP_S = 0.3
_START_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Saturation:
    """`per_s` counts whole messages at the edge; `cpu_us_per_message` is of all links together, 0 if virtual."""

    messages: int
    seconds: float
    per_s: float
    formula_per_s: float
    by_terminal: dict[int, int]
    cpu_us_per_message: float = 0.0

    @property
    def ratio(self) -> float:
        """What was reached of the formula."""
        return self.per_s / self.formula_per_s if self.formula_per_s else 0.0


def message_frames(message: bytes, terminal: int) -> list[CanFrame]:
    """Every frame on the wire for one bulk message from a terminal, the edge's flow control included."""
    up = CanId(BULK_PRIORITY, EDGE_ADDRESS, terminal).word
    down = CanId(BULK_PRIORITY, terminal, EDGE_ADDRESS).word
    transfer = Transfer(message, TransferLimits())
    frames: list[CanFrame] = []
    while not transfer.done:
        data = transfer.next_frame(0.0)
        if data is None:
            transfer.hear_flow_control(CONTINUE_FRAME, 0.0)
        frames.append(CanFrame(down, CONTINUE_FRAME) if data is None else CanFrame(up, data))
    return frames


def message_bits(message: bytes, terminal: int) -> int:
    """Exact bits on the wire of one message."""
    return sum(frame_bits(frame) for frame in message_frames(message, terminal))


def record_like(chance: Random, length: int) -> bytes:
    """A message that stuffs as records do: every other 4-byte word has a zero byte."""
    body = bytearray(chance.randbytes(length))
    body[0] = _RECORD_TYPE
    for at in range(4, length, 8):
        body[at] = 0
    return bytes(body)


def saturate_virtual(
    bitrate: int = 125_000,
    terminals: int = 32,
    message_bytes: int = 69,
    seconds: int = 20,
    seed: int = 0,
) -> Saturation:
    """Every terminal always has the next message ready; exact and repeatable."""
    chance = Random(seed)  # noqa: S311 - made-up records, no secret
    world = VirtualCan(BusSettings(bitrate=bitrate), seed)
    got: list[tuple[Peer, bytes]] = []
    world.add(CanNode(EDGE_ADDRESS), lambda peer, message: got.append((peer, message)))
    nodes = [CanNode(address) for address in range(1, terminals + 1)]
    for node in nodes:
        world.add(node, lambda _peer, _message: None)

    def refill() -> None:
        for node in nodes:
            if not node.busy:
                node.offer(EDGE_ADDRESS, record_like(chance, message_bytes))
        world.at(world.now_ns + _REFILL_NS, refill)

    refill()
    world.run_until(seconds * NS_PER_S)
    return _sum_up(bitrate, got, float(seconds), 0.0)


def saturate(
    bitrate: int = 125_000,
    terminals: int = 8,
    message_bytes: int = 69,
    seconds: float = 2.0,
    seed: int = 0,
) -> Saturation:
    """The same in real time on `terminals` + 1 links of this process and a simulator process of its own."""
    return asyncio.run(_saturate(bitrate, terminals, message_bytes, seconds, seed))


async def _saturate(
    bitrate: int, terminals: int, message_bytes: int, seconds: float, seed: int
) -> Saturation:
    chance = Random(seed)  # noqa: S311 - made-up records, no secret
    got: list[tuple[float, Peer, bytes]] = []
    async with running_bus(bitrate, terminals) as (edge, links):
        edge.on_message(lambda peer, message: got.append((time.perf_counter(), peer, message)))
        sending = [asyncio.create_task(_flood(link, chance, message_bytes)) for link in links]
        await asyncio.sleep(_WARM_UP_S)
        cpu_s, start_s = time.process_time(), time.perf_counter()
        await asyncio.sleep(seconds)
        cpu_s, seconds = time.process_time() - cpu_s, time.perf_counter() - start_s
        for task in sending:
            task.cancel()
    counted = [(peer, message) for at_s, peer, message in got if start_s <= at_s < start_s + seconds]
    return _sum_up(bitrate, counted, seconds, cpu_s)


async def _flood(link: CanTerminalLink, chance: Random, message_bytes: int) -> None:
    while True:
        await link.send(record_like(chance, message_bytes))


@contextlib.asynccontextmanager
async def running_bus(
    bitrate: int, terminals: int
) -> AsyncIterator[tuple[CanLink, list[CanTerminalLink]]]:
    """A simulator, an edge link and terminal links 1..n, all running; callbacks may be replaced at once."""
    with bus_daemon(bitrate) as path:
        settings = CanLinkSettings(bus=CanBusSettings("simbus", str(path), bitrate))
        edge = CanLink(settings)
        links = [CanTerminalLink(settings, address) for address in range(1, terminals + 1)]
        edge.on_message(lambda _peer, _message: None)
        for link in links:
            link.on_message(lambda _message: None)
        tasks = [asyncio.create_task(edge.run()), *(asyncio.create_task(link.run()) for link in links)]
        await asyncio.sleep(0)
        try:
            yield edge, links
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


@contextlib.contextmanager
def bus_daemon(bitrate: int, *options: str) -> Iterator[Path]:
    """A simulator process and its socket's path; the process ends with this block. Raises TimeoutError."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "can"
        command = [sys.executable, "-m", "edge.link.sim.can_daemon", "--socket", str(path)]
        command += ["--bitrate", str(bitrate), "--end-with-stdin", *options]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
            _await_path(process, path)
            try:
                yield path
            finally:
                process.terminate()


def _await_path(process: subprocess.Popen[bytes], path: Path) -> None:
    deadline_s = time.monotonic() + _START_TIMEOUT_S
    while not path.exists():
        if process.poll() is not None or time.monotonic() > deadline_s:
            process.kill()
            raise TimeoutError("the bus simulator did not start")
        time.sleep(0.01)


def _sum_up(bitrate: int, got: list[tuple[Peer, bytes]], seconds: float, cpu_s: float) -> Saturation:
    bits = sum(message_bits(message, peer) for peer, message in got)
    return Saturation(
        messages=len(got),
        seconds=seconds,
        per_s=len(got) / seconds,
        formula_per_s=bitrate * len(got) / bits if bits else 0.0,
        by_terminal=dict(Counter(peer for peer, _ in got)),
        cpu_us_per_message=cpu_s * 1e6 / len(got) if got else 0.0,
    )
