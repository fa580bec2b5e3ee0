"""What a box tells of itself when it is there again: started anew, or after an outage, and how long that was. Pure.

One fact an event. Shorter than OUTAGE_S is a reconnect, and no outage.
"""

from shared.facts.boxes import BoxStarted, BrokerBack
from shared.facts.told import Told

OUTAGE_S = 5.0


class Presence:
    """Since when there has been no connection; `rows`: unsettled at the start."""

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self._is_told = False
        self._lost_s: float | None = None

    def lost(self, mono_s: float) -> None:
        """The connection is gone. What fails again before it is there counts from the first time."""
        self._lost_s = mono_s if self._lost_s is None else self._lost_s

    def back(self, mono_s: float) -> Told | None:
        """A connection is there: what is to be told of the time before it."""
        lost_s, self._lost_s = self._lost_s, None
        if not self._is_told:
            self._is_told = True
            return BoxStarted(self._rows)
        away_s = 0.0 if lost_s is None else mono_s - lost_s
        return BrokerBack(int(away_s)) if away_s >= OUTAGE_S else None
