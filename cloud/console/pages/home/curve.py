"""A curve of a day by hour, as the points of an SVG: today as far as it has come, beside another day. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

WIDTH, HEIGHT = 480, 120
HOURS = 24


class Curve(NamedTuple):
    """Points of polylines in a box of WIDTH × HEIGHT; area: closed below. top: what its upper edge stands for."""

    now: str
    then: str
    area: str
    top: int


def curve(now: Sequence[int], then: Sequence[int]) -> Curve:
    """Of sums by hour; below zero is drawn as nothing."""
    top = _round(max([*now, *then, 1]))
    line = _points(now, top)
    right = _x(len(now) - 1) if now else 0
    return Curve(line, _points(then, top), f"0,{HEIGHT} {line} {right},{HEIGHT}" if now else "", top)


def _points(values: Sequence[int], top: int) -> str:
    return " ".join(f"{_x(at)},{HEIGHT - max(0, value) * HEIGHT // top}" for at, value in enumerate(values))


def _x(hour: int) -> int:
    return hour * WIDTH // (HOURS - 1)


def _round(most: int) -> int:
    """The next of 1, 2, 5 and their tens."""
    step = 1
    while step * 10 < most:
        step *= 10
    return next(step * factor for factor in (1, 2, 5, 10) if step * factor >= most)
