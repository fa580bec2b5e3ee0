"""What a master and one slave say to each other: messages in fragments, stop-and-wait by one bit each way. Sans-I/O.

A fragment is repeated until the other side expects the next one, so nothing is lost to a broken frame and nothing is
heard twice; only a RESET may repeat a message. Refuses messages above 4095 bytes.
"""

from collections import deque

from edge.link.port import MESSAGE_MAX_BYTES
from edge.link.rs485.frame import PAYLOAD_MAX_BYTES, Kind, LineFrame


class Conversation:
    """Both directions between the master and one slave, seen from either end."""

    def __init__(self, queue_max: int) -> None:
        self.duplicates = 0
        self.overlong = 0
        self._queue_max = queue_max
        self._queue: deque[bytes] = deque()
        self._offset = 0
        self._sequence = 0
        self._was_sent = False
        self._expects = 0
        self._partial = bytearray()

    @property
    def has_more(self) -> bool:
        """True while something waits to be said or acknowledged."""
        return bool(self._queue)

    def offer(self, message: bytes, urgent: bool) -> bool:
        """Queue a message, an urgent one before those that have not begun; False at the bound."""
        if len(self._queue) >= self._queue_max:
            return False
        if urgent:
            begun = bool(self._queue) and (self._was_sent or self._offset > 0)
            self._queue.insert(1 if begun else 0, message)
        else:
            self._queue.append(message)
        return True

    def reset(self) -> None:
        """Both sides agree on a new start; a message that was under way begins again."""
        self._offset = self._sequence = self._expects = 0
        self._was_sent = False
        self._partial.clear()

    def drop(self) -> int:
        """Forget what waits; gives how many."""
        dropped = len(self._queue)
        self._queue.clear()
        self.reset()
        return dropped

    def say(self, address: int, upward: bool) -> LineFrame:
        """The frame for this turn, with the fragment that is not acknowledged yet, if any."""
        message = self._queue[0] if self._queue else b""
        end = self._offset + PAYLOAD_MAX_BYTES
        self._was_sent = bool(message)
        return LineFrame(
            address=address,
            upward=upward,
            kind=Kind.EXCHANGE,
            payload=message[self._offset : end],
            more=end < len(message),
            sequence=self._sequence,
            expects=self._expects,
            pending=end < len(message) or len(self._queue) > 1,
        )

    def hear(self, frame: LineFrame) -> tuple[bytes | None, int]:
        """Take the other side's turn: (a message that is whole now, own messages acknowledged whole: 0 or 1)."""
        return self._take(frame), self._acknowledge(frame.expects)

    def _acknowledge(self, expects: int) -> int:
        if not self._was_sent or expects == self._sequence:
            return 0
        self._sequence ^= 1
        self._was_sent = False
        self._offset += PAYLOAD_MAX_BYTES
        if self._offset < len(self._queue[0]):
            return 0
        self._offset = 0
        self._queue.popleft()
        return 1

    def _take(self, frame: LineFrame) -> bytes | None:
        if not frame.payload:
            return None
        if frame.sequence != self._expects:
            self.duplicates += 1
            return None
        self._expects ^= 1
        self._partial += frame.payload
        if len(self._partial) > MESSAGE_MAX_BYTES:
            self.overlong += 1
            self._partial.clear()
            return None
        if frame.more:
            return None
        message = bytes(self._partial)
        self._partial.clear()
        return message
