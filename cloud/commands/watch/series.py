"""`cloud series`: what is kept over time, listed, and one of it looked at. A store that is away is said, never 0."""

import json
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from cloud.commands.watch.around import moment, now_ms, open_store, say
from cloud.process.settings import FOLDER, load_settings
from cloud.watch.metrics.away import MetricsAway
from cloud.watch.metrics.dashboard import dashboard
from cloud.watch.metrics.queries import Span, span_of
from cloud.watch.metrics.reader import series
from cloud.watch.metrics.rings import Dots
from cloud.watch.metrics.series import SERIES
from cloud.watch.metrics.settings import read_metric_store
from shared.errors import ConfigFault
from shared.words.voice import Text

SHOWN_MAX = 60
"""Columns of a chart; the newest steps."""
_BARS = "▁▂▃▄▅▆▇█"
_GAP = " "


def listing(*, as_json: bool) -> int:
    """Every series there is. Always 0."""
    if as_json:
        rows = [
            {"series": name, "metric": one.metric, "tag": one.tag, "unit": one.unit} for name, one in SERIES.items()
        ]
        say(json.dumps({"series": rows}))
        return 0
    for name, one in SERIES.items():
        say(f"{name}  {one.words}  [{one.unit}]  {one.metric}")
    return 0


def grafana() -> int:
    """The dashboard, to be imported. Always 0."""
    say(json.dumps(dashboard(), ensure_ascii=False, indent=1))
    return 0


def show(data: Path, name: str, last_s: int, *, as_json: bool) -> int:
    """Of each tag its last value, its range and a chart. 1: the store is away, or nothing is kept."""
    if name not in SERIES:
        raise ConfigFault(Text(f"没有曲线 {name[:40]}", f"there is no series {name[:40]}"))
    span = span_of(last_s, now_ms())
    store = read_metric_store(load_settings(data).data / FOLDER)
    found, why = None, ""
    with closing(open_store(data)) as opened:
        try:
            found = series(store, opened.db, name, span)
        except MetricsAway as fault:
            why = str(fault)
    say(*([_json(name, span, found, why)] if as_json else _lines(name, span, found, why)))
    return int(not found)


def _json(name: str, span: Span, found: Dots | None, why: str) -> str:
    one = SERIES[name]
    told = {
        "series": name, "unit": one.unit, "worst": one.worst.value, "from_ms": span.from_ms, "until_ms": span.until_ms,
        "step_s": span.step_s, "away": why or None, one.tag or "all": found,
    }  # fmt: skip
    return json.dumps(told, ensure_ascii=False)


def _lines(name: str, span: Span, found: Dots | None, why: str) -> list[str]:
    if found is None:
        return [str(Text(f"✗ 指标库连不上，无从得知：{why}", f"✗ store away, nothing is known: {why}"))]
    one = SERIES[name]
    head = f"{name}  {one.words} [{one.unit}]  {moment(span.from_ms)} – {moment(span.until_ms)}  {span.step_s} s"
    if not found:
        return [head, str(Text("  还没有数据", "  nothing is kept yet"))]
    return [head, *(_line(tag, dots, span) for tag, dots in sorted(found.items()))]


def _line(tag: str, dots: Sequence[tuple[int, float]], span: Span) -> str:
    values = [value for _, value in dots]
    low, high = min(values), max(values)
    return f"  {tag or '·'}  {values[-1]:.6g}  ({low:.6g} … {high:.6g})  {chart(dots, span, low, high)}".rstrip()


def chart(dots: Sequence[tuple[int, float]], span: Span, low: float, high: float) -> str:
    """A sign for each of the newest steps; a step of which nothing is known is a gap."""
    known = dict(dots)
    step_ms = span.step_s * 1000
    steps = range(max(span.from_ms, span.until_ms - SHOWN_MAX * step_ms), span.until_ms, step_ms)
    scale = (len(_BARS) - 1) / (high - low) if high > low else 0.0
    return "".join(_BARS[int((known[at] - low) * scale)] if at in known else _GAP for at in steps)
