"""A real campus while a scene lasts: every part a process of its own, started by the launcher's own command lines.

Nothing here restarts a part by itself: what a scene kills stays dead until the scene starts it again. Waits poll a
condition and have a bound; at the bound they say what they waited for.
"""

import asyncio
import shutil
import signal
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, closing
from dataclasses import asdict, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

from cloud.ledger.journal.facts import from_json
from cloud.watch.notify.queue import Message, messages
from cloud.watch.store import open_watch
from compose.campus import campus as lines
from compose.campus.lines import write_lines
from compose.campus.lives import Lives
from compose.parts.part import Part
from compose.parts.supervise import Supervisor
from compose.parts.watch import Watch
from compose.servers.ports import free_port
from compose.servers.servers import BrokerFiles, BrokerPorts, embedded_broker, mosquitto
from shared.facts.told import Params
from tests.cloud.campus import patient
from tests.scenes.plans import plan_of

BOUND_S = 120.0
POLL_S = 0.03
RATE = 8.0
TEAR = 0.03
MESSAGES_MAX = 100
CORE, FIELD, BODIES = 0, 1, 2
DISPLAY = "DISPLAY "
"""How a terminal that was told so begins a line that says what its display shows."""


class Campus:
    """Use as `async with`. Parts: broker, keys, ingest, edge-BOX, bus-BOX-LINK, t-NAME."""

    def __init__(
        self,
        room: Path,
        *,
        seed: int = 1,
        rate: float = RATE,
        tear: float = TEAR,
        broker: Callable[[int], Part] = embedded_broker,
        clock: str = "",
        watched: bool = False,
        docked: bool = False,
        shown: bool = False,
        enrolling: bool = False,
        wallet: bool = False,
    ) -> None:
        """clock: as `--clock`; empty: the wall's. watched: with the watch, which makes alarms.

        docked: with the dock, where strangers' devices come. shown: with the console. enrolling: with mosquitto and
        certificates, and with the signer and the door by which boxes come in. wallet: with the wallet.
        """
        self.room = room
        self.data = room / "campus"
        self.plan = plan_of(room)
        self.run = Path(tempfile.mkdtemp(prefix="ykt-"))
        self.watch = Watch()
        ports = {box.box: free_port() for box in self.plan.boxes}
        docking_port = free_port() if docked else 0
        self.where = lines.Where(
            self.data, self.run, free_port(), free_port() if shown else 0, ports, clock=clock,
            docking_port=docking_port, full=enrolling, cloud_port=free_port() if enrolling else 0,
            enrol_port=free_port() if enrolling else 0, wallet_port=free_port() if wallet else 0,
            accounts_port=free_port() if wallet else 0,
        )  # fmt: skip
        if enrolling:
            broker = self._mosquitto
        self._habits = {
            terminal.name: ("--customers", "--rate", str(rate), "--tear", str(tear), "--seed", str(seed * 100 + n))
            for n, (_, _, terminal) in enumerate(self.plan.terminals())
            if terminal.kind != lines.DESK
        }
        self._without = {name for name, there in (("console", shown), ("watch", watched)) if not there}
        self.parts = self._made(broker)
        self._alive: set[str] = set()
        self.displays: dict[str, list[tuple[float, str]]] = {}
        """Part → what its display has shown, and when, where its words say `--show`. In Unix seconds."""
        self.lives = Lives(self.data / "cloud", self.watch)
        """What a launcher tells of its parts; told within `telling`."""
        self._supervisor = Supervisor(room / "log", on_line=self._hear, on_event=self.lives.hear)

    async def __aenter__(self) -> Self:
        """Nothing runs yet."""
        await self._supervisor.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Nothing runs any more."""
        await self._supervisor.__aexit__(*_)
        shutil.rmtree(self.run)

    # ---- parts

    def telling(self) -> AbstractAsyncContextManager[None]:
        """While the block lasts, the file that a launcher keeps of its parts is kept."""
        return self.lives.kept(self._supervisor)

    @property
    def bodies(self) -> list[str]:
        """Parts that are terminals."""
        return [name for name in self.parts if name.startswith("t-")]

    @property
    def boxes(self) -> list[str]:
        """Parts that are edge boxes."""
        return [name for name in self.parts if name.startswith("edge-")]

    @property
    def socket(self) -> Path:
        """Where the key process listens."""
        return self.where.keys_socket

    async def open(self, *without: str) -> None:
        """Start all parts but some."""
        await self.start(*(name for name in self.parts if name not in without))

    async def start(self, *names: str) -> None:
        """Start these parts, in the order in which they need each other; return when all are ready."""
        for stage in (CORE, FIELD, BODIES):
            chosen = [name for name in names if _stage(name) == stage]
            for name in chosen:
                self.watch.forget(name)
            await self._supervisor.start(*(replace(self.parts[name], after=()) for name in chosen))
            self._alive.update(chosen)

    async def kill(self, *names: str) -> None:
        """kill -9, all of them before any is looked after; they stay dead."""
        await self._end(names, signal.SIGKILL)

    async def stop(self, *names: str) -> None:
        """End them in order."""
        ended = await self._supervisor.end(*names)
        self._alive.difference_update(names)
        assert not ended.killed, f"would not end: {ended.killed}"

    async def kill_all(self) -> list[str]:
        """The whole tree at once; the names of what ran."""
        alive = sorted(self._alive)
        await self.kill(*alive)
        return alive

    async def again_at(self, clock: str) -> None:
        """The power goes, and comes back when the campus's clock shows that: what comes on an hour of the day does not
        wait for a busy machine."""
        names = await self.kill_all()
        for name in names:
            argv = self.parts[name].argv
            later = tuple(clock if former == "--clock" else word for former, word in pairwise(("", *argv)))
            self.parts[name] = replace(self.parts[name], argv=later)
        await self.start(*names)

    def send(self, name: str, number: signal.Signals) -> None:
        """A signal to one part."""
        self._supervisor.send(name, number)

    def pid(self, name: str) -> int:
        """Process id of a part."""
        return self._supervisor.pid(name)

    def say(self, name: str, *words: str) -> None:
        """Further words for a part's command line, from its next start on."""
        self.parts[name] = replace(self.parts[name], argv=(*self.parts[name].argv, *words))

    def plays(self, name: str, lines: Iterable[Mapping[str, Any]]) -> None:
        """From its next start on: these lines of a script in the place of customers, and every display is kept."""
        file = self.room / f"{name}.jsonl"
        write_lines(file, lines)
        old = self.parts[name].argv
        at = old.index("--customers")
        words = (*old[:at], "--script", str(file), "--show", *old[at + len(self._habits[name.removeprefix("t-")]) :])
        self.parts[name] = replace(self.parts[name], argv=words)

    def reach(self, name: str, old_port: int, new_port: int) -> None:
        """Another port of loopback instead of one in a part's command line, from its next start on."""
        old, new = f"127.0.0.1:{old_port}", f"127.0.0.1:{new_port}"
        argv = self.parts[name].argv
        assert old in argv, argv
        self.parts[name] = replace(self.parts[name], argv=tuple(new if word == old else word for word in argv))

    # ---- what is seen from outside

    def status(self, name: str) -> dict[str, Any]:
        """What a part last said of itself in this life."""
        return self.watch.of(name)

    def shown(self, *names: str) -> int:
        """成功 lines of these terminals, or of all: read from their logs, so as fresh as can be."""
        folders = [name.removeprefix("t-") for name in names or self.bodies]
        logs = [self.data / "terminals" / name / "shown.log" for name in folders]
        return sum(log.read_bytes().count(b"\n") for log in logs if log.exists())

    @property
    def ledger(self) -> Path:
        """The ledger's file."""
        return self.data / "cloud" / "ledger.db"

    def asked(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of the ledger."""
        return _asked(self.ledger, sql, values)

    def alarms(self) -> dict[tuple[str, str], dict[str, Any]]:
        """What the watch has on its lists: (rule, source) → all of it."""
        with closing(open_watch(self.ledger.parent)) as store:
            return {(one.key.rule, str(one.key.source)): asdict(one.alarm) for one in store.alarms()}

    def told(self) -> list[Message]:
        """Messages to persons, the oldest first."""
        with closing(open_watch(self.ledger.parent)) as store, store.db.reading():
            return messages(store.db, MESSAGES_MAX)[::-1]

    def outbox(self, sql: str, *values: object, box: str = "") -> list[tuple[Any, ...]]:
        """Rows of a box's outbox (the first box's unless named)."""
        folder = box or self.plan.boxes[0].box
        return _asked(self.data / "boxes" / folder / "outbox.db", sql, values)

    def posted(self) -> int:
        """Records that the ledger has."""
        return int(self.asked("SELECT count(*) FROM record")[0][0])

    def facts(self, code: str) -> list[tuple[str, Params]]:
        """(level, parameters) of the facts with this code that the ledger keeps."""
        found = self.asked("SELECT level, params FROM fact WHERE code = ? ORDER BY id", code)
        return [(level, from_json(params)) for level, params in found]

    # ---- waits

    async def until(self, what: str, holds: Callable[[], object], bound_s: float = BOUND_S) -> None:
        """Poll a condition; at the bound, say what was waited for."""
        last_s = time.monotonic() + bound_s
        while not holds():
            assert time.monotonic() < last_s, f"waited {bound_s:g} s in vain: {what}\n{self.tale()}"
            await asyncio.sleep(POLL_S)

    async def until_shown(self, more: int, *names: str) -> None:
        """So many more 成功 at these terminals, or at all."""
        goal = self.shown(*names) + more
        await self.until(f"{goal} 成功 shown", lambda: self.shown(*names) >= goal)

    async def until_posted(self, more: int) -> None:
        """So many more records in the ledger."""
        goal = self.posted() + more
        await self.until(f"{goal} records posted", lambda: self.posted() >= goal)

    async def until_told(self, *codes: str) -> None:
        """The ledger keeps a fact with each of these codes."""
        await self.until(f"facts {codes}", lambda: all(self.facts(code) for code in codes))

    async def until_status(
        self, what: str, name: str, holds: Callable[[dict[str, Any]], object], bound_s: float = BOUND_S
    ) -> None:  # fmt: skip
        """A part has said something of itself in this life, and this is true of it."""
        await self.until(f"{name}: {what}", lambda: self.status(name) and holds(self.status(name)), bound_s)

    async def close_shop(self, bound_s: float = 90.0) -> None:
        """Stop selling, present the torn cards again, drain: all terminals and all boxes."""
        for name in self.bodies:
            self.send(name, signal.SIGUSR1)
        await self.until("all terminals drained", lambda: all(self._said(self.bodies, "drained")), bound_s)
        await self.until("all boxes settled", lambda: not any(self._owed()), bound_s)

    def tale(self) -> str:
        """What a person wants to read when a wait was in vain."""
        said = [f"{name}: {'up' if name in self._alive else 'down'} {self.status(name)}" for name in self.parts]
        return "\n".join(said)

    # ---- inside

    def _hear(self, part: str, line: str) -> None:
        if line.startswith(DISPLAY):
            self.displays.setdefault(part, []).append((time.time(), line.removeprefix(DISPLAY)))
        self.lives.hear_line(part, line)

    async def _end(self, names: Iterable[str], number: signal.Signals) -> None:
        names = [*names]
        for name in names:
            self._supervisor.send(name, number)
        if names:
            await self._supervisor.end(*names)
        self._alive.difference_update(names)

    def _said(self, names: Iterable[str], key: str) -> list[object]:
        return [self.status(name).get(key) for name in names]

    def _owed(self) -> list[object]:
        return [said if said is not None else 1 for said in self._said(self.boxes, "unsettled")]

    def _mosquitto(self, port: int) -> Part:
        ports = BrokerPorts(port, self.where.cloud_port)
        return mosquitto(self.room / "mosquitto", ports, BrokerFiles.of_campus(self.data))

    def _made(self, broker: Callable[[int], Part]) -> dict[str, Part]:
        core = [part for part in lines.core_parts(self.where, ("broker",)) if part.name not in self._without]
        core += lines.desk_parts(self.where, self.plan, free_port(), ("broker",))
        field = lines.field_parts(self.where, self.plan)
        bodies = lines.terminal_parts(self.where, self.plan, self._habits)
        first = replace(broker(self.where.broker_port), name="broker")
        return {part.name: patient(part) for part in (first, *core, *field, *bodies)}


def _stage(name: str) -> int:
    if name.startswith("t-"):
        return BODIES
    return FIELD if name.startswith("edge-") or name in ("ingest", "desk", "wallet") else CORE


def _asked(file: Path, sql: str, values: Iterable[object]) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as db:
        return db.execute(sql, tuple(values)).fetchall()
