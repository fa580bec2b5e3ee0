"""One address on a CAN bus, sans-I/O: whole messages in and out, frames by traffic class, bounded queues.

Each (peer, priority) is a lane of its own, so an urgent message overtakes a long one between two frames. A node
sends only to and hears only from the peers its role allows: terminals speak with the edge, never with each other.
"""

from collections import Counter, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from edge.link.can.broadcast import Broadcasting
from edge.link.can.claims import Answering, Claiming
from edge.link.can.frame import OVERHEAD_BITS, CanFrame
from edge.link.can.ids import (
    ALL_ADDRESSES,
    ANSWER_FILTER,
    BULK_PRIORITY,
    CLAIM_FILTER,
    EDGE_ADDRESS,
    FUNCTIONAL,
    NO_ADDRESS,
    PHYSICAL,
    PRIORITIES,
    URGENT_PRIORITY,
    CanId,
    is_terminal,
    parse_id,
    require_node_address,
)
from edge.link.can.isotp import Fault, Reassembler, ReassemblyLimits, Transfer, TransferLimits, is_flow_control
from edge.link.port import CLAIMANTS, EVERYONE, Peer, require_message_size

# Priority by the first byte of a message; every other type travels as bulk.
TRAFFIC: Final[Mapping[int, int]] = MappingProxyType({
    0x15: 2,  # TIME
    0x16: 3,  # ONLINE request
    0x17: 3,  # ONLINE answer
    0x11: 4,  # ACK
    0x12: 4,  # SETTLED
    0x14: 5,  # HEARTBEAT
    0x28: 5,  # EMCY, SILENCE: on a bus in trouble records can wait
    0x29: 5,
    0x13: 7,  # STATUS: a tap's record does not wait for what is said every ten seconds
    0x20: 7,  # documents of the fleet, all that is said of them: never ahead of a record, whoever's address is lower
    0x21: 7,
    0x22: 7,
    0x23: 7,
    0x24: 7,
    0x25: 7,
})  # fmt: skip

_NEVER = float("inf")


@dataclass(frozen=True, slots=True)
class NodeLimits:
    """A lane or a node whose queue is full takes no more; the caller hears False and may try later."""

    lane_messages_max: int = 16
    messages_max: int = 512
    reassembly: ReassemblyLimits = field(default_factory=ReassemblyLimits)
    transfer: TransferLimits = field(default_factory=TransferLimits)


class _Lane:
    __slots__ = ("priority", "queue", "transfer", "word")

    def __init__(self, word: int, priority: int) -> None:
        self.word = word
        self.priority = priority
        self.queue: deque[bytes] = deque()
        self.transfer: Transfer | None = None


