"""A box with its terminals on one wire, in virtual time, and what becomes of each tap and each question to the centre.

The box, the nodes of the bus, the master and the slaves of the line, the conversations and their seals are the
product's own. Made up: the clock; what a terminal takes to answer (0.3 ms on CAN, 1 ms on a line) and the box (EDGE_NS,
its fsync with it); and a centre that answers a question CENTRE_NS after the box has passed it on.
"""

import heapq
from bisect import insort
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import count
from operator import itemgetter
from random import Random

from edge.box.values.effects import Effect, Send
from edge.link import messages as link
from edge.link.can.frame import ERROR, CanFrame
from edge.link.messages import Type
from edge.link.rs485.polling import PollSettings
from edge.link.sim.can_bus import NS_PER_S, BusSettings
from edge.settings import LinkKind, LinkSetting
from edge.terminal.firmware.line import HEARTBEAT_S, STATUS_S
from shared.online import ANSWER_KIND
from shared.wire import topics
from shared.wire.messages import NowUp, OnlineAnswer, OnlineRequest, encode_now
from tests.edge.bus_rig import REACTION_NS, BusField, Hung
from tests.edge.link.rs485.line_world import World
from tests.edge.rig import Body, Field, settings

EDGE_NS, CENTRE_NS = 500_000, 20_000_000
ASKED_BYTES, ANSWERED_BYTES = 44, 14
"""Of a load's request and answer."""
WAIT_MS = 6000
OPEN_S, DRAIN_S = 8.0, 20.0
LINE = "line0"
GAP_S = 1.5
"""Nobody sells twice in less."""


class CanWire(BusField):
    """A CAN bus. on_heard: a terminal has heard something."""

    def __init__(self, terminals: int, bitrate: int, seed: int = 1) -> None:
        self.on_heard: Callable[[int], None] = lambda _: None
        super().__init__(terminals, BusSettings(bitrate=bitrate, restart_ns=None, nodes_max=terminals + 1), seed)
        self.bodies: dict[int, Body] = {n: one.body for n, one in self.hung.items() if one.body is not None}
        self.stop_selling()

    def start(self) -> None:
        """All have joined."""
        self.open(OPEN_S)
        for one in self.hung.values():
            one.resend_s = float("inf")  # nothing is lost here, and the rig's own patience ends at its next tick

    def at(self, due_ns: int, act: Callable[[], None]) -> None:
        """Do it then."""
        insort(self.later, (due_ns, self.edge, act), key=itemgetter(0))

    def say(self, address: int, message: bytes) -> None:
        """A terminal gives its link a message."""
        self._say(self.hung[address], message)

    def _deliver_frame(self, one: Hung, frame: CanFrame) -> None:
        if frame.word & ERROR:
            super()._deliver_frame(one, frame)
        else:
            insort(self.later, (self.now_ns + REACTION_NS, one, frame), key=itemgetter(0))

    def _hear(self, one: Hung, frame: CanFrame | Callable[[], None]) -> None:
        if callable(frame):
            frame()
        elif one is not self.edge:
            super()._hear(one, frame)
            self.on_heard(one.address)
        elif (heard := one.node.hear(frame, self.s)) is not None:
            self.at(self.now_ns + EDGE_NS, lambda: self.run(self.box.on_message(self.now(), "can0", *heard)))

    def _hear_now(self, message: NowUp) -> list[Effect]:
        _answer_later(self, message)
        return super()._hear_now(message)


