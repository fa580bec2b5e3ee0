"""Composition root of docking, a process of its own: strangers' devices in, commands out, all of it away from money.

`READY dock` once it can be docked at: at a mosquitto (`--broker`), or at its own gate (`--listen`). It reads the ledger
only where we are an edge node, and writes nothing but its own file.
"""

import argparse
import asyncio
import ipaddress
import ssl
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

from cloud.ledger.fleet.views import BoxView, TerminalView, newest_of
from cloud.ledger.read.reader import open_reader
from cloud.process.functions import read_off
from cloud.process.life import report, say, stop_on_signals
from cloud.process.settings import FOLDER, CloudSettings, load_settings
from cloud.watch.docking.dock import Dock
from cloud.watch.docking.door import Place, Session
from cloud.watch.docking.gate.core import Gate
from cloud.watch.docking.gate.doorkeeper import Doorkeeper
from cloud.watch.docking.gate.serving import Serving
from cloud.watch.docking.http import HttpDoor
from cloud.watch.docking.keeping.files import login_file, prepare
from cloud.watch.docking.keeping.store import DockingStore, open_docking
from cloud.watch.docking.keeping.values import State
from cloud.watch.docking.mapping.template import read_template
from cloud.watch.docking.rights.accounts import HOST_USER, NODE_USER
from cloud.watch.docking.rights.acl import MAPPED
from cloud.watch.docking.settings import DockingSettings, NodePlan, read_settings
from cloud.watch.docking.showing import Showing, shown
from cloud.watch.docking.signals import BEAT
from cloud.watch.docking.sparkplug.host import Host
from cloud.watch.docking.sparkplug.node import Node
from cloud.watch.docking.sparkplug.terms import BD_SEQ, after
from cloud.watch.docking.sparkplug.topics import Publish, Source
from cloud.watch.pushes import TEMPLATES
from shared.errors import ConfigFault, StoreFault, YktError
from shared.input.command_line import Parser
from shared.input.data_folder import add_data
from shared.input.endpoint import host_port
from shared.input.functions import Function, require_on
from shared.input.login import read_login
from shared.support.watchdog import Duty, Watchdog
from shared.words.voice import Text

TICK_S = 0.2
KEEP_S = 0.5
"""How often what is new is written."""
BEAT_S = 5.0
READY_S = 5.0
SHOW_S = 2.0
"""How often boxes and terminals are looked at, where we are a node."""
LOOPBACK = "127.0.0.1"


def main(arguments: Sequence[str]) -> int:
    """Be docked at until told to end."""
    told = Text("对接：第三方设备", "docking: strangers' devices")
    parser = Parser(prog="./ykt cloud dock", description=told)
    add_data(parser)
    parser.add_argument("--dsn", metavar="DSN", help=Text("账本；缺省依数据目录", "the ledger; the data folder's"))
    broker = Text("设备所在的消息代理", "the broker where devices dock")
    parser.add_argument("--broker", metavar="HOST:PORT", help=broker)
    parser.add_argument("--tls", action="store_true", help=Text("用 TLS，依校园的 CA", "by TLS, the campus's CA"))
    gate = Text("自带的门：在此地址接收设备", "our own gate: take devices at this address")
    parser.add_argument("--listen", metavar="HOST:PORT", help=gate)
    parser.add_argument(
        "--end-with-stdin", action="store_true", help=Text("标准输入关闭即结束", "end when standard input closes")
    )
    given = parser.parse_args(arguments)
    if bool(given.broker) == bool(given.listen):
        raise ConfigFault(Text("--broker 与 --listen 用其一", "one of --broker and --listen"))
    if given.listen and not _is_loopback(host_port(given.listen, "--listen")[0]):
        raise ConfigFault(Text("--listen: 无 TLS，只能是本机", "--listen: it has no TLS, so loopback alone"))
    require_on(read_off(given.data), Function.DOCKING)
    asyncio.run(_run(given))
    return 0


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class _Speaker:
    """The host, as a session wants it."""

    def __init__(self, docking: "Docking") -> None:
        self._dock, self._docking = docking.dock, docking

    @property
    def subscriptions(self) -> Sequence[tuple[str, int]]:
        return (*self._dock.host.subscriptions, (f"{MAPPED}/#", 0))

    def connecting(self) -> Publish:
        return self._dock.host.connecting(now_ms())

    def connected(self) -> Sequence[Publish]:
        """Births of before this were for nobody: every node that may be there is asked for one."""
        self._dock.host.remember([*self._dock.host.nodes, *self._docking.doorkeeper.nodes])
        return [self._dock.host.connected()]

    def received(self, topic: str, octets: bytes, *, is_retained: bool) -> Sequence[Publish]:
        return self._dock.received(topic, octets, now_ms(), is_retained=is_retained)

    def closing(self) -> Sequence[Publish]:
        return [self._dock.host.closing(now_ms())]

    def lost(self) -> None:
        self._dock.lost(now_ms())


