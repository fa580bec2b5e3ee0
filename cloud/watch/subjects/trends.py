"""Where what falls will be empty: hours left at the rate of the last while, by least squares. Pure.

Of what has not been seen for long enough nothing is known; after a restart of the watch that is so again. What does
not fall is FAR_H away.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from cloud.watch.alarms.terms import Signal, Source

FAR_H = 10_000.0
"""As far as anybody looks."""
SOURCES_MAX = 20_000
"""Beyond, a further one has no trend."""
_HOUR_MS = 3_600_000


class Falling(NamedTuple):
    """A signal that is bad at 0, and the one that says when. A point each step_ms; over span_ms, least_ms at least."""

    signal: str
    forecast: str
    step_ms: int
    span_ms: int
    least_ms: int


FALLING = (
    Falling("box-room", "box-hours-left", 300_000, 3 * _HOUR_MS, 1_200_000),
    Falling("disk-free", "disk-hours-left", 900_000, 24 * _HOUR_MS, 2 * _HOUR_MS),
)


class Trends:
    """Remembers a few points of each source."""

    def __init__(self, falling: Iterable[Falling] = FALLING) -> None:
        self._falling = {one.signal: one for one in falling}
        self._points: dict[tuple[str, Source], deque[tuple[int, float]]] = {}

    def of(self, signals: Iterable[Signal]) -> Iterator[Signal]:
        """The forecasts that are new: one each step, and that nothing is known where nothing is read."""
        for signal in signals:
            falling = self._falling.get(signal.name)
            if falling is None:
                continue
            if signal.value is None:
                yield signal._replace(name=falling.forecast)
            elif self._took(falling, signal, signal.value):
                points = self._points[signal.name, signal.source]
                yield signal._replace(name=falling.forecast, value=_hours(falling, points))

    def _took(self, falling: Falling, signal: Signal, value: float) -> bool:
        place = signal.name, signal.source
        points = self._points.get(place)
        if points is None:
            if len(self._points) >= SOURCES_MAX:
                return False
            points = self._points[place] = deque()
        if points and signal.at_ms < points[-1][0]:
            points.clear()  # the clock was set back: what was is of another time
        if points and signal.at_ms - points[-1][0] < falling.step_ms:
            return False
        points.append((signal.at_ms, value))
        while signal.at_ms - points[0][0] > falling.span_ms:
            points.popleft()
        return True


def _hours(falling: Falling, points: deque[tuple[int, float]]) -> float | None:
    """Until it is 0."""
    last_ms, value = points[-1]
    if last_ms - points[0][0] < falling.least_ms:
        return None
    rate = _rate(points)
    return FAR_H if rate >= 0 or value > -rate * FAR_H else value / -rate


def _rate(points: deque[tuple[int, float]]) -> float:
    """An hour; the slope of the straight line that lies nearest."""
    first_ms = points[0][0]
    hours = [(at - first_ms) / _HOUR_MS for at, _ in points]
    mean_h, mean = sum(hours) / len(hours), sum(value for _, value in points) / len(points)
    spread = sum((hour - mean_h) ** 2 for hour in hours)
    return sum((hour - mean_h) * (value - mean) for hour, (_, value) in zip(hours, points, strict=True)) / spread
