"""The engine of the launcher: starts parts in their order, keeps them alive, ends them in reverse order.

One event loop, no threads. A part that dies is started again after 0.5 to 10 s and counted in `faults`; it never
takes another part with it. A part that does not become ready at its first start fails the start, unless it is spare.
"""

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from functools import partial
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from compose.parts.child import Child
from compose.parts.leash import Leash
from compose.parts.lines import Form
from compose.parts.output import PartLog
from compose.parts.part import Part, PartError
from shared.words.voice import Text

BACK_OFF_S = (0.5, 1.0, 2.0, 5.0, 10.0)
STEADY_S = 30.0
"""A part that lived this long starts again with the shortest back-off."""
FOR_US = "STATUS "
"""Lines that begin so are figures for `on_line`, once a second; they stay out of the log."""


class State(Enum):
    """What happened to a part."""

    STARTING = "starting"
    READY = "ready"
    DIED = "died"
    ENDED = "ended"
    KILLED = "killed"


@dataclass(frozen=True, slots=True)
class Event:
    """One step in the life of a part; `took_s` since the step before it (start, or the wish to stop)."""

    name: str
    state: State
    took_s: float
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a one-off step ended: exit code (negative = by that signal) and its last lines."""

    code: int
    tail: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ended:
    """How the end went: `killed` names the parts that had to be killed."""

    took_s: float
    killed: tuple[str, ...]


class StartFailed(Exception):
    """A part did not become ready: why, and its last lines."""

    def __init__(self, name: str, reason: Text, tail: tuple[str, ...]) -> None:
        """Say it, with what the part itself said."""
        lines = "".join(f"\n  | {line}" for line in tail)
        super().__init__(
            Text(
                f"部件未能启动：{name}（{reason.zh}）{lines}",
                f"A part did not start: {name} ({reason.en}){lines}",
            )
        )
        self.name = name
        self.reason = reason
        self.tail = tail


def _ignore_line(_name: str, _line: str) -> None:
    return


def _ignore_event(_event: Event) -> None:
    return


@dataclass(slots=True)
class _Kept:
    """A part that we keep alive."""

    part: Part
    log: PartLog
    child: Child
    ready_line: str = ""
    keeper: "asyncio.Task[None] | None" = None


class Supervisor:
    """Keeps the parts of one launcher. Use it as `async with`: leaving the block ends what runs.

    `on_line` gets every line of every part; `on_event` every step. Both must be quick and must not raise.
    `keep_fds`: descriptors the leash keeps until the last part has ended (the folder's lock).
    `log`: how lines stand in the logs.
    `faults` counts, per part, how often it died without being asked to.
    """

    def __init__(
        self,
        log_dir: Path,
        *,
        on_line: Callable[[str, str], None] = _ignore_line,
        on_event: Callable[[Event], None] = _ignore_event,
        keep_fds: Iterable[int] = (),
        log: Form = Form.PLAIN,
    ) -> None:
        """Make the log folder and start the leash; no part is started yet."""
        self.faults: Counter[str] = Counter()
        log_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._log_dir, self._form = log_dir, log
        self._on_line = on_line
        self._on_event = on_event
        self._kept: dict[str, _Kept] = {}
        self._leash = Leash(keep_fds)
        self._leash_fd = -1

    async def __aenter__(self) -> "Supervisor":
        """Watch the leash."""
        self._watch_leash()
        return self

    async def __aexit__(self, *_: object) -> None:
        """End what still runs, then let the leash go."""
        await self.end()
        self._unwatch_leash()
        self._leash.close()

    async def start(self, *parts: Part) -> None:
        """Start `parts`, each once those it comes after are ready; return when all are ready.

        Raises StartFailed for the first that is not, after which the others are left for end(); PartError for an
        order that cannot be kept.
        """
        order = self._ordered(parts)
        started: dict[str, asyncio.Task[None]] = {}
        try:
            async with asyncio.TaskGroup() as group:
                for part in order:
                    before = [started[name] for name in part.after if name in started]
                    started[part.name] = group.create_task(self._start(part, before))
        except* StartFailed as failed:
            raise _first_of(failed) from None

    async def run(self, step: Part, timeout_s: float) -> Outcome:
        """Run a one-off step to its end, killing it after `timeout_s`; its output goes to the log like a part's."""
        log = PartLog(self._log_dir / f"{step.name}.log", self._form)
        self._on_event(Event(step.name, State.STARTING, 0.0))
        child = Child(step, self._leash, partial(self._heard, step.name, log))
        try:
            await asyncio.wait({child.exited}, timeout=timeout_s)
        finally:
            await child.end(step.stop_signal, step.stop_timeout_s)
            log.close()
            self._on_event(Event(step.name, State.ENDED, time.monotonic() - child.began))
        return Outcome(child.exited.result(), log.tail)

    async def end(self, *names: str, hurry: asyncio.Event | None = None) -> Ended:
        """End the named parts (none = all), each after those that came after it. `hurry` cuts every wait short."""
        began = time.monotonic()
        ends: dict[str, asyncio.Task[bool]] = {}
        for name, kept in reversed([(n, k) for n, k in self._kept.items() if not names or n in names]):
            later = [task for other, task in ends.items() if name in self._kept[other].part.after]
            ends[name] = asyncio.create_task(self._end(kept, later, hurry))
        killed = tuple([name for name, task in ends.items() if await task])
        for name in ends:
            self._kept.pop(name).log.close()
        return Ended(time.monotonic() - began, killed)

    def ready_line(self, name: str) -> str:
        """Return the line with which the part last said that it is ready; empty while a spare one never was."""
        return self._kept[name].ready_line if name in self._kept else ""

    def pid(self, name: str) -> int:
        """Return the process id of the part's present life, 0 while it is down."""
        child = self._kept[name].child
        return 0 if child.exited.done() else child.pid

    def parts(self) -> list[Part]:
        """Those that are kept alive, in the order in which they were started."""
        return [kept.part for kept in self._kept.values()]

    def send(self, name: str, number: signal.Signals) -> None:
        """Send a signal to a part: SIGKILL is how a fault is injected."""
        self._kept[name].child.send(number)

    def tell(self, name: str, line: str) -> bool:
        """Write a line to a part's standard input; False when it does not read or is down."""
        return self._kept[name].child.tell(line)

    def _ordered(self, parts: tuple[Part, ...]) -> list[Part]:
        named = {part.name: part for part in parts}
        taken = [part.name for part in parts if part.name in self._kept]
        missing = [name for part in parts for name in part.after if name not in named and name not in self._kept]
        if taken or missing or len(named) != len(parts):
            raise PartError(f"names taken twice or not known: {taken or missing or [part.name for part in parts]}")
        graph = {part.name: [name for name in part.after if name in named] for part in parts}
        try:
            return [named[name] for name in TopologicalSorter(graph).static_order()]
        except CycleError as error:
            raise PartError(f"parts wait for each other: {error.args[1]}") from error

    async def _start(self, part: Part, before: "list[asyncio.Task[None]]") -> None:
        for task in before:
            await task
        log = PartLog(self._log_dir / f"{part.name}.log", self._form)
        kept = _Kept(part, log, self._spawn(part, log))
        self._kept[part.name] = kept
        try:
            await self._become_ready(kept)
        except StartFailed:
            if not part.spare:
                raise
            await kept.child.end(signal.SIGKILL, part.stop_timeout_s)
        kept.keeper = asyncio.create_task(self._keep(kept), name=f"keep {part.name}")

    def _spawn(self, part: Part, log: PartLog) -> Child:
        self._on_event(Event(part.name, State.STARTING, 0.0))
        return Child(part, self._leash, partial(self._heard, part.name, log))

    def _heard(self, name: str, log: PartLog, line: str) -> None:
        if not line.startswith(FOR_US):
            log.write(line)
        self._on_line(name, line)

    async def _become_ready(self, kept: _Kept) -> None:
        part, child = kept.part, kept.child
        waits: set[asyncio.Future[Any]] = {child.ready, child.exited}
        await asyncio.wait(waits, timeout=part.ready_timeout_s, return_when=asyncio.FIRST_COMPLETED)
        if not child.ready.done():
            raise StartFailed(part.name, _reason(part, child), kept.log.tail)
        kept.ready_line = child.ready.result()
        self._on_event(Event(part.name, State.READY, time.monotonic() - child.began, kept.ready_line))

    async def _keep(self, kept: _Kept) -> None:
        """Start the part again each time it dies, until we are cancelled."""
        deaths = 0
        while True:
            code = await asyncio.shield(kept.child.exited)
            lived_s = time.monotonic() - kept.child.began
            deaths = 1 if lived_s >= STEADY_S else deaths + 1
            self.faults[kept.part.name] += 1
            self._on_event(Event(kept.part.name, State.DIED, lived_s, f"exit {code}"))
            await asyncio.sleep(BACK_OFF_S[min(deaths, len(BACK_OFF_S)) - 1])
            kept.child = self._spawn(kept.part, kept.log)
            with suppress(StartFailed):  # it is killed and counted like any other death
                await self._become_ready(kept)
                continue
            await kept.child.end(signal.SIGKILL, kept.part.stop_timeout_s)

    async def _end(self, kept: _Kept, later: "list[asyncio.Task[bool]]", hurry: asyncio.Event | None) -> bool:
        if later:
            await asyncio.wait(later)
        if kept.keeper is not None:
            kept.keeper.cancel()
            await asyncio.wait({kept.keeper})
        began = time.monotonic()
        killed = await kept.child.end(kept.part.stop_signal, kept.part.stop_timeout_s, hurry)
        state = State.KILLED if killed else State.ENDED
        self._on_event(Event(kept.part.name, state, time.monotonic() - began))
        return killed

    def _watch_leash(self) -> None:
        self._leash_fd = os.pidfd_open(self._leash.pid)
        asyncio.get_running_loop().add_reader(self._leash_fd, self._leash_died)

    def _unwatch_leash(self) -> None:
        asyncio.get_running_loop().remove_reader(self._leash_fd)
        os.close(self._leash_fd)

    def _leash_died(self) -> None:
        self._unwatch_leash()
        self.faults["leash"] += 1
        self._leash.revive()
        self._watch_leash()


def _reason(part: Part, child: Child) -> Text:
    if child.exited.done():
        return Text(f"退出码 {child.exited.result()}", f"exit {child.exited.result()}")
    return Text(f"{part.ready_timeout_s:g} 秒内未就绪", f"not ready within {part.ready_timeout_s:g} s")


def _first_of(failed: "BaseExceptionGroup[StartFailed]") -> StartFailed:
    first = failed.exceptions[0]
    return first if isinstance(first, StartFailed) else _first_of(first)
