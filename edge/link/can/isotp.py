"""Long messages in 8-byte CAN frames: ISO 15765-2 on classic CAN, sans-I/O, no padding, at most 4095 bytes.

One Reassembler hears all peers, keyed by the id they send with; a Transfer is one message on its way out.
Unhurried senders of one rank get their flow control one at a time, in the order they asked: arbitration alone would let
the lowest addresses of a saturated bus starve the others. Refuses the 32-bit length escape.
"""

from collections import deque
from dataclasses import dataclass
from enum import Enum
from typing import Final, NamedTuple

MESSAGE_MAX_BYTES = 4095
SINGLE_MAX_BYTES = 7
_FRAME_BYTES = 8
_FIRST_BYTES = 6

_SINGLE, _FIRST, _CONSECUTIVE, _FLOW_CONTROL = range(4)
_CONTINUE, _WAIT, _OVERFLOW = range(3)
CONTINUE_FRAME: Final = bytes([_FLOW_CONTROL << 4 | _CONTINUE, 0, 0])
WAIT_FRAME: Final = bytes([_FLOW_CONTROL << 4 | _WAIT, 0, 0])
OVERFLOW_FRAME: Final = bytes([_FLOW_CONTROL << 4 | _OVERFLOW, 0, 0])


class Fault(Enum):
    """Why a message was dropped; the value names its counter. The sender's application sends again."""

    MALFORMED = "malformed"
    UNEXPECTED = "unexpected"
    WRONG_SEQUENCE = "wrong_sequence"
    REPLACED = "replaced"
    TOO_LONG = "too_long"
    TOO_MANY = "too_many"
    TIMED_OUT = "timed_out"
    REFUSED_BY_PEER = "refused_by_peer"


@dataclass(frozen=True, slots=True)
class ReassemblyLimits:
    """Bounds of all receptions together: a further sender is answered 'overflow', an unasked one must wait."""

    message_max_bytes: int = MESSAGE_MAX_BYTES
    receptions_max: int = 64
    # More than one leaves no gap on a full bus in which the first frame of a high address could pass.
    grants_max: int = 1
    # N_Cr of the standard; a waiting sender is told to wait again well before its own N_Bs of 1 s.
    frame_timeout_s: float = 1.0
    wait_refresh_s: float = 0.8
    # A sender silent for so long keeps its reception but no longer holds up the others.
    stall_s: float = 0.05


class Heard(NamedTuple):
    """What one frame gave: a whole message, a fault, or nothing yet."""

    message: bytes | None = None
    fault: Fault | None = None


_NOTHING = Heard()
_MALFORMED = Heard(fault=Fault.MALFORMED)
_UNEXPECTED = Heard(fault=Fault.UNEXPECTED)


class _Reception:
    __slots__ = ("buffer", "deadline_s", "heard_s", "hurried", "next_index", "rank", "total")

    def __init__(self, total: int, first: bytes, hurried: bool, rank: int, deadline_s: float) -> None:
        self.buffer = bytearray(first)
        self.total = total
        self.hurried = hurried
        self.rank = rank
        self.next_index = 1
        self.heard_s = 0.0
        self.deadline_s = deadline_s


