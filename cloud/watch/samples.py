"""What signals were, for a week: a row where one has changed by more than a twelfth, or has become known or unknown.
Ages below SMALL_S are not told apart: what is heard every few seconds would be a row every time.

Inside of transactions of the watch's file. Bounds: DAYS_KEPT, and ROWS_MAX in all; the oldest go first.
"""

from collections.abc import Iterable
from math import copysign, floor, log2

from cloud.store.db import Database
from cloud.watch.alarms.signals import SIGNALS
from cloud.watch.alarms.terms import Signal, Source, source_of

DAYS_KEPT = 8
ROWS_MAX = 1_000_000
SWEEP_EVERY = 1000
"""Rows after which it is looked for what is too old."""
AGAIN_MS = 86_400_000
"""What does not change is written again after a day, so that the oldest may go."""
SMALL_S = 15
"""Below the bounds of all rules of day one."""
_AGES = frozenset(name for name, one in SIGNALS.items() if one.unit == "s")
_STEPS = 8
"""Steps to a doubling."""


class Samples:
    """Remembers the last step of each signal; the table is its own again after a restart."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._kept: dict[tuple[str, Source], tuple[float | None, int]] = {}
        self._written = 0

    def keep(self, signals: Iterable[Signal], now_ms: int) -> None:
        """Those that have changed."""
        rows = []
        for signal in signals:
            place, step = (signal.name, signal.source), _step(signal)
            kept = self._kept.get(place)
            if kept is None or kept[0] != step or signal.at_ms - kept[1] >= AGAIN_MS:
                self._kept[place] = step, signal.at_ms
                rows.append((signal.name, str(signal.source), signal.at_ms, signal.value))
        self._db.insert("sample", "signal, source, at_ms, value", rows)
        self._written += len(rows)
        if self._written >= SWEEP_EVERY:
            self._written = 0
            sweep(self._db, now_ms)


def sweep(db: Database, now_ms: int) -> None:
    """Let the oldest go."""
    db.run("DELETE FROM sample WHERE at_ms < ?", (now_ms - DAYS_KEPT * 86_400_000,))
    db.run("DELETE FROM sample WHERE rowid <= (SELECT MAX(rowid) FROM sample) - ?", (ROWS_MAX,))


def samples(db: Database, signal: str, from_ms: int) -> list[Signal]:
    """Of one signal, by time: those from then on, and of each source the last one before."""
    before = "SELECT source, MAX(at_ms), value FROM sample WHERE signal = ? AND at_ms < ? GROUP BY source ORDER BY 2"
    found = db.run(before, (signal, from_ms))
    found += db.run(
        "SELECT source, at_ms, value FROM sample WHERE signal = ? AND at_ms >= ? ORDER BY at_ms", (signal, from_ms)
    )
    return [Signal(signal, source_of(source), at_ms, value) for source, at_ms, value in found]


def samples_of(db: Database, signal: str, source: Source, from_ms: int) -> list[Signal]:
    """Of one source, by time: those from then on, and the last one before."""
    asked = "SELECT at_ms, value FROM sample WHERE signal = ? AND source = ? AND at_ms"
    found = db.run(f"{asked} < ? ORDER BY at_ms DESC LIMIT 1", (signal, str(source), from_ms))
    found += db.run(f"{asked} >= ? ORDER BY at_ms", (signal, str(source), from_ms))
    return [Signal(signal, source, at_ms, value) for at_ms, value in found]


def _step(signal: Signal) -> float | None:
    """The same number for values that differ by less than a twelfth."""
    value = signal.value
    if value is None or value == 0 or (value < SMALL_S and signal.name in _AGES):
        return None if value is None else 0.0
    return copysign(1 + floor(log2(abs(value) + 1) * _STEPS), value)
