"""The edge box as a process: settings → outbox → links → core → broker; one event loop, two threads, an end in order.

The only place that knows every part. It carries effects out and outcomes back; all decisions are edge/box/box.py's.
"""

import asyncio
import fcntl
import json
import logging
import os
import random
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from edge.box.box import Box
from edge.box.values.effects import (
    BeginAnew,
    Command,
    DropRelease,
    Effect,
    KeepPart,
    Kept,
    Now,
    OfRelease,
    Outcome,
    PartKept,
    Publish,
    ReleaseJudged,
    Send,
    TakeRelease,
    Trouble,
)
from edge.life import end_with_stdin, every, on_signals, say
from edge.link.broadcast import Carries
from edge.link.port import MessageLink, OnBus, Peer
from edge.outbox.opening import Opened, open_outbox
from edge.outbox.writer import OutboxWriter
from edge.process.identity.clock import BoxClock
from edge.process.identity.identity import Identity
from edge.process.identity.keeping import Keeping
from edge.process.identity.place import place_of
from edge.process.machine import Machine
from edge.process.mqtt import Arrived, BrokerSetting, Connected, Event, Lost, MqttLine, Published
from edge.process.outlets import Outlets
from edge.process.readings import READINGS_S, ReadingsOut, Seen
from edge.process.releases import Releases, UnwellError
from edge.process.standing import StatusFile
from edge.process.swap_file import OrderWatch, read_orders
from edge.process.wiring import Endpoints, make_links
from edge.settings import BoxSettings
from shared.clocks.campus_clock import CampusClock
from shared.clocks.expiry import DailyLook
from shared.errors import ConfigFault
from shared.facts.endings import told_of
from shared.input.login import Login
from shared.support.watchdog import Watchdog
from shared.wire import topics
from shared.wire.messages import BoxState, encode_state, revocations_mark
from shared.words.voice import Text

log = logging.getLogger(__name__)

TICK_S = 0.25
STATUS_S = 1.0
STATES_EVERY = 2
"""A BoxState goes out with every second STATUS."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line adds to edge.json."""

    broker_host: str
    broker_port: int
    tls: bool
    endpoints: Endpoints
    clock: CampusClock
    end_with_stdin: bool
    login: Login | None = None


def run(settings: BoxSettings, options: Options) -> int:
    """Serve until SIGTERM, SIGINT or the end of stdin: 0 clean, 1 a part failed; ConfigFault before anything runs."""
    if options.tls and settings.tls is None:
        raise ConfigFault(Text("tls: 使用 --tls 时必须配置", "tls: must be configured for --tls"))
    links = make_links(settings, options.endpoints)
    with _alone(settings.folder / "edge.lock"):
        opened = open_outbox(settings.folder, settings.outbox, secrets.token_bytes(8))
        return asyncio.run(Agent(settings, options, links, opened).serve())


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """One process per box: two would give out the same outbox rows. The kernel frees the lock when one dies."""
    fd = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as fault:
            said = Text(f"{lock.parent}: 已有网关进程在用", f"{lock.parent}: another process runs this box")
            raise ConfigFault(said) from fault
        yield
    finally:
        os.close(fd)


