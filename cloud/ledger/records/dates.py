"""Which business day a record belongs to, and when its own time cannot be believed (RECORDS "Dates"). Pure.

Impossible = before the issue of card or PSAM, or more than 10 minutes after receipt. Such a record posts all the same;
its day is that of the nearest believable neighbour by sequence, else that of its receipt.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from functools import lru_cache

from shared.clocks.clock import KNOWN_TIMES, business_day

AHEAD_S = 600
"""How far a terminal's clock may run ahead of the receipt."""
NEIGHBOURS = 64
"""How far away, in sequence numbers, a neighbour may be."""


def is_possible(time_s: int, issued_s: int, received_s: int) -> bool:
    """issued_s: the later issue date of card and PSAM, seconds since 2000; 0 when unknown."""
    return issued_s <= time_s <= received_s + AHEAD_S


@lru_cache(maxsize=KNOWN_TIMES)
def day_of(time_s: int) -> int:
    """Days since 2000."""
    return business_day(time_s)


def doubtful_day(neighbour_s: int | None, received_s: int) -> int:
    """Day of a record whose own time is impossible. neighbour_s: the time of its nearest believable neighbour."""
    return day_of(received_s if neighbour_s is None else neighbour_s)


class Believed:
    """Times of records of one device and epoch, by seq; the nearest is found without looking at all of them."""

    def __init__(self, times: Mapping[int, int]) -> None:
        self._times = times
        self._seqs = sorted(times)

    def nearest(self, seq: int, issued_s: int, received_s: int) -> int | None:
        """The time of the nearest other seq that is possible, the lower one on a tie; None beyond NEIGHBOURS."""
        at, seqs = bisect_left(self._seqs, seq), self._seqs
        below = (other for other in reversed(seqs[max(at - NEIGHBOURS, 0) : at]))
        above = (other for other in seqs[at : at + NEIGHBOURS + 1] if other != seq)
        near = [self._first(side, issued_s, received_s) for side in (below, above)]
        found = [(abs(seq - other), other) for other in near if other is not None and abs(seq - other) <= NEIGHBOURS]
        return self._times[min(found)[1]] if found else None

    def _first(self, seqs: Iterable[int], issued_s: int, received_s: int) -> int | None:
        return next((seq for seq in seqs if is_possible(self._times[seq], issued_s, received_s)), None)
