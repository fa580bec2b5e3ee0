"""Composition root of the watch: every second what is new becomes alarms; nothing of it touches money.

`READY watch` once it has taken its first turn. When the ledger cannot be read, that is a signal like any other, and
what was known of boxes and terminals is unknown meanwhile.
"""

import argparse
import asyncio
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from cloud.ledger.fleet.views import FactView
from cloud.ledger.read.reader import Reader, open_reader
from cloud.ledger.records.values import Now
from cloud.process.health import healthy
from cloud.process.life import report, say, stop_on_signals
from cloud.process.settings import FOLDER, CloudSettings, load_settings
from cloud.watch.alarms.groups import Groups
from cloud.watch.alarms.rules import RULES
from cloud.watch.alarms.rules.offline.group_away import RULE as GROUP_RULE
from cloud.watch.alarms.terms import CAMPUS, Kind, Signal, Source
from cloud.watch.docking.keeping.store import open_docking
from cloud.watch.docking.signals import VALUE, DockedSignals
from cloud.watch.metrics.heard.hearing import Hearing, add_hearing, hearing_of
from cloud.watch.metrics.keeping import Keeping
from cloud.watch.metrics.lines import page
from cloud.watch.metrics.points import points
from cloud.watch.metrics.settings import read_metric_store
from cloud.watch.notify.calling import Time
from cloud.watch.notify.channels.door import Reply
from cloud.watch.notify.doors_file import close_doors, read_doors, read_patience
from cloud.watch.notify.sending import Sending
from cloud.watch.notify.telling import Around
from cloud.watch.notify.terms import Channel
from cloud.watch.people.replies import CODE_DIGITS, answered
from cloud.watch.readings import (
    Fleet,
    books_signals,
    fleet_signals,
    heard_terminals,
    is_heard_whole,
    put_back_to,
    read_fleet,
    terminal_source,
    things,
    topology,
)
from cloud.watch.services.burning import Burning
from cloud.watch.services.parts import read_parts
from cloud.watch.services.places import look_at
from cloud.watch.services.probes import Looked, Service, probe
from cloud.watch.services.spells import Spells
from cloud.watch.services.tree import part_signals
from cloud.watch.store import WatchStore, open_watch
from cloud.watch.subjects.archive import archive_signals
from cloud.watch.subjects.card_gaps import CardGaps
from cloud.watch.subjects.duty_gaps import hours_covered
from cloud.watch.subjects.enrolment import enrolment_signals
from cloud.watch.subjects.marks import MARK, backup_signals, finished, read_said
from cloud.watch.subjects.meals import Meals
from cloud.watch.subjects.outside import Beat
from cloud.watch.subjects.sign_ins import sign_in_signal
from cloud.watch.subjects.taps import Taps
from cloud.watch.subjects.trends import Trends
from cloud.watch.turn import BEAT, FACTS_MAX, STALE_MS, Turns
from cloud.watch.words import names
from shared.clocks.campus_clock import CampusClock, parse_clock
from shared.clocks.clock import DAY_S
from shared.errors import StoreFault, YktError
from shared.input.command_line import Parser
from shared.input.data_folder import add_data
from shared.input.endpoint import host_port
from shared.input.health_port import add_health
from shared.input.web_address import web_address
from shared.support.watchdog import Duty, Watchdog
from shared.words.health import Health
from shared.words.voice import Text

TURN_S = 0.5
"""An alarm is durable within a second of its fact."""
SEND_S = 0.5
"""How often the queue is looked at."""
BEAT_S = 1.0
"""How often it is looked whether a beat is due."""
_METRICS = Source(Kind.SERVICE, "metrics")
LOOK_S = 5.0
"""How often services, machine and books are looked at, which cost more than facts."""

SERVICE_HELP = Text(
    "要看护的服务，可重复：名称=主机:端口 或 套接字路径",
    "a service to look after, may be repeated: name=host:port or a socket's path",
)
OLD_S = 30.0
"""The last turn may be so old; a look has probes, each with its own bound."""


