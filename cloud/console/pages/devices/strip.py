"""A day of one terminal's heartbeat as a strip of five-minute cells: heard, slow, gone, or not known. Pure.

From the watch's samples, a value where one has changed: what was last said holds until the next, and not beyond the
moment at which the watch last looked, nor over minutes in which it did not. Before its first word nothing is known. A
cell is the worst that was heard in it, and unknown where more of it is unknown than not.
"""

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from cloud.watch.alarms.terms import Signal

CELL_MS = 300_000
CELLS = 288
QUIET_S, GONE_S = 30, 60
"""A terminal sends its STATUS every ten seconds."""


class Beat(StrEnum):
    """Of a cell."""

    HEARD = "ok"
    QUIET = "warn"
    GONE = "bad"
    UNKNOWN = "off"


class Run(NamedTuple):
    """Cells of one kind, side by side. first: the number of the first, from 0."""

    beat: Beat
    first: int
    cells: int

    @property
    def minutes(self) -> int:
        """How long."""
        return self.cells * CELL_MS // 60_000


def from_ms(now_ms: int) -> int:
    """When the strip begins: a day back, at a whole cell."""
    return (now_ms // CELL_MS + 1 - CELLS) * CELL_MS


def strip(found: Sequence[Signal], now_ms: int, looked_ms: int, minutes: Collection[int] = ()) -> list[Run]:
    """found: of one terminal's silence, by time. looked_ms: when the watch last looked; 0: never. minutes: in which it
    did, the running one may be missing; empty: nobody has kept that."""
    start_ms, until_ms = from_ms(now_ms), min(now_ms, looked_ms)
    looked = {(at_ms - start_ms) // CELL_MS for at_ms in (*minutes, looked_ms, looked_ms - 60_000)}
    cells = [
        _cell(found, start_ms + at * CELL_MS, until_ms) if at in looked or not minutes else Beat.UNKNOWN
        for at in range(CELLS)
    ]
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
    end_ms = min(begin_ms + CELL_MS, known_until_ms)
    before = [one.value for one in found if one.at_ms <= begin_ms][-1:] or [None]
    steps = [(begin_ms, before[0]), *((one.at_ms, one.value) for one in found if begin_ms < one.at_ms < end_ms)]
    held: dict[Beat, int] = {}
    for (at_ms, value), (next_ms, _) in zip(steps, (*steps[1:], (end_ms, None)), strict=True):
        beat = _beat(value)
        held[beat] = held.get(beat, 0) + max(0, next_ms - at_ms)
    return _judged(held)


def _judged(held: Mapping[Beat, int]) -> Beat:
    """held: ms of each in one cell."""
    if held.get(Beat.GONE):
        return Beat.GONE
    if held.get(Beat.QUIET):
        return Beat.QUIET
    return Beat.HEARD if held.get(Beat.HEARD, 0) > held.get(Beat.UNKNOWN, 0) else Beat.UNKNOWN


def _beat(value: float | None) -> Beat:
    if value is None:
        return Beat.UNKNOWN
    return Beat.HEARD if value < QUIET_S else Beat.QUIET if value < GONE_S else Beat.GONE