class _NodeSpeaker:
    """Ourselves as an edge node, as a session wants it."""

    def __init__(self, store: DockingStore, plan: NodePlan) -> None:
        self.showing = Showing(Node(plan.source, {}, now_ms(), plan.primary_host))
        self.session: Session | None = None
        self._store = store

    @property
    def subscriptions(self) -> Sequence[tuple[str, int]]:
        return self.showing.node.subscriptions

    def connecting(self) -> Publish:
        """The number of births and deaths is on the disk before it is on the wire."""
        last = self._store.mark(BD_SEQ)
        number = 0 if last is None else after(last)
        self._store.set_mark(BD_SEQ, number)
        return self.showing.node.connecting(number, now_ms())

    def connected(self) -> Sequence[Publish]:
        return self.showing.node.connected(now_ms()).publishes

    def received(self, topic: str, octets: bytes, *, is_retained: bool) -> Sequence[Publish]:
        """What a host wants of us is refused: nothing that we show can be written."""
        del is_retained
        step = self.showing.node.received(topic, octets, now_ms())
        self.showing.node.refused += len(step.commands)
        if step.must_leave and self.session is not None:
            self.session.publish(step.publishes)
            self.session.leave()
            return ()
        return step.publishes

    def closing(self) -> Sequence[Publish]:
        return self.showing.node.closing(now_ms()).publishes

    def lost(self) -> None:
        self.showing.node.disconnected()


class Docking:
    """The core and its file."""

    def __init__(self, store: DockingStore, settings: DockingSettings) -> None:
        self.dock = Dock(Host(settings.host))
        self.doorkeeper = Doorkeeper(settings)
        self._store = store
        self._seen = -1
        self._template = ""
        self._own = {settings.node.source} if settings.node else set()
        self._admitted: set[Source] = set()
        self.dock.host.remember(store.all_away(now_ms()))

    def look(self) -> list[str]:
        """What others have written: accounts and template. The users that are not let in any more."""
        version = self._store.version()
        if version == self._seen:
            return []
        self._seen = version
        with self._store.db.reading():
            text = TEMPLATES.in_force(self._store.db)
        if text != self._template:
            self._template = text
            with suppress(ConfigFault):  # it was checked when it was pushed; an older program keeps what it has
                self.dock.map_by(read_template(text))
        accounts = self._store.accounts()
        admitted = {one.source for one in accounts} | self._own
        for source in self._admitted - admitted:
            self._store.forget(source)
        self._admitted = admitted
        self.dock.admit(admitted)
        return self.doorkeeper.know(accounts, self._store.own_seals())

    def keep(self) -> None:
        """What is new, durably."""
        updates, refused, moved = self.dock.taken()
        if not updates and not refused and not moved:
            return
        try:
            self._store.keep(updates, refused, moved, now_ms())
        except YktError:
            self.dock.not_kept(refused, moved, now_ms())
            raise

    def orders(self) -> list[Publish]:
        """Commands that wait, as messages."""
        waiting = self._store.orders(State.WAITING)
        found = [message for one in waiting for message in self.dock.order(one, now_ms())]
        if waiting:
            self.keep()
        return found

    def beat(self) -> None:
        """That this process looks."""
        self._store.set_mark(BEAT, now_ms())

    def end(self) -> None:
        """Nothing is there any more that this process could tell of."""
        self.dock.lost(now_ms())
        self.keep()


def now_ms() -> int:
    """Unix milliseconds."""
    return int(time.time() * 1000)


async def _run(given: argparse.Namespace) -> None:
    settings = load_settings(given.data)
    folder = settings.data / FOLDER
    own = read_settings(folder, settings.campus)
    stop = asyncio.Event()
    stop_on_signals(stop, end_with_stdin=given.end_with_stdin)
    with closing(open_docking(folder)) as store:
        prepare(settings.data, folder, store, own)
        docking = Docking(store, own)
        docking.look()
        gate, serving, place = Gate(docking.doorkeeper.admit), None, _place(given, settings)
        if given.listen:
            serving = Serving(gate)
            host, port = host_port(given.listen, "--listen")
            port = await serving.open(host, port)
            say(f"GATE {host}:{port}")
            place = Place(LOOPBACK, port, None, read_login(login_file(folder, HOST_USER)))
        http = HttpDoor(docking.doorkeeper.opens, lambda account, body: docking.dock.posted(account, body, now_ms()))
        if own.http is not None:
            say(f"HTTP {own.http[0]}:{await http.open(*own.http)}")
        session = Session(_Speaker(docking), place)
        loop, ticks = Duty(), Duty()
        watchdog = Watchdog("dock", lambda: {"loop": loop.turns, "tick": ticks.turns})
        await asyncio.gather(
            session.run(stop),
            _ready(session, stop, watchdog),
            *([serving.run(stop)] if serving else []),
            _ticks(docking, session, stop, lambda user: serving.do(gate.forget(user)) if serving else None, ticks),
            *(_node_work(own.node, store, place, settings, settings.dsn(given.dsn), stop) if own.node else ()),
            report(stop, lambda: _figures(docking, session, gate), loop),
        )
        http.close()
        docking.end()