def main(arguments: Sequence[str]) -> int:
    """Watch until told to end."""
    parser = Parser(prog="./ykt cloud watch", description=Text("值守：事实变为报警", "the watch: facts become alarms"))
    add_data(parser)
    ledger = Text("账本；缺省依数据目录", "the ledger; the data folder's if not given")
    parser.add_argument("--dsn", metavar="DSN", help=ledger)
    parser.add_argument(
        "--service", type=told_service, action="append", default=[], metavar="NAME=PLACE",
        help=SERVICE_HELP,
    )  # fmt: skip
    parser.add_argument(
        "--clock", metavar="T0:REAL0:SPEED", help=Text("回放用的校园时钟", "the campus clock of a replay")
    )
    parser.add_argument(
        "--console", metavar="URL", default="",
        help=Text("演示校园消息里链接的集控平台地址", "the console that messages of a demonstration link to"),
    )  # fmt: skip
    add_health(parser)
    add_hearing(parser)
    parser.add_argument(
        "--end-with-stdin", action="store_true", help=Text("标准输入关闭即结束", "end when standard input closes")
    )
    asyncio.run(_watch(parser.parse_args(arguments)))
    return 0


def told_service(text: str) -> Service | None:
    """None: a name without a place, as a server's file says of what its school has not switched on."""
    name, equals, place = text.partition("=")
    if name and equals and not place:
        return None
    if not name or not place:
        raise argparse.ArgumentTypeError(str(Text("应为 名称=位置", "wanted is name=place")))
    return Service(name, Path(place) if place.startswith("/") else host_port(place, "--service"))


