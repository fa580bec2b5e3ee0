"""A CAN bus as a pure model: exact frame lengths, arbitration, error counters, bus-off. Time is a number passed in.

The same object runs in real time under the daemon and in virtual time in tests and in the simulation. Nodes may be
faulty on transmit or on receive, babble, or share an address; the cable may be cut or lack a terminator. It models no
bit timing, no bit-rate mismatch, no CAN FD. Sources: Bosch CAN 2.0 B, ISO 11898-1.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from edge.link.can.error import BusTrouble, ControllerState, encode_trouble
from edge.link.can.frame import ERROR, INTERMISSION_BITS, CanFrame, arbitration_key, frame_bits
from edge.link.can.ids import EDGE_ADDRESS, AcceptanceFilter, CanId
from edge.link.sim.can_confinement import ErrorCounters

NS_PER_S = 1_000_000_000

_ERROR_FLAG_AND_DELIMITER_BITS = 6 + 8
_SUSPEND_BITS = 8
_BITS_AFTER_ACK_SLOT = 1 + 7 + INTERMISSION_BITS
_ARBITRATION_BITS = 39
_RECOVERY_BITS = 128 * 11
_AUDIENCES_MAX = 4096
_BABBLE = b"\xff" * 8
_ECHO_NS_PER_M = 10
"""There and back on a cable, 5 ns/m each way."""


class BusFullError(Exception):
    """The bus has as many nodes as it may have."""


@dataclass(frozen=True, slots=True)
class BusSettings:
    """`restart_ns` None: a node that went bus-off stays off until its software says `restart`.

    `unterminated` ends of a cable of `metres` have no resistor: see `echo_errors`.
    """

    bitrate: int = 125_000
    nodes_max: int = 64
    tx_queue_max: int = 10
    restart_ns: int | None = 100_000_000
    unterminated: int = 0
    metres: int = 100


def echo_errors(bitrate: int, metres: int, unterminated: int) -> float:
    """The part of the frames that reflections destroy. A model, no physics: it grows with the square of how much of a
    bit the echo takes, so that a line that works at 50 kbit/s may fail at 250."""
    return min(1.0, unterminated * (bitrate * metres * _ECHO_NS_PER_M / NS_PER_S) ** 2)


@dataclass(frozen=True, slots=True)
class NodeSettings:
    """No filters = everything.

    `corruption` is the part of this node's own frames that a fault destroys; `misreading` the part of all others' that
    it believes to be destroyed and flags; `babbles`: it sends rubbish without end, ahead of everybody.
    """

    filters: tuple[AcceptanceFilter, ...] = ()
    echo: bool = False
    error_frames: bool = False
    corruption: float = 0.0
    misreading: float = 0.0
    babbles: bool = False

    @property
    def address(self) -> int:
        """The address that its filters listen to, 0 where they do not say."""
        return self.filters[0].word >> 8 & 0xFF if self.filters else 0

    @property
    def position(self) -> int:
        """Its place on the chain: in the order of addresses, the edge before all."""
        return 0 if self.address == EDGE_ADDRESS else self.address


class Delivery(NamedTuple):
    """One frame to all `nodes` that accept it, at the instant its last bit was read."""

    at_ns: int
    frame: CanFrame
    nodes: tuple[int, ...]


class _Fault(Enum):
    CORRUPTED = 1
    CONFLICT = 2
    NO_ACK = 3
    MISREAD = 4
    NOISE = 5


class _Queued(NamedTuple):
    key: int
    at_ns: int
    frame: CanFrame


@dataclass(slots=True, eq=False)
class _Node:
    number: int
    settings: NodeSettings
    wire: "_Wire"
    queue: deque[_Queued] = field(default_factory=deque)
    errors: ErrorCounters = field(default_factory=ErrorCounters)
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
    fate: "_Fate"


class _Fate(NamedTuple):
    """What becomes of a frame. flagger: the receiver that flags it first; deaf: passive ones that lose it alone."""

    fault: _Fault | None = None
    at_bit: int = 0
    flagger: _Node | None = None
    deaf: tuple[_Node, ...] = ()


@dataclass(slots=True, eq=False)
class _Wire:
    """A piece of cable: the whole bus, or what is behind a cut."""

    unterminated: int = 0
    pending: dict[int, _Node] = field(default_factory=dict)
    flight: _Flight | None = None
    free_ns: int = 0

    def start_ns(self) -> int:
        return max(self.free_ns, min(node.ready_ns() for node in self.pending.values()))

    def moment(self) -> int | None:
        if self.flight is not None:
            return self.flight.done_ns
        return self.start_ns() if self.pending else None


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
        self._near, self._far = _Wire(settings.unterminated), _Wire()
        self._cut_behind: int | None = None
        self._faulty: tuple[_Node, ...] = ()
        self._restarts: dict[int, int] = {}
        self._audiences: dict[tuple[bool, int], tuple[_Node, ...]] = {}
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
        self._nodes[number] = node = _Node(number, settings, self._wire_of(settings))
        self._changed()
        self._babble(node, 0)
        return number

    def configure(self, number: int, settings: NodeSettings) -> None:
        """Change a node's filters and options; its error counters stay."""
        node = self._nodes[number]
        node.settings = settings
        self._changed()
        self._babble(node, 0)

    def detach(self, number: int) -> None:
        """Take a node off; its queue is lost, a frame already on the wire is completed by its controller."""
        node = self._nodes.pop(number)
        node.wire.pending.pop(number, None)
        self._restarts.pop(number, None)
        self._changed()

    def _changed(self) -> None:
        self._audiences.clear()
        self._faulty = tuple(node for node in self._nodes.values() if node.settings.misreading)

    def numbers_of(self, address: int) -> list[int]:
        """The nodes that listen to this address: one, or those that share it by mistake."""
        return [number for number, node in self._nodes.items() if node.settings.address == address]

    def settings_of(self, number: int) -> NodeSettings:
        """What a node is now."""
        return self._nodes[number].settings

    def cut(self, behind: int | None) -> None:
        """Cut the cable behind this place of the chain, or mend it. Both ends are without a terminator then."""
        self._cut_behind = behind
        self._near.unterminated = self._settings.unterminated + (behind is not None)
        self._far.unterminated = self._near.unterminated
        for node in self._nodes.values():
            node.wire.pending.pop(node.number, None)
            node.wire = self._wire_of(node.settings)
            if node.queue:
                node.wire.pending[node.number] = node
        for wire in (self._near, self._far):
            wire.flight = None
        self._audiences.clear()

    def restart(self, number: int, now_ns: int) -> None:
        """A node's software orders it back from bus-off: it is there after 128 × 11 bits."""
        if self._nodes[number].state is ControllerState.BUS_OFF:
            self._restarts[number] = now_ns + _RECOVERY_BITS * self._bit_ns

    def enqueue(self, number: int, frame: CanFrame, now_ns: int) -> bool:
        """Give a frame to a node's controller; False when its queue is full, it is bus-off, or for an error frame."""
        node = self._nodes[number]
        if self.room(number) <= 0 or frame.word & ERROR:
            node.counters["refused"] += 1
            return False
        node.queue.append(_Queued(arbitration_key(frame), now_ns, frame))
        node.wire.pending[number] = node
        return True

    def room(self, number: int) -> int:
        """Frames the node's queue still takes."""
        node = self._nodes[number]
        if node.state is ControllerState.BUS_OFF:
            return 0
        return self._settings.tx_queue_max - len(node.queue)

    def is_off(self, number: int) -> bool:
        """Is this node bus-off?"""
        return self._nodes[number].state is ControllerState.BUS_OFF

    def state(self, number: int) -> tuple[ControllerState, int, int]:
        """(state, TEC, REC) of a node."""
        node = self._nodes[number]
        return node.state, node.errors.tec, node.errors.rec

    def node_counters(self, number: int) -> Counter[str]:
        """Totals of a node: sent, failed, refused, flushed, bus_off, misread."""
        return self._nodes[number].counters

    def next_event_ns(self) -> int | None:
        """When `advance` has something to do next; None on a bus at rest."""
        wires = (wire.moment() for wire in (self._near, self._far))
        moments = [*self._restarts.values(), *(moment for moment in wires if moment is not None)]
        return min(moments, default=None)

    def advance(self, now_ns: int) -> list[Delivery]:
        """Let the bus run up to `now_ns`; gives what was delivered, in order."""
        self._out = []
        while (moment := self.next_event_ns()) is not None and moment <= now_ns:
            self._step(moment)
        return self._out

    def _step(self, moment: int) -> None:
        for wire in (self._near, self._far):
            if wire.moment() == moment:
                self._move(wire, moment)
                return
        self._restart(moment)

    def _move(self, wire: _Wire, moment: int) -> None:
        flight = wire.flight
        if flight is None:
            self._begin(wire, moment)
            return
        wire.flight = None
        wire.free_ns = flight.free_ns
        self._finish(wire, flight)

    def _begin(self, wire: _Wire, start_ns: int) -> None:
        """Arbitration among the queue heads that are there at this instant."""
        heads = [node for node in wire.pending.values() if node.ready_ns() <= start_ns]
        best = min(node.queue[0].key for node in heads)
        senders = tuple(node for node in heads if node.queue[0].key == best)
        frame = senders[0].queue[0].frame
        bits = frame_bits(frame)
        fate = self._fate(wire, senders, frame, bits)
        used_bits = fate.at_bit + _ERROR_FLAG_AND_DELIMITER_BITS if fate.fault else bits - INTERMISSION_BITS
        done_ns = start_ns + used_bits * self._bit_ns
        free_ns = done_ns + INTERMISSION_BITS * self._bit_ns
        wire.flight = _Flight(senders, frame, start_ns, done_ns, free_ns, fate)

    def _fate(self, wire: _Wire, senders: tuple[_Node, ...], frame: CanFrame, bits: int) -> _Fate:
        """What will break this frame, and at which bit."""
        for other in senders[1:]:
            if other.queue[0].frame != frame:
                at_bit = _ARBITRATION_BITS + 8 * _common(frame.data, other.queue[0].frame.data)
                return _Fate(_Fault.CONFLICT, at_bit)
        for node in senders:
            if self._happens(node.settings.corruption):
                return _Fate(_Fault.CORRUPTED, self._some_bit(bits))
        if self._happens(self._echo_errors(wire)):
            return _Fate(_Fault.NOISE, self._some_bit(bits))
        return self._read_by(wire, senders, bits)

    def _read_by(self, wire: _Wire, senders: tuple[_Node, ...], bits: int) -> _Fate:
        """An active node that misreads a frame destroys it for all; a passive one loses it alone."""
        here = [node for node in self._misreaders() if node.wire is wire and node not in senders]
        deaf = tuple(node for node in here if self._happens(node.settings.misreading))
        for node in deaf:
            if node.state is not ControllerState.PASSIVE:
                return _Fate(_Fault.MISREAD, self._some_bit(bits), node)
        if all(node in senders or node in deaf for node in self._online(wire)):
            return _Fate(_Fault.NO_ACK, bits - _BITS_AFTER_ACK_SLOT, deaf=deaf)
        return _Fate(deaf=deaf)

    def _misreaders(self) -> list[_Node]:
        return [node for node in self._faulty if node.state is not ControllerState.BUS_OFF]

    def _happens(self, share: float) -> bool:
        return share > 0 and self._chance() < share

    def _some_bit(self, bits: int) -> int:
        return 1 + int(self._chance() * (bits - _BITS_AFTER_ACK_SLOT - 1))

    def _echo_errors(self, wire: _Wire) -> float:
        return echo_errors(self._settings.bitrate, self._settings.metres, wire.unterminated)

    def _wire_of(self, settings: NodeSettings) -> _Wire:
        is_far = self._cut_behind is not None and settings.position > self._cut_behind
        return self._far if is_far else self._near

    def _online(self, wire: _Wire) -> Iterable[_Node]:
        return (
            node for node in self._nodes.values()
            if node.wire is wire and node.state is not ControllerState.BUS_OFF
        )  # fmt: skip

    def _finish(self, wire: _Wire, flight: _Flight) -> None:
        self.counters["busy_ns"] += flight.free_ns - flight.start_ns
        for node in flight.fate.deaf:
            node.errors.misheard()
            node.counters["misread"] += 1
            self._watch(node, flight.done_ns)
        if flight.fate.fault is None:
            self._succeed(wire, flight)
        else:
            self._fail(wire, flight, flight.fate.fault)
        for node in flight.senders:
            if node.state is ControllerState.PASSIVE:
                node.suspended_until_ns = flight.free_ns + _SUSPEND_BITS * self._bit_ns
            self._babble(node, flight.free_ns)

    def _babble(self, node: _Node, at_ns: int) -> None:
        """Rubbish, for ever, under the id that goes before all others."""
        off = node.state is ControllerState.BUS_OFF or node.number not in self._nodes
        if node.settings.babbles and not off and not (node.queue and node.queue[0].frame.data == _BABBLE):
            frame = CanFrame(CanId(0, EDGE_ADDRESS, node.settings.address).word, _BABBLE)
            node.queue.appendleft(_Queued(arbitration_key(frame), at_ns, frame))
            node.wire.pending[node.number] = node

    def _succeed(self, wire: _Wire, flight: _Flight) -> None:
        self.counters["frames"] += 1
        for node in flight.senders:
            if node.number in self._nodes:
                self._pop(node)
            node.counters["sent"] += 1
            node.errors.sent()
            self._watch(node, flight.done_ns)
        deaf = flight.fate.deaf
        for node in self._nodes.values():
            if node.errors.rec and node.wire is wire and node not in flight.senders and node not in deaf:
                node.errors.heard()
                self._watch(node, flight.done_ns)
        nodes = tuple(node.number for node in self._audience(wire, flight.frame.word)
                      if node not in deaf and (node.settings.echo or node not in flight.senders))  # fmt: skip
        if nodes:
            self._out.append(Delivery(flight.done_ns, flight.frame, nodes))

    def _pop(self, node: _Node) -> None:
        node.queue.popleft()
        if not node.queue:
            node.wire.pending.pop(node.number, None)

    def _audience(self, wire: _Wire, word: int) -> tuple[_Node, ...]:
        name = wire is self._far, word
        audience = self._audiences.get(name)
        if audience is None:
            if len(self._audiences) >= _AUDIENCES_MAX:
                self._audiences.clear()
            audience = tuple(node for node in self._online(wire) if node.accepts(word))
            self._audiences[name] = audience
        return audience

    def _fail(self, wire: _Wire, flight: _Flight, fault: _Fault) -> None:
        self.counters["errors"] += 1
        for node in flight.senders:
            node.counters["failed"] += 1
            # A passive node alone on the bus is not punished further: an unplugged cable is not its fault.
            if fault is not _Fault.NO_ACK or node.state is not ControllerState.PASSIVE:
                node.errors.failed()
        for node in list(self._online(wire)):
            self._see_error(node, flight, fault)

    def _see_error(self, node: _Node, flight: _Flight, fault: _Fault) -> None:
        sending, unheard = node in flight.senders, fault is _Fault.NO_ACK
        first = node is flight.fate.flagger
        if not sending:
            node.errors.erred(first)
        # A lone passive node repeats for ever; saying so a thousand times a second helps nobody.
        if not (unheard and node.state is ControllerState.PASSIVE):
            self._tell(node, flight.done_ns, BusTrouble(
                bus_error=True, while_sending=sending, no_ack=unheard, first=first,
                tec=node.errors.tec, rec=node.errors.rec,
            ))  # fmt: skip
        self._watch(node, flight.done_ns)

    def _watch(self, node: _Node, at_ns: int) -> None:
        """Follow the two counters into the node's state and tell its own software about a change."""
        state = node.errors.state
        if state is node.state or node.number not in self._nodes:
            return
        node.state = state
        if state is ControllerState.BUS_OFF:
            self._go_off(node, at_ns)
        self._tell(node, at_ns, BusTrouble(state=state, tec=node.errors.tec, rec=node.errors.rec))

    def _go_off(self, node: _Node, at_ns: int) -> None:
        node.counters["bus_off"] += 1
        node.counters["flushed"] += len(node.queue)
        node.queue.clear()
        node.wire.pending.pop(node.number, None)
        self._audiences.clear()
        if self._settings.restart_ns is not None:
            self._restarts[node.number] = at_ns + self._settings.restart_ns

    def _restart(self, moment: int) -> None:
        for number in [number for number, due_ns in self._restarts.items() if due_ns <= moment]:
            del self._restarts[number]
            node = self._nodes[number]
            node.errors.restart()
            node.state = ControllerState.ACTIVE
            self._babble(node, moment)
            self._audiences.clear()
            self._tell(node, moment, BusTrouble(state=node.state, restarted=True))

    def _tell(self, node: _Node, at_ns: int, trouble: BusTrouble) -> None:
        if node.settings.error_frames:
            self._out.append(Delivery(at_ns, encode_trouble(trouble), (node.number,)))


def _common(one: bytes, other: bytes) -> int:
    """Length of the common start of two payloads."""
    pairs = zip(one, other, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
