"""Payments on line: orders paid out of accounts at a steady rate, each a commit of its own, while records of tills come
into the same books through the real ingest. From the moment at which a phone would have asked to the ledger's answer,
the queue included; HTTP is not."""

import asyncio
import secrets
import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from random import Random

from cloud.ledger.funds.orders.calls import Call, PayResult
from cloud.ledger.funds.orders.paying import Wanted
from cloud.ledger.journal.opened import open_prepared
from cloud.ledger.records.values import Now
from cloud.payments.orders.door import OrderDoor
from cloud.process.settings import load_settings
from shared.clocks.campus_clock import WALL
from shared.ids import CardId
from tests.bench.campus import join_all, stock
from tests.bench.load import Till, Watch
from tests.bench.row import Row, at_most
from tests.bench.scene import Made, Scene, make, run, standing

RATE, SECONDS, PAY_FEN, TAP_RATE, LIMIT_MS = 200.0, 10.0, 1, 20.0, 250.0


def rows() -> Iterator[Row]:
    """The goal is the p99 with records; alone it stands beside."""
    folder = Path(tempfile.mkdtemp(prefix="ykt-b", dir="/tmp"))
    try:
        made = make(folder)
        (folder / "lite").mkdir()
        with standing(made, folder / "lite") as scene:
            run("cloud", "deposit", "--data", str(made.data), "--all", "--yuan", "100", "--key", "bench")
            alone, _ = paid(made, "alone")
            took, records = asyncio.run(with_records(made, scene, lambda: paid(made, "beside")))
        name = f"payment on line, {RATE:g}/s, {records} records of tills meanwhile"
        yield Row(f"{name}, p50", quantile(took, 50), "ms", "without records", quantile(alone, 50))
        yield at_most(f"{name}, p99", quantile(took, 99), "ms", LIMIT_MS, "without records", quantile(alone, 99))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def paid(made: Made, name: str) -> tuple[list[float], int]:
    """Milliseconds of each payment, and how many there were."""
    took: list[float] = []
    with closing(open_prepared(load_settings(made.data).books(None))) as opened:
        merchant = next(iter(opened.database.run("SELECT merchant FROM device")))[0]
        cards = [CardId(card) for (card,) in opened.database.run("SELECT card FROM card ORDER BY card")]
        door, rng = OrderDoor(opened, secrets.token_bytes), Random(2026)
        order = door.make(Call("bench", name), Wanted(str(merchant), 0, False, True, 10**9), now())
        due_s = time.monotonic()
        until_s = due_s + SECONDS
        while due_s < until_s:
            due_s += rng.expovariate(RATE)
            time.sleep(max(0.0, due_s - time.monotonic()))
            call = Call("bench", f"{name}-{len(took)}")
            outcome = door.pay(call, order.token, rng.choice(cards), PAY_FEN, now())
            if outcome.result is not PayResult.DONE:
                raise RuntimeError(f"the bench's payment is refused: {outcome}")
            took.append(1000 * (time.monotonic() - due_s))
    return took, len(took)


async def with_records(
    made: Made, scene: Scene, pay: Callable[[], tuple[list[float], int]]
) -> tuple[list[float], int]:
    """What was paid, and how many records of tills came meanwhile."""
    rng = Random(7)
    tills = [Till(body) for body in made.bodies]
    stock(made, list(tills), rng, int(SECONDS * TAP_RATE * 2))
    found: list[tuple[list[float], int]] = []
    async with Watch(tills, made.partition, made.data) as watch:
        await watch.connect(scene.where.broker_port)
        await join_all(list(tills), scene)
        worker = threading.Thread(target=lambda: found.append(pay()))
        worker.start()
        records = 0
        while worker.is_alive():
            till = rng.choice(tills)
            if till.records:
                till.tap()
                records += 1
            await asyncio.sleep(rng.expovariate(TAP_RATE))
        worker.join()
    for till in tills:
        till.leave()
    return found[0][0], records


def now() -> Now:
    """Both clocks."""
    unix_s = time.time()
    return Now(int(unix_s * 1000), WALL.at(unix_s))


def quantile(values: list[float], percent: int) -> float:
    """Of all of them."""
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]
