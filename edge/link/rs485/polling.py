"""RS-485, sans-I/O: who speaks when. A master polls, slaves answer; stop-and-wait in both directions by one bit.

The poll list adapts: slaves with something to say every cycle, quiet ones every fourth, one dead one per cycle. A
message for a slave rides on its poll; an urgent one goes between two polls. After any start of either side a RESET
sets both sequence bits to 0, so that no old acknowledgement is taken for a new one.
"""

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, replace

from edge.link.port import EVERYONE, Peer, require_message_size
from edge.link.rs485.conversation import Conversation
from edge.link.rs485.frame import (
    ALL_ADDRESSES,
    FRAME_MAX_BYTES,
    FrameReader,
    Kind,
    LineFrame,
    encode_frame,
)

BITS_PER_BYTE = 10
PACKET_BYTES = 256
"""The most that a transparent module puts into one packet, of those that are sold for such lines."""


@dataclass(frozen=True, slots=True)
class PollSettings:
    """`reply_wait_s` is a slave's turnaround plus what adapters add (FTDI: set its latency timer to 1 ms).

    `cycle_min_s` keeps a quiet line from being polled at full speed; urgent messages do not wait for it. A slave
    that missed `dead_after_misses` polls is asked once a cycle among the dead; silent for `gone_s` it is gone.
    `packet_bytes`: what a radio module in the line collects before it sends on, 0 where there is none.
    """

    baud: int = 115_200
    reply_wait_s: float = 0.02
    cycle_min_s: float = 0.01
    idle_every: int = 4
    active_cycles: int = 8
    dead_after_misses: int = 3
    gone_s: float = 3.0
    burst_max: int = 4
    queue_max: int = 16
    packet_bytes: int = 0

    def through(self, latency_s: float) -> "PollSettings":
        """The same line with radio modules in it, which add so much each way: to an answer both of them. They store
        what they send on, so that it takes its time on the wire once more. A slave is gone only after it has missed
        several polls of that length."""
        if not latency_s:
            return self
        both_s = 2 * latency_s
        return replace(
            self, reply_wait_s=self.reply_wait_s + both_s, gone_s=self.gone_s + 8 * both_s, packet_bytes=PACKET_BYTES
        )


class _Slave:
    __slots__ = ("active_until", "address", "conversation", "heard_s", "misses", "synced", "there", "urgent")

    def __init__(self, address: int, settings: PollSettings) -> None:
        self.address = address
        self.conversation = Conversation(settings.queue_max)
        # `there` is what the session above was told; the misses decide how often it is asked.
        self.there = False
        self.synced = False
        self.urgent = False
        self.misses = settings.dead_after_misses
        self.heard_s = 0.0
        self.active_until = 0


