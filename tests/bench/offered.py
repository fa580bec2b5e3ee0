"""End to end at rising rates: what one box is offered and what the ledger has settled of it, and where it bends.

Tills, box, broker, key process, ingest and ledger share the machine; the tills' own process is one of them.
"""

import asyncio
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from secrets import token_hex

from shared.clocks.campus_clock import WALL
from tests.bench.ledger import server
from tests.bench.load import Till, Watch, play, pour
from tests.bench.row import Row, not_measured
from tests.bench.scene import Made, Scene, make, standing
from tests.bench.tap import buy, wire_of

RATES = 500, 1_000, 2_000, 4_000, 8_000, 16_000
"""Taps/s, each for SPAN_S, PASSES times; the median pass stands for it."""
SPAN_S, PASSES = 1.0, 3
WARM_RATE, WARM_TAPS = 200, 100
AMOUNT_FEN = 10
BENT = 0.9
"""Settled for each offered: below it the campus does not follow any more."""


def rows() -> Iterator[Row]:
    """On SQLite, then on PostgreSQL."""
    folder = Path(tempfile.mkdtemp(prefix="ykt-b", dir="/tmp"))
    try:
        yield from _on(folder / "lite", "SQLite", "")
        with server() as cluster:
            yield from _on(folder / "pg", "PostgreSQL", cluster.create_database(f"bench_{token_hex(4)}"))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _on(folder: Path, name: str, dsn: str) -> Iterator[Row]:
    folder.mkdir()
    made = make(folder)
    with standing(made, folder, dsn) as scene:
        measured = asyncio.run(_measured(made, scene))
    followed = 0.0
    for rate, passes in zip(RATES, measured, strict=False):
        offered, settled = passes[len(passes) // 2]
        spread = f"{passes[0][1]:,.0f} … {passes[-1][1]:,.0f}"
        title = f"end to end, {rate:,}/s asked, {name}"
        yield Row(title, settled, "settled/s", "offered, same seconds", offered, spread=spread)
        followed = max(followed, offered) if settled >= BENT * offered else followed
    for rate in RATES[len(measured) :]:
        yield not_measured(f"end to end, {rate:,}/s asked, {name}", "settled/s", "acks stayed away")
    most = max(settled for passes in measured for _, settled in passes)
    yield Row(f"offered up to where it bends, {name}", followed, "records/s", "most that was settled", most)


async def _measured(made: Made, scene: Scene) -> list[list[tuple[float, float]]]:
    """Offered and settled, per second, of each pass of each rate up to the one that it does not drain; by settled."""
    rng, tills = Random(2026), [Till(body) for body in made.bodies]
    found: list[list[tuple[float, float]]] = []
    async with Watch(tills, made.partition, made.data) as watch:
        await watch.connect(scene.where.broker_port)
        await asyncio.gather(*(till.join(scene.tcp) for till in tills))
        _stock(made, tills, 3 * WARM_TAPS)
        await play(tills, watch, WARM_RATE, WARM_TAPS, rng)
        for rate in RATES:
            try:
                passes = [await _pass(made, tills, watch, rate) for _ in range(PASSES)]
            except TimeoutError:
                break
            found.append(sorted(passes, key=lambda one: one[1]))
        for till in tills:
            till.leave()
    return found


async def _pass(made: Made, tills: list[Till], watch: Watch, rate: int) -> tuple[float, float]:
    taps = int(rate * SPAN_S)
    _stock(made, tills, taps + len(tills))
    return await pour(tills, watch, rate, taps)


def _stock(made: Made, tills: list[Till], taps: int) -> None:
    """Genuine records, so many for all tills together and one more for each."""
    now_s = WALL.at(time.time())
    for number, till in enumerate(tills):
        while len(till.records) <= taps // len(tills):
            seq = till.last + len(till.records) + 1
            card = made.cards[(seq * len(tills) + number) % len(made.cards)]
            till.records.append(wire_of(buy(card, till.body.psam, till.body.psam_id, AMOUNT_FEN, now_s), seq))
