"""A CAN bus as a pure model: exact frame lengths, arbitration, error counters, bus-off. Time is a number passed in.

The same object runs in real time under the daemon and in virtual time in tests and in the simulation. It models one
segment without bit timing: no reflections, no bit-rate mismatch, no CAN FD. Sources: Bosch CAN 2.0 B, ISO 11898-1.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from edge.link.can.error import BusTrouble, ControllerState, encode_trouble
from edge.link.can.frame import ERROR, INTERMISSION_BITS, CanFrame, arbitration_key, frame_bits
from edge.link.can.ids import AcceptanceFilter

NS_PER_S = 1_000_000_000

_ERROR_FLAG_AND_DELIMITER_BITS = 6 + 8
_SUSPEND_BITS = 8
_BITS_AFTER_ACK_SLOT = 1 + 7 + INTERMISSION_BITS
_ARBITRATION_BITS = 39
_WARNING_AT, _PASSIVE_AT, _BUS_OFF_AT = 96, 128, 256
_AUDIENCES_MAX = 4096


class BusFullError(Exception):
    """The bus has as many nodes as it may have."""


@dataclass(frozen=True, slots=True)
class BusSettings:
    """`restart_ns` None: a node that went bus-off stays off until it is attached again."""

    bitrate: int = 125_000
    nodes_max: int = 64
    tx_queue_max: int = 10
    restart_ns: int | None = 100_000_000


@dataclass(frozen=True, slots=True)
class NodeSettings:
    """No filters = everything. `corruption` is the part of this node's own frames that a fault destroys."""

    filters: tuple[AcceptanceFilter, ...] = ()
    echo: bool = False
    error_frames: bool = False
    corruption: float = 0.0


class Delivery(NamedTuple):
    """One frame to all `nodes` that accept it, at the instant its last bit was read."""

    at_ns: int
    frame: CanFrame
    nodes: tuple[int, ...]


class _Fault(Enum):
    CORRUPTED = 1
    CONFLICT = 2
    NO_ACK = 3


class _Queued(NamedTuple):
    key: int
    at_ns: int
    frame: CanFrame


@dataclass(slots=True, eq=False)
class _Node:
    number: int
    settings: NodeSettings
    queue: deque[_Queued] = field(default_factory=deque)
    tec: int = 0
    rec: int = 0
    state: ControllerState = ControllerState.ACTIVE
    suspended_until_ns: int = 0
    counters: Counter[str] = field(default_factory=Counter)

    def accepts(self, word: int) -> bool:
        return not self.settings.filters or any(f.accepts(word) for f in self.settings.filters)

    def ready_ns(self) -> int:
        return max(self.queue[0].at_ns, self.suspended_until_ns)


class _Flight(NamedTuple):
    senders: tuple[_Node, ...]
    frame: CanFrame
    start_ns: int
    done_ns: int
    free_ns: int
    fault: _Fault | None


