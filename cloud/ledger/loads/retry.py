"""The second try 补一次 of a load that was granted and given back: what its case is marked with. Values only."""

from enum import IntEnum


class Retry(IntEnum):
    """Of a load that was granted and given back: is its sum offered once more? Frozen numbers, as CaseState's."""

    OPEN = 0
    """It is, at the card's next online act."""
    OFFERED = 1
    """It was. The answer may have been lost, so it is offered again."""
    USED = 2
    """It was, and granted: another case tells how it went."""
    CLOSED = 3
    """Not any more: the holder has loaded or claimed anew, or another load stood in its place."""
    SECOND = 4
    """It is itself the second try."""
    OFFERED_TWICE = 5
    """As OFFERED."""
    OFFERED_LAST = 6
    """It was, for the last time: whoever hears it may still take it up."""


OFFERABLE = {Retry.OPEN: Retry.OFFERED, Retry.OFFERED: Retry.OFFERED_TWICE, Retry.OFFERED_TWICE: Retry.OFFERED_LAST}
"""What a case is marked as when it is offered: so often at most. An offer moves nothing, and it is granted once."""
OFFERED = (Retry.OFFERED, Retry.OFFERED_TWICE, Retry.OFFERED_LAST)
UNGRANTED = (Retry.OPEN, *OFFERED)
"""Given back, and no second try was granted."""
