"""A box and terminals on the simulated CAN bus in virtual time: what is broken there, and what the box says of it.

The box, the nodes, their health, quota and the bus are the product's own; bodies are those of the field.
"""

import random
from dataclasses import dataclass, field, replace

from edge.box.values.effects import Effect, Send
from edge.link import messages as link
from edge.link.can.claims import Claiming
from edge.link.can.error import decode_trouble
from edge.link.can.frame import ERROR, CanFrame
from edge.link.can.health import Health
from edge.link.can.ids import EDGE_ADDRESS, NO_ADDRESS, acceptance_filters
from edge.link.can.node import CanNode
from edge.link.messages import Type
from edge.link.port import EVERYONE, BusReport
from edge.link.sim.can_bus import NS_PER_S, BusSettings, NodeSettings, SimCanBus
from edge.terminal.firmware.line import EMCY_S, HEARTBEAT_S, JOIN_MAX_S, JOIN_S
from tests.edge.rig import Body, Field, settings

LINK = "can0"
TICK_NS = 50_000_000
REACTION_NS = 300_000
RESEND_S = 3.0


@dataclass
class Hung:
    """A node on the cable, and the software behind it."""

    address: int
    number: int
    node: CanNode
    body: Body | None = None
    health: Health = field(default_factory=Health)
    told: BusReport | None = None
    faults: dict[str, object] = field(default_factory=dict)
    emcy_s: float = float("-inf")
    beat_s: float = 0.0
    resend_s: float = 0.0
    hello_s: float = 0.0
    wait_s: float = JOIN_S
    away_until_s: float | None = None
    is_mute: bool = False
    is_joined: bool = False

    def report(self) -> BusReport:
        health = self.health
        return BusReport(health.tec_sum, health.rec_sum, health.tec_peak, health.rec_peak, health.offs,
                         self.node.counters["frames_out"], 0, self.node.junk,
                         self.node.counters["frames_in"], health.passives)  # fmt: skip


