"""How much of a kind each sender may bring in a time: a store that fills by itself. Pure."""

from shared.ids import BoxId

SENDERS_MAX = 4096
"""Senders with a store of their own. Those above share one: there are so many only where a broker knows no rights."""
_OTHERS = BoxId("")


class Allowance:
    """burst: at once, after a silence. per_s: for ever."""

    def __init__(self, burst: int, per_s: float) -> None:
        self._burst = float(burst)
        self._per_s = per_s
        self._left: dict[BoxId, tuple[float, float]] = {}
        """Sender → how much was left, and when."""

    def take(self, sender: BoxId, now_s: float) -> bool:
        """One of these. False: there is nothing left."""
        name = sender if sender in self._left or len(self._left) < SENDERS_MAX else _OTHERS
        left, at_s = self._left.get(name, (self._burst, now_s))
        left = min(self._burst, left + max(0.0, now_s - at_s) * self._per_s)
        is_granted = left >= 1
        self._left[name] = (left - 1 if is_granted else left), now_s
        return is_granted
