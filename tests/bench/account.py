"""Card and ledger as one account: the exposure of 5,000 terminals that nobody hears, and 200 movements at a time of one
online account with a floor."""

import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random

from cloud.ledger.desk.bank import BankLedger
from cloud.ledger.desk.split import SplitLedger
from cloud.ledger.journal.opened import open_prepared
from cloud.ledger.ledger import Ledger, open_ledger
from cloud.ledger.loads.split.moving import Quota
from cloud.ledger.loads.split.rules import DAY_MAX_FEN
from cloud.ledger.read.reader import Reader
from cloud.ledger.records.values import Now
from tests.bench.row import Row, at_most
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.read.test_exposure import TERMINALS, grown
from tests.cloud.ledger.test_floors import CARD, CLASS, EACH, FLOOR, FUNDS, THREADS, moved, standings

EXPOSURE_MS = 1_000.0
SILENT_S = 700
TRIES = 5


def rows() -> Iterator[Row]:
    """Over SQLite."""
    folder = Path(tempfile.mkdtemp(prefix="ykt-b", dir="/tmp"))
    try:
        yield from _exposure(folder / "exposure.db")
        yield from _floors(folder / "floors.db")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _exposure(path: Path) -> Iterator[Row]:
    with closing(open_ledger(str(path), c.LEDGER_ID)) as ledger:
        ledger.import_inventory(c.inventory(), c.NOW)
        grown(ledger, 0, TERMINALS // 10)
        few_ms = _told_ms(ledger)
        grown(ledger, TERMINALS // 10, TERMINALS)
        name = f"exposure, {TERMINALS:,} silent terminals, 200 listed cards"
        yield at_most(name, _told_ms(ledger), "ms", EXPOSURE_MS, f"{TERMINALS // 10} terminals", few_ms)


def _told_ms(ledger: Ledger) -> float:
    later, took = Now(c.NOW.unix_ms + SILENT_S * 1000, c.NOW.campus_s + SILENT_S), []
    for _ in range(TRIES):
        began = time.perf_counter()
        Reader(ledger.database).exposure(later)
        took.append((time.perf_counter() - began) * 1000)
    return sorted(took)[TRIES // 2]


def _floors(path: Path) -> Iterator[Row]:
    """200 of four connections at a time, beside the same number of one."""
    with closing(open_ledger(str(path), c.LEDGER_ID)) as ledger:
        ledger.import_inventory(c.inventory(), c.NOW)
        ledger.deposit(CARD, FUNDS, "d", c.NOW)
        BankLedger(ledger.opened).set_floor(CLASS, FLOOR, "bench", "", c.NOW)
        rule = Quota(50_00, 100_00, DAY_MAX_FEN)
        SplitLedger(ledger.opened).set_of_class(CLASS, rule, "bench", "", c.NOW)
        alone_s = _moved_s(str(path), 1, THREADS * EACH, 1_000)
        at_once_s = _moved_s(str(path), THREADS, EACH, 10_000)
        count, least = THREADS * EACH, min(standings(ledger))
        name = f"floors, {count} movements of one account, {THREADS} connections"
        yield Row(name, count / at_once_s, "movements/s", "one connection", count / alone_s)
        name = "floors, fen below the floor at any commit meanwhile"
        yield at_most(name, float(max(0, FLOOR - least)), "fen", 0.0)


def _moved_s(path: str, threads: int, each: int, first: int) -> float:
    gate = threading.Barrier(threads + 1)

    def run(n: int) -> None:
        chance = Random(n)
        with closing(open_prepared(path)) as mine:
            ledger = Ledger(mine)
            gate.wait()
            for i in range(each):
                moved(ledger, first + n * each + i, chance)

    workers = [threading.Thread(target=run, args=(n,)) for n in range(threads)]
    for one in workers:
        one.start()
    gate.wait()
    began = time.perf_counter()
    for one in workers:
        one.join()
    return time.perf_counter() - began
