"""Facts that an alarm rule of the cloud may want: a reporter that does not repeat itself. Pure.

What there is to tell, and in which words, stands in shared/facts.
"""

from collections import Counter

from edge.box.values.effects import Now
from shared.facts.told import UNSAID, Told
from shared.wire.messages import Fact

REPEAT_S = 60.0
"""The same code about the same device is said at most once in this time; the next one says how many there were."""
REMEMBERED_MAX = 1024
"""(code, device) pairs remembered; at the bound the oldest is forgotten, so its next fact is said at once."""


class FactReporter:
    """Turns happenings into facts, and repeats of one into a count. `counts` holds totals per code."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._said: dict[tuple[str, bytes], tuple[float, int]] = {}

    def report(self, now: Now, told: Told, device: bytes = b"", about: str = "") -> list[Fact]:
        """One fact, or none when the same was said within REPEAT_S. about: tells apart what no device tells apart."""
        code = told.code
        self.counts[code] += 1
        name = (code, device or about.encode())
        said_s, unsaid = self._said.get(name, (float("-inf"), 0))
        if now.mono_s - said_s < REPEAT_S:
            self._said[name] = (said_s, unsaid + 1)
            return []
        self._remember(name, now.mono_s)
        return [fact_of(told, now, device, unsaid)]

    def _remember(self, name: tuple[str, bytes], mono_s: float) -> None:
        self._said.pop(name, None)
        if len(self._said) >= REMEMBERED_MAX:
            del self._said[next(iter(self._said))]
        self._said[name] = (mono_s, 0)


def fact_of(told: Told, now: Now, device: bytes = b"", unsaid: int = 0) -> Fact:
    """For the wire. unsaid: how many of these were not said before."""
    params = (*told.params(), (UNSAID, unsaid)) if unsaid else told.params()
    return Fact(told.code, told.level, now.unix_ms, device, params)
