"""How much of a bus a broadcast may fill: everything that was seen counts, and only the broadcast waits. Pure.

Arbitration lets every other frame go first, but a bus that is full has no room for what must be repeated, and receivers
that are near their end lose frames. So the load that the broadcast adds stops below a share of the bit-rate.
"""

SHARE = 0.8
"""Outside of meal periods, in which no broadcast runs."""
CREDIT_BITS = 3 * 136
"""Frames that may go together after a pause: timers are coarser than frames are short."""
WINDOW_S = 0.25
"""So much of others' load is remembered at most: after a burst of theirs the broadcast goes on within this time."""


class BusGuard:
    """Of one bus."""

    __slots__ = ("_bits_per_s", "_level", "_since_s")

    def __init__(self, bitrate: int, share: float, mono_s: float) -> None:
        """share: of the bit-rate, 0–1."""
        self._bits_per_s = bitrate * share
        self._level, self._since_s = 0.0, mono_s

    def seen(self, bits: int, mono_s: float) -> None:
        """A frame went over the bus, whosever."""
        self._drain(mono_s)
        self._level = min(self._level + bits, self._bits_per_s * WINDOW_S)

    def has_room(self, mono_s: float) -> bool:
        """May a frame of a broadcast go now?"""
        self._drain(mono_s)
        return self._level <= 0

    def due_s(self, mono_s: float) -> float:
        """When there is room again."""
        self._drain(mono_s)
        return mono_s + max(0.0, self._level) / self._bits_per_s

    def _drain(self, mono_s: float) -> None:
        self._level = max(-CREDIT_BITS, self._level - (mono_s - self._since_s) * self._bits_per_s)
        self._since_s = mono_s
