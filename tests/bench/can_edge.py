"""CPU of the edge's own process per record that comes through python-can; the terminals are another process.

Run as a module it is that other process: SOCKET BITRATE TERMINALS SECONDS.
"""

import asyncio
import os
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

from compose.place import ROOT
from edge.link.can.door import CanBusSettings
from edge.link.can.link import CanLink, CanLinkSettings, CanTerminalLink
from edge.link.sim.can_load import bus_daemon, record_like
from tests.bench.row import Row, at_most

BITRATES, TERMINALS, SECONDS, ROUNDS, WARM_S = (125_000, 250_000), 8, 4.0, 3, 1.5
RECORD_BYTES = 69
BOUND_US = 400.0


def rows() -> Iterator[Row]:
    """The bus is full: as many records as it carries."""
    for bitrate in BITRATES:
        runs = [asyncio.run(_measured(bitrate)) for _ in range(ROUNDS)]
        us, per_s = (statistics.median(one) for one in zip(*runs, strict=True))
        name = f"edge CPU of a record through python-can, CAN {bitrate // 1000}k full"
        row = at_most(name, us, "µs/record", BOUND_US)
        spread = f"{min(one for one, _ in runs):.0f}–{max(one for one, _ in runs):.0f}"
        yield Row(row.name, us, row.unit, "records/s meanwhile", per_s, row.goal, row.met, spread)


async def _measured(bitrate: int) -> tuple[float, float]:
    """CPU in µs of one record, and records a second."""
    heard = 0

    def count(_peer: int, _message: bytes) -> None:
        nonlocal heard
        heard += 1

    with bus_daemon(bitrate) as path:
        edge = CanLink(_settings(path, bitrate))
        edge.on_message(count)
        running = asyncio.create_task(edge.run())
        words = ("tests.bench.can_edge", str(path), str(bitrate), str(TERMINALS), str(SECONDS + 2 * WARM_S))
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        others = await asyncio.create_subprocess_exec(sys.executable, "-P", "-m", *words, cwd=ROOT, env=env)
        try:
            while not heard:  # noqa: ASYNC110  # a count in this process, asked now and then
                await asyncio.sleep(0.05)
            await asyncio.sleep(WARM_S)
            before, cpu_s, began_s = heard, time.process_time(), time.perf_counter()
            await asyncio.sleep(SECONDS)
            taken, passed_s = heard - before, time.perf_counter() - began_s
            return (time.process_time() - cpu_s) / taken * 1e6, taken / passed_s
        finally:
            others.kill()
            await others.wait()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def _flood(path: Path, bitrate: int, terminals: int, seconds: float) -> None:
    links = [CanTerminalLink(_settings(path, bitrate), address) for address in range(1, terminals + 1)]
    for one in links:
        one.on_message(lambda _message: None)
    tasks = [asyncio.create_task(one.run()) for one in links]
    await asyncio.sleep(0.2)
    tasks += [asyncio.create_task(_send(one, Random(at))) for at, one in enumerate(links)]  # no secret
    await asyncio.sleep(seconds)


async def _send(link: CanTerminalLink, chance: Random) -> None:
    while True:
        await link.send(record_like(chance, RECORD_BYTES))


def _settings(path: Path, bitrate: int) -> CanLinkSettings:
    return CanLinkSettings(bus=CanBusSettings("simbus", str(path), bitrate))


if __name__ == "__main__":
    asyncio.run(_flood(Path(sys.argv[1]), *map(int, sys.argv[2:4]), float(sys.argv[4])))
