"""The watch 值守: rules over signals, facts into alarms, alarms into the queue of messages, metrics; its own process.

Facts are written into a ledger of its own as the ledger writes them; what is durable is read from the watch's file by
somebody else. CPU and memory are the process's own, as the kernel counts them.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

from cloud.ledger.journal.facts import FactRow, append
from cloud.ledger.ledger import Ledger, open_ledger
from cloud.process.settings import FOLDER
from cloud.store.db import Database
from cloud.watch.alarms.rule import Advice, Condition, SignalRule
from cloud.watch.alarms.terms import Family, Kind, Signal, Source
from cloud.watch.alarms.watching import Watching
from cloud.watch.metrics.lines import line_of
from cloud.watch.metrics.points import Point, points
from cloud.watch.metrics.rings import Rings
from cloud.watch.notify import persons
from cloud.watch.notify.calling import SETTLE_MS
from cloud.watch.notify.persons import Person
from cloud.watch.pushes import POLICIES
from cloud.watch.store import WatchStore, open_watch
from compose.parts.standing import Standing
from shared.facts.told import Level
from shared.words.voice import Text
from tests.bench.row import Row, at_most
from tests.bench.scene import make
from tests.cloud.campus import part
from tests.cloud.ledger import campus

RULE_COUNT, TERMINALS, SIGNALS = 300, 5_000, ("terminal-silent", "terminal-owes", "terminal-gap")
LOOKS = 7
FACTS_A_SECOND, SECONDS, BEAT_S = 1_000, 60, 0.1
SOURCES = 1_250
"""Terminals, each with an alarm of each of CODES: 5,000 stand."""
CODES = "terminal-unknown", "record-fork", "outbox-damaged", "terminal-mac-failures"
SINGLE, CALM = 40, 8
"""Facts one by one; of so many the message is waited for: more alarms are a flood, told together and later."""
WAIT_S = 30.0
POINTS_A_SECOND = 5_000
POLICY = """format = 1
per_ten_minutes = 1000
[[route]]
name = "all"
wakes = true
[[route.step]]
to = ["王芳"]
by = ["mail"]
"""
_TICK = os.sysconf("SC_CLK_TCK")
_PAGE_KIB = os.sysconf("SC_PAGE_SIZE") // 1024


def rows() -> Iterator[Row]:
    """Rules and metrics in this process, then the watch as a process."""
    yield from rules()
    yield from metrics()
    yield from single()
    yield from many(SECONDS)


# --- in this process --------------------------------------------------------------------------------------------------


def rules() -> Iterator[Row]:
    """A look at every terminal by every rule: the first one of a process, and the others."""
    made = [_rule(n) for n in range(RULE_COUNT)]
    sources = [Source(Kind.TERMINAL, f"{n:04x}") for n in range(TERMINALS)]
    colds, warms = [], []
    for _ in range(3):
        watching = Watching(made)
        looks = [_seconds(watching, sources, at_ms) for at_ms in range(1000, 1000 * LOOKS, 1000)]
        colds.append(looks[0])
        warms += looks[1:]
    name = f"{RULE_COUNT} rules on {TERMINALS:,} terminals"
    spread = f"{min(warms):.2f} … {max(warms):.2f}"
    yield at_most(f"{name}, the first look", statistics.median(colds), "s", 0.5)
    warm = at_most(f"{name}, a look", statistics.median(warms), "s", 0.5)
    yield Row(warm.name, warm.value, warm.unit, goal=warm.goal, met=warm.met, spread=spread)


def _rule(number: int) -> SignalRule:
    scope = "*" if number % 3 else f"{number % 16:x}*"
    return SignalRule(
        f"r{number}", Family.OFFLINE, Level.GENERAL, SIGNALS[number % len(SIGNALS)], Kind.TERMINAL,
        Condition(">", 100 + number), Advice(*(Text("甲", "a"),) * 4), scope=scope, for_ms=60_000,
    )  # fmt: skip


def _seconds(watching: Watching, sources: list[Source], at_ms: int) -> float:
    """One terminal in fifty is above every bound, as on a bad day."""
    signals = [
        Signal(name, source, at_ms, 900.0 if n % 50 == 0 else 3.0)
        for n, source in enumerate(sources) for name in SIGNALS
    ]  # fmt: skip
    began = time.process_time()
    watching.read(signals, is_meal=False)
    return time.process_time() - began


def metrics() -> Iterator[Row]:
    """What a second's points cost: made of readings, written as lines, and into the rings."""
    readings = [
        Signal(name, Source(Kind.BOX, f"b{n}"), 1000, n * 1.5)
        for n in range(POINTS_A_SECOND // 4) for name in ("box-unsettled", "box-oldest", "box-room", "box-plain")
    ]  # fmt: skip
    count = len(readings)
    made: list[Point] = []

    def lines() -> None:
        made[:] = points(readings, {}, {}, 1000)
        for one in made:
            line_of(one)

    name = f"metrics, {count:,} values a second"
    yield at_most(f"{name}, as lines", 100 * _cpu_s(lines), "% of core", 15)
    with tempfile.TemporaryDirectory() as folder, closing(open_watch(Path(folder))) as store:
        rings = Rings(store.db)
        yield at_most(f"{name}, into the rings", 100 * _cpu_s(lambda: rings.take(made, 1000)), "% of core", 15)


def _cpu_s(act: Callable[[], None]) -> float:
    found = []
    for _ in range(LOOKS):
        began = time.process_time()
        act()
        found.append(time.process_time() - began)
    return statistics.median(found)


# --- the process ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Stand:
    """The watch, a ledger that it reads, and its file for whoever looks."""

    watch: Standing
    ledger: Ledger
    store: WatchStore

    def tell(self, facts: list[FactRow]) -> None:
        """As the ledger does: in a transaction of its own."""
        with self.ledger.database.writing():
            append(self.ledger.database, facts)

    def cpu_s(self) -> float:
        """Of the process, by the kernel."""
        fields = Path(f"/proc/{self.watch.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICK

    def rss_mib(self) -> float:
        """Of the process."""
        return int(Path(f"/proc/{self.watch.pid}/statm").read_text(encoding="ascii").split()[1]) * _PAGE_KIB / 1024


@contextmanager
def standing() -> Iterator[Stand]:
    """Over a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="ykt-w", dir="/tmp") as name, ExitStack() as stack:  # short: sockets
        folder = Path(name)
        data = make(folder, tills=2).data
        ledger = stack.enter_context(closing(open_ledger(str(folder / "ledger.db"), campus.LEDGER_ID)))
        ledger.import_inventory(campus.inventory(), campus.NOW)
        store = stack.enter_context(closing(open_watch(data / FOLDER)))
        with store.db.writing():
            persons.add(store.db, Person(0, "王芳", mail="wang@school.edu.cn"))
            POLICIES.push(store.db, 1, "王芳", "", POLICY)
        watch = part("watch", "cloud", "watch", "--data", data, "--dsn", folder / "ledger.db")
        yield Stand(stack.enter_context(Standing(watch, folder)), ledger, store)


def single() -> Iterator[Row]:
    """One fact after another at any moment of a turn: until its alarm is durable, and its message is in the queue."""
    durable, queued = [], []
    chance = Random(13)
    with standing() as stand:
        for n in range(SINGLE):
            time.sleep(chance.uniform(0.0, 0.5))
            began = time.monotonic()
            stand.tell([fact(n, "record-fork", time.time())])
            _until(lambda n=n: _count(stand.store.db, "event", f"%{n:04x}") > 0)
            durable.append(time.monotonic() - began)
            if n < CALM:
                _until(lambda n=n: _count(stand.store.db, "message", f"%{n:04x}%") > 0)
                queued.append(time.monotonic() - began - SETTLE_MS / 1000)
    yield at_most(
        "a fact until its alarm is durable, p99", 1000 * max(durable), "ms", 1000, "p50", 1000 * _median(durable)
    )
    name = f"an alarm until its message is queued, above the {SETTLE_MS // 1000} s it waits for what explains it"
    yield at_most(name, 1000 * max(queued), "ms", 1000, "p50", 1000 * _median(queued))


def many(seconds: int) -> Iterator[Row]:
    """FACTS_A_SECOND for so long, about SOURCES terminals: what it costs, and what became of each of them."""
    total = FACTS_A_SECOND * seconds
    with standing() as stand:
        cpu_s, rss_mib, behind = _pour(stand, seconds)
        counted = sum(one.alarm.count for one in stand.store.alarms())
        behind_s = _behind_s(stand, total)
    yield at_most(f"{FACTS_A_SECOND:,} facts/s for {seconds} s", 100 * cpu_s / seconds, "% of core", 20)
    half, last = rss_mib[len(rss_mib) // 2], rss_mib[-1]
    yield at_most("the same, memory against its half", last, "MiB", 1.1 * half, "half-way", half)
    yield Row("the same, the last alarm after the last fact", 1000 * behind, "ms", "and the mark", 1000 * behind_s)
    yield Row("the same, facts that an alarm counts", counted, "facts", "told", total, "all of them", counted == total)


def _pour(stand: Stand, seconds: int) -> tuple[float, list[float], float]:
    """CPU of the process meanwhile, its memory every second, and how long it took after the last one."""
    began_cpu_s, rss_mib = stand.cpu_s(), []
    began = time.monotonic()
    per_beat = int(FACTS_A_SECOND * BEAT_S)
    for beat in range(round(seconds / BEAT_S)):
        time.sleep(max(0.0, began + beat * BEAT_S - time.monotonic()))
        at_s = time.time()
        stand.tell(
            [
                fact(n // len(CODES) % SOURCES, CODES[n % len(CODES)], at_s)
                for n in range(beat * per_beat, (beat + 1) * per_beat)
            ]
        )
        if beat % round(1 / BEAT_S) == 0:
            rss_mib.append(stand.rss_mib())
    ended = time.monotonic()
    total = FACTS_A_SECOND * seconds
    _until(lambda: _mark(stand.store) >= total)
    return stand.cpu_s() - began_cpu_s, rss_mib, time.monotonic() - ended


def _behind_s(stand: Stand, total: int) -> float:
    began = time.monotonic()
    _until(lambda: _mark(stand.store) >= total)
    return time.monotonic() - began


def _mark(store: WatchStore) -> int:
    with store.db.reading():
        return store.mark("facts")


def fact(number: int, code: str, at_s: float) -> FactRow:
    """One of a terminal."""
    return int(at_s * 1000), "urgent", code, "b1", number.to_bytes(2, "big"), "", '{"epoch":1,"seq":7}'


def _count(db: Database, table: str, like: str) -> int:
    column = "source" if table == "event" else "alarms"
    with db.reading():
        found: int = db.run(f"SELECT COUNT(*) FROM {table} WHERE {column} LIKE ?", (like,))[0][0]  # noqa: S608  # ours
    return found


def _until(holds: Callable[[], bool]) -> None:
    last = time.monotonic() + WAIT_S
    while not holds():
        if time.monotonic() > last:
            raise RuntimeError(f"not within {WAIT_S:.0f} s")
        time.sleep(0.002)


def _median(values: list[float]) -> float:
    return statistics.median(values)
