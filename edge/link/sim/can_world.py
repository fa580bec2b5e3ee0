"""CAN in virtual time: the real node cores on the real bus model, an event at a time, repeatable to the nanosecond.

Only the clock and the micro-controller's reaction time are made up. For tests, the simulation and the bench.
"""

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from random import Random

from edge.link.can.frame import ERROR, CanFrame
from edge.link.can.node import CanNode
from edge.link.port import Peer
from edge.link.sim.can_bus import NS_PER_S, BusSettings, NodeSettings, SimCanBus

_TICK_NS = 50_000_000
_REACTION_NS = 300_000


@dataclass(frozen=True, slots=True)
class _Station:
    node: CanNode
    on_message: Callable[[Peer, bytes], None]


class VirtualCan:
    """One bus and the nodes on it. `now_ns` moves only in `run_until`."""

    def __init__(self, settings: BusSettings, seed: int = 0, reaction_ns: int = _REACTION_NS) -> None:
        self.bus = SimCanBus(settings, Random(seed).random)  # noqa: S311 - repeatable faults, no secret
        self.now_ns = 0
        self._reaction_ns = reaction_ns
        self._stations: dict[int, _Station] = {}
        self._agenda: list[tuple[int, int, Callable[[], None]]] = []
        self._order = count()
        self.at(_TICK_NS, self._tick)

    @property
    def now_s(self) -> float:
        """The virtual time in seconds."""
        return self.now_ns / NS_PER_S

    def add(
        self,
        node: CanNode,
        on_message: Callable[[Peer, bytes], None],
        settings: NodeSettings | None = None,
    ) -> int:
        """Connect a node; gives its number on the bus."""
        number = self.bus.attach(settings or NodeSettings())
        self._stations[number] = _Station(node, on_message)
        return number

    def at(self, when_ns: int, action: Callable[[], None]) -> None:
        """Do something at a moment; what it offers to nodes is on its way at that moment."""
        heapq.heappush(self._agenda, (when_ns, next(self._order), action))

    def run_until(self, end_ns: int) -> None:
        """Let everything happen up to a moment."""
        self._pump()
        while (moment := self._next_ns()) is not None and moment <= end_ns:
            self.now_ns = moment
            self._step()
        self.now_ns = end_ns

    def _next_ns(self) -> int | None:
        moments = [self._agenda[0][0]] if self._agenda else []
        bus_ns = self.bus.next_event_ns()
        return min([*moments, bus_ns] if bus_ns is not None else moments, default=None)

    def _step(self) -> None:
        for delivery in self.bus.advance(self.now_ns):
            if not delivery.frame.word & ERROR:
                for number in delivery.nodes:
                    self.at(delivery.at_ns + self._reaction_ns, self._hearing(number, delivery.frame))
        while self._agenda and self._agenda[0][0] <= self.now_ns:
            heapq.heappop(self._agenda)[2]()
        self._pump()

    def _pump(self) -> None:
        """Move frames from the cores into the controllers' queues, as the adapter does."""
        for number, station in self._stations.items():
            while self.bus.room(number) > 0:
                frame = station.node.next_frame(self.now_s)
                if frame is None:
                    break
                self.bus.enqueue(number, frame, self.now_ns)

    def _hearing(self, number: int, frame: CanFrame) -> Callable[[], None]:
        station = self._stations[number]

        def hear() -> None:
            heard = station.node.hear(frame, self.now_s)
            if heard is not None:
                station.on_message(*heard)

        return hear

    def _tick(self) -> None:
        for station in self._stations.values():
            station.node.tick(self.now_s)
        self.at(self.now_ns + _TICK_NS, self._tick)