class Agent:
    """One run of one box."""

    def __init__(self, settings: BoxSettings, options: Options, links: dict[str, MessageLink], opened: Opened) -> None:
        self._settings = settings
        self._options = options
        self._links = links
        self._store = opened.snapshot.store
        self._releases = Releases(settings, os.environ)
        self._box = Box(settings, opened.snapshot, secrets.token_bytes, own=self._releases.own)
        self._troubles = opened.troubles
        self._outlets = Outlets(links, self._fail)
        self._clock = BoxClock(settings.folder, opened.store.newest_ms())
        self._writer = OutboxWriter(opened.store, opened.ballast, self._from_writer, self._from_thread, self._unix_ms)
        self._line = MqttLine(self._broker(), self._from_broker, self._from_thread, random.random)
        self._commands: list[Command] = []
        self._stop = asyncio.Event()
        self._fault: BaseException | None = None
        self._ports: dict[str, int] = {}
        self._statuses = 0
        own = (settings.tls.certificate,) if options.tls and settings.tls else ()
        self._expiry = DailyLook(own)
        self._up = False
        self._orders = OrderWatch(settings.folder)
        self._machine = Machine(settings.folder)
        self._watchdog = Watchdog("edge", self._moved)
        self._standing = StatusFile(os.environ)
        self._ticks = 0
        self._readings = ReadingsOut(links, {one.name: one.bitrate for one in settings.links})

    async def serve(self) -> int:
        """Start everything, wait for the end, stop in reverse."""
        self._loop = asyncio.get_running_loop()
        on_signals(self._stop, asyncio.Event())
        if self._options.end_with_stdin:
            end_with_stdin(self._stop)
        self._writer.start()
        self._do(self._box.on_outcomes(self._now(), self._troubles))
        self._look_at_orders()
        tasks = [self._start_link(name, link) for name, link in self._links.items()]
        self._line.start()
        tasks += [self._loop.create_task(every(TICK_S, self._stop, self._tick), name="tick")]
        tasks += self._identity_tasks()
        await self._await_ports()
        if not self._stop.is_set():
            say(" ".join(("READY edge", *(f"plain:{name}" for name in self._settings.plain_links))))
            with self._watchdog:
                self._watchdog.ready()
                await every(STATUS_S, self._stop, self._report)
        return await self._end(tasks)

    def _moved(self) -> dict[str, int]:
        """How far each duty has come, for the watchdog."""
        return {"loop": self._statuses, "tick": self._ticks, "disk": self._writer.turns}

    async def _end(self, tasks: list[asyncio.Task[None]]) -> int:
        """Links first, so that nothing more is accepted; then the broker, then the outbox."""
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._flush()
        self._publish_state(online=False, qos=1)
        await asyncio.to_thread(self._line.stop)
        await asyncio.to_thread(self._writer.stop)
        self._clock.keep()
        if isinstance(self._fault, ConfigFault):
            log.error("%s", Text(f"配置错误：{self._fault}", f"configuration: {self._fault}"))
            return 2
        if self._fault is not None:
            what = f"{type(self._fault).__name__}: {self._fault}"
            log.error("%s", Text(f"故障终止：{what}", f"ended by a fault: {what}"))
            return 1
        return 0

    # ---- inputs

    def _start_link(self, name: str, link: MessageLink) -> asyncio.Task[None]:
        def heard(peer: Peer, message: bytes) -> None:
            self._do(self._box.on_message(self._now(), name, peer, message))

        def peer_changed(peer: Peer, present: bool) -> None:
            self._do(self._box.on_peer(self._now(), name, peer, present))

        link.on_message(heard)
        link.on_peer(peer_changed)
        link.ask_proven(lambda peer: self._box.is_proven(name, peer))
        sender = self._box.sender(self._now(), name) if isinstance(link, Carries) else None
        if isinstance(link, Carries) and sender is not None:
            link.carry(sender)
        hear_refused = getattr(link, "on_refused", None)
        if hear_refused is not None:
            hear_refused(lambda call: self._do(self._box.on_refused(self._now(), name, call)))
        task = self._loop.create_task(link.run(), name=f"link {name}")
        task.add_done_callback(self._link_ended)
        return task

    def _link_ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled():
            self._fail(task.exception() or RuntimeError(f"{task.get_name()} ended"))

    def _from_writer(self, outcomes: list[Outcome]) -> None:
        with suppress(RuntimeError):  # the loop is closed: at the very end nobody waits for outcomes
            self._loop.call_soon_threadsafe(self._on_outcomes, outcomes)

    def _on_outcomes(self, outcomes: Sequence[Outcome]) -> None:
        now = self._now()
        self._do(self._box.on_outcomes(now, outcomes))
        self._readings.acks_ms.extend(now.unix_ms - one.put.at_ms for one in outcomes if isinstance(one, Kept))

    def _from_broker(self, events: list[Event]) -> None:
        self._loop.call_soon_threadsafe(self._on_broker, events)

    def _on_broker(self, events: list[Event]) -> None:
        for event in events:
            self._do(self._on_event(self._now(), event))

    def _on_event(self, now: Now, event: Event) -> list[Effect]:
        log.debug("broker: %s", type(event).__name__)
        match event:
            case Arrived():
                return self._box.on_downlink(now, topics.parse(event.topic).lane, event.payload)
            case Published():
                return self._box.on_published(now, event.token, event.reason)
            case Connected():
                self._up = True
                return self._box.on_connected(now)
            case Lost():
                self._up = False
                return self._box.on_disconnected(now)

    def _from_thread(self, fault: Exception) -> None:
        self._loop.call_soon_threadsafe(self._fail, fault)

    def _fail(self, fault: BaseException) -> None:
        self._fault = self._fault or fault
        self._stop.set()

    def _tick(self) -> bool:
        self._ticks += 1
        for name, link in self._links.items():
            if isinstance(link, OnBus):
                self._do(self._box.on_bus(self._now(), name, link.bus()))
        self._do(self._box.tick(self._now()))
        return True

    # ---- effects

    def _do(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Send):
                self._outlets.send(effect)
            elif isinstance(effect, Publish):
                self._line.publish(self._topic(effect.lane), effect.payload, effect.token, expiry_s=effect.expiry_s)
            elif isinstance(effect, KeepPart | TakeRelease | DropRelease | BeginAnew):
                self._of_release(effect)
            else:
                self._command(effect)

    def _of_release(self, effect: OfRelease) -> None:
        match effect:
            case KeepPart():
                self._loop.call_soon(self._kept, self._releases.keep(effect))
            case TakeRelease():
                self._releases.take(effect, lambda judged: self._kept(judged))
            case DropRelease():
                self._releases.drop()
            case BeginAnew():
                log.warning("%s", Text(f"换到发行 {effect.number}", f"begins anew for release {effect.number}"))
                self._releases.leave(self._box.answering)
                self._stop.set()

    def _kept(self, outcome: PartKept | ReleaseJudged) -> None:
        self._do(self._box.on_release(self._now(), outcome))

    def _command(self, command: Command) -> None:
        """Everything of one turn of the loop goes to the writer together."""
        if not self._commands:
            self._loop.call_soon(self._flush)
        self._commands.append(command)

    def _flush(self) -> None:
        commands, self._commands = self._commands, []
        refused = self._writer.submit(commands) if commands else []
        if refused:
            self._on_outcomes(refused)

    def _identity_tasks(self) -> list[asyncio.Task[None]]:
        """Of a box that came in by a code."""
        tls, place = self._settings.tls, place_of(self._settings.folder)
        if place is None or tls is None or not self._options.tls:
            return []
        keeping = Keeping(place, tls, self._clock, self._line.reconnect)
        task = self._loop.create_task(keeping.run(self._stop), name="identity")
        task.add_done_callback(self._identity_ended)
        return [task]

    def _identity_ended(self, task: asyncio.Task[None]) -> None:
        fault = None if task.cancelled() else task.exception()
        if fault is not None:
            self._fail(fault)

    # ---- what it says of itself

    def _report(self) -> bool:
        if self._statuses % STATES_EVERY == 0 and self._up:
            self._publish_state(online=True, qos=0)
        if self._statuses % READINGS_S == 0:
            self._say_readings()
        self._statuses += 1
        self._look_at_orders()
        self._look_at_release()
        self._look_at_certificate(self._now())
        self._clock.save()
        status = self._status()
        self._standing.tell(status)
        return say("STATUS " + json.dumps(status, ensure_ascii=False))

    def _say_readings(self) -> None:
        """Behind everything else, and not at all where anything else waits."""
        if not self._up or self._line.is_laden:
            self._readings.drop()
            return
        depth, totals, now = self._writer.depth, self._box.totals(), self._now()
        seen = Seen(
            depth.unsettled, self._age_ms(depth.oldest_ms), len(self._box.states()), totals["joined"],
            totals["accepted"], self._line.connects, self._box.latencies_ms(),
        )  # fmt: skip
        message = self._readings.message(self._machine.look(), seen, now.mono_s, now.unix_ms)
        self._line.publish(self._topic(topics.UP_BULK), message, qos=0)

    def _look_at_orders(self) -> None:
        """Swap orders that somebody wrote at this box; while they cannot be read, those of before stand."""
        if not self._orders.changed():
            return
        try:
            self._do(self._box.on_swaps(self._now(), read_orders(self._settings.folder)))
        except ConfigFault as fault:
            log.error("%s", Text(f"换机单：{fault}", f"swap orders: {fault}"))

    def _look_at_release(self) -> None:
        """One on trial that is worse than the one before it ends this process; the next start goes back."""
        try:
            if self._releases.look(self._box.answering):
                self._do(self._box.on_well(self._now()))
        except UnwellError as fault:
            self._fail(fault)

    def _look_at_certificate(self, now: Now) -> None:
        """Once a campus day the platform hears that ours ends soon, while there is a connection to say it on."""
        for one in self._expiry.look(now.campus_s):
            from shared.facts.catalogue import in_a_line  # half a MiB of words that a box seldom says

            told = told_of(one)
            log.warning("%s", in_a_line(told))
            self._do(self._box.on_outcomes(now, [Trouble(told)]))

    def _status(self) -> dict[str, object]:
        depth, totals = self._writer.depth, self._box.totals()
        return {
            "accepted": totals["accepted"],
            "unsettled": depth.unsettled,
            "settled": depth.last_row - depth.unsettled,
            "oldest_unsettled_ms": self._age_ms(depth.oldest_ms),
            "refused": totals["refused"],
            "faults": sum(self._box.facts.counts.values()),
            "facts": dict(self._box.facts.counts),
            "joined": totals["joined"],
            "connected": self._up,
            "revocations": self._box.revocations.version,
            "release": self._box.release,
            "documents": len(self._box.documents),
            "connects": self._line.connects,
            "latency_ms": _quantiles(self._box.latencies_ms()),
            "rss_kib": _rss_kib(),
            "cpu_s": round(time.process_time(), 3),
            "groups": self._writer.groups,
            "readings_dropped": self._readings.dropped,
            "tcp_ports": self._ports,
            "plain": list(self._settings.plain_links),
            "counters": dict(totals + self._outlets.counters),
        }

    def _publish_state(self, online: bool, qos: int) -> None:
        self._line.publish(self._topic(topics.STATE), encode_state(self._state(online)), qos=qos, retain=True)

    def _state(self, online: bool) -> BoxState:
        depth, totals = self._writer.depth, self._box.totals()
        return BoxState(
            box=self._settings.box,
            store=self._store,
            at_ms=self._unix_ms(),
            online=online,
            unsettled=depth.unsettled,
            cap=depth.cap,
            accepted=totals["accepted"],
            oldest_unsettled_ms=self._age_ms(depth.oldest_ms),
            faults=sum(self._box.facts.counts.values()),
            terminals=self._box.states(),
            revocations=revocations_mark(self._box.revocations),
            plain=self._settings.plain_links,
        )

    def _broker(self) -> BrokerSetting:
        """Acks are re-creatable, so QoS 0; what comes down on `now` and `bulk` is said once, so QoS 1."""
        settings, options = self._settings, self._options
        will = self._state(online=False)
        lanes = (topics.DOWN_NOW, 1), (topics.DOWN_MONEY, 0), (topics.DOWN_BULK, 1)
        subscriptions = tuple((self._topic(lane), qos) for lane, qos in lanes)
        return BrokerSetting(
            options.broker_host, options.broker_port, settings.box, subscriptions, self._topic(topics.STATE),
            encode_state(will), self._identity(), options.login,
        )  # fmt: skip

    def _identity(self) -> Identity | None:
        tls = self._settings.tls
        return Identity(tls, self._clock) if self._options.tls and tls is not None else None

    def _topic(self, lane: str) -> str:
        return topics.topic(self._settings.partition, self._settings.box, lane)

    async def _await_ports(self) -> None:
        """The ports that TCP links listen on: before them, the box is not ready."""
        for name, link in self._links.items():
            port = getattr(link, "port", None)
            if port is None:
                continue
            stopped = self._loop.create_task(self._stop.wait())
            bound = asyncio.ensure_future(port())
            await asyncio.wait({stopped, bound}, return_when=asyncio.FIRST_COMPLETED)
            stopped.cancel()
            if bound.done():
                self._ports[name] = bound.result()
            else:
                bound.cancel()

    def _now(self) -> Now:
        unix_s = self._clock.now()
        return Now(time.monotonic(), int(unix_s * 1000), self._options.clock.at(unix_s))

    def _unix_ms(self) -> int:
        return int(self._clock.now() * 1000)

    def _age_ms(self, since_ms: int) -> int:
        return max(0, self._unix_ms() - since_ms) if since_ms else 0


def _quantiles(values: list[int]) -> dict[str, float]:
    if not values:
        return {}
    ordered = sorted(values)
    return {"p50": ordered[len(ordered) // 2], "p99": ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]}


def _rss_kib() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024