class Reassembler:
    """Messages from all peers. Flow control to send is taken with `next_reply`."""

    def __init__(self, limits: ReassemblyLimits) -> None:
        self._limits = limits
        self._running: dict[int, _Reception] = {}
        self._waiting: dict[int, _Reception] = {}
        self._replies: deque[tuple[int, bytes]] = deque()

    @property
    def busy(self) -> bool:
        """True while `expire` has something to watch."""
        return bool(self._running or self._waiting)

    def hear(self, source: int, data: bytes, now_s: float, at_once: bool = False, rank: int = 0) -> Heard:
        """Take one frame that is not a flow control; `at_once` grants a first frame past the queue.

        A message waits for none of a higher `rank`: arbitration lets it go first all the same.
        """
        if not data:
            return _MALFORMED
        kind = data[0] >> 4
        if kind == _CONSECUTIVE:
            return self._consecutive(source, data, now_s)
        if kind == _SINGLE:
            return self._single(source, data)
        if kind == _FIRST:
            return self._first(source, data, now_s, at_once, rank)
        return _MALFORMED

    def next_reply(self) -> tuple[int, bytes] | None:
        """The next (source to answer, flow control frame), oldest first."""
        return self._replies.popleft() if self._replies else None

    def expire(self, now_s: float) -> int:
        """Drop receptions whose next frame is overdue, tell waiting ones to wait on; returns how many fell."""
        overdue = [source for source, one in self._running.items() if one.deadline_s <= now_s]
        for source in overdue:
            del self._running[source]
        self._grant(now_s)
        for source, one in self._waiting.items():
            if one.deadline_s <= now_s:
                one.deadline_s = now_s + self._limits.wait_refresh_s
                self._reply(source, WAIT_FRAME)
        return len(overdue)

    def _single(self, source: int, data: bytes) -> Heard:
        length = data[0] & 0xF
        if not 1 <= length <= min(SINGLE_MAX_BYTES, len(data) - 1):
            return _MALFORMED
        return Heard(data[1 : 1 + length], self._drop(source))

    def _first(self, source: int, data: bytes, now_s: float, at_once: bool, rank: int) -> Heard:
        total = (data[0] & 0xF) << 8 | data[1] if len(data) == _FRAME_BYTES else 0
        if total == 0 and data[:2] == b"\x10\x00":
            return self._refuse(source, Fault.TOO_LONG)
        if total <= SINGLE_MAX_BYTES:
            return _MALFORMED
        fault = self._drop(source)
        if total > self._limits.message_max_bytes:
            return self._refuse(source, Fault.TOO_LONG)
        if len(self._running) + len(self._waiting) >= self._limits.receptions_max:
            return self._refuse(source, Fault.TOO_MANY)
        one = _Reception(total, data[2:], at_once, rank, now_s + self._limits.wait_refresh_s)
        if at_once:
            self._start(source, one, now_s)
        else:
            self._waiting[source] = one
            self._grant(now_s)
        return Heard(fault=fault) if fault else _NOTHING

    def _consecutive(self, source: int, data: bytes, now_s: float) -> Heard:
        one = self._running.get(source)
        if one is None:
            return _UNEXPECTED
        missing = one.total - len(one.buffer)
        if data[0] & 0xF != one.next_index:
            return self._end(source, now_s, Heard(fault=Fault.WRONG_SEQUENCE))
        if len(data) - 1 < min(missing, _FRAME_BYTES - 1):
            return self._end(source, now_s, _MALFORMED)
        one.buffer += data[1 : 1 + missing]
        if len(one.buffer) == one.total:
            return self._end(source, now_s, Heard(bytes(one.buffer)))
        one.next_index = one.next_index + 1 & 0xF
        one.heard_s = now_s
        one.deadline_s = now_s + self._limits.frame_timeout_s
        return _NOTHING

    def _end(self, source: int, now_s: float, heard: Heard) -> Heard:
        del self._running[source]
        self._grant(now_s)
        return heard

    def _drop(self, source: int) -> Fault | None:
        """The standard: a new message on the same id ends the unfinished one."""
        dropped = self._running.pop(source, None) or self._waiting.pop(source, None)
        return Fault.REPLACED if dropped else None

    def _refuse(self, source: int, fault: Fault) -> Heard:
        self._reply(source, OVERFLOW_FRAME)
        return Heard(fault=fault)

    def _grant(self, now_s: float) -> None:
        while self._waiting:
            source = min(self._waiting, key=lambda one: self._waiting[one].rank)  # of equals the oldest
            if self._streaming(self._waiting[source].rank, now_s) >= self._limits.grants_max:
                return
            self._start(source, self._waiting.pop(source), now_s)

    def _streaming(self, rank: int, now_s: float) -> int:
        alive_s, running = now_s - self._limits.stall_s, self._running.values()
        return sum(1 for one in running if not one.hurried and one.rank <= rank and one.heard_s > alive_s)

    def _start(self, source: int, one: _Reception, now_s: float) -> None:
        one.heard_s = now_s
        one.deadline_s = now_s + self._limits.frame_timeout_s
        self._running[source] = one
        self._reply(source, CONTINUE_FRAME)

    def _reply(self, source: int, frame: bytes) -> None:
        # On a stuck bus the newest answer is dropped: its peer times out and sends again.
        if len(self._replies) < 2 * self._limits.receptions_max:
            self._replies.append((source, frame))


