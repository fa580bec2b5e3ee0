"""What a rule's signal read around an alarm, as points of an SVG: a line in steps, its bound, and where nobody looked.

Pure. From the watch's samples, a value where one has changed: what was last said holds until the next, but neither over
minutes in which the watch did not look nor beyond its last look. What is not known is a gap, never a 0.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from cloud.watch.alarms.rule import UNKNOWN, SignalRule
from cloud.watch.alarms.signals import SIGNALS, in_unit
from cloud.watch.alarms.terms import Signal
from shared.words.voice import Text

WIDTH, HEIGHT = 480, 120
AROUND_MS = 1_800_000
"""Before it came, and after it was over."""
LONGEST_MS = 86_400_000
MINUTE_MS = 60_000
Dot = tuple[int, float]


class Course(NamedTuple):
    """words: of the signal. runs: points, one text for each stretch without a gap. gaps: x and width of what nobody
    knows. bound: y of the rule's bound; None: it has none. since: x of when the alarm came. minutes: how many of them
    nobody knows."""

    words: Text
    from_ms: int
    until_ms: int
    runs: tuple[str, ...]
    gaps: tuple[tuple[float, float], ...]
    since: float
    bound: float | None
    bound_said: Text | None
    low: Text
    high: Text
    last: Text
    minutes: int


class Window(NamedTuple):
    """What is shown, and what of it was looked at: until when, and in which minutes; none: nobody has kept that."""

    from_ms: int
    until_ms: int
    since_ms: int
    looked_ms: int
    minutes: Collection[int] = ()


def window(since_ms: int, returned_ms: int, now_ms: int) -> tuple[int, int]:
    """From when until when: half an hour on both sides, a day at most."""
    from_ms = since_ms - AROUND_MS
    until_ms = min(now_ms, (returned_ms or now_ms) + AROUND_MS)
    return from_ms, max(from_ms + MINUTE_MS, min(until_ms, from_ms + LONGEST_MS))


def course(found: Sequence[Signal], rule: SignalRule, shown: Window) -> Course | None:
    """found: of its source, by time, the last one before the window too. None: nothing is kept of that time."""
    unit, words = SIGNALS[rule.signal].unit, SIGNALS[rule.signal].words
    known, gaps = _stretches(found, shown)
    runs = [dots for begin, end in known for dots in _steps(found, begin, end)]
    values = [value for dots in runs for _, value in dots]
    if not values:
        return None
    condition = rule.condition
    bound = None if condition.comparison == UNKNOWN else condition.bound
    low, high = min(0.0, bound or 0.0, *values), max(bound or 0.0, *values)
    top = high if high > low else low + 1.0

    def x(at_ms: int) -> float:
        return round(WIDTH * (at_ms - shown.from_ms) / (shown.until_ms - shown.from_ms), 1)

    def y(value: float) -> float:
        return round(HEIGHT * (1 - (value - low) / (top - low)), 1)

    said = in_unit(unit, bound) if bound is not None else None
    return Course(
        words, shown.from_ms, shown.until_ms,
        tuple(" ".join(f"{x(at_ms)},{y(value)}" for at_ms, value in dots) for dots in runs),
        tuple((x(begin), round(x(end) - x(begin), 1)) for begin, end in gaps), x(shown.since_ms),
        y(bound) if bound is not None else None,
        Text(f"{condition.comparison} {said.zh}", f"{condition.comparison} {said.en}") if said else None,
        in_unit(unit, min(values)), in_unit(unit, max(values)), in_unit(unit, values[-1]),
        sum(end - begin for begin, end in gaps) // MINUTE_MS,
    )  # fmt: skip


def _stretches(found: Sequence[Signal], shown: Window) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Of the window what was looked at, and what was not; what lies ahead of the watch's last look is not known."""
    near = {shown.looked_ms // MINUTE_MS, shown.looked_ms // MINUTE_MS - 1}
    looked = {at_ms // MINUTE_MS for at_ms in shown.minutes} | near
    first_ms = found[0].at_ms if found else shown.until_ms
    known: list[tuple[int, int]] = []
    gaps: list[tuple[int, int]] = []
    for begin in range(shown.from_ms // MINUTE_MS * MINUTE_MS, shown.until_ms, MINUTE_MS):
        at, end = max(begin, shown.from_ms), min(begin + MINUTE_MS, shown.until_ms)
        is_known = (not shown.minutes or begin // MINUTE_MS in looked) and first_ms < end and at < shown.looked_ms
        into = known if is_known else gaps
        if into and into[-1][1] == at:
            into[-1] = into[-1][0], end
        else:
            into.append((at, end))
    return known, gaps


def _steps(found: Sequence[Signal], begin_ms: int, end_ms: int) -> Iterator[list[Dot]]:
    """Level, then a step at each new value; what is not known breaks it."""
    before = [one for one in found if one.at_ms <= begin_ms][-1:]
    within = [one for one in found if begin_ms < one.at_ms < end_ms]
    readings = [(max(one.at_ms, begin_ms), one.value) for one in (*before, *within)]
    dots: list[Dot] = []
    for (at_ms, value), (next_ms, _) in zip(readings, (*readings[1:], (end_ms, None)), strict=True):
        if value is not None:
            dots += [(at_ms, value), (next_ms, value)]
        elif dots:
            yield dots
            dots = []
    if dots:
        yield dots
