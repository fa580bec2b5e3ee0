"""Tap to ledger ack through real processes on TCP, at 20 and 200 taps/s; CPU and memory of the edge in the same run."""

import asyncio
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from secrets import token_hex
from typing import Any

from compose.parts.standing import Standing
from shared.clocks.campus_clock import WALL
from tests.bench.ledger import server
from tests.bench.load import Till, Watch, play
from tests.bench.row import Row, at_most
from tests.bench.scene import Made, Scene, make, standing, status
from tests.bench.tap import buy, wire_of

RATES = (20, 160), (200, 1_600)
"""Taps/s, and how many of them."""
WARM_RATE, WARM_TAPS = 100, 60
AMOUNT_FEN = 10
STATUS_S = 5.0
P50_MS, RSS_MIB = 8.0, 64.0
FLOOR = "two messages, two syncs, meanwhile"


@dataclass(frozen=True, slots=True)
class _Phase:
    """One rate: latencies and floor in ms, seen outside; the edge's own figures; CPU of both in µs a record."""

    latencies_ms: list[float]
    floor_ms: list[float]
    own: dict[str, float]
    edge_us: float
    ingest_us: float
    rss_mib: float


def rows() -> Iterator[Row]:
    """On SQLite, then on PostgreSQL."""
    folder = Path(tempfile.mkdtemp(prefix="ykt-b", dir="/tmp"))
    try:
        made = make(folder)
        yield from _on(made, folder / "lite", "SQLite", "")
        yield from _on_postgres(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _on_postgres(folder: Path) -> Iterator[Row]:
    """A campus of its own: cards and counters begin anew."""
    (folder / "second").mkdir()
    made = make(folder / "second")
    with server() as cluster:
        yield from _on(made, folder / "pg", "PostgreSQL", cluster.create_database(f"bench_{token_hex(4)}"))


def _on(made: Made, folder: Path, name: str, dsn: str) -> Iterator[Row]:
    folder.mkdir()
    with standing(made, folder, dsn) as scene:
        phases = asyncio.run(_phases(made, scene))
    for (rate, _), phase in zip(RATES, phases, strict=True):
        title = f"tap → ledger ack, {rate}/s, {name}"
        p50, floor = quantile(phase.latencies_ms, 50), quantile(phase.floor_ms, 50)
        aimed = rate == RATES[-1][0]
        row = at_most(f"{title}, p50", p50, "ms", P50_MS, FLOOR, floor)
        yield row if aimed else Row(row.name, p50, "ms", FLOOR, floor)
        yield Row(f"{title}, p99", quantile(phase.latencies_ms, 99), "ms", FLOOR, quantile(phase.floor_ms, 99))
    last, rate = phases[-1], RATES[-1][0]
    yield Row(f"the same as the edge says, {rate}/s, {name}, p50", last.own["p50"], "ms")
    yield Row(f"edge CPU at {rate}/s, {name}", last.edge_us, "µs/record")
    yield Row(f"ingest CPU at {rate}/s, {name}", last.ingest_us, "µs/record")
    yield at_most(f"edge RSS, {name}", last.rss_mib, "MiB", RSS_MIB)


async def _phases(made: Made, scene: Scene) -> list[_Phase]:
    rng = Random(2026)
    tills = [Till(body) for body in made.bodies]
    stock(made, tills, rng, 2 * sum(taps + WARM_TAPS for _, taps in RATES))
    phases: list[_Phase] = []
    async with Watch(tills, made.partition, made.data) as watch:
        await watch.connect(scene.where.broker_port)
        for rate, taps in RATES:
            if phases:
                await asyncio.to_thread(restart, scene.edge)
            await join_all(tills, scene)
            await play(tills, watch, WARM_RATE, WARM_TAPS, rng)
            phases.append(await _phase(tills, watch, scene, rate, taps, rng))
            for till in tills:
                till.leave()
    return phases


async def _phase(tills: list[Till], watch: Watch, scene: Scene, rate: int, taps: int, rng: Random) -> _Phase:
    edge, ingest = await figures(scene, 0)
    wanted = edge["accepted"] + taps
    latencies_s = await play(tills, watch, rate, taps, rng)
    edge_after, ingest_after = await figures(scene, wanted)
    return _Phase(
        [1000 * one for one in latencies_s],
        [1000 * one for one in watch.floor_s],
        edge_after["latency_ms"],
        (edge_after["cpu_s"] - edge["cpu_s"]) / taps * 1e6,
        (ingest_after["cpu_s"] - ingest["cpu_s"]) / taps * 1e6,
        edge_after["rss_kib"] / 1024,
    )


async def figures(scene: Scene, accepted: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """The next STATUS of edge and ingest, once the edge counts so many records."""
    before = status(scene.edge), status(scene.ingest)
    async with asyncio.timeout(STATUS_S):
        while True:
            edge, ingest = status(scene.edge), status(scene.ingest)
            if edge != before[0] and ingest != before[1] and edge["accepted"] >= accepted:
                return edge, ingest
            await asyncio.sleep(0.02)


async def join_all(tills: list[Till], scene: Scene) -> None:
    await asyncio.gather(*(till.join(scene.tcp) for till in tills))


def restart(edge: Standing) -> None:
    """So that each rate has figures of its own."""
    edge.stop()
    edge.start()


def stock(made: Made, tills: list[Till], rng: Random, taps: int) -> None:
    """So many records for all tills together, each a whole purchase of a software card, amounts of 10 fen."""
    most = taps // len(tills)
    now_s = WALL.at(time.time())
    for till in tills:
        for seq in range(1, most + 1):
            bought = buy(rng.choice(made.cards), till.body.psam, till.body.psam_id, AMOUNT_FEN, now_s)
            till.records.append(wire_of(bought, seq))


def quantile(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]