class CanNode:
    """The messages of one node; `counters` holds totals, the names of isotp.Fault among them."""

    def __init__(
        self, address: int, traffic: Mapping[int, int] = TRAFFIC, limits: NodeLimits | None = None,
        claiming: Claiming | None = None,
    ) -> None:  # fmt: skip
        """claiming: of a body that its settings give no address; it alone may have none yet."""
        if address != NO_ADDRESS or claiming is None:
            require_node_address(address)
        self.claiming = claiming
        self.is_moved = False
        """An answer has given it another address: a node of that one has to take its place."""
        self._answering = Answering() if address == EDGE_ADDRESS else None
        self.counters: Counter[str] = Counter()
        self.bits = 0
        """Of all frames that it has heard and sent."""
        self.junk: Counter[Peer] = Counter()
        """Frames that made no sense, by who sent them."""
        self.broadcasting: Broadcasting | None = None
        """Its side of broadcasts: goes when nothing else does."""
        self._address = address
        self._traffic = traffic
        self._limits = limits or NodeLimits()
        self._reassembler = Reassembler(self._limits.reassembly)
        self._lanes: dict[int, _Lane] = {}
        self._ready: tuple[deque[_Lane], ...] = tuple(deque() for _ in range(PRIORITIES))
        self._queued = 0

    @property
    def busy(self) -> bool:
        """True while `tick` has something to watch."""
        return bool(self._lanes) or self._reassembler.busy

    def offer(self, peer: Peer, message: bytes, urgent: bool = False) -> bool:
        """Queue a message for a peer or EVERYONE; False at a queue's bound or for a peer of the wrong role."""
        require_message_size(message, peer)
        if peer == CLAIMANTS and self._answering is not None:
            return self._answering.offer(message)
        if self._queued >= self._limits.messages_max or not self.reaches(peer):
            return False
        lane = self._lane(peer, self._priority(message, urgent))
        if len(lane.queue) >= self._limits.lane_messages_max:
            return False
        self._queued += 1
        lane.queue.append(message)
        if lane.transfer is None:
            self._begin(lane)
        return True

    def hear(self, frame: CanFrame, now_s: float) -> tuple[Peer, bytes] | None:
        """Take a data frame off the bus; gives (sender, message) when one is whole. Never raises for content."""
        self.counters["frames_in"] += 1
        self.bits += OVERHEAD_BITS + 8 * len(frame.data)
        if self.broadcasting is not None:
            self.broadcasting.seen(frame, now_s)
            if self.broadcasting.hear(frame, now_s):
                return None
        if self._answering is not None and CLAIM_FILTER.accepts(frame.word):
            device = self._answering.hear(frame)
            return None if device is None else (CLAIMANTS, device)
        if self.claiming is not None and ANSWER_FILTER.accepts(frame.word):
            self.is_moved |= self.claiming.hear(frame, now_s)
            return None
        sender = parse_id(frame.word)
        if not self._is_for_me(sender):
            self.counters["foreign"] += 1
            return None
        if is_flow_control(frame.data):
            self._hear_flow_control(frame, now_s)
            return None
        urgent = sender.priority <= URGENT_PRIORITY
        heard = self._reassembler.hear(frame.word, frame.data, now_s, at_once=urgent, rank=sender.priority)
        if heard.fault:
            self._count(heard.fault)
            self.junk[sender.source] += 1
        if heard.message is None:
            return None
        self.counters["messages_in"] += 1
        if self.claiming is not None:
            self.claiming.settle()
        return sender.source, heard.message

    def next_frame(self, now_s: float) -> CanFrame | None:
        """The frame to give the controller next: flow control, messages by priority and lanes in turn, broadcasts."""
        frame = self._next_of_messages(now_s) or self._next_of_claims(now_s)
        if frame is None and self.broadcasting is not None:
            frame = self.broadcasting.next_frame(now_s)
            self.counters["frames_out"] += frame is not None
        if frame is not None:
            self.bits += OVERHEAD_BITS + 8 * len(frame.data)
            if self.broadcasting is not None:
                self.broadcasting.seen(frame, now_s)
        return frame

    def _next_of_claims(self, now_s: float) -> CanFrame | None:
        frame = self.claiming.next_frame(now_s) if self.claiming is not None else None
        if frame is None and self._answering is not None:
            frame = self._answering.next_frame()
        self.counters["frames_out"] += frame is not None
        return frame

    def _next_of_messages(self, now_s: float) -> CanFrame | None:
        reply = self._reassembler.next_reply()
        if reply is not None:
            return CanFrame(_answer_word(reply[0]), reply[1])
        for ready in self._ready:
            for _ in range(len(ready)):
                frame = self._advance(ready.popleft(), now_s)
                if frame is not None:
                    return frame
        return None

    def tick(self, now_s: float) -> None:
        """Drop what is overdue; call every 50 ms or so while `busy`."""
        fallen = self._reassembler.expire(now_s)
        self._count(Fault.TIMED_OUT, fallen)
        for lane in [*self._lanes.values()]:
            if lane.transfer is not None and lane.transfer.overdue(now_s):
                self._abandon(lane, Fault.TIMED_OUT)
        if self.broadcasting is not None:
            self.broadcasting.tick(now_s)

    def forget(self) -> None:
        """The wire was lost: drop everything half said or half heard; the applications send again."""
        self.counters["dropped"] += self._queued
        self._reassembler = Reassembler(self._limits.reassembly)
        self._lanes.clear()
        for ready in self._ready:
            ready.clear()
        self._queued = 0
        if self._answering is not None:
            self._answering.forget()

    def begin_anew(self) -> None:
        """A new conversation begins: what was sealed for the one before and has not begun to go out is of no use."""
        for lane in [*self._lanes.values()]:
            gone = len(lane.queue)
            lane.queue.clear()
            if lane.transfer is not None and not lane.transfer.has_begun:
                self._ready[lane.priority].remove(lane)
                gone += 1
                self._begin(lane)
            self._queued -= gone
            self.counters["outlived"] += gone

    def reaches(self, peer: Peer) -> bool:
        """True for peers this node's role lets it send to."""
        if self._address == EDGE_ADDRESS:
            return peer in (EVERYONE, CLAIMANTS) or is_terminal(peer)
        return peer == EDGE_ADDRESS and self._address != NO_ADDRESS

    def _is_for_me(self, id_: CanId) -> bool:
        if id_.page != 0 or self._address == NO_ADDRESS or not self._may_hear(id_.source):
            return False
        if id_.format == PHYSICAL:
            return id_.target == self._address
        return id_.format == FUNCTIONAL and id_.target == ALL_ADDRESSES

    def _may_hear(self, source: int) -> bool:
        return is_terminal(source) if self._address == EDGE_ADDRESS else source == EDGE_ADDRESS

    def _priority(self, message: bytes, urgent: bool) -> int:
        priority = self._traffic.get(message[0], BULK_PRIORITY)
        return min(priority, URGENT_PRIORITY) if urgent else priority

    def _lane(self, peer: Peer, priority: int) -> _Lane:
        to_all = peer == EVERYONE
        target, form = (ALL_ADDRESSES, FUNCTIONAL) if to_all else (peer, PHYSICAL)
        word = CanId(priority, target, self._address, form).word
        lane = self._lanes.get(word)
        if lane is None:
            lane = self._lanes[word] = _Lane(word, priority)
        return lane

    def _begin(self, lane: _Lane) -> None:
        """Start the lane's next message; a lane with none is forgotten, so lanes never outnumber messages."""
        if lane.queue:
            lane.transfer = Transfer(lane.queue.popleft(), self._limits.transfer)
            self._ready[lane.priority].append(lane)
        else:
            lane.transfer = None
            self._lanes.pop(lane.word, None)

    def _advance(self, lane: _Lane, now_s: float) -> CanFrame | None:
        """One frame of the lane if it may go now; lanes that wait for flow control leave the ready row."""
        transfer = lane.transfer
        if transfer is None:
            return None
        data = transfer.next_frame(now_s)
        if transfer.done:
            self._queued -= 1
            self.counters["messages_out"] += 1
            self._begin(lane)
        elif not transfer.is_awaiting():
            self._ready[lane.priority].append(lane)
        if data is None:
            return None
        self.counters["frames_out"] += 1
        return CanFrame(lane.word, data)

    def _hear_flow_control(self, frame: CanFrame, now_s: float) -> None:
        lane = self._lanes.get(_answer_word(frame.word))
        if lane is None or lane.transfer is None or not lane.transfer.is_awaiting():
            self._count(Fault.UNEXPECTED)
            return
        fault = lane.transfer.hear_flow_control(frame.data, now_s)
        if fault is not None:
            self._abandon(lane, fault)
        elif not lane.transfer.is_awaiting():
            self._ready[lane.priority].append(lane)

    def _abandon(self, lane: _Lane, fault: Fault) -> None:
        """Only waiting transfers are abandoned, and those stand in no ready row."""
        self._count(fault)
        self._queued -= 1
        self.counters["dropped"] += 1
        self._begin(lane)

    def _count(self, fault: Fault, times: int = 1) -> None:
        self.counters[fault.value] += times
        self.counters["errors"] += times

    def broadcast_s(self, now_s: float) -> float | None:
        """When a frame of a broadcast may go, or be asked for; None: whenever something is heard."""
        due_s = self.broadcasting.due_s(now_s) if self.broadcasting is not None else _NEVER
        return None if due_s == _NEVER else due_s

    def claim_s(self) -> float | None:
        """When the next claim is due; None: none is."""
        due_s = self.claiming.due_s() if self.claiming is not None else _NEVER
        return None if due_s == _NEVER else due_s

    def next_ready_s(self) -> float | None:
        """When the earliest paced frame (STmin of a peer) may go; None if nothing waits for time alone."""
        return min(self._ready_times(), default=None)

    def _ready_times(self) -> Iterator[float]:
        for ready in self._ready:
            for lane in ready:
                if lane.transfer is not None and lane.transfer.ready_at_s is not None:
                    yield lane.transfer.ready_at_s


def _answer_word(word: int) -> int:
    """The id of the opposite direction: target and source change places, priority stays."""
    return word & 0xFFFF_0000 | (word & 0xFF) << 8 | word >> 8 & 0xFF
