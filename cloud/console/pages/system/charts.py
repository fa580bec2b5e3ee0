"""Lines of a chart as points of an SVG, and the numbers that stand before it. Pure: a gap is a gap, never a 0."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from cloud.watch.metrics.queries import Span
from cloud.watch.metrics.rings import Dots

Dot = tuple[int, float]
LINES_MAX = 8
"""Tags that are drawn; of more those whose last value is the worst."""


class Frame(NamedTuple):
    """What of time and value an image shows, and its size in units of its own."""

    span: Span
    low: float
    high: float
    width: int
    height: int


class Line(NamedTuple):
    """One tag's. now: the last value, of a step that ends at at_ms. runs: points of the SVG, one text for each stretch
    without a gap."""

    tag: str
    now: float
    at_ms: int
    low: float
    high: float
    runs: tuple[str, ...]


def bounds(dots: Dots) -> tuple[float, float]:
    """Lowest and highest of all; a flat line has room above."""
    values = [value for line in dots.values() for _, value in line]
    if not values:
        return 0.0, 1.0
    low, high = min(0.0, *values), max(values)
    return low, high if high > low else low + 1.0


def lines(dots: Dots, frame: Frame) -> list[Line]:
    """Of each tag that has a value, by name."""
    return [_line(tag, line, frame) for tag, line in sorted(dots.items()) if line]


def drawn(found: Sequence[Line], *, is_most: bool) -> list[Line]:
    """Those that there is room for, the worst first. is_most: the greatest value is the bad one."""
    return sorted(found, key=lambda one: one.now, reverse=is_most)[:LINES_MAX]


def _line(tag: str, dots: Sequence[Dot], frame: Frame) -> Line:
    values = [value for _, value in dots]
    runs = tuple(" ".join(_points(run, frame)) for run in _runs(dots, frame.span.step_s * 1000))
    return Line(tag, values[-1], dots[-1][0] + frame.span.step_s * 1000, min(values), max(values), runs)


def _runs(dots: Sequence[Dot], step_ms: int) -> Iterator[list[Dot]]:
    """Stretches in which no step is missing; a lone dot is a stroke as long as its step."""
    run: list[Dot] = []
    for dot in dots:
        if run and dot[0] - run[-1][0] > step_ms:
            yield _ended(run, step_ms)
            run = []
        run.append(dot)
    if run:
        yield _ended(run, step_ms)


def _ended(run: list[Dot], step_ms: int) -> list[Dot]:
    return [*run, (run[-1][0] + step_ms, run[-1][1])]


def _points(run: Sequence[Dot], frame: Frame) -> Iterator[str]:
    wide = frame.span.until_ms - frame.span.from_ms
    for at_ms, value in run:
        x = frame.width * (at_ms - frame.span.from_ms) / wide
        y = frame.height * (1 - (value - frame.low) / (frame.high - frame.low))
        yield f"{min(x, frame.width):.1f},{y:.1f}"