@dataclass(frozen=True, slots=True)
class TransferLimits:
    """N_Bs, and how often a receiver may say 'wait' (every 0.8 s: a minute).

    The standard's 1 s counts from the moment a frame is sent; ours counts from its place in the queue, so twice that.
    """

    flow_control_timeout_s: float = 2.0
    waits_max: int = 75


class Transfer:
    """One outgoing message. `ready_at_s` says when the next frame may go; None while flow control is awaited."""

    __slots__ = ("_block_left", "_gap_s", "_index", "_limits", "_message", "_offset", "_waits",
                 "deadline_s", "ready_at_s")  # fmt: skip

    def __init__(self, message: bytes, limits: TransferLimits) -> None:
        if not 1 <= len(message) <= MESSAGE_MAX_BYTES:
            raise ValueError(f"ISO-TP carries 1..{MESSAGE_MAX_BYTES} bytes, not {len(message)}")
        self._message = message
        self._limits = limits
        self._offset = 0
        self._index = 0
        self._block_left = 0
        self._gap_s = 0.0
        self._waits = 0
        self.ready_at_s: float | None = 0.0
        self.deadline_s = 0.0

    @property
    def done(self) -> bool:
        """True once the last frame was handed out."""
        return self._offset >= len(self._message)

    @property
    def has_begun(self) -> bool:
        """True once a frame was handed out."""
        return self._offset > 0

    def next_frame(self, now_s: float) -> bytes | None:
        """The next frame's data, or None when it may not go yet."""
        if self.ready_at_s is None or self.ready_at_s > now_s or self.done:
            return None
        if self._offset == 0:
            return self._opening(now_s)
        return self._consecutive(now_s)

    def hear_flow_control(self, data: bytes, now_s: float) -> Fault | None:
        """Take the receiver's flow control; a fault ends the transfer. One that nobody awaits is ignored."""
        if len(data) < 3:
            return Fault.MALFORMED
        if not self.is_awaiting():
            return None
        status = data[0] & 0xF
        if status == _CONTINUE:
            self._continue(data[1], gap_s(data[2]), now_s)
        elif status == _WAIT and self._waits < self._limits.waits_max:
            self._waits += 1
            self._await(now_s)
        else:
            return Fault.REFUSED_BY_PEER
        return None

    def is_awaiting(self) -> bool:
        """True from a first frame, or the end of a block, until flow control lets it go on."""
        return self.ready_at_s is None

    def overdue(self, now_s: float) -> bool:
        """True when the flow control did not come in time."""
        return self.is_awaiting() and self.deadline_s <= now_s

    def _opening(self, now_s: float) -> bytes:
        total = len(self._message)
        if total <= SINGLE_MAX_BYTES:
            self._offset = total
            return bytes([total]) + self._message
        self._offset = _FIRST_BYTES
        self._await(now_s)
        return bytes([_FIRST << 4 | total >> 8, total & 0xFF]) + self._message[:_FIRST_BYTES]

    def _consecutive(self, now_s: float) -> bytes:
        self._index = self._index + 1 & 0xF
        part = self._message[self._offset : self._offset + _FRAME_BYTES - 1]
        self._offset += len(part)
        self.ready_at_s = now_s + self._gap_s
        if self._block_left:
            self._block_left -= 1
            if self._block_left == 0 and not self.done:
                self._await(now_s)
        return bytes([_CONSECUTIVE << 4 | self._index]) + part

    def _continue(self, block: int, gap: float, now_s: float) -> None:
        self._block_left = block
        self._gap_s = gap
        self._waits = 0
        self.ready_at_s = now_s

    def _await(self, now_s: float) -> None:
        self.ready_at_s = None
        self.deadline_s = now_s + self._limits.flow_control_timeout_s


def gap_s(code: int) -> float:
    """STmin of a flow control: 0..127 ms, 0xF1..0xF9 100..900 us; reserved codes mean the longest, 127 ms."""
    if 0xF1 <= code <= 0xF9:
        return (code - 0xF0) * 1e-4
    return min(code, 0x7F) * 1e-3


def is_flow_control(data: bytes) -> bool:
    """True for the frames that belong to a Transfer, not to the Reassembler."""
    return bool(data) and data[0] >> 4 == _FLOW_CONTROL
