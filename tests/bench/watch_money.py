"""The money path with the whole watch at work beside it: tap to ledger ack, by turns with the watch and without it.

The watch reads the very ledger that the taps go into, looks at its services, keeps its series, and gets as many facts a
second as a bad day brings. Without it means that its process stands still; a round of each follows the other, so that
what else the machine does falls on both.
"""

import asyncio
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from threading import Event, Thread

from cloud.ledger.journal.facts import append
from cloud.process.settings import FOLDER
from cloud.store.db import open_database
from cloud.watch.notify import persons
from cloud.watch.notify.persons import Person
from cloud.watch.pushes import POLICIES
from cloud.watch.store import open_watch
from compose.parts.standing import Standing
from tests.bench.campus import join_all, quantile, stock
from tests.bench.load import Till, Watch, play
from tests.bench.row import Row
from tests.bench.scene import Made, Scene, make, standing
from tests.bench.watch import CODES, POLICY, fact
from tests.cloud.campus import part

ROUNDS, RATE, TAPS = 6, 100, 500
FACTS_A_SECOND = 20
"""Beside 100 taps a second: more than a campus that is on fire."""
GOAL = 1.1


def rows() -> Iterator[Row]:
    """The ratio of the two, of all rounds together."""
    folder = Path(tempfile.mkdtemp(prefix="ykt-b", dir="/tmp"))
    try:
        made = make(folder)
        (folder / "lite").mkdir()
        with standing(made, folder / "lite") as scene:
            _prepare(made)
            with Standing(part("watch", "cloud", "watch", "--data", made.data), folder / "lite") as watch:
                with_ms, without_ms = asyncio.run(_rounds(made, scene, watch))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for name, percent, goal in (("p50", 50, 0.0), ("p99", 99, GOAL)):
        value, beside = quantile(with_ms, percent), quantile(without_ms, percent)
        met = value <= goal * beside if goal else None
        said = f"≤ {goal:g} ×" if goal else ""
        yield Row(
            f"tap → ledger ack beside the watch, {RATE}/s, {name}", value, "ms", "it stands still", beside, said, met
        )


def _prepare(made: Made) -> None:
    with closing(open_watch(made.data / FOLDER)) as store, store.db.writing():
        persons.add(store.db, Person(0, "王芳", mail="wang@school.edu.cn"))
        POLICIES.push(store.db, 1, "王芳", "", POLICY)


async def _rounds(made: Made, scene: Scene, watch: Standing) -> tuple[list[float], list[float]]:
    rng = Random(2026)
    tills = [Till(body) for body in made.bodies]
    stock(made, tills, rng, 2 * TAPS * (2 * ROUNDS + 1))
    found: dict[bool, list[float]] = {True: [], False: []}
    async with Watch(tills, made.partition, made.data) as acks:
        await acks.connect(scene.where.broker_port)
        await join_all(tills, scene)
        await play(tills, acks, RATE, TAPS, rng)
        for number in range(2 * ROUNDS):
            is_awake = number % 4 in (0, 3)
            os.kill(watch.pid, signal.SIGCONT if is_awake else signal.SIGSTOP)
            with _Facts(made.data):
                found[is_awake] += [1000 * one for one in await play(tills, acks, RATE, TAPS, rng)]
        os.kill(watch.pid, signal.SIGCONT)
        for till in tills:
            till.leave()
    return found[True], found[False]


class _Facts:
    """Facts meanwhile, in both kinds of rounds: what they cost the ledger is not the watch's."""

    def __init__(self, data: Path) -> None:
        self._ended = Event()
        self._thread = Thread(target=self._tell, args=(data / FOLDER / "ledger.db",))

    def __enter__(self) -> "_Facts":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _tell(self, ledger: Path) -> None:
        with closing(open_database(str(ledger), create=False)) as db:
            number = 0
            while not self._ended.wait(1 / FACTS_A_SECOND):
                number += 1
                with db.writing():
                    append(db, [fact(number % 50, CODES[number % len(CODES)], time.time())])
