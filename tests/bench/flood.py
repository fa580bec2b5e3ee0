"""What one box that floods *now* costs the others: settled latency at 100 taps/s with and without it, on mosquitto.

The latency is the box's own figure, from the terminal's record to the ledger's ack, and the flood is a process of its
own, counted beside. What broker and flood cost by themselves on this machine shows the same flood on a lane that nobody
hears.
"""

import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from compose.place import ROOT
from shared.wire.topics import UP_BULK, UP_NOW
from tests.bench.campus import figures, join_all, restart, stock
from tests.bench.load import Till
from tests.bench.row import Row
from tests.bench.scene import Made, Scene, make, standing, status

FLOODER = "flooder"
RATE, TAPS = 100, 1_200
WARM_TAPS = 100
TIMES = 2.0
"""What the flood may cost the others."""
Flooding = tuple[str, int]
"""Lane and QoS."""
CALM: Flooding = ("", 0)
PHASES = (CALM, *((lane, qos) for qos in (0, 1) for lane in (UP_BULK, UP_NOW)))
END_S = 10.0
DRAIN_S = 120.0


@dataclass(frozen=True, slots=True)
class _Phase:
    """latency_ms: the edge's own. ingest_us: its CPU for each record. slowed: how often a session was
    read no further for a while. flood: what the flooder says of itself."""

    latency_ms: dict[str, float]
    ingest_us: float
    slowed: int
    flood: dict[str, float]


def rows() -> Iterator[Row]:
    """Calm, then floods that ask for no PUBACK, then such that do."""
    folder = Path(tempfile.mkdtemp(prefix="ykt-b", dir="/tmp"))
    try:
        made = make(folder, FLOODER)
        (folder / "run").mkdir()
        with standing(made, folder / "run", full=True) as scene:
            phases = asyncio.run(_phases(made, scene))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    calm = phases[CALM]
    yield Row(f"tap → ledger ack, {RATE}/s, mosquitto, p99", calm.latency_ms["p99"], "ms")
    for qos in (0, 1):
        yield from _rows(f"QoS {qos}", calm, phases[UP_BULK, qos], phases[UP_NOW, qos])


def _rows(name: str, calm: _Phase, unheard: _Phase, phase: _Phase) -> Iterator[Row]:
    title = f"the others, a box floods now, {name}"
    for share in ("p50", "p99"):
        value, before = phase.latency_ms[share], calm.latency_ms[share]
        goal = (f"≤ {TIMES:g} ×", value <= TIMES * before) if share == "p99" else ("", None)
        yield Row(f"{title}, {share}", value, "ms", "without the flood", before, *goal)
        yield Row(f"{title}, {share}", value, "ms", "the same flood, heard by nobody", unheard.latency_ms[share])
    sent_s = phase.flood["sent"] / phase.flood["seconds"]
    yield Row(f"the flood, {name}", sent_s, "messages/s")
    yield Row(f"its session was read no further, {name}", phase.slowed, "times")
    yield Row(f"the flood's own CPU, {name}", 1e6 * phase.flood["cpu_s"] / phase.flood["sent"], "µs/message")
    yield Row(f"ingest CPU, {name}", phase.ingest_us, "µs/record", "without the flood", calm.ingest_us)


async def _phases(made: Made, scene: Scene) -> dict[Flooding, _Phase]:
    rng = Random(2026)
    tills = [Till(body) for body in made.bodies]
    stock(made, tills, rng, 2 * len(PHASES) * (TAPS + WARM_TAPS))
    found: dict[Flooding, _Phase] = {}
    for flooding in PHASES:
        if found:
            await asyncio.to_thread(restart, scene.edge)
        await join_all(tills, scene)
        await _play(tills, WARM_TAPS, rng, scene)
        with _flood(made, scene, *flooding) as flood:
            found[flooding] = await _phase(tills, scene, rng, flood)
        for till in tills:
            till.leave()
    return found


async def _phase(tills: list[Till], scene: Scene, rng: Random, flood: "_Flood") -> _Phase:
    _, ingest = await figures(scene, 0)
    await _play(tills, TAPS, rng, scene)
    flood.end()
    edge_after, ingest_after = await figures(scene, 0)
    cpu_us = (ingest_after["cpu_s"] - ingest["cpu_s"]) / TAPS * 1e6
    slowed = sum(ingest_after["slowed"].values()) - sum(ingest["slowed"].values())
    return _Phase(edge_after["latency_ms"], cpu_us, slowed, flood.said)


async def _play(tills: list[Till], taps: int, rng: Random, scene: Scene) -> None:
    """So many taps at random moments and tills; returns when the box holds nothing that is not settled."""
    loop = asyncio.get_running_loop()
    wanted = status(scene.edge).get("accepted", 0) + taps
    due_s = loop.time()
    for _ in range(taps):
        due_s += rng.expovariate(RATE)
        await asyncio.sleep(max(0.0, due_s - loop.time()))
        rng.choice(tills).tap()
    async with asyncio.timeout(DRAIN_S):
        while not _is_settled(status(scene.edge), wanted):  # noqa: ASYNC110  # another process says so, once a second
            await asyncio.sleep(0.05)


def _is_settled(said: dict[str, Any], accepted: int) -> bool:
    return bool(said) and said["accepted"] >= accepted and not said["unsettled"]


class _Flood:
    """The flooder's process, or none."""

    def __init__(self, process: "subprocess.Popen[str] | None") -> None:
        self.said: dict[str, float] = {}
        self._process = process

    def end(self) -> None:
        """It says what it was."""
        if self._process is not None and not self.said:
            out, _ = self._process.communicate("", END_S)
            self.said = json.loads(out.splitlines()[-1])


@contextmanager
def _flood(made: Made, scene: Scene, lane: str, qos: int) -> Iterator[_Flood]:
    if not lane:
        yield _Flood(None)
        return
    words = (str(scene.where.broker_port), str(made.data / "boxes" / FLOODER), lane, str(qos))
    command = (sys.executable, "-P", "-m", "tests.bench.flooder", *words)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, text=True, **pipes) as process:
        if process.stdout is None or not process.stdout.readline().startswith("READY"):
            raise RuntimeError("the flooder did not connect")
        flood = _Flood(process)
        try:
            yield flood
        finally:
            flood.end()