class PollingMaster:
    """The edge's end of a line. Write what `next_frame` gives, feed `receive`, call again at `wake_s`."""

    def __init__(self, addresses: Iterable[int], settings: PollSettings) -> None:
        self.counters: Counter[str] = Counter()
        self._settings = settings
        self._slaves = {address: _Slave(address, settings) for address in sorted(set(addresses))}
        self._reader = FrameReader()
        self._changes: deque[tuple[Peer, bool]] = deque()
        self._casts: deque[bytes] = deque()
        # Everybody is asked once at the start; who is silent then is asked one per cycle.
        self._todo: deque[_Slave] = deque(self._slaves.values())
        self._dead_turn = 0
        self._cycle = 0
        self._cycle_due_s = 0.0
        self._awaited: _Slave | None = None
        self._burst = 0
        self._urgent_last = False
        self._free_s = 0.0
        self._deadline_s = 0.0
        self._last_deadline_s = 0.0

    def offer(self, peer: Peer, message: bytes, urgent: bool = False) -> bool:
        """Queue a message; False for a slave that is unknown or gone, and at the queue's bound."""
        require_message_size(message, peer)
        if peer == EVERYONE:
            if len(self._casts) >= self._settings.queue_max:
                return False
            self._casts.append(message)
            return True
        slave = self._slaves.get(peer)
        if slave is None or not slave.there or not slave.conversation.offer(message, urgent):
            return False
        slave.urgent = slave.urgent or urgent
        slave.active_until = self._cycle + self._settings.active_cycles
        return True

    def next_change(self) -> tuple[Peer, bool] | None:
        """The next slave that appeared or fell silent."""
        return self._changes.popleft() if self._changes else None

    def next_frame(self, now_s: float) -> bytes | None:
        """What to put on the line now; None while an answer is awaited, the line is busy or the cycle rests."""
        if self._awaited is not None and now_s >= self._deadline_s:
            self._miss(self._awaited, now_s)
        if self._awaited is not None or now_s < self._free_s:
            return None
        if self._casts:
            return self._cast(self._casts.popleft(), now_s)
        slave = self._choose(now_s)
        return None if slave is None else self._ask(slave, now_s)

    def wake_s(self) -> float:
        """When `next_frame` may have something to say or to give up, if nothing is received before."""
        if self._awaited is not None:
            return self._deadline_s
        return max(self._free_s, self._cycle_due_s if not self._todo else 0.0)

    def receive(self, data: bytes, now_s: float) -> list[tuple[Peer, bytes]]:
        """Take what the line said; gives whole messages. Never raises for content."""
        before = self._reader.errors
        frames = self._reader.feed(data)
        self.counters["errors"] += self._reader.errors - before
        # An answer that has begun may take the time it needs, up to the longest frame.
        self._deadline_s = min(max(self._deadline_s, now_s + self._settings.reply_wait_s), self._last_deadline_s)
        messages = []
        for frame in frames:
            message = self._hear(frame, now_s)
            messages += [] if message is None else [message]
        return messages

    def forget(self) -> None:
        """The line was lost: everybody is gone until asked again."""
        for slave in self._slaves.values():
            self._lose(slave)
        self._awaited = None
        self._reader = FrameReader()
        self._casts.clear()
        self._todo = deque(self._slaves.values())

    def _choose(self, now_s: float) -> _Slave | None:
        urgent = next((one for one in self._slaves.values() if one.urgent), None)
        # Every second turn at most, so that urgent messages cannot stop the cycle.
        if urgent is not None and not (self._urgent_last and self._todo):
            self._urgent_last = True
            return urgent
        self._urgent_last = False
        if not self._todo and now_s >= self._cycle_due_s:
            self._begin_cycle(now_s)
        return self._todo.popleft() if self._todo else None

    def _begin_cycle(self, now_s: float) -> None:
        self._cycle += 1
        self._cycle_due_s = now_s + self._settings.cycle_min_s
        self._todo.extend(one for one in self._slaves.values() if self._is_due(one))
        dead = [one for one in self._slaves.values() if self._is_dead(one)]
        if dead:
            self._dead_turn += 1
            self._todo.append(dead[self._dead_turn % len(dead)])

    def _is_dead(self, slave: _Slave) -> bool:
        return slave.misses >= self._settings.dead_after_misses

    def _is_due(self, slave: _Slave) -> bool:
        if self._is_dead(slave):
            return False
        if slave.active_until >= self._cycle or slave.conversation.has_more:
            return True
        return (self._cycle + slave.address) % self._settings.idle_every == 0

    def _ask(self, slave: _Slave, now_s: float) -> bytes:
        slave.urgent = False
        if slave.synced:
            frame = slave.conversation.say(slave.address, upward=False)
        else:
            frame = LineFrame(slave.address, upward=False, kind=Kind.RESET)
        self.counters["polls"] += 1
        raw = encode_frame(frame)
        stored_bytes = len(raw) + self._settings.packet_bytes if self._settings.packet_bytes else 0
        spoken_s = now_s + self._time_s(len(raw) + stored_bytes)
        self._awaited = slave
        self._deadline_s = spoken_s + self._settings.reply_wait_s
        self._last_deadline_s = self._deadline_s + self._settings.reply_wait_s + self._time_s(FRAME_MAX_BYTES)
        return raw

    def _cast(self, message: bytes, now_s: float) -> bytes:
        raw = encode_frame(LineFrame(ALL_ADDRESSES, upward=False, kind=Kind.CAST, payload=message))
        self._free_s = now_s + self._time_s(len(raw))
        self.counters["messages_out"] += 1
        return raw

    def _time_s(self, length: int) -> float:
        return length * BITS_PER_BYTE / self._settings.baud

    def _hear(self, frame: LineFrame, now_s: float) -> tuple[Peer, bytes] | None:
        if not frame.upward:
            return None  # our own voice: a two-wire adapter that echoes
        slave = self._awaited
        if slave is None or frame.address != slave.address:
            self.counters["late"] += 1
            return None
        self._awaited = None
        slave.misses = 0
        slave.heard_s = now_s
        message = self._hear_kind(slave, frame)
        return None if message is None else (slave.address, message)

    def _hear_kind(self, slave: _Slave, frame: LineFrame) -> bytes | None:
        if frame.kind is Kind.RESET and not slave.synced:
            slave.conversation.reset()
            slave.synced = True
            self._find(slave)
        elif frame.kind is Kind.FRESH:
            slave.synced = False
            self._todo.appendleft(slave)
        elif frame.kind is Kind.EXCHANGE and slave.synced:
            return self._exchange(slave, frame)
        else:
            self.counters["errors"] += 1
        return None

    def _exchange(self, slave: _Slave, frame: LineFrame) -> bytes | None:
        message, acknowledged = slave.conversation.hear(frame)
        self.counters["messages_out"] += acknowledged
        self.counters["messages_in"] += message is not None
        if frame.payload or acknowledged:
            slave.active_until = self._cycle + self._settings.active_cycles
        if frame.pending and self._burst < self._settings.burst_max:
            self._burst += 1
            self._todo.appendleft(slave)
        else:
            self._burst = 0
        return message

    def _miss(self, slave: _Slave, now_s: float) -> None:
        self._awaited = None
        self._burst = 0
        self.counters["timeouts"] += 1
        slave.misses += 1
        if slave.there and now_s - slave.heard_s >= self._settings.gone_s:
            self._lose(slave)

    def _find(self, slave: _Slave) -> None:
        slave.active_until = self._cycle + self._settings.active_cycles
        if not slave.there:
            slave.there = True
            self._changes.append((slave.address, True))

    def _lose(self, slave: _Slave) -> None:
        slave.synced = False
        slave.urgent = False
        self.counters["dropped"] += slave.conversation.drop()
        if slave.there:
            slave.there = False
            self._changes.append((slave.address, False))


