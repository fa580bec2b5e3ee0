"""Questions about one series, in PromQL, in InfluxQL, and what the stores answer. Pure.

There is nothing to put into a question but a name of the closed list and numbers: nobody's text gets into one.
"""

import json
from typing import Any, NamedTuple

from cloud.watch.metrics.away import MetricsAway
from cloud.watch.metrics.rings import Dots
from cloud.watch.metrics.series import SERIES

STEPS_S = (60, 300, 900, 3600, 21_600, 86_400)
STEPS_MAX = 300
"""Most steps of a chart, for the longest there is."""
LAST_MAX_S = 100 * 86_400


class Span(NamedTuple):
    """From a time until another, in steps; both ends are steps' starts."""

    from_ms: int
    until_ms: int
    step_s: int


class Question(NamedTuple):
    """Where a store is asked, and with what."""

    path: str
    arguments: dict[str, str]


def span_of(last_s: int, now_ms: int) -> Span:
    """The last so many seconds, the running step included, in the shortest steps that fit."""
    last_s = min(max(last_s, STEPS_S[0]), LAST_MAX_S)
    step_s = next((step for step in STEPS_S if last_s <= step * STEPS_MAX), STEPS_S[-1])
    step_ms = step_s * 1000
    until_ms = (now_ms // step_ms + 1) * step_ms
    return Span(until_ms - (last_s * 1000 + step_ms - 1) // step_ms * step_ms, until_ms, step_s)


def span_between(from_ms: int, until_ms: int, least_s: int = STEPS_S[0]) -> Span:
    """All of the time between these, in the shortest steps that fit. least_s: no shorter ones, where none are kept."""
    last_s = min(max(0, until_ms - from_ms) // 1000, LAST_MAX_S)
    step_s = next((step for step in STEPS_S if step >= least_s and last_s <= step * STEPS_MAX), STEPS_S[-1])
    step_ms = step_s * 1000
    end_ms = -(-until_ms // step_ms) * step_ms
    return Span(min(max(from_ms, until_ms - LAST_MAX_S * 1000) // step_ms * step_ms, end_ms - step_ms), end_ms, step_s)


def promql(name: str, span: Span) -> Question:
    """The worst of each step, which PromQL names by its end."""
    one = SERIES[name]
    start, end = span.from_ms // 1000 + span.step_s, span.until_ms // 1000
    query = f"{one.worst}_over_time({one.metric}[{span.step_s}s])"
    told = {"query": query, "start": str(start), "end": str(end), "step": str(span.step_s), "nocache": "1"}
    return Question("/api/v1/query_range", told)


def influxql(name: str, span: Span, bucket: str) -> Question:
    """The worst of each step, named by its start."""
    one = SERIES[name]
    by = f', "{one.tag}"' if one.tag else ""
    query = (
        f'SELECT {one.worst}("{one.field}") FROM "{one.measurement}" '  # noqa: S608  # names of the closed list
        f"WHERE time >= {span.from_ms}ms AND time < {span.until_ms}ms GROUP BY time({span.step_s}s){by} fill(none)"
    )
    return Question("/query", {"db": bucket, "q": query, "epoch": "ms"})


def from_promql(name: str, said: bytes, step_s: int) -> Dots:
    """MetricsAway: that is no answer."""
    try:
        found = json.loads(said)["data"]["result"]
        return {_label(one["metric"], name): _prom_dots(one["values"], step_s) for one in found}
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise MetricsAway("PromQL: ?") from None


def from_influxql(name: str, said: bytes) -> Dots:
    """MetricsAway: that is no answer, or the store's own word of a fault."""
    try:
        (result,) = json.loads(said)["results"]
        if "error" in result:
            raise MetricsAway("InfluxQL: error")
        found = result.get("series", ())
        return {_label(one.get("tags", {}), name): _influx_dots(one["values"]) for one in found}
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise MetricsAway("InfluxQL: ?") from None


def _label(tags: dict[str, Any], name: str) -> str:
    return str(tags.get(SERIES[name].tag, ""))


def _prom_dots(values: list[tuple[float, str]], step_s: int) -> list[tuple[int, float]]:
    return [(int((at_s - step_s) * 1000), float(value)) for at_s, value in values]


def _influx_dots(values: list[tuple[int, float | None]]) -> list[tuple[int, float]]:
    return [(int(at_ms), float(value)) for at_ms, value in values if value is not None]
