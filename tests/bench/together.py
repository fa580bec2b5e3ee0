"""Taps on a CAN bus while firmware is broadcast on it, in virtual time, beside the same taps without.

The real node cores, the real sender within its guard, and receivers in every terminal. A record is counted from the
moment the terminal offers it until the edge has it whole; a question until its answer is back, the edge answering at
once.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random

from edge.box.down.carrier import Carrier
from edge.box.down.documents import Document
from edge.box.values.effects import KeepDocument
from edge.link.can.broadcast import EdgeBroadcasting, TerminalBroadcasting
from edge.link.can.ids import EDGE_ADDRESS
from edge.link.can.node import CanNode
from edge.link.sim.can_bus import NS_PER_S, BusSettings, NodeSettings
from edge.link.sim.can_load import record_like
from edge.link.sim.can_world import VirtualCan
from edge.terminal.down.broadcast import MemorySlot, Receiver
from shared.fleet.document import DocumentKind, decode_head, table_of
from tests.bench.row import Row, at_most
from tests.edge.terminal.down.centre import Centre

TERMINALS, TAPS_PER_S, SECONDS = 32, 6.4, 60
BITRATES = 125_000, 50_000, 250_000, 500_000
RECORD, QUESTION, ANSWER, ACK = 69, 60, 40, 10
QUESTIONS_PER_S = 1.0
SIZE = 256 * 1024
PUMP_NS = 1_000_000
"""A loop wakes no oftener."""
P50_MS, P99_MS, ASKED_MS = 15.0, 40.0, 60.0
_RECORD, _ASK, _ANSWER, _ACK = 0x10, 0x16, 0x17, 0x11


def rows() -> Iterator[Row]:
    """Goals at 125 kbit/s; the other rates beside."""
    for bitrate in BITRATES:
        busy, idle = _run(bitrate, is_broadcast=True), _run(bitrate, is_broadcast=False)
        name = f"CAN {bitrate // 1000}k, 32 terminals, 6.4 taps/s"
        rows = (
            (f"{name}, record p50 under a broadcast", busy.at(0.5), idle.at(0.5), P50_MS),
            (f"{name}, record p99 under a broadcast", busy.at(0.99), idle.at(0.99), P99_MS),
            (f"{name}, question p99 under a broadcast", busy.asked_at(0.99), idle.asked_at(0.99), ASKED_MS),
        )
        for title, value, alone, bound in rows:
            if bitrate == BITRATES[0]:
                yield at_most(title, value, "ms", bound, "without one", alone)
            else:
                yield Row(title, value, "ms", "without one", alone)
        yield Row(f"{name}, symbols a second meanwhile", busy.symbols / SECONDS, "1/s", "a whole bus", bitrate / 136.4)


@dataclass
class _Taps:
    records_ms: list[float] = field(default_factory=list)
    questions_ms: list[float] = field(default_factory=list)
    symbols: int = 0

    def at(self, share: float) -> float:
        return _rank(self.records_ms, share)

    def asked_at(self, share: float) -> float:
        return _rank(self.questions_ms, share)


def _rank(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _run(bitrate: int, *, is_broadcast: bool) -> _Taps:
    return _World(bitrate, is_broadcast=is_broadcast).taps()


class _World:
    def __init__(self, bitrate: int, *, is_broadcast: bool) -> None:
        self.world = VirtualCan(BusSettings(bitrate=bitrate, nodes_max=TERMINALS + 2), seed=3)
        self.found, self.chance = _Taps(), Random(bitrate)
        self.edge = CanNode(EDGE_ADDRESS)
        self.nodes = {address: CanNode(address) for address in range(1, TERMINALS + 1)}
        self.offered: dict[int, list[int]] = {address: [] for address in self.nodes}
        self.asked: dict[int, list[int]] = {address: [] for address in self.nodes}
        self.world.add(self.edge, self._heard_at_edge, NodeSettings())
        for address, node in self.nodes.items():
            self.world.add(node, lambda _, message, mine=address: self._heard_at(mine, message), NodeSettings())
        self.carrier, self.centre = Carrier(bitrate, 0, 0.0), Centre(DocumentKind.FIRMWARE)
        if is_broadcast:
            self._listen()
            self._begin()
        self.world.at(PUMP_NS, self._pump)
        self._next(TAPS_PER_S, self._tap)
        self._next(QUESTIONS_PER_S, self._ask)

    def taps(self) -> _Taps:
        self.world.run_until(SECONDS * NS_PER_S)
        running = self.carrier.running
        self.found.symbols += running.sent if running is not None else 0
        return self.found

    def _listen(self) -> None:
        self.edge.broadcasting = EdgeBroadcasting(self.carrier)
        for address, node in self.nodes.items():
            receiver = Receiver(lambda one: decode_head(one.raw), MemorySlot())
            node.broadcasting = TerminalBroadcasting(address, receiver)

    def _begin(self) -> None:
        """A release, and when everybody has it the next one: there is always one under way."""
        number = max(self.centre.bodies, default=0) + 1
        body = Random(number).randbytes(SIZE)
        signed = self.centre.signed(self.centre.make(body, number))
        document = Document(KeepDocument(signed, self.centre.key, body), decode_head(signed.raw), table_of(body))
        name = DocumentKind.FIRMWARE, self.centre.scope
        self.carrier.begin(name, document, [*self.nodes], self.world.now_s)

    def _pump(self) -> None:
        """Nodes are asked for frames after each event, and this is one."""
        running = self.carrier.running
        if running is not None and running.is_over:
            self.found.symbols += running.sent
            self.carrier.retire()
            self._begin()
        self.world.at(self.world.now_ns + PUMP_NS, self._pump)

    def _next(self, per_s: float, act: Callable[[], None]) -> None:
        self.world.at(self.world.now_ns + int(self.chance.expovariate(per_s) * NS_PER_S), act)

    def _tap(self) -> None:
        address = self.chance.choice([*self.nodes])
        self.nodes[address].offer(EDGE_ADDRESS, record_like(self.chance, RECORD))
        self.offered[address].append(self.world.now_ns)
        self._next(TAPS_PER_S, self._tap)

    def _ask(self) -> None:
        address = self.chance.choice([*self.nodes])
        self.nodes[address].offer(EDGE_ADDRESS, bytes((_ASK,)) + bytes(QUESTION))
        self.asked[address].append(self.world.now_ns)
        self._next(QUESTIONS_PER_S, self._ask)

    def _heard_at_edge(self, peer: int, message: bytes) -> None:
        if message[0] == _RECORD:
            self.found.records_ms.append((self.world.now_ns - self.offered[peer].pop(0)) / 1e6)
            self.edge.offer(peer, bytes((_ACK,)) + bytes(ACK))
        elif message[0] == _ASK:
            self.edge.offer(peer, bytes((_ANSWER,)) + bytes(ANSWER))

    def _heard_at(self, address: int, message: bytes) -> None:
        if message[0] == _ANSWER:
            self.found.questions_ms.append((self.world.now_ns - self.asked[address].pop(0)) / 1e6)
