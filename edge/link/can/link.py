"""Messages over a CAN bus: the asyncio adapter of CanNode, for the edge and for a terminal.

Everything happens in callbacks of the loop, one wake-up per burst of frames. A full controller queue (ENOBUFS) is
tried again after a millisecond and given up after a bound; a lost bus is reopened with a growing pause.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from edge.link.broadcast import Hearer, Sender
from edge.link.can.broadcast import Broadcasting, EdgeBroadcasting, TerminalBroadcasting
from edge.link.can.claims import Claiming
from edge.link.can.door import BusLostError, CanBusSettings, Door, open_door
from edge.link.can.error import BusTrouble, ControllerState, decode_trouble
from edge.link.can.frame import ERROR, CanFrame, FrameError
from edge.link.can.health import Health
from edge.link.can.ids import EDGE_ADDRESS, NO_ADDRESS
from edge.link.can.node import TRAFFIC, CanNode, NodeLimits
from edge.link.can.quota import Quota, frames_per_s
from edge.link.port import BusReport, NotListeningError, Peer, require_message_size

log = logging.getLogger(__name__)

_DRAIN_FRAMES_MAX = 256
_RETRY_S = 0.001
_TICK_S = 0.05
_BROADCAST_S = 0.0005
"""A broadcast that is due, and gave nothing, is not asked again before."""
_HELLO = b"\x01"
"""The type that begins a conversation."""
# For interfaces without a descriptor.
_POLL_S = 0.005


class _MovedError(Exception):
    """The edge has said another address: the bus is opened anew, for a node of that one."""


@dataclass(frozen=True, slots=True)
class CanLinkSettings:
    """How patient the adapter is.

    `send_wait_s`: how long `send` waits for room in the node's queue. `stuck_s`: how long a controller may take
    nothing before all that is queued is dropped. `reopen_*_s`: the pause before a lost bus is opened again.
    """

    bus: CanBusSettings = field(default_factory=CanBusSettings)
    limits: NodeLimits = field(default_factory=NodeLimits)
    traffic: Mapping[int, int] = field(default_factory=lambda: TRAFFIC)
    send_wait_s: float = 0.2
    stuck_s: float = 2.0
    reopen_min_s: float = 0.5
    reopen_max_s: float = 10.0


class CanAdapter:
    """A CanNode on a real bus. Shared by the two links below; others use those."""

    def __init__(self, address: int, settings: CanLinkSettings, claiming: Claiming | None = None) -> None:
        self.moved: Callable[[int], None] = lambda _address: None
        """Hears of a new address before anything is said there."""
        self.hear: Callable[[Peer, bytes], None] | None = None
        self.tell_wire: Callable[[bool], None] = lambda _there: None
        self._settings = settings
        self._address = address
        self._claiming = claiming
        self._node = CanNode(address, settings.traffic, settings.limits, claiming)
        self._health = Health()
        self._quota = Quota(frames_per_s(settings.bus.bitrate)) if address != EDGE_ADDRESS else None
        self._away_s = 0.0
        self._counters: Counter[str] = Counter()
        self._door: Door | None = None
        self._lost: asyncio.Future[None] | None = None
        self._held: CanFrame | None = None
        self._held_since_s: float | None = None
        self._room = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None

    async def send(self, peer: Peer, message: bytes, urgent: bool) -> bool:
        """See MessageLink.send; waits up to `send_wait_s` for room."""
        require_message_size(message, peer)
        taken = self._offer(peer, message, urgent) or await self._offer_later(peer, message, urgent)
        if not taken:
            self._counters["refused"] += 1
        return taken

    async def run(self) -> None:
        """Serve the bus until cancelled, opening it again when it is lost."""
        if self.hear is None:
            raise NotListeningError("register on_message before run")
        pause_s = self._settings.reopen_min_s
        while True:
            try:
                door = open_door(self._settings.bus, self._address, claims=self._claiming is not None)
                pause_s = self._settings.reopen_min_s
                await self._serve(door)
            except _MovedError:
                self._move()
                continue
            except BusLostError as trouble:
                log.warning("CAN %s %s: %s", self._settings.bus.interface, self._settings.bus.channel, trouble)
            if self._away_s:
                away_s, self._away_s = self._away_s, 0.0
                await asyncio.sleep(away_s)
                continue
            self._counters["reopened"] += 1
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, self._settings.reopen_max_s)

    def claim(self) -> None:
        """See Claiming.begin."""
        if self._claiming is not None:
            self._claiming.begin()
            self._pump()

    def _move(self) -> None:
        """Be the node of the address that the edge has said."""
        claiming = self._claiming
        if claiming is None:
            return
        self._counters["moved"] += 1
        self._counters.update(self._node.counters)
        self._address = claiming.address
        self._node = CanNode(self._address, self._settings.traffic, self._settings.limits, claiming)
        self.moved(self._address)

    def begin_anew(self) -> None:
        """See CanNode.begin_anew."""
        self._node.begin_anew()

    def leave(self, seconds: float) -> None:
        """Be no node of the bus for so long: neither a frame nor a flag nor an acknowledgement."""
        self._away_s = seconds
        self._end(BusLostError(f"left for {seconds:.0f} s, as ordered"))

    def carry(self, broadcasting: Broadcasting) -> None:
        """Have broadcasts on this bus."""
        self._node.broadcasting = broadcasting

    def bus(self) -> BusReport:
        """See OnBus."""
        health, node = self._health, self._node
        return BusReport(
            health.tec_sum, health.rec_sum, health.tec_peak, health.rec_peak, health.offs,
            node.counters["frames_out"], self._quota.held if self._quota else 0, node.junk,
            node.counters["frames_in"], health.passives, health.tec, health.rec, node.bits,
        )  # fmt: skip

    def counters(self) -> Mapping[str, int]:
        """Totals; tec and rec are the controller's own counters as last reported."""
        total = self._node.counters + self._counters
        total["broadcast_malformed"] += self._node.broadcasting.malformed if self._node.broadcasting else 0
        total["claims"] += self._claiming.claims if self._claiming is not None else 0
        total["overflow"] += self._door.dropped if self._door is not None else 0
        return total

    def _offer(self, peer: Peer, message: bytes, urgent: bool) -> bool:
        if self._door is None or not self._node.offer(peer, message, urgent):
            return False
        self._pump()
        return True

    async def _offer_later(self, peer: Peer, message: bytes, urgent: bool) -> bool:
        if self._door is None or not self._node.reaches(peer):
            return False
        try:
            async with asyncio.timeout(self._settings.send_wait_s):
                while not self._offer(peer, message, urgent):
                    self._room.clear()
                    await self._room.wait()
        except TimeoutError:
            return False
        return True

    async def _serve(self, door: Door) -> None:
        loop = asyncio.get_running_loop()
        self._door, self._lost = door, loop.create_future()
        self._health.opened()
        descriptor = door.fileno()
        if descriptor is not None:
            loop.add_reader(descriptor, self._readable)
        self._pump()
        self.tell_wire(self._address != NO_ADDRESS)
        try:
            await self._lost
        finally:
            if descriptor is not None:
                loop.remove_reader(descriptor)
            self._close(door)
            self.tell_wire(False)

    def _close(self, door: Door) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._counters["overflow"] += door.dropped
        self._door = None
        self._held = None
        self._node.forget()
        door.close()

    def _readable(self) -> None:
        """A burst of frames. What goes wrong in here ends `run` and so reaches its owner."""
        try:
            self._drain()
            self._pump()
        except BusLostError as trouble:
            self._end(trouble)
        except Exception as defect:  # noqa: BLE001 - raised again by run()
            self._end(defect)

    def _drain(self) -> None:
        now_s = asyncio.get_running_loop().time()
        for _ in range(_DRAIN_FRAMES_MAX):
            door = self._door
            frame = None if door is None else self._receive(door)
            if frame is None:
                return
            if frame.word & ERROR:
                self._note_trouble(frame)
                continue
            heard = self._node.hear(frame, now_s)
            if self._node.is_moved:
                self._end(_MovedError())
                return
            if heard is not None and self.hear is not None:
                self.hear(*heard)

    def _receive(self, door: Door) -> CanFrame | None:
        try:
            return door.receive()
        except FrameError:
            self._counters["errors"] += 1
            return None

    def _note_trouble(self, frame: CanFrame) -> None:
        try:
            trouble = decode_trouble(frame)
        except FrameError:
            self._counters["errors"] += 1
            return
        for name in _trouble_names(trouble):
            self._counters[name] += 1
        self._counters["tec"], self._counters["rec"] = trouble.tec, trouble.rec
        self._health.note(trouble, asyncio.get_running_loop().time())

    def _pump(self) -> None:
        """Give the controller what it takes; the rest waits for the timer."""
        door, now_s = self._door, asyncio.get_running_loop().time()
        if door is None:
            return
        while self._may_send(now_s) and (frame := self._held or self._node.next_frame(now_s)) is not None:
            if not self._put(door, frame):
                self._hold(frame, now_s)
                break
            self._held = self._held_since_s = None
            self._room.set()
        self._arm()

    def _may_send(self, now_s: float) -> bool:
        """Not while bus-off, for that would be lost; and within the quota."""
        if self._health.back_s is not None:
            return False
        return self._quota is None or self._quota.has_room(now_s)

    def _bring_back(self) -> None:
        """A controller that is bus-off, after its pause."""
        if self._door is not None and self._health.is_due(asyncio.get_running_loop().time()):
            self._counters["restarts"] += 1
            self._door.restart()

    def _put(self, door: Door, frame: CanFrame) -> bool:
        try:
            taken = door.send(frame)
            if taken and self._quota is not None:
                self._quota.take()
            return taken
        except BusLostError as trouble:
            # The caller may be anyone's `send`: the loss is told by run(), not raised here.
            self._end(trouble)
            return False

    def _hold(self, frame: CanFrame, now_s: float) -> None:
        self._held = frame
        if self._held_since_s is None:
            self._held_since_s = now_s
            self._counters["queue_full"] += 1
        elif now_s - self._held_since_s > self._settings.stuck_s:
            self._counters["stuck"] += 1
            self._held = self._held_since_s = None
            self._node.forget()

    def _arm(self) -> None:
        """One timer for all that waits for time: full queue, peer's pace, time-outs, bus without descriptor."""
        delay_s = None if self._door is None else self._delay_s()
        if delay_s is None:
            return
        loop = asyncio.get_running_loop()
        if self._timer is not None:
            if self._timer.when() <= loop.time() + delay_s:
                return
            self._timer.cancel()
        self._timer = loop.call_later(delay_s, self._on_timer)

    def _delay_s(self) -> float | None:
        if self._held is not None:
            return _RETRY_S
        if self._door is not None and self._door.fileno() is None:
            return _POLL_S
        if self._node.next_ready_s() is not None:
            return _RETRY_S
        now_s = asyncio.get_running_loop().time()
        broadcast_s = self._node.broadcast_s(now_s)
        watch_s = _TICK_S if self._node.busy or self._health.back_s is not None else None
        claim_s = self._node.claim_s()
        if claim_s is not None:
            claim_s = max(_RETRY_S, claim_s - now_s)
            watch_s = claim_s if watch_s is None else min(watch_s, claim_s)
        if broadcast_s is None or not self._may_send(now_s):
            return watch_s
        wait_s = max(_BROADCAST_S, broadcast_s - now_s)
        return wait_s if watch_s is None else min(wait_s, watch_s)

    def _on_timer(self) -> None:
        self._timer = None
        self._node.tick(asyncio.get_running_loop().time())
        try:
            self._bring_back()
        except BusLostError as trouble:
            self._end(trouble)
            return
        self._readable()

    def _end(self, trouble: Exception) -> None:
        if self._lost is not None and not self._lost.done():
            self._lost.set_exception(trouble)


