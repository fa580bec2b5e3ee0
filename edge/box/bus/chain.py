"""Where a chain of terminals is cut: all behind one place have fallen silent at the same moment. Pure.

The order of the terminals in edge.json is their order on the cable. Power that fails for the last tills of a row looks
the same from here: whoever reads the fact looks at both.
"""

from collections.abc import Sequence
from typing import NamedTuple

SILENT_S = 12.0
"""Two heartbeats and a bit: a terminal that was not heard for so long is away."""
TOGETHER_S = 6.0
"""The last words of a tail that was cut at once lie within one heartbeat."""
TAIL_MIN = 2
"""One terminal alone may simply be switched off."""


class Hanging(NamedTuple):
    """A terminal on the chain that has joined since the box began: when it was last heard (monotonic)."""

    address: int
    heard_s: float


class SegmentCut(NamedTuple):
    """Between these two; behind 0: between the box and its first terminal."""

    behind: int
    before: int


def find_cut(chain: Sequence[Hanging], now_s: float) -> SegmentCut | None:
    """The segment, or None: nobody is away, one alone, others than a tail, or not at the same moment."""
    away = [now_s - one.heard_s > SILENT_S for one in chain]
    first = len(chain) - next((n for n, gone in enumerate(reversed(away)) if not gone), len(chain))
    tail = chain[first:]
    if len(tail) < TAIL_MIN or any(away[:first]):
        return None
    last_words = [one.heard_s for one in tail]
    if max(last_words) - min(last_words) > TOGETHER_S:
        return None
    return SegmentCut(chain[first - 1].address if first else 0, tail[0].address)