class BusField(Field):
    """Terminals 1 to n in their order on the cable. `speaks`: do they say EMCY?"""

    def __init__(
        self, terminals: int = 6, bus: BusSettings | None = None, seed: int = 3, speaks: bool = True, *,
        claims: bool = False,
    ) -> None:  # fmt: skip
        self.bus = SimCanBus(bus or BusSettings(restart_ns=None, nodes_max=80), random.Random(seed).random)
        self.now_ns = 0
        self.speaks = speaks
        self.sell_every_s = 2.0
        self.is_open = False
        self.next_sale: dict[int, float] = {}
        self.later: list[tuple[int, Hung, CanFrame]] = []
        self.claims = claims
        self.edge = self._hang(EDGE_ADDRESS, None)
        given = settings(terminals, on=LINK)
        if claims:
            given = replace(given, terminals=tuple(replace(one, address=NO_ADDRESS) for one in given.terminals))
        super().__init__(given)
        self.hung = {n: self._hang(NO_ADDRESS if claims else n, Body(n)) for n in range(1, terminals + 1)}
        self.connect()

    def _hang(self, address: int, body: Body | None) -> Hung:
        number = self.bus.attach(self._settings(address))
        claiming = Claiming(body.device) if body is not None and self.claims else None
        return Hung(address, number, CanNode(address, claiming=claiming), body)

    def _settings(self, address: int, **faults) -> NodeSettings:
        filters = acceptance_filters(address, claims=self.claims and address != EDGE_ADDRESS)
        return NodeSettings(filters, error_frames=True, **faults)

    def _move(self, one: Hung) -> None:
        """As the adapter does: a node of the address that the edge has said, and a HELLO."""
        one.address = one.node.claiming.address
        one.node = CanNode(one.address, claiming=one.node.claiming)
        self.bus.configure(one.number, self._settings(one.address, **one.faults))
        one.hello_s, one.wait_s = self.s + JOIN_S, 2 * JOIN_S
        self._say(one, one.body.hello())

    # ---- what a scene does

    def fault(self, address: int, **faults) -> None:
        one = self.hung.get(address, self.edge)
        one.faults = faults
        if one.away_until_s is None:
            self.bus.configure(one.number, self._settings(one.address, **faults))

    def open(self, seconds: float = 8.0) -> None:
        """All join, with an epoch, and say how they stand."""
        for one in self.hung.values():
            self._say(one, one.body.hello())
        self.go(1.5)
        for one in self.hung.values():
            if not one.body.current:
                self._say(one, one.body.hello())
        self.is_open = True
        self.go(seconds - 1.5)

    def power_cut(self) -> None:
        """Box and terminals lose their power, and come back at the same moment."""
        self.crash()
        self.connect()
        for one in self.hung.values():
            one.node.forget()
            one.told, one.is_joined, one.hello_s, one.wait_s = None, False, self.s + JOIN_S, 2 * JOIN_S
            self._say(one, one.body.hello())

    def stop_selling(self) -> None:
        self.sell_every_s = float("inf")
        self.next_sale = dict.fromkeys(self.hung, float("inf"))

    def go(self, seconds: float) -> None:
        end_ns = self.now_ns + int(seconds * NS_PER_S)
        while self.now_ns < end_ns:
            tick_ns = (self.now_ns // TICK_NS + 1) * TICK_NS
            self._run_bus(min(tick_ns, end_ns))
            if self.now_ns % TICK_NS == 0:
                self._tick()

    def lost(self, *without: int) -> list[int]:
        """Terminals with a record that the box has not acknowledged."""
        return [n for n, one in self.hung.items() if n not in without
                and one.body.acked.get(one.body.current, 0) < one.body.last.get(one.body.current, 0)]  # fmt: skip

    def told(self, code: str) -> list[dict[str, object]]:
        return [dict(fact.told) for fact in self.facts if fact.code == code]

    # ---- inside

    def _run_bus(self, until_ns: int) -> None:
        self._pump()
        while True:
            moments = [self.bus.next_event_ns(), self.later[0][0] if self.later else None]
            moment = min((m for m in moments if m is not None), default=None)
            if moment is None or moment > until_ns:
                break
            self.now_ns = max(self.now_ns, moment)
            self.s = 1000.0 + self.now_ns / NS_PER_S
            for delivery in self.bus.advance(self.now_ns):
                for one in (self.edge, *self.hung.values()):
                    if one.number in delivery.nodes:
                        self._deliver_frame(one, delivery.frame)
            while self.later and self.later[0][0] <= self.now_ns:
                self._hear(*self.later.pop(0)[1:])
            self._pump()
        self.now_ns = until_ns
        self.s = 1000.0 + self.now_ns / NS_PER_S

    def _deliver_frame(self, one: Hung, frame: CanFrame) -> None:
        if frame.word & ERROR:
            one.health.note(decode_trouble(frame), self.s)
        else:
            self.later.append((self.now_ns + REACTION_NS, one, frame))

    def _hear(self, one: Hung, frame: CanFrame) -> None:
        heard = one.node.hear(frame, self.s)
        if one.node.is_moved:
            self._move(one)
        if heard is None:
            return
        if one is self.edge:
            self.run(self.box.on_message(self.now(), LINK, *heard))
            return
        for answer in one.body.hear(heard[1]):
            self._say(one, answer)
        if one.body.silences:
            self._leave(one, one.body.silences.pop())

    def _deliver(self, effect: Send) -> list[Effect]:
        if effect.link == LINK:
            self.sent.append(effect)
            self.edge.node.offer(effect.peer, effect.message, effect.urgent)
        return []

    def _say(self, one: Hung, message: bytes) -> None:
        if one.away_until_s is None and not one.is_mute:
            one.node.offer(EVERYONE if one is self.edge else EDGE_ADDRESS, message)

    def _pump(self) -> None:
        for one in (self.edge, *self.hung.values()):
            if one.away_until_s is not None:
                continue
            while self.bus.room(one.number) > 0 and (frame := one.node.next_frame(self.s)) is not None:
                self.bus.enqueue(one.number, frame, self.now_ns)

    def _leave(self, one: Hung, seconds: int) -> None:
        one.away_until_s = self.s + seconds
        one.node.forget()
        self.bus.detach(one.number)

    def _come_back(self, one: Hung) -> None:
        one.away_until_s = None
        one.number = self.bus.attach(self._settings(one.address, **one.faults))
        one.health.opened()
        self._say(one, one.body.hello())
        one.told = None

    def _tick(self) -> None:
        for one in (self.edge, *self.hung.values()):
            one.node.tick(self.s)
            if one.away_until_s is not None and self.s >= one.away_until_s:
                self._come_back(one)
            if one.health.is_due(self.s) and one.away_until_s is None:
                self.bus.restart(one.number, self.now_ns)
        for one in self.hung.values():
            if one.body.welcome is not None and one.body.welcome.current and one.body.refused is None:
                if not one.is_joined:
                    one.is_joined, one.wait_s, one.emcy_s, one.beat_s = True, JOIN_S, self.s, self.s + HEARTBEAT_S
                self._live(one)
            elif one.is_joined:
                one.is_joined, one.told = False, None
            elif self.is_open and one.away_until_s is None and self.s >= one.hello_s:
                one.hello_s = self.s + one.wait_s
                one.wait_s = min(2 * one.wait_s, JOIN_MAX_S)
                self._say(one, one.body.hello())
        if self.now_ns % (5 * TICK_NS) == 0:
            self.run(self.box.on_bus(self.now(), LINK, self.edge.report()))
            self.run(self.box.tick(self.now()))

    def _live(self, one: Hung) -> None:
        body = one.body
        due_s = self.next_sale.setdefault(one.address, self.s + one.address % 10 / 10)
        if body.current and self.s >= due_s:
            self.next_sale[one.address] = self.s + self.sell_every_s
            self._say(one, body.sell())
        if body.current and self.s >= one.resend_s and body.last[body.current] > body.acked.get(body.current, 0):
            one.resend_s = self.s + RESEND_S
            for record in body.resend()[:4]:
                self._say(one, record)
        if self.s >= one.beat_s:
            one.beat_s = self.s + HEARTBEAT_S
            self._say(one, link.HEARTBEAT.encode(link.Heartbeat(0, 0, 0, 0)))
        report = one.report()
        grown = one.told is None or one.told.errors != report.errors
        if self.speaks and grown and self.s >= one.emcy_s + EMCY_S:
            one.told, one.emcy_s = report, self.s
            emcy = link.Emcy(report.tec_peak, report.rec_peak, report.tec_sum, report.rec_sum, report.frames,
                             report.offs, 0)  # fmt: skip
            self._say(one, body.say(Type.EMCY, link.EMCY.encode(emcy)))
