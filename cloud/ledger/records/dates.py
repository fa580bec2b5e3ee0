"""Which business day a record belongs to, and when its own time cannot be believed (RECORDS "Dates"). Pure.

Impossible = before the issue of card or PSAM, or more than 10 minutes after receipt. Such a record posts all the same;
its day is that of the nearest believable neighbour by sequence, else that of its receipt.
"""

from collections.abc import Iterable
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


def doubtful_day(seq: int, neighbours: Iterable[tuple[int, int]], received_s: int) -> int:
    """Day of a record whose own time is impossible. neighbours: (seq, believable time) of the same device and epoch."""
    near = [(abs(seq - other), other, time_s) for other, time_s in neighbours if 0 < abs(seq - other) <= NEIGHBOURS]
    return day_of(min(near)[2]) if near else day_of(received_s)