class PolledSlave:
    """A terminal's end of a line: speaks only when asked, and only if nobody spoke since."""

    def __init__(self, address: int, queue_max: int = 16) -> None:
        self.counters: Counter[str] = Counter()
        self._address = address
        self._conversation = Conversation(queue_max)
        self._reader = FrameReader()
        self._synced = False
        self._reply: bytes | None = None

    def offer(self, message: bytes, urgent: bool = False) -> bool:
        """Queue a message for the edge; False at the bound."""
        require_message_size(message, self._address)
        return self._conversation.offer(message, urgent)

    def receive(self, data: bytes) -> list[bytes]:
        """Take what the line said; gives whole messages, and sets what `next_frame` gives."""
        before = self._reader.errors
        messages = []
        for frame in self._reader.feed(data):
            self._reply = None
            message = self._hear(frame)
            messages += [] if message is None else [message]
        self.counters["errors"] += self._reader.errors - before
        self.counters["messages_in"] += len(messages)
        return messages

    def next_frame(self) -> bytes | None:
        """The answer that is due now, once."""
        reply, self._reply = self._reply, None
        return reply

    def forget(self) -> None:
        """The line was lost or the edge is another one: wait for a RESET; what waits to be said is kept."""
        self._synced = False
        self._reply = None
        self._conversation.reset()
        self._reader = FrameReader()

    def _hear(self, frame: LineFrame) -> bytes | None:
        if frame.upward:
            return None
        if frame.address == ALL_ADDRESSES and frame.kind is Kind.CAST:
            return frame.payload or None
        if frame.address != self._address:
            return None
        return self._answer(frame)

    def _answer(self, frame: LineFrame) -> bytes | None:
        if frame.kind is Kind.RESET:
            self._conversation.reset()
            self._synced = True
            self._reply = encode_frame(LineFrame(self._address, upward=True, kind=Kind.RESET))
        elif frame.kind is Kind.EXCHANGE and not self._synced:
            self._reply = encode_frame(LineFrame(self._address, upward=True, kind=Kind.FRESH))
        elif frame.kind is Kind.EXCHANGE:
            message, acknowledged = self._conversation.hear(frame)
            self.counters["messages_out"] += acknowledged
            self._reply = encode_frame(self._conversation.say(self._address, upward=True))
            return message
        else:
            self.counters["errors"] += 1
        return None