class Watch:
    """Reads the ledger, looks at services, and takes turns."""

    def __init__(
        self,
        settings: CloudSettings,
        dsn: str,
        looked: Looked,
        store: WatchStore,
        clock: CampusClock,
        keeping: Keeping,
        docked: DockedSignals,
        hearing: Hearing,
        console: str = "",
    ) -> None:
        """console: what messages link to where the settings of a demonstration name none."""
        self.keeping, self.hearing, self._docked = keeping, hearing, docked
        with store.db.reading():
            self._spells = Spells(store.db, store.mark(BEAT))
        self._parts = settings.data / FOLDER
        self._burning = Burning(store.db, clock.speed)
        self.turns = Turns(store, RULES)
        self._dsn, self._looked, self._clock = dsn, looked, clock
        self._campus = settings.name
        self._console = settings.console_address or (console if settings.demo else "")
        self._folder = settings.data / FOLDER
        self._said = read_said(self._folder)
        self.beat = Beat(self._said, self._folder, settings.name)
        self._trends, self._meals, self._taps, self._gaps = Trends(), Meals(), Taps(), CardGaps()
        self._has_backup = self.turns.has_seen(MARK)
        self._reader: Reader | None = None
        self._next_look = self._last_turn = 0.0
        self._waits = False
        self._box_of: dict[Source, str] = {}
        self._told: dict[tuple[str, Source], Signal] = {}
        self._groups = Groups()

    def turn(self) -> bool:
        """One turn. Does more wait?"""
        now = self._now()
        signals: list[Signal] = []
        facts: list[tuple[int, FactView]] = []
        is_due = time.monotonic() >= self._next_look
        if is_due:
            self._next_look = time.monotonic() + LOOK_S
            signals += probe(self._looked, now.unix_ms)
            signals += self._subjects(now)
            signals += part_signals(read_parts(self._parts), now.unix_ms)
            signals.append(Signal("metrics-away", _METRICS, now.unix_ms, int(self.keeping.is_away)))
        signals += self._docked.read(self.turns.scopes(VALUE), now.unix_ms)
        try:
            facts = self._ask(signals, now, is_due=is_due)
            signals.append(Signal("ledger-away", CAMPUS, now.unix_ms, 0))
        except StoreFault:
            self._let_go()
            signals += [one._replace(at_ms=now.unix_ms, value=None) for one in self._told.values()]
            signals.append(Signal("ledger-away", CAMPUS, now.unix_ms, 1))
        signals += list(self._trends.of(signals))
        self.turns.take(facts, signals, Time(now.unix_ms, now.campus_s), is_meal=self._meals.at(now.campus_s))
        self._spells.keep(signals, now.unix_ms)
        self._last_turn, self._waits = time.monotonic(), len(facts) == FACTS_MAX
        self.beat.turned(now.unix_ms)
        if is_due:
            figures = asdict(self.turns.counts) | self.keeping.figures()
            found = points(signals, self._box_of, figures, now.unix_ms) + self.hearing.points(now.unix_ms)
            self.keeping.take(found, now.unix_ms)
        return self._waits

    def standing(self) -> dict[str, Any]:
        """For a line that shows it; any thread may ask. behind: nobody knows how things stand by now."""
        is_behind = self._waits or time.monotonic() - self._last_turn > STALE_MS / 1000
        return {**self.turns.standing, "behind": is_behind}

    def _subjects(self, now: Now) -> list[Signal]:
        """What others leave, and who is on duty."""
        has_mark = finished(self._folder / MARK) is not None
        if has_mark and not self._has_backup:
            self.turns.remember(MARK)
            self._has_backup = True
        is_wanted = self._said.is_backup_wanted or self._has_backup
        return [
            *backup_signals(self._folder, now.unix_ms, is_wanted=is_wanted),
            sign_in_signal(self._folder, now.unix_ms),
            *enrolment_signals(self._folder, now.unix_ms),
            Signal("duty-hours", CAMPUS, now.unix_ms, hours_covered(self.turns.policy, now.campus_s)),
            self.beat.signal(now.unix_ms),
        ]

    def health(self) -> Health:
        """As it is now."""
        turn_s = time.monotonic() - self._last_turn
        waits = ("ledger",) if self._reader is None else ()
        return Health(f"turn {turn_s:.1f} s" if turn_s > OLD_S else "", waits, page(self.keeping.latest))

    def _ask(self, signals: list[Signal], now: Now, *, is_due: bool) -> list[tuple[int, FactView]]:
        reader = self._reader = self._reader or open_reader(self._dsn)
        if is_due or not self.turns.behind:  # what has waited long is taken up first, and the fleet every LOOK_S
            self._look_at_fleet(reader, signals, now, is_due=is_due)
        return self._facts(reader)

    def _facts(self, reader: Reader) -> list[tuple[int, FactView]]:
        upto, newest = self.turns.read_upto(), reader.newest_fact()
        if newest < upto:
            upto = put_back_to(reader.facts_after(max(0, newest - FACTS_MAX), FACTS_MAX), self.turns.looked_ms())
            self.turns.go_back(upto)
        facts = reader.facts_after(upto, FACTS_MAX)
        self.turns.behind = max(0, newest - facts[-1][0]) if facts else 0
        return facts

    def _look_at_fleet(self, reader: Reader, signals: list[Signal], now: Now, *, is_due: bool) -> None:
        fleet = read_fleet(reader)
        found = [*fleet_signals(fleet, now.unix_ms)]
        groups, self._groups = self._groups, self.turns.groups
        if is_due or groups is not self._groups:
            self.turns.stand_on(topology(fleet, self._groups, now.unix_ms))
        if is_due:
            self._box_of = {terminal_source(one.device): one.box for one in fleet.terminals}
            standing = self.turns.sources_of(GROUP_RULE.name)
            found += self._groups.signals(things(fleet, now.unix_ms), standing, now.unix_ms)
            found += archive_signals(reader.database, self._folder, now.unix_ms)
            found += books_signals(reader, now, heard_terminals(fleet, now.unix_ms))
            found += self._gaps.of(reader, fleet.epochs, now.unix_ms, is_heard=is_heard_whole(fleet, now.unix_ms))
            yesterday = now.campus_s // DAY_S - 1
            found += self._taps.of(reader.taps_since(yesterday, self._taps.read_ms), yesterday, now.unix_ms)
            self._meals = Meals(reader.meals_begin(), reader.calendar())
            found += self._burning.signals(reader, now.unix_ms)
            self.turns.around = Around(
                _names(fleet, self._groups), self._campus, reader.calendar(), _code, self._console
            )
        self._told = ({} if is_due else self._told) | {(one.name, one.source): one for one in found}
        signals += found

    def _let_go(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()

    def _now(self) -> Now:
        unix_s = time.time()
        return Now(int(unix_s * 1000), self._clock.at(unix_s))


def _answered(store: WatchStore, reply: Reply) -> None:
    with store.db.writing():
        answered(store, reply, int(time.time() * 1000))


def _code() -> str:
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"


def _names(fleet: Fleet, groups: Groups) -> Callable[[Source], str]:
    terminals = {one.device: f"{one.place} {one.name}".strip() for one in fleet.terminals}
    return names({box.box: box.name for box in fleet.boxes}, terminals, groups)


async def _watch(given: argparse.Namespace) -> None:
    settings = load_settings(given.data)
    folder = settings.data / FOLDER
    console = web_address(given.console, "--console")
    services = [one for one in given.service if one is not None]
    looked = Looked(services, settings.data, settings.certificates)
    stop = asyncio.Event()
    stop_on_signals(stop, end_with_stdin=given.end_with_stdin)
    keeping_store = read_metric_store(folder)
    with closing(open_watch(folder)) as store, ExitStack() as open_until_end:
        look_at(store.db, services)
        keeping = Keeping(keeping_store, store.db)
        docked = open_until_end.enter_context(closing(DockedSignals(lambda: open_docking(folder).db)))
        hearing = hearing_of(given, settings)
        clock = parse_clock(given.clock)
        watch = Watch(settings, settings.dsn(given.dsn), looked, store, clock, keeping, docked, hearing, console)
        await asyncio.to_thread(watch.turn)
        async with healthy(given.health, watch.health):
            say("READY watch")
            sendings = open_until_end.enter_context(_ways(folder))
            loop, turns, beats = Duty(), Duty(), Duty()
            moved = {"loop": loop, "turn": turns, "beat": beats}
            watchdog = Watchdog("watch", lambda: {name: duty.turns for name, duty in moved.items()})
            open_until_end.enter_context(watchdog).ready()
            told = report(stop, partial(_told, watch, sendings, keeping), loop)
            work = [_sendings(sending, pool, stop) for sending, pool in sendings]
            work += [_turns(watch, stop, turns), _stores(keeping, stop), hearing.run(stop)]
            work.append(_beats(watch.beat, stop, beats))
            await asyncio.gather(*work, told)


def _told(watch: Watch, sendings: Sequence[tuple[Sending, Executor]], keeping: Keeping) -> dict[str, Any]:
    return asdict(watch.turns.counts) | _figures(sendings) | keeping.figures() | {"alarms": watch.standing()}


async def _turns(watch: Watch, stop: asyncio.Event, duty: Duty) -> None:
    while not stop.is_set():
        more = await asyncio.to_thread(_turn, watch)
        duty.turned()
        if not more:
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), TURN_S)


