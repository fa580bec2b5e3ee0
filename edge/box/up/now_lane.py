"""The lane `now` upward: what cannot wait, in a bounded queue of its own, so that money is never behind it. Pure.

At the bounds: a fact beyond FACTS_MAX is dropped and counted, the count is said as a fact of its own; a STATUS
replaces the older one of its device, a terminal's word on a document the older one on that document, and what is held
the one before, and a count the older one of its terminal, day and generation; they and requests for pages are said
again by their owner at each connection. A piece of a log is dropped as online requests are. Online requests, epoch
requests and record copies are dropped while there is no connection or URGENT_MAX wait (terminals repeat the first two,
the record itself runs in money). What is of no use after a while is dropped then, here and at the broker.
"""

import math
from collections import deque
from dataclasses import dataclass

from edge.box.values.effects import Now, Publish
from edge.box.values.facts import fact_of
from shared.facts.boxes import FactsDropped
from shared.ids import DeviceId
from shared.wire import topics
from shared.wire.fleet_lane import Held, Piece, Reported, Tallied
from shared.wire.messages import DeviceStatus, Fact, Hello, NowUp, OnlineRequest, encode_now

FACTS_MAX = 256
URGENT_MAX = 256
STATUSES_MAX = 1024
REPORTS_MAX = 2048
IN_FLIGHT_MAX = 8
"""Messages of this lane without PUBACK; the client library has 20 places for all lanes."""


@dataclass(frozen=True, slots=True)
class Perishable:
    """A message that is of no use from a monotonic second on."""

    message: Hello | OnlineRequest
    until_s: float


Offered = NowUp | Perishable


class NowLane:
    """Facts and statuses survive a lost connection in memory; the rest is asked for again by its owner."""

    def __init__(self) -> None:
        self.dropped = 0
        self._unsaid = 0
        self._connected = False
        self._urgent: deque[Offered] = deque()
        self._facts: deque[Fact] = deque()
        self._statuses: dict[DeviceId, DeviceStatus] = {}
        self._reports: dict[bytes, Reported | Tallied] = {}
        """By device, kind and scope; by device, day and generation."""
        self.taken: list[Piece] = []
        """Those that the broker has; their owner empties it."""
        self._in_flight: dict[int, Offered] = {}

    def connected(self, hello: Perishable) -> None:
        """A new connection: what was in flight on the old one is queued again, `hello` goes first."""
        self._connected = True
        self._requeue()
        self._urgent = deque([hello])

    def disconnected(self) -> None:
        """No connection: nothing is published."""
        self._connected = False
        self._requeue()
        self.dropped += len(self._urgent)
        self._urgent.clear()
        self._reports.clear()

    def offer(self, message: Offered) -> None:
        """Take a message, within the bounds above."""
        match message:
            case Fact():
                self._offer_fact(message)
            case DeviceStatus():
                self._offer_status(message)
            case Held() if self._connected:
                self._urgent = deque(one for one in self._urgent if not isinstance(one, Held))
                self._urgent.append(message)  # whatever waits: there is one at most
            case Reported() | Tallied() if self._connected:
                self._offer_report(message)
            case Perishable(Hello()) if self._has_hello():
                return  # the broker still owes its PUBACK for the one before
            case _ if self._connected and len(self._urgent) < URGENT_MAX:
                self._urgent.append(message)
            case _:
                self.dropped += 1

    def pump(self, now: Now, tokens: "TokenSource") -> list[Publish]:
        """What may be published now."""
        out: list[Publish] = []
        if not (self._urgent or self._statuses or self._reports or self._facts or self._unsaid):
            return out  # asked after every input, and mostly there is nothing
        while self._connected and len(self._in_flight) < IN_FLIGHT_MAX:
            message = self._next(now)
            if message is None:
                break
            token = tokens.next()
            self._in_flight[token] = message
            out.append(_publish(message, token, now))
        return out

    def published(self, token: int, *, is_taken: bool = True) -> bool:
        """PUBACK; False when the token is none of this lane. is_taken: the broker has it."""
        message = self._in_flight.pop(token, None)
        if is_taken and isinstance(message, Piece):
            self.taken.append(message)
        return message is not None

    def waiting(self) -> int:
        """Messages that are queued or in flight."""
        by_device = len(self._statuses) + len(self._reports)
        return len(self._urgent) + by_device + len(self._facts) + len(self._in_flight)

    def _has_hello(self) -> bool:
        return any(_is_hello(message) for message in (*self._urgent, *self._in_flight.values()))

    def _next(self, now: Now) -> Offered | None:
        while self._urgent:
            message = self._urgent.popleft()
            if not isinstance(message, Perishable) or now.mono_s < message.until_s:
                return message
            self.dropped += 1
        if self._statuses:
            return self._statuses.pop(next(iter(self._statuses)))
        if self._reports:
            return self._reports.pop(next(iter(self._reports)))
        if self._facts:
            return self._facts.popleft()
        return self._lost(now)

    def _lost(self, now: Now) -> Fact | None:
        if not self._unsaid:
            return None
        told = FactsDropped(self._unsaid)
        self._unsaid = 0
        return fact_of(told, now)

    def _offer_fact(self, fact: Fact) -> None:
        if len(self._facts) >= FACTS_MAX:
            self._unsaid += 1
            self.dropped += 1
            return
        self._facts.append(fact)

    def _offer_status(self, status: DeviceStatus) -> None:
        self._statuses.pop(status.device, None)
        if len(self._statuses) >= STATUSES_MAX:
            self.dropped += 1
            return
        self._statuses[status.device] = status

    def _offer_report(self, report: Reported | Tallied) -> None:
        about = _about(report)
        self._reports.pop(about, None)
        if len(self._reports) >= REPORTS_MAX:
            self.dropped += 1
            return
        self._reports[about] = report

    def _requeue(self) -> None:
        for message in self._in_flight.values():
            if isinstance(message, Fact):
                self._offer_fact(message)
            elif isinstance(message, DeviceStatus):
                self._statuses.setdefault(message.device, message)
        self._in_flight.clear()


def _about(said: Reported | Tallied) -> bytes:
    """No kind of document has the number 0."""
    if isinstance(said, Tallied):
        return said.device + b"\0" + said.day.to_bytes(2, "big") + said.generation.to_bytes(4, "big")
    return said.device + bytes((said.kind,)) + said.scope


def _is_hello(message: Offered) -> bool:
    return isinstance(message, Perishable) and isinstance(message.message, Hello)


def _publish(offered: Offered, token: int, now: Now) -> Publish:
    if isinstance(offered, Perishable):
        expiry_s = max(1, math.ceil(offered.until_s - now.mono_s))
        return Publish(topics.UP_NOW, encode_now(offered.message), token, expiry_s)
    return Publish(topics.UP_NOW, encode_now(offered), token)


class TokenSource:
    """Numbers for publications, unique within a process."""

    def __init__(self) -> None:
        self._last = 0

    def next(self) -> int:
        """The next number."""
        self._last += 1
        return self._last