def _trouble_names(trouble: BusTrouble) -> list[str]:
    states = {ControllerState.BUS_OFF: "bus_off", ControllerState.PASSIVE: "error_passive"}
    names = {
        "errors": trouble.bus_error,
        "bus_errors": trouble.bus_error,
        "no_ack": trouble.no_ack,
        "overflow": trouble.overflow,
        "restarted": trouble.restarted,
        states.get(trouble.state, "") if trouble.state else "": True,
    }
    return [name for name, counts in names.items() if counts and name]


class CanLink:
    """The edge on a CAN bus: a MessageLink. Peers are addresses; `on_peer` is never called here."""

    def __init__(self, settings: CanLinkSettings, address: int = EDGE_ADDRESS) -> None:
        self._adapter = CanAdapter(address, settings)

    async def send(self, peer: Peer, message: bytes, urgent: bool = False) -> bool:
        """See MessageLink."""
        return await self._adapter.send(peer, message, urgent)

    def on_message(self, callback: Callable[[Peer, bytes], None]) -> None:
        """See MessageLink."""
        self._adapter.hear = callback

    def on_peer(self, callback: Callable[[Peer, bool], None]) -> None:
        """A bus does not know who is there; the session above does."""

    def ask_proven(self, callback: Callable[[Peer], bool]) -> None:
        """A bus has an address for every terminal."""

    async def run(self) -> None:
        """See MessageLink."""
        await self._adapter.run()

    def carry(self, sender: Sender) -> None:
        """See Carries."""
        self._adapter.carry(EdgeBroadcasting(sender))

    def bus(self) -> BusReport:
        """See OnBus."""
        return self._adapter.bus()

    def counters(self) -> Mapping[str, int]:
        """See MessageLink."""
        return self._adapter.counters()


