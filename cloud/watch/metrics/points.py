"""What the watch has read becomes points. Pure; what is not known is no point, and never 0."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from cloud.watch.alarms.terms import Kind, Signal, Source
from cloud.watch.metrics.series import OF_SIGNALS, OF_TERMINALS, OF_WATCH, SERIES, STATES, Series

SILENT_S = 60.0
"""A terminal that was not heard for so long counts as silent; its alarm has a time of its own."""
Value = int | float


class Point(NamedTuple):
    """One reading of one thing. tag: the one tag's value, '' where its measurement has none. values: by series."""

    measurement: str
    tag: str
    values: tuple[tuple[str, Value], ...]
    at_ms: int


def points(
    signals: Iterable[Signal], box_of: Mapping[Source, str], figures: Mapping[str, int], now_ms: int
) -> list[Point]:
    """Of one look. box_of: of each terminal its box; figures: the watch's own, by the names of fields."""
    found: dict[tuple[str, str], dict[str, Value]] = defaultdict(dict)
    for name, tag, value in _readings(list(signals), box_of, figures):
        one = SERIES[name]
        found[one.measurement, tag if one.tag else ""][name] = int(value) if one.is_whole else float(value)
    return [Point(*place, tuple(values.items()), now_ms) for place, values in found.items()]


def series_of(point: Point) -> Iterator[tuple[Series, Value]]:
    """Its values beside what each is."""
    for name, value in point.values:
        yield SERIES[name], value


def _readings(
    signals: Sequence[Signal], box_of: Mapping[Source, str], figures: Mapping[str, int]
) -> Iterator[tuple[str, str, Value]]:
    for signal in signals:
        if signal.name in OF_SIGNALS and signal.value is not None:
            yield signal.name, signal.source.name, signal.value
    yield from _terminals(signals, box_of)
    for name, one in OF_WATCH.items():
        if one.field in figures:
            yield name, "", figures[one.field]


def _terminals(signals: Sequence[Signal], box_of: Mapping[Source, str]) -> Iterator[tuple[str, str, Value]]:
    """All fields of a box that has any terminal: of these a 0 is known."""
    counted: dict[str, dict[str, Value]] = {}
    for signal in signals:
        box = box_of.get(signal.source)
        if signal.source.kind is Kind.TERMINAL and box is not None:
            sums = counted.setdefault(box, dict.fromkeys((*STATES, "owes", "gap"), 0))
            _count(sums, signal)
    for box, sums in counted.items():
        for name, one in OF_TERMINALS.items():
            yield name, box, sums[one.field]


def _count(sums: dict[str, Value], signal: Signal) -> None:
    match signal.name:
        case "terminal-silent":
            sums[_state(signal.value)] += 1
        case "terminal-owes":
            sums["owes"] += signal.value or 0
        case "terminal-gap":
            sums["gap"] += signal.value or 0


def _state(silent_s: float | None) -> str:
    online, silent, unknown = STATES
    if silent_s is None:
        return unknown
    return online if silent_s < SILENT_S else silent