async def _ready(session: Session, stop: asyncio.Event, watchdog: Watchdog) -> None:
    """Once births are heard; a broker that is away is awaited no longer than READY_S."""
    with suppress(TimeoutError):
        await asyncio.wait_for(session.up.wait(), READY_S)
    if not stop.is_set():
        say("READY dock")
    with watchdog:
        watchdog.ready()
        await stop.wait()


async def _ticks(
    docking: Docking, session: Session, stop: asyncio.Event, forget: Callable[[str], None], duty: Duty
) -> None:
    kept_s, beaten_s = 0.0, -BEAT_S
    while not stop.is_set():
        duty.turned()
        try:
            if time.monotonic() - beaten_s >= BEAT_S:
                beaten_s = time.monotonic()
                docking.beat()
            for user in docking.look():
                forget(user)
            session.publish([*docking.dock.passed(now_ms()), *docking.orders()])
            if time.monotonic() - kept_s >= KEEP_S:
                kept_s = time.monotonic()
                docking.keep()
        except YktError as fault:
            say(f"FAULT {type(fault).__name__}: {fault}")
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), TICK_S)


def _node_work(
    plan: NodePlan, store: DockingStore, place: Place, settings: CloudSettings, dsn: str, stop: asyncio.Event
) -> Sequence[Coroutine[object, object, None]]:
    """Ourselves as an edge node: its session, and what it shows."""
    speaker = _NodeSpeaker(store, plan)
    session = speaker.session = Session(speaker, _node_place(plan, place, settings))
    return session.run(stop), _show(speaker.showing, session, dsn, stop)


def _node_place(plan: NodePlan, place: Place, settings: CloudSettings) -> Place:
    """Where strangers dock, by our own account, or at somebody else's broker, by TLS unless it is on this machine."""
    if plan.broker is None:
        return replace(place, login=read_login(login_file(settings.data / FOLDER, NODE_USER)))
    host, port = plan.broker
    login = read_login(settings.data / FOLDER / plan.login) if plan.login else None
    if not plan.ca and not _is_loopback(host):
        raise ConfigFault(
            Text("node.ca: 缺少；到别处须用 TLS", "node.ca: is missing; to another machine TLS is a must")
        )
    return Place(host, port, tls_to(settings.data / FOLDER / plan.ca) if plan.ca else None, login)


async def _show(showing: Showing, session: Session, dsn: str, stop: asyncio.Event) -> None:
    """While the ledger is away its devices are unknown, not as they were last."""
    fleet: tuple[list[BoxView], list[TerminalView]] = [], []
    while not stop.is_set():
        is_read = False
        with suppress(StoreFault):
            fleet, is_read = await asyncio.to_thread(_fleet, dsn), True
        at_ms = now_ms()
        session.publish(showing.update(shown(*fleet, at_ms, is_read=is_read), at_ms).publishes)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), SHOW_S)


def _fleet(dsn: str) -> tuple[list[BoxView], list[TerminalView]]:
    with closing(open_reader(dsn)) as reader:
        return list(reader.boxes()), list(newest_of(reader.terminals()).values())


def _figures(docking: Docking, session: Session, gate: Gate) -> dict[str, object]:
    return {
        "up": session.up.is_set(), "nodes": docking.dock.online, "messages": docking.dock.counts["messages"],
        "refused": docking.dock.counts["refused"], "denied": gate.counts.denied,
    }  # fmt: skip


def _place(given: argparse.Namespace, settings: CloudSettings) -> Place:
    if not given.broker:
        return Place(LOOPBACK, 0)
    host, port = host_port(given.broker, "--broker")
    tls = tls_to(settings.tls.ca) if given.tls else None
    return Place(host, port, tls, read_login(login_file(settings.data / FOLDER, HOST_USER)))


def tls_to(ca: Path) -> ssl.SSLContext:
    """This authority only. ConfigFault: no file of one."""
    try:
        context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=str(ca))
    except (OSError, ssl.SSLError) as fault:
        raise ConfigFault(f"TLS: {type(fault).__name__} ({ca.name})") from fault
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