class CanTerminalLink:
    """A terminal on a CAN bus: a TerminalLink under the address that its settings give it, or one that it claims."""

    def __init__(
        self, settings: CanLinkSettings, address: int, claiming: Claiming | None = None,
        keep: Callable[[int], None] = lambda _address: None,
    ) -> None:  # fmt: skip
        """keep: makes a claimed address durable; called before it is used."""
        self._hearer: Hearer | None = None
        self._keep = keep
        self._adapter = CanAdapter(address, settings, claiming)
        self._adapter.moved = self._moved
        self._address = address

    async def send(self, message: bytes, urgent: bool = False) -> bool:
        """See TerminalLink. A HELLO overtakes what is less urgent, which belongs to the conversation that it ends."""
        if message[:1] == _HELLO:
            self._adapter.begin_anew()
        return await self._adapter.send(EDGE_ADDRESS, message, urgent)

    def on_message(self, callback: Callable[[bytes], None]) -> None:
        """See TerminalLink."""
        self._adapter.hear = lambda _peer, message: callback(message)

    def on_wire(self, callback: Callable[[bool], None]) -> None:
        """See TerminalLink."""
        self._adapter.tell_wire = callback

    def renew(self) -> None:
        """See TerminalLink: another address, if ours has become another's. Ours may be answered meanwhile."""
        self._adapter.claim()

    async def run(self) -> None:
        """See TerminalLink."""
        await self._adapter.run()

    def bus(self) -> BusReport:
        """See OnBus."""
        return self._adapter.bus()

    def hear_broadcasts(self, hearer: Hearer) -> None:
        """See HearsBroadcasts."""
        self._hearer = hearer
        if self._address != NO_ADDRESS:
            self._adapter.carry(TerminalBroadcasting(self._address, hearer))

    def _moved(self, address: int) -> None:
        self._address = address
        self._keep(address)
        if self._hearer is not None:
            self._adapter.carry(TerminalBroadcasting(address, self._hearer))

    def leave(self, seconds: float) -> None:
        """Be no node of the bus for so long."""
        self._adapter.leave(seconds)

    def counters(self) -> Mapping[str, int]:
        """See TerminalLink."""
        return self._adapter.counters()