@contextmanager
def _ways(folder: Path) -> Iterator[list[tuple[Sending, Executor]]]:
    """Each way out in a thread of its own, over a connection of its own: one that hangs holds no other."""
    doors, patience = read_doors(folder), read_patience(folder)
    with ExitStack() as opened:
        opened.callback(close_doors, doors)
        found: list[tuple[Sending, Executor]] = []
        for way in Channel:
            own = opened.enter_context(closing(open_watch(folder)))
            pool = opened.enter_context(ThreadPoolExecutor(1, f"way-{way}"))
            found.append((Sending(own.db, doors, partial(_answered, own), _code, patience, (way,)), pool))
        yield found


def _figures(sendings: Sequence[tuple[Sending, Executor]]) -> dict[str, int]:
    """Of all ways together."""
    counts = [asdict(sending.counts) for sending, _ in sendings]
    return {name: sum(one[name] for one in counts) for name in counts[0]}


async def _sendings(sending: Sending, pool: Executor, stop: asyncio.Event) -> None:
    while not stop.is_set():
        tried = await asyncio.get_running_loop().run_in_executor(pool, _send, sending)
        if not tried:
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), SEND_S)


async def _stores(keeping: Keeping, stop: asyncio.Event) -> None:
    sink = keeping.sink
    while sink is not None and not stop.is_set():
        written = await asyncio.to_thread(sink.turn, int(time.time() * 1000))
        if not written:
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), SEND_S)


async def _beats(beat: Beat, stop: asyncio.Event, duty: Duty) -> None:
    while not stop.is_set():
        await asyncio.to_thread(beat.give, int(time.time() * 1000))
        duty.turned()
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), BEAT_S)


def _send(sending: Sending) -> int:
    try:
        return sending.turn(int(time.time() * 1000))
    except YktError as fault:
        say(f"FAULT {type(fault).__name__}: {fault}")
        return 0


def _turn(watch: Watch) -> bool:
    """A turn that its own file refuses is taken again; what else goes wrong is a defect, and ends the process."""
    try:
        return watch.turn()
    except YktError as fault:
        say(f"FAULT {type(fault).__name__}: {fault}")
        return False
