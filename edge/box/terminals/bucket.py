"""A token bucket: how often one sender may do one thing. Pure; at the bound the thing is dropped and counted."""


class Bucket:
    """`burst` at once, then `rate_per_s`."""

    __slots__ = ("_burst", "_last_s", "_left", "_rate_per_s")

    def __init__(self, rate_per_s: float, burst: float, mono_s: float) -> None:
        self._rate_per_s = rate_per_s
        self._burst = burst
        self._left = burst
        self._last_s = mono_s

    def take(self, mono_s: float) -> bool:
        """True when one more may pass now."""
        grown = self._left + (mono_s - self._last_s) * self._rate_per_s
        self._last_s = mono_s
        self._left = min(self._burst, grown)
        if self._left < 1:
            return False
        self._left -= 1
        return True
