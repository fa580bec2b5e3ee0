"""What lies between the parts: wires to terminals, streams to the broker, and a broker that promises as little as ours.

A message may be lost, come twice, late, or behind a later one, as the weather of its wire says. Nothing here knows
what is in a message.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.sim.world import World


@dataclass(slots=True)
class Weather:
    """Shares of messages lost, doubled, held back and garbled, and the delay of the others."""

    loss: float = 0.0
    double: float = 0.0
    straggle: float = 0.0
    garble: float = 0.0
    delay_s: float = 0.004
    straggle_s: float = 1.5

    def calm(self) -> None:
        """No faults from now on."""
        self.loss = self.double = self.straggle = self.garble = 0.0

    def shares(self) -> list[str]:
        """Names of the faults that are on."""
        return [name for name in ("loss", "double", "straggle", "garble") if getattr(self, name)]


class Wire:
    """One way of a bus line: it drops, doubles and reorders, and tells nobody."""

    def __init__(self, world: World, weather: Weather, deliver: Callable[[bytes], None]) -> None:
        self.up = True
        self._world = world
        self._weather = weather
        self._deliver = deliver

    def send(self, message: bytes) -> None:
        """It may arrive."""
        weather, world = self._weather, self._world
        if not self.up or world.chance(weather.loss):
            return
        copies = 2 if world.chance(weather.double) else 1
        if world.chance(weather.garble):
            message = _garbled(message, world)
        for _ in range(copies):
            late = world.between(0, weather.straggle_s) if world.chance(weather.straggle) else 0.0
            world.after(weather.delay_s * (1 + world.random.random()) + late, self._arrive, message)

    def _arrive(self, message: bytes) -> None:
        if self.up:
            self._deliver(message)


def _garbled(message: bytes, world: World) -> bytes:
    """One bit flipped, or cut short."""
    at = world.random.randrange(len(message))
    if world.chance(0.3):
        return message[: at + 1]
    return message[:at] + bytes((message[at] ^ 1 << world.random.randrange(8),)) + message[at + 1 :]


class Stream:
    """One way of a TCP connection: in order and whole, until it is broken; then what was under way is lost."""

    def __init__(self, world: World, weather: Weather, deliver: Callable[[Any], None]) -> None:
        self._world = world
        self._weather = weather
        self._deliver = deliver
        self._free_s = 0.0
        self.open = True

    def send(self, message: Any) -> None:
        """It arrives behind what was sent before, unless the connection breaks."""
        if not self.open:
            return
        world, weather = self._world, self._weather
        due_s = world.now_s + weather.delay_s
        if weather.straggle and world.chance(weather.straggle):
            due_s += world.between(0, weather.straggle_s)
        if due_s < self._free_s:
            due_s = self._free_s
        self._free_s = due_s
        world.after(due_s - world.now_s, self._arrive, message)

    def close(self) -> None:
        """Broken."""
        self.open = False

    def _arrive(self, message: Any) -> None:
        if self.open:
            self._deliver(message)


@dataclass(slots=True)
class _Inbox:
    """What a durable session of the broker holds: messages that are queued, and those out without PUBACK."""

    filters: frozenset[str] = frozenset()
    queued: deque[tuple[str, bytes]] = field(default_factory=deque)
    out: dict[int, tuple[str, bytes]] = field(default_factory=dict)
    deliver: Callable[[int, str, bytes], None] | None = None


class Broker:
    """QoS 1 as brokers have it: PUBACK first, then perhaps delivery. In memory; a restart may forget all of it."""

    def __init__(self, world: World, queue_max: int = 100_000) -> None:
        self.queue_max = queue_max
        self.up = True
        self.dropped = 0
        self._world = world
        self._sessions: dict[str, _Inbox] = {}
        self._down: dict[str, Callable[[bytes], None]] = {}
        self._number = 0
        self.loss = 0.0
        self.double = 0.0
        self.overtake = 0.0
        self.receive_max = 100
        self.overheard: list[Callable[[str, str, bytes], None]] = []
        """Each hears every message that is published."""

    def subscribe(self, session: str, lanes: frozenset[str], deliver: Callable[[int, str, bytes], None]) -> None:
        """A durable session comes, for the first time or again: what it did not PUBACK comes again, first."""
        inbox = self._sessions.setdefault(session, _Inbox())
        inbox.filters = lanes
        inbox.deliver = deliver
        inbox.queued.extendleft(reversed(inbox.out.values()))
        inbox.out.clear()
        self._push(inbox)

    def detach(self, session: str) -> None:
        """The session's client is gone; the session stays."""
        if session in self._sessions:
            self._sessions[session].deliver = None

    def listen(self, topic: str, deliver: Callable[[bytes], None]) -> None:
        """A client without a durable session hears this topic while it is connected."""
        self._down[topic] = deliver

    def deafen(self, topic: str) -> None:
        """It is gone."""
        self._down.pop(topic, None)

    def publish(self, topic: str, lane: str, payload: bytes) -> None:
        """Take a message. The publisher gets its PUBACK whatever becomes of it."""
        for overhear in self.overheard:
            overhear(topic, lane, payload)
        heard = self._down.get(topic)
        if heard is not None:
            heard(payload)
        for inbox in self._sessions.values():
            if lane in inbox.filters:
                self._queue(inbox, topic, payload)

    def puback(self, session: str, number: int) -> None:
        """The session is done with it."""
        inbox = self._sessions.get(session)
        if inbox is not None and inbox.out.pop(number, None) is not None:
            self._push(inbox)

    def forget(self) -> None:
        """Started anew with nothing: sessions, queues and connections are gone."""
        for inbox in self._sessions.values():
            self.dropped += len(inbox.queued) + len(inbox.out)
        self._sessions.clear()
        self._down.clear()

    def queued(self) -> int:
        """Messages that wait for their session or its PUBACK."""
        return sum(len(inbox.queued) + len(inbox.out) for inbox in self._sessions.values())

    def _queue(self, inbox: _Inbox, topic: str, payload: bytes) -> None:
        world = self._world
        if len(inbox.queued) >= self.queue_max or world.chance(self.loss):
            self.dropped += 1
            return
        inbox.queued.append((topic, payload))
        if world.chance(self.double):
            inbox.queued.append((topic, payload))
        if len(inbox.queued) > 1 and world.chance(self.overtake):
            inbox.queued.rotate(1)
        self._push(inbox)

    def _push(self, inbox: _Inbox) -> None:
        while inbox.deliver and inbox.queued and len(inbox.out) < self.receive_max:
            self._number += 1
            message = inbox.queued.popleft()
            inbox.out[self._number] = message
            self._world.after(0.001, inbox.deliver, self._number, *message)
