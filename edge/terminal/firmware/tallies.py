"""What this body served and refused, by business day and generation of its parameters, for who watches them. Pure.

Totals since its power-on, kept in memory: a count that is lost is made good by the next one, a power cut loses what was
not said yet. DAYS_MAX of them, beyond that the oldest is forgotten. Of the reasons of one the first DECLINES_MAX are
told apart, all others count as the last of these.
"""

from collections import Counter
from dataclasses import dataclass, field

from edge.link.messages import Tally
from shared.purse.reasons import Reason
from shared.wire.fleet_lane import DECLINES_MAX, Declines

DAYS_MAX = 8
TALLY_S = 30.0
"""A count that has grown is said at most so often: on a bus of 32 tills one message a second."""
_NEVER = float("inf")
Key = tuple[int, int]
"""Business day, generation."""


@dataclass(slots=True)
class _Count:
    served: int = 0
    declines: Counter[int] = field(default_factory=Counter)

    def note(self, reason: Reason | None) -> None:
        if reason is None:
            self.served += 1
            return
        is_known = reason in self.declines or len(self.declines) < DECLINES_MAX
        self.declines[int(reason) if is_known else [*self.declines][-1]] += 1


class Tallies:
    """Of one body. `joined`: a conversation begins, and all is said."""

    def __init__(self) -> None:
        self._counts: dict[Key, _Count] = {}
        self._unsaid: set[Key] = set()
        self._due_s = _NEVER

    def note(self, day: int, generation: int, reason: Reason | None, mono_s: float) -> None:
        """A tap has ended: served, or refused for that reason."""
        key = day, generation
        if key not in self._counts and len(self._counts) >= DAYS_MAX:
            self._unsaid.discard(oldest := next(iter(self._counts)))
            del self._counts[oldest]
        self._counts.setdefault(key, _Count()).note(reason)
        self._unsaid.add(key)
        self._due_s = min(self._due_s, mono_s + TALLY_S)

    def joined(self, mono_s: float) -> None:
        """Another edge may listen."""
        self._unsaid = {*self._counts}
        self._due_s = mono_s + TALLY_S if self._unsaid else _NEVER

    def hurry(self, mono_s: float) -> None:
        """Nothing more will be counted: say what is there."""
        if self._unsaid:
            self._due_s = mono_s

    def due_s(self) -> float:
        """Monotonic second of the next `take` that gives anything."""
        return self._due_s

    def take(self, boot: int, mono_s: float) -> list[Tally]:
        """What is to be said now."""
        if mono_s < self._due_s:
            return []
        self._due_s = _NEVER
        keys, self._unsaid = sorted(self._unsaid), set()
        return [_tally(boot, key, self._counts[key]) for key in keys]


def _tally(boot: int, key: Key, count: _Count) -> Tally:
    return Tally(boot, *key, count.served, tuple(Declines(*one) for one in sorted(count.declines.items())))