class SimCanBus:
    """The bus. Call `advance(now)` before `enqueue(..., now)`: time never runs backwards.

    `counters` holds frames, errors and busy_ns of the whole bus; `node_counters` those of one node.
    """

    def __init__(self, settings: BusSettings, chance: Callable[[], float]) -> None:
        if settings.bitrate <= 0 or NS_PER_S % settings.bitrate:
            raise ValueError(f"{settings.bitrate} bit/s has no whole number of ns per bit")
        self.counters: Counter[str] = Counter()
        self._settings = settings
        self._chance = chance
        self._bit_ns = NS_PER_S // settings.bitrate
        self._nodes: dict[int, _Node] = {}
        self._pending: dict[int, _Node] = {}
        self._restarts: dict[int, int] = {}
        self._audiences: dict[int, tuple[_Node, ...]] = {}
        self._flight: _Flight | None = None
        self._free_ns = 0
        self._next_number = 1
        self._out: list[Delivery] = []

    @property
    def bit_ns(self) -> int:
        """Nanoseconds per bit."""
        return self._bit_ns

    def attach(self, settings: NodeSettings) -> int:
        """Connect a node; gives its number. Raises BusFullError."""
        if len(self._nodes) >= self._settings.nodes_max:
            raise BusFullError(f"the bus has its {self._settings.nodes_max} nodes")
        number = self._next_number
        self._next_number += 1
        self._nodes[number] = _Node(number, settings)
        self._audiences.clear()
        return number

    def configure(self, number: int, settings: NodeSettings) -> None:
        """Change a node's filters and options; its error counters stay."""
        self._nodes[number].settings = settings
        self._audiences.clear()

    def detach(self, number: int) -> None:
        """Take a node off; its queue is lost, a frame already on the wire is completed by its controller."""
        self._nodes.pop(number)
        self._pending.pop(number, None)
        self._restarts.pop(number, None)
        self._audiences.clear()

    def enqueue(self, number: int, frame: CanFrame, now_ns: int) -> bool:
        """Give a frame to a node's controller; False when its queue is full, it is bus-off, or for an error frame."""
        node = self._nodes[number]
        if self.room(number) <= 0 or frame.word & ERROR:
            node.counters["refused"] += 1
            return False
        node.queue.append(_Queued(arbitration_key(frame), now_ns, frame))
        self._pending[number] = node
        return True

    def room(self, number: int) -> int:
        """Frames the node's queue still takes."""
        node = self._nodes[number]
        if node.state is ControllerState.BUS_OFF:
            return 0
        return self._settings.tx_queue_max - len(node.queue)

    def state(self, number: int) -> tuple[ControllerState, int, int]:
        """(state, TEC, REC) of a node."""
        node = self._nodes[number]
        return node.state, node.tec, node.rec

    def node_counters(self, number: int) -> Counter[str]:
        """Totals of a node: sent, failed, refused, flushed, bus_off."""
        return self._nodes[number].counters

    def next_event_ns(self) -> int | None:
        """When `advance` has something to do next; None on a bus at rest."""
        moments = [*self._restarts.values()]
        if self._flight is not None:
            moments.append(self._flight.done_ns)
        elif self._pending:
            moments.append(self._start_ns())
        return min(moments, default=None)

    def advance(self, now_ns: int) -> list[Delivery]:
        """Let the bus run up to `now_ns`; gives what was delivered, in order."""
        self._out = []
        while (moment := self.next_event_ns()) is not None and moment <= now_ns:
            self._step(moment)
        return self._out

    def _step(self, moment: int) -> None:
        flight = self._flight
        if flight is not None and flight.done_ns <= moment:
            self._flight = None
            self._free_ns = flight.free_ns
            self._finish(flight)
        elif flight is None and self._pending and self._start_ns() <= moment:
            self._begin(self._start_ns())
        else:
            self._restart(moment)

    def _start_ns(self) -> int:
        return max(self._free_ns, min(node.ready_ns() for node in self._pending.values()))

    def _begin(self, start_ns: int) -> None:
        """Arbitration among the queue heads that are there at this instant."""
        heads = [node for node in self._pending.values() if node.ready_ns() <= start_ns]
        best = min(node.queue[0].key for node in heads)
        senders = tuple(node for node in heads if node.queue[0].key == best)
        frame = senders[0].queue[0].frame
        bits = frame_bits(frame)
        fault, at_bit = self._fate(senders, frame, bits)
        used_bits = at_bit + _ERROR_FLAG_AND_DELIMITER_BITS if fault else bits - INTERMISSION_BITS
        done_ns = start_ns + used_bits * self._bit_ns
        free_ns = done_ns + INTERMISSION_BITS * self._bit_ns
        self._flight = _Flight(senders, frame, start_ns, done_ns, free_ns, fault)

    def _fate(self, senders: tuple[_Node, ...], frame: CanFrame, bits: int) -> tuple[_Fault | None, int]:
        """What will break this frame, and at which bit."""
        for other in senders[1:]:
            if other.queue[0].frame != frame:
                return _Fault.CONFLICT, _ARBITRATION_BITS + 8 * _common(frame.data, other.queue[0].frame.data)
        for node in senders:
            if node.settings.corruption and self._chance() < node.settings.corruption:
                return _Fault.CORRUPTED, 1 + int(self._chance() * (bits - _BITS_AFTER_ACK_SLOT - 1))
        if all(node in senders for node in self._online()):
            return _Fault.NO_ACK, bits - _BITS_AFTER_ACK_SLOT
        return None, 0

    def _online(self) -> Iterable[_Node]:
        return (node for node in self._nodes.values() if node.state is not ControllerState.BUS_OFF)

    def _finish(self, flight: _Flight) -> None:
        self.counters["busy_ns"] += flight.free_ns - flight.start_ns
        if flight.fault is None:
            self._succeed(flight)
        else:
            self._fail(flight, flight.fault)
        for node in flight.senders:
            if node.state is ControllerState.PASSIVE:
                node.suspended_until_ns = flight.free_ns + _SUSPEND_BITS * self._bit_ns

    def _succeed(self, flight: _Flight) -> None:
        self.counters["frames"] += 1
        for node in flight.senders:
            if node.number in self._nodes:
                self._pop(node)
            node.counters["sent"] += 1
            node.tec = max(0, node.tec - 1)
            self._watch(node, flight.done_ns)
        for node in self._nodes.values():
            if node.rec and node not in flight.senders:
                node.rec = min(node.rec - 1, _PASSIVE_AT - 1)
                self._watch(node, flight.done_ns)
        nodes = tuple(node.number for node in self._audience(flight.frame.word)
                      if node.settings.echo or node not in flight.senders)  # fmt: skip
        if nodes:
            self._out.append(Delivery(flight.done_ns, flight.frame, nodes))

    def _pop(self, node: _Node) -> None:
        node.queue.popleft()
        if not node.queue:
            del self._pending[node.number]

    def _audience(self, word: int) -> tuple[_Node, ...]:
        audience = self._audiences.get(word)
        if audience is None:
            if len(self._audiences) >= _AUDIENCES_MAX:
                self._audiences.clear()
            audience = tuple(node for node in self._online() if node.accepts(word))
            self._audiences[word] = audience
        return audience

    def _fail(self, flight: _Flight, fault: _Fault) -> None:
        self.counters["errors"] += 1
        for node in flight.senders:
            node.counters["failed"] += 1
            # A passive node alone on the bus is not punished further: an unplugged cable is not its fault.
            if fault is not _Fault.NO_ACK or node.state is not ControllerState.PASSIVE:
                node.tec += 8
        for node in list(self._online()):
            sending = node in flight.senders
            node.rec = node.rec if sending else min(node.rec + 1, 255)
            unheard = fault is _Fault.NO_ACK
            # A lone passive node repeats for ever; saying so a thousand times a second helps nobody.
            if not (unheard and node.state is ControllerState.PASSIVE):
                self._tell(node, flight.done_ns, BusTrouble(
                    bus_error=True, while_sending=sending, no_ack=unheard, tec=node.tec, rec=node.rec,
                ))  # fmt: skip
            self._watch(node, flight.done_ns)

    def _watch(self, node: _Node, at_ns: int) -> None:
        """Follow the two counters into the node's state and tell its own software about a change."""
        state = _state_of(node.tec, node.rec)
        if state is node.state or node.number not in self._nodes:
            return
        node.state = state
        if state is ControllerState.BUS_OFF:
            self._go_off(node, at_ns)
        self._tell(node, at_ns, BusTrouble(state=state, tec=node.tec, rec=node.rec))

    def _go_off(self, node: _Node, at_ns: int) -> None:
        node.counters["bus_off"] += 1
        node.counters["flushed"] += len(node.queue)
        node.queue.clear()
        self._pending.pop(node.number, None)
        self._audiences.clear()
        if self._settings.restart_ns is not None:
            self._restarts[node.number] = at_ns + self._settings.restart_ns

    def _restart(self, moment: int) -> None:
        for number in [number for number, due_ns in self._restarts.items() if due_ns <= moment]:
            del self._restarts[number]
            node = self._nodes[number]
            node.tec = node.rec = 0
            node.state = ControllerState.ACTIVE
            self._audiences.clear()
            self._tell(node, moment, BusTrouble(state=node.state, restarted=True))

    def _tell(self, node: _Node, at_ns: int, trouble: BusTrouble) -> None:
        if node.settings.error_frames:
            self._out.append(Delivery(at_ns, encode_trouble(trouble), (node.number,)))


def _state_of(tec: int, rec: int) -> ControllerState:
    if tec >= _BUS_OFF_AT:
        return ControllerState.BUS_OFF
    worst = max(tec, rec)
    if worst >= _PASSIVE_AT:
        return ControllerState.PASSIVE
    return ControllerState.WARNING if worst >= _WARNING_AT else ControllerState.ACTIVE


def _common(one: bytes, other: bytes) -> int:
    """Length of the common start of two payloads."""
    pairs = zip(one, other, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
