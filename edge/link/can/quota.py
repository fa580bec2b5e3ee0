"""How much of a bus one terminal may take: a defect that sends without end must leave room for the others. Pure."""

MEAN_FRAME_BITS = 136
SHARE = 0.8
"""Of all frames that the bus carries: one terminal alone may drain a day of records at nearly the full rate."""
BURST_S = 0.5


def frames_per_s(bitrate: int) -> float:
    """What one terminal may send."""
    return SHARE * bitrate / MEAN_FRAME_BITS


class Quota:
    """A bucket of frames. `held`: how many stretches of being held back there were."""

    def __init__(self, per_s: float) -> None:
        self.held = 0
        self._per_s = per_s
        self._room = self._most = per_s * BURST_S
        self._at_s: float | None = None
        self._is_held = False

    def has_room(self, now_s: float) -> bool:
        """May a frame go now?"""
        passed_s = 0.0 if self._at_s is None else max(0.0, now_s - self._at_s)
        self._at_s = now_s
        self._room = min(self._most, self._room + passed_s * self._per_s)
        is_held = self._room < 1
        self.held += is_held and not self._is_held
        self._is_held = is_held
        return not is_held

    def take(self) -> None:
        """One has gone."""
        self._room -= 1
