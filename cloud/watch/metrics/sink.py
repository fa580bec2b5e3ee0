"""Between turns and a store: a bounded buffer, and whoever empties it on a thread of its own.

At the bound the oldest points go, and are counted: the newest say how it is now. What the store refuses for good is
dropped, too; it would be refused again.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from threading import Lock

from cloud.watch.metrics.away import MetricsAway, Writer

BUFFER_MAX = 50_000
"""Points that wait, in memory; ten boxes make some 50 in five seconds, so that it is more than an hour."""
BATCH_MAX = 5_000
"""Points of one write."""
AGAIN_MS = 5_000
"""A store that is away is tried again after this."""


@dataclass
class SinkCounts:
    """Since the start of this process."""

    metrics_written: int = 0
    metrics_dropped: int = 0


class Sink:
    """`take` is the turn's and never waits for a store; `turn` is the sending thread's."""

    def __init__(self, writer: Writer, most: int = BUFFER_MAX) -> None:
        self.counts = SinkCounts()
        self.is_away = False
        self.why = ""
        self._writer, self._most = writer, most
        self._lock = Lock()
        self._waiting: deque[str] = deque()
        self._going: list[str] = []
        self._next_ms = 0

    def take(self, lines: Iterable[str]) -> None:
        """These wait now."""
        with self._lock:
            self._waiting.extend(lines)
            while len(self._waiting) > self._most:
                self._waiting.popleft()
                self.counts.metrics_dropped += 1

    def turn(self, now_ms: int) -> int:
        """Write one batch; how many it had. A batch that was not taken is tried again, before any other."""
        if now_ms < self._next_ms:
            return 0
        self._going = self._going or self._batch()
        return self._write(now_ms) if self._going else 0

    def _batch(self) -> list[str]:
        with self._lock:
            return [self._waiting.popleft() for _ in range(min(BATCH_MAX, len(self._waiting)))]

    def _write(self, now_ms: int) -> int:
        try:
            self._writer.write("\n".join(self._going))
        except MetricsAway as fault:
            self.is_away, self.why = True, str(fault)
            if not fault.for_good:
                self._next_ms = now_ms + AGAIN_MS
                return 0
            self.counts.metrics_dropped += len(self._going)
        else:
            self.is_away = False
            self.counts.metrics_written += len(self._going)
        count, self._going = len(self._going), []
        return count
