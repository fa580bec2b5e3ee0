"""Where no store is set: series in the watch's own file, a minute's range for two days, an hour's for a hundred.

`write`, `sweep` and `ring` inside of transactions. The running minute is in memory; a process that dies loses that
much. Bounds: the days, and SOURCES_MAX tags of a series; further ones are not kept, and counted.
"""

from collections.abc import Iterable

from cloud.store.db import Database
from cloud.watch.metrics.points import Point, Value
from cloud.watch.metrics.series import SERIES, Worst

MINUTE_S, HOUR_S = 60, 3600
DAYS_KEPT = {MINUTE_S: 2, HOUR_S: 100}
SOURCES_MAX = 200
_DAY_MS = 86_400_000
_ROW = "step_s, series, at_ms, tag, low, high"
_KEEP = (
    "INSERT INTO ring (step_s, series, at_ms, tag, low, high) VALUES (?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (step_s, series, at_ms, tag) DO UPDATE "
    "SET low = MIN(low, excluded.low), high = MAX(high, excluded.high)"
)
_HOUR = (
    "SELECT tag, MIN(low), MAX(high) FROM ring WHERE step_s = 60 AND series = ? AND at_ms >= ? AND at_ms < ? "
    "GROUP BY tag"
)

Dots = dict[str, list[tuple[int, float]]]
"""Of each tag its values by time in ms; what is not there is not known."""


class Rings:
    """The running minute over a file. Not thread-safe."""

    def __init__(self, db: Database) -> None:
        self.dropped = 0
        self._db = db
        self._minute_ms = 0
        self._ranges: dict[tuple[str, str], tuple[Value, Value]] = {}
        self._tags: dict[str, set[str]] = {}

    def take(self, points: Iterable[Point], now_ms: int) -> None:
        """Into the running minute."""
        self._minute_ms = self._minute_ms if self._ranges else _minute(now_ms)
        for point in points:
            self._widen(point)

    def is_over(self, now_ms: int) -> bool:
        """Has `write` something to do, before `take`?"""
        return bool(self._ranges) and _minute(now_ms) != self._minute_ms

    def write(self) -> None:
        """The minute that is over, and its hour; what is too old goes."""
        for (series, tag), (low, high) in self._ranges.items():
            self._db.run(_KEEP, (MINUTE_S, series, self._minute_ms, tag, low, high))
        self._write_hour(self._minute_ms // 3_600_000 * 3_600_000)
        sweep(self._db, self._minute_ms)
        self._ranges = {}

    def _write_hour(self, hour_ms: int) -> None:
        for series in SERIES:
            rows = self._db.run(_HOUR, (series, hour_ms, hour_ms + 3_600_000))
            kept = [(HOUR_S, series, hour_ms, tag, low, high) for tag, low, high in rows]
            self._db.upsert("ring", _ROW, "step_s, series, at_ms, tag", kept)

    def _widen(self, point: Point) -> None:
        for name, value in point.values:
            tags = self._tags.setdefault(name, set())
            if point.tag not in tags and len(tags) >= SOURCES_MAX:
                self.dropped += 1
                continue
            tags.add(point.tag)
            low, high = self._ranges.get((name, point.tag), (value, value))
            self._ranges[name, point.tag] = min(low, value), max(high, value)


def minutes(db: Database, name: str, from_ms: int) -> list[int]:
    """Minutes of which there is a value, from then on, by time."""
    found = db.run(
        "SELECT DISTINCT at_ms FROM ring WHERE step_s = ? AND series = ? AND at_ms >= ? ORDER BY at_ms",
        (MINUTE_S, name, from_ms),
    )
    return [at_ms for (at_ms,) in found]


def _minute(now_ms: int) -> int:
    return now_ms // 60_000 * 60_000


def sweep(db: Database, now_ms: int) -> None:
    """Let the oldest go."""
    for step_s, days in DAYS_KEPT.items():
        for series in SERIES:
            before = now_ms - days * _DAY_MS
            db.run("DELETE FROM ring WHERE step_s = ? AND series = ? AND at_ms < ?", (step_s, series, before))


def ring(db: Database, name: str, from_ms: int, until_ms: int, step_s: int) -> Dots:
    """The worst of each step; minutes as far back as they go, else hours."""
    kept_s = MINUTE_S if until_ms - from_ms <= DAYS_KEPT[MINUTE_S] * _DAY_MS and step_s < HOUR_S else HOUR_S
    value = "MAX(high)" if SERIES[name].worst is Worst.MOST else "MIN(low)"
    step_ms = step_s * 1000
    rows = db.run(
        f"SELECT tag, at_ms / ? * ? AS step, {value} FROM ring WHERE step_s = ? AND series = ? "  # noqa: S608  # closed
        "AND at_ms >= ? AND at_ms < ? GROUP BY tag, step ORDER BY tag, step",
        (step_ms, step_ms, kept_s, name, from_ms, until_ms),
    )
    found: Dots = {}
    for tag, at_ms, worst in rows:
        found.setdefault(tag, []).append((at_ms, float(worst)))
    return found
