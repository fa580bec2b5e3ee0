"""User cards made by commands in one process, with the durable journal of an issuing machine; goal ≤ 50 ms a card.

6,000 cards in two days on three machines leave 29 s a card: the rest belongs to the reader, the printer and the hands.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from provisioning.custody.journal import Journal, open_journal
from provisioning.issue.jobs import CardWriter, School
from provisioning.issue.order import Order, OrderLine
from provisioning.issue.personalise import usual_validity
from provisioning.issue.production import Lease, Run, Span
from provisioning.issue.work import Body, Machine
from provisioning.keeper.issuing_keys import of_store
from provisioning.keys.levels import new_root, region_of, school_of
from shared.purse.cos.card import UserCard
from shared.purse.cos.images import RamMemory, blank_card_image
from shared.purse.crypto import Key
from tests.bench.row import Row, at_most

CARDS = 200
GOAL_MS = 50.0
NOW_S = 817_339_530
TRANSPORT = Key(bytes(range(16)))
LEASE = Lease(1, "bench", "m1", 1, Span(1, CARDS), Span(1, CARDS + 10), Span(1, CARDS + 10))


class _Blanks:
    """A feeder with a new body every time."""

    def __init__(self) -> None:
        self._blank = 0
        self._image = blank_card_image(TRANSPORT)

    def present(self, blank: int | None) -> Body:
        self._blank = self._blank + 1 if blank is None else blank
        card = UserCard(RamMemory(self._image), os.urandom)
        card.power_on()
        return Body(self._blank, card)


def rows() -> Iterator[Row]:
    """Median and worst of CARDS cards: written, read back, four durable rows each; beside it the four syncs alone."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("YKT_BENCH_DIR")) as folder:
        taken = _cards(Path(folder) / "work.journal")
        syncs = _syncs(Path(folder) / "syncs")
    floor = statistics.median(syncs)
    beside = "its four durable rows alone"
    yield at_most("personalise a card, median", statistics.median(taken), "ms", GOAL_MS, beside, floor)
    yield at_most("personalise a card, p99", sorted(taken)[-CARDS // 100], "ms", GOAL_MS)


def _cards(path: Path) -> list[float]:
    school = school_of(region_of(new_root(os.urandom), 1), 7)
    terms = School(1, 7, usual_validity(NOW_S), 1, 100_000)
    order = Order("bench", tuple(OrderLine(n, "c", f"{n:04d}", "学生", 1) for n in range(1, CARDS + 1)))
    writer = CardWriter(terms, order, of_store(school), TRANSPORT)
    with open_journal(path) as journal:
        machine = Machine(Run(LEASE), journal, writer, _Blanks(), lambda: NOW_S)
        taken, last = [], time.perf_counter()
        for attempt in machine.work(CARDS):
            now = time.perf_counter()
            taken.append((now - last) * 1_000)
            last = now
            if attempt.step.value != "done":
                raise RuntimeError(f"the bench spoiled a card: {attempt.reason}")
    return taken


def _syncs(path: Path) -> list[float]:
    with open_journal(path) as journal:
        return [_four(journal) for _ in range(CARDS)]


def _four(journal: Journal) -> float:
    began = time.perf_counter()
    for _ in range(4):
        journal.append({"row": "checked", "line": 1, "number": 1, "blank": 1, "at": NOW_S})
    return (time.perf_counter() - began) * 1_000
