"""A day of one terminal's heartbeat as a strip of quarter hours: heard, quiet, gone, or not known. Pure.

From the watch's samples, a value where one has changed: what was last said holds until the next, and not beyond the
moment at which the watch last looked. Before its first word nothing is known.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from cloud.watch.alarms.terms import Signal

CELL_MS = 900_000
CELLS = 96
QUIET_S, GONE_S = 15, 30


class Beat(StrEnum):
    """Of a quarter hour; the worst that was in it."""

    HEARD = "ok"
    QUIET = "warn"
    GONE = "bad"
    UNKNOWN = "off"


_WORST = (Beat.GONE, Beat.QUIET, Beat.UNKNOWN, Beat.HEARD)


class Run(NamedTuple):
    """Quarter hours of one kind, side by side. first: the number of the first, from 0."""

    beat: Beat
    first: int
    cells: int


def from_ms(now_ms: int) -> int:
    """When the strip begins: a day back, at a whole quarter hour."""
    return (now_ms // CELL_MS + 1 - CELLS) * CELL_MS


def strip(found: Sequence[Signal], now_ms: int, looked_ms: int) -> list[Run]:
    """found: of one terminal's silence, by time. looked_ms: when the watch last looked; 0: never."""
    start_ms = from_ms(now_ms)
    cells = [_cell(found, start_ms + at * CELL_MS, min(now_ms, looked_ms)) for at in range(CELLS)]
    runs: list[Run] = []
    for at, beat in enumerate(cells):
        if runs and runs[-1].beat is beat:
            runs[-1] = runs[-1]._replace(cells=runs[-1].cells + 1)
        else:
            runs.append(Run(beat, at, 1))
    return runs


def is_known(runs: Sequence[Run]) -> bool:
    """Is there anything to show?"""
    return any(run.beat is not Beat.UNKNOWN for run in runs)


def _cell(found: Sequence[Signal], begin_ms: int, known_until_ms: int) -> Beat:
    """What was said before holds on into it."""
    if begin_ms > known_until_ms:
        return Beat.UNKNOWN
    before = [one for one in found if one.at_ms < begin_ms][-1:]
    inside = [one for one in found if begin_ms <= one.at_ms < begin_ms + CELL_MS]
    beats = {_beat(one.value) for one in (*before, *inside)} or {Beat.UNKNOWN}
    return next(one for one in _WORST if one in beats)


def _beat(value: float | None) -> Beat:
    if value is None:
        return Beat.UNKNOWN
    return Beat.HEARD if value < QUIET_S else Beat.QUIET if value < GONE_S else Beat.GONE
