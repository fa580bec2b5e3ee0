"""A broadcast in virtual time: the real sender and receivers on the bus model, with losses at each receiver.

Hardware sends a frame again that was destroyed, so what is lost is lost in the receivers: overruns, and flash that
erases. While it erases, a terminal hears nothing.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from edge.box.down.broadcast import Broadcast, Fate
from edge.link.can.broadcast import down_frame, read_down, read_up, up_frame
from edge.link.can.ids import DOWN_FILTER, UP_FILTER
from edge.link.sim.can_bus import NS_PER_S, BusSettings, NodeSettings, SimCanBus
from edge.terminal.down.broadcast import MemorySlot, Receiver
from shared.fleet.document import Head, SignedHead, decode_head
from shared.wire.fleet_lane import Verdict

QUEUE = 4
STEP_NS = 50_000_000
END_S = 600.0
Losing = Callable[[int], bool]
"""By the moment of a frame: is it lost here?"""


def none(_now_ns: int) -> bool:
    return False


def iid(chance: Random, share: float) -> Losing:
    return lambda _: chance.random() < share


def bursts(chance: Random, share: float, frames: int, frame_ns: int) -> Losing:
    """Bursts as long as so many frames take: an overrun is a time, and passes on a bus at rest, too."""
    until_ns = 0

    def lost(now_ns: int) -> bool:
        nonlocal until_ns
        if now_ns >= until_ns and chance.random() < share / frames:
            until_ns = now_ns + frames * frame_ns
        return now_ns < until_ns

    return lost


@dataclass
class Station:
    """deaf_ns: spans in which it hears nothing; off: its plug is out."""

    receiver: Receiver
    slot: MemorySlot
    losing: Losing
    node: int = 0
    deaf: list[tuple[int, int]] = field(default_factory=list)
    off: bool = False
    lost: int = 0

    def hears(self, now_ns: int) -> bool:
        is_deaf = self.off or any(begin <= now_ns < end for begin, end in self.deaf) or self.losing(now_ns)
        self.lost += is_deaf
        return not is_deaf


class Bus:
    """stations by address; `sender` begins when `run` does."""

    def __init__(
        self, signed: SignedHead, body: bytes, terminals: int, losing: Callable[[int], Losing] = lambda _: none,
        bitrate: int = 125_000, erase_s: float = 0.0,
    ) -> None:  # fmt: skip
        self.bus = SimCanBus(BusSettings(bitrate=bitrate, nodes_max=terminals + 8), Random(1).random)
        self.now_ns = 0
        self.signed, self.body = signed, body
        self.edge = self.bus.attach(NodeSettings(filters=(UP_FILTER,)))
        self.erase_ns = int(erase_s * NS_PER_S)
        self.stations: dict[int, Station] = {}
        self.by_node: dict[int, int] = {}
        for address in range(1, terminals + 1):
            self.plug(address, losing(address))
        self.sender = Broadcast(1, signed, body, self.stations, 0.0)
        self.at: deque[tuple[int, Callable[[], None]]] = deque()
        self.guard: Callable[[int], bool] = lambda _: True

    def plug(self, address: int, losing: Losing, slot: MemorySlot | None = None) -> Station:
        """A terminal that was switched on. slot: what its flash holds."""
        own = slot or MemorySlot()
        station = Station(Receiver(self._judge(address), own), own, losing)
        station.node = self.bus.attach(NodeSettings(filters=(DOWN_FILTER,)))
        self.stations[address], self.by_node[station.node] = station, address
        return station

    def _judge(self, address: int) -> Callable[[SignedHead], Head | Verdict]:
        def judged(signed: SignedHead) -> Head | Verdict:
            station = self.stations[address]
            station.deaf.append((self.now_ns, self.now_ns + self.erase_ns))
            return decode_head(signed.raw)

        return judged

    @property
    def now_s(self) -> float:
        return self.now_ns / NS_PER_S

    @property
    def busy_s(self) -> float:
        return self.bus.counters["busy_ns"] / NS_PER_S

    def run(self) -> None:
        """Until it is over and the bus is at rest."""
        while not (self.sender.is_over and self.bus.next_event_ns() is None):
            assert self.now_s < END_S, self.sender.fates
            self._pump()
            self._step()
            self.sender.tick(self.now_s)

    def _step(self) -> None:
        moments = [self.now_ns + STEP_NS, *(when for when, _ in self.at), int(self.sender.due_s() * NS_PER_S) + 1
                   if self.sender.due_s() < END_S else self.now_ns + STEP_NS]  # fmt: skip
        event = self.bus.next_event_ns()
        self.now_ns = max(self.now_ns, min(moments if event is None else [event, *moments]))
        while self.at and self.at[0][0] <= self.now_ns:
            self.at.popleft()[1]()
        for delivery in self.bus.advance(self.now_ns):
            if delivery.nodes == (self.edge,):
                self.sender.hear(*read_up(delivery.frame), self.now_s)
                continue
            down = read_down(delivery.frame)
            for node in delivery.nodes:
                station = self.stations[self.by_node[node]]
                if station.node == node and station.hears(self.now_ns):
                    station.receiver.hear(down)

    def _pump(self) -> None:
        while self.bus.room(self.edge) > 10 - QUEUE and self.guard(self.now_ns):
            frame = self.sender.next_frame(self.now_s)
            if frame is None:
                break
            self.bus.enqueue(self.edge, down_frame(frame), self.now_ns)
        for address, station in self.stations.items():
            if station.receiver.is_answering and not station.off and self.bus.room(station.node) == 10:
                answer = station.receiver.next_answer()
                assert answer is not None
                self.bus.enqueue(station.node, up_frame(address, answer), self.now_ns)

    def all_whole(self) -> bool:
        return all(fate is Fate.WHOLE for fate in self.sender.fates.values())
