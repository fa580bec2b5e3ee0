"""The seeded world: one heap of (virtual time, turn, call), one source of chance, one trace. No wall clock anywhere.

A seed decides everything: the same seed gives the same events in the same order, and `fingerprint` says so.
"""

from collections import Counter, deque
from collections.abc import Callable
from heapq import heappop, heappush
from marshal import dumps
from random import Random
from typing import Any
from zlib import crc32

TRACE_MAX = 200
"""Events that a failure prints."""


class Violation(BaseException):
    """A law of the pipeline does not hold. `law` names it: I1, I2 … No core may catch it: it is raised among them."""

    def __init__(self, law: str, text: str) -> None:
        super().__init__(f"{law}: {text}")
        self.law = law


class World:
    """Virtual time and chance. `random` is the only source of both."""

    def __init__(self, seed: int, day_s: float = 0.0) -> None:
        self.seed = seed
        self.random = Random(seed)
        self._draw = self.random.random
        self.now_s = day_s
        self.events = 0
        self.fingerprint = 0
        self.counts: Counter[str] = Counter()
        self._heap: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self._turn = 0
        self._trace: deque[tuple[float, str, tuple[Any, ...]]] = deque(maxlen=TRACE_MAX)

    def after(self, delay_s: float, call: Callable[..., None], *values: Any) -> None:
        """Call it `delay_s` from now; calls of one moment run in the order in which they were asked for."""
        self._turn = turn = self._turn + 1
        heappush(self._heap, (self.now_s + delay_s, turn, call, values))

    def at(self, at_s: float, call: Callable[..., None], *values: Any) -> None:
        """Call it at a time that is not over yet, as `after`."""
        self._turn = turn = self._turn + 1
        heappush(self._heap, (at_s, turn, call, values))

    def run(self, until_s: float) -> None:
        """Run every call that is due by then."""
        heap, turn = self._heap, self._turn
        waiting = len(heap)
        while heap and heap[0][0] <= until_s:
            self.now_s, _, call, values = heappop(heap)
            call(*values)
        self.events += waiting - len(heap) + self._turn - turn
        self.now_s = max(self.now_s, until_s)

    def note(self, what: str, *values: Any) -> None:
        """Put a line into the trace and into the fingerprint."""
        self.counts[what] += 1
        event = self.now_s, what, values
        self._trace.append(event)
        # format 2 has no back references, so the bytes depend on the values alone
        self.fingerprint = crc32(dumps(event, 2), self.fingerprint)

    def chance(self, share: float) -> bool:
        """True in `share` of the cases."""
        return share > 0.0 and self._draw() < share

    def bytes(self, size: int) -> bytes:
        """Random bytes."""
        return self.random.randbytes(size)

    def between(self, low: float, high: float) -> float:
        """A number of the interval."""
        return low + (high - low) * self._draw()

    def trace(self) -> str:
        """The last events, one a line."""
        return "\n".join(f"{at:12.4f}  {what:<22} {_plain(values)}" for at, what, values in self._trace)


def _plain(values: tuple[Any, ...]) -> str:
    return " ".join(value.hex() if isinstance(value, bytes) else str(value) for value in values)
