"""Online requests of terminals on their way to the cloud and back: routed, bounded, unread. Pure.

The terminal owns the deadline and repeats; the cloud answers a repeated request with the same answer. So a request
that does not fit here is dropped and counted, and an answer that nobody waits for goes to the terminal all the same.
"""

from edge.box.values.effects import Now
from edge.box.values.streams import Stream

WAIT_S = 10.0
"""After this a request counts as unanswered and leaves the table."""
REPEAT_S = 1.0
"""A repeat of a waiting request is passed on no sooner."""
DEVICE_MAX = 4
"""Requests of one stream that may wait for an answer."""
TABLE_MAX = 256


class OnlineRequests:
    """Who waits for what."""

    def __init__(self) -> None:
        self._waiting: dict[Stream, dict[int, float]] = {}

    def admit(self, now: Now, stream: Stream, request: int) -> bool:
        """True when this request may go up now."""
        waiting = self._waiting.setdefault(stream, {})
        sent_s = waiting.get(request)
        if sent_s is not None and now.mono_s - sent_s < REPEAT_S:
            return False
        if sent_s is None and (len(waiting) >= DEVICE_MAX or self.count() >= TABLE_MAX):
            return False
        waiting[request] = now.mono_s
        return True

    def answered(self, stream: Stream, request: int) -> None:
        """An answer came."""
        self._waiting.get(stream, {}).pop(request, None)

    def expire(self, now: Now) -> int:
        """Forget what has waited too long; how many."""
        if not self._waiting:
            return 0
        gone = 0
        for waiting in self._waiting.values():
            late = [request for request, sent_s in waiting.items() if now.mono_s - sent_s >= WAIT_S]
            for request in late:
                del waiting[request]
            gone += len(late)
        self._waiting = {stream: waiting for stream, waiting in self._waiting.items() if waiting}
        return gone

    def count(self) -> int:
        """Requests that wait for an answer."""
        return sum(map(len, self._waiting.values()))