class LineWire(Field):
    """An RS-485 line that is polled."""

    def __init__(self, terminals: int, baud: int) -> None:
        self.on_heard: Callable[[int], None] = lambda _: None
        given = settings(terminals)
        rows = tuple(replace(one, link=LINE, address=n) for n, one in enumerate(given.terminals, 1))
        links = (LinkSetting(LINE, LinkKind.RS485, 0, baud),)
        self.world = World(terminals, poll=PollSettings(baud=baud))
        self._agenda: list[tuple[int, int, Callable[[], None]]] = []
        self._order = count()
        super().__init__(replace(given, links=links, terminals=rows))
        self.bodies = {n: Body(n) for n in range(1, terminals + 1)}
        self.connect()

    @property
    def now_ns(self) -> int:
        """The line's time."""
        return self.world.now_ns

    def start(self) -> None:
        """All have joined."""
        self._tick()
        for seconds in (10.0, 60.0, 60.0):
            for address, body in self.bodies.items():
                if not body.current:
                    self.say(address, body.hello())
            self.go(seconds)

    def at(self, due_ns: int, act: Callable[[], None]) -> None:
        """Do it then."""
        heapq.heappush(self._agenda, (due_ns, next(self._order), act))

    def say(self, address: int, message: bytes) -> None:
        """A terminal gives its link a message."""
        self.world.slaves[address].offer(message, message[0] == Type.ONLINE_REQUEST)

    def go(self, seconds: float) -> None:
        """Let time pass."""
        end_ns = self.now_ns + int(seconds * NS_PER_S)
        while self.now_ns < end_ns:
            due_ns = min(end_ns, self._agenda[0][0])
            if due_ns > self.now_ns:
                self.world.run((due_ns - self.now_ns + 1) / NS_PER_S, lambda: bool(self.world.up or self.world.down))
            self._heard()
            while self._agenda[0][0] <= self.now_ns:
                heapq.heappop(self._agenda)[2]()

    def _heard(self) -> None:
        self.s = 1000.0 + self.now_ns / NS_PER_S
        up, self.world.up, down, self.world.down = self.world.up, [], self.world.down, []
        for peer, message in up:
            self.at(self.now_ns + EDGE_NS, lambda peer=peer, message=message: self._take(peer, message))
        for address, message in down:
            for answer in self.bodies[address].hear(message):
                self.say(address, answer)
            self.on_heard(address)

    def _take(self, peer: int, message: bytes) -> None:
        self.run(self.box.on_message(self.now(), LINE, peer, message))

    def _tick(self) -> None:
        self.run(self.box.tick(self.now()))
        self.at(self.now_ns + NS_PER_S // 4, self._tick)

    def _deliver(self, effect: Send) -> list[Effect]:
        self.world.master.offer(effect.peer, effect.message, effect.urgent or effect.message[0] == Type.ONLINE_ANSWER)
        return []

    def _hear_now(self, message: NowUp) -> list[Effect]:
        _answer_later(self, message)
        return super()._hear_now(message)


def _answer_later(wire: "CanWire | LineWire", message: NowUp) -> None:
    if isinstance(message, OnlineRequest):
        answer = OnlineAnswer(message.device, message.epoch, message.request, bytes((ANSWER_KIND,)) * ANSWERED_BYTES)
        wire.at(wire.now_ns + CENTRE_NS, lambda: wire.down(topics.DOWN_NOW, encode_now(answer)))


@dataclass
class Met:
    """In ms: from a tap to its ACK at the terminal, from a question to its answer there. lost: had neither."""

    records: list[float] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)
    lost: int = 0


class Meal:
    """Taps at random moments at random terminals; of some a question comes first."""

    def __init__(self, wire: CanWire | LineWire, seed: int = 1) -> None:
        self.met = Met()
        self._wire, self._chance = wire, Random(seed)
        self._sold: dict[int, dict[int, int]] = defaultdict(dict)
        self._asked: dict[tuple[int, int], int] = {}
        self._numbers: Counter[int] = Counter()
        wire.on_heard = self._note

    def play(self, seconds: float, taps_per_s: float, asking: float) -> Met:
        """So long, then until all of it is through or DRAIN_S has passed."""
        wire, due_s = self._wire, 0.0
        rested_s = dict.fromkeys(wire.bodies, 0.0)
        for address in wire.bodies:
            self._live(address, self._chance.random())
        while (due_s := due_s + self._chance.expovariate(taps_per_s)) < seconds:
            address = self._chance.choice([one for one, free_s in rested_s.items() if free_s <= due_s])
            rested_s[address], is_asking = due_s + GAP_S, self._chance.random() < asking
            act = self._ask if is_asking else self._tap
            wire.at(wire.now_ns + int(due_s * NS_PER_S), lambda act=act, address=address: act(address))
        wire.go(seconds)
        wire.go(DRAIN_S)
        self.met.lost = sum(map(len, self._sold.values())) + len(self._asked)
        return self.met

    def _live(self, address: int, share: float) -> None:
        """What it says beside its taps."""
        wire, body = self._wire, self._wire.bodies[address]

        def say_status() -> None:
            wire.say(address, body.status())
            wire.at(wire.now_ns + int(STATUS_S * NS_PER_S), say_status)

        def beat() -> None:
            wire.say(address, link.HEARTBEAT.encode(link.Heartbeat(0, 0, 0, 0)))
            wire.at(wire.now_ns + int(HEARTBEAT_S * NS_PER_S), beat)

        wire.at(wire.now_ns + int(share * STATUS_S * NS_PER_S), say_status)
        if isinstance(wire, LineWire):  # a bus's own rig lets its terminals beat
            wire.at(wire.now_ns + int(share * HEARTBEAT_S * NS_PER_S), beat)

    def _tap(self, address: int) -> None:
        body = self._wire.bodies[address]
        message = body.sell()
        self._sold[address][body.last[body.current]] = self._wire.now_ns
        self._wire.say(address, message)

    def _ask(self, address: int) -> None:
        self._numbers[address] += 1
        number = self._numbers[address]
        self._asked[address, number] = self._wire.now_ns
        ask = link.Ask(number, WAIT_MS, bytes(ASKED_BYTES))
        self._wire.say(address, self._wire.bodies[address].say(Type.ONLINE_REQUEST, link.ONLINE_REQUEST.encode(ask)))

    def _note(self, address: int) -> None:
        body, sold, now_ns = self._wire.bodies[address], self._sold[address], self._wire.now_ns
        acked = body.acked.get(body.current, 0)
        for seq in [seq for seq in sold if seq <= acked]:
            self.met.records.append((now_ns - sold.pop(seq)) / 1e6)
        while body.answers:
            self.met.answers.append((now_ns - self._asked.pop((address, body.answers.pop(0).request))) / 1e6)
            self._tap(address)
