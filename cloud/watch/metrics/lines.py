"""Points as InfluxDB's line protocol and as Prometheus's text. Pure: both are a page of grammar."""

from collections import defaultdict
from collections.abc import Iterable

from cloud.watch.metrics.points import Point, Value, series_of
from cloud.watch.metrics.series import Series

_TAG = str.maketrans({"\\": "\\\\", ",": "\\,", "=": "\\=", " ": "\\ ", "\n": "_", "\r": "_"})
_LABEL = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})
PAGE_KIND = "text/plain; version=0.0.4; charset=utf-8"


def line_of(point: Point) -> str:
    """`measurement,tag=value field=1i,field=2.5 ms`, without an end of line."""
    pairs = list(series_of(point))
    tag = f",{pairs[0][0].tag}={_tag(point.tag)}" if point.tag else ""
    fields = ",".join(f"{one.field}={_field(one, value)}" for one, value in pairs)
    return f"{point.measurement}{tag} {fields} {point.at_ms}"


def page(points: Iterable[Point]) -> str:
    """What a Prometheus reads: of each metric a line of help and type, then its values. No times: it has its own."""
    rows: dict[Series, list[str]] = defaultdict(list)
    for point in points:
        for one, value in series_of(point):
            label = f'{{{one.tag}="{point.tag.translate(_LABEL)}"}}' if point.tag else ""
            rows[one].append(f"{one.metric}{label} {value!r}")
    return "".join(_family(one, lines) for one, lines in rows.items())


def _family(one: Series, lines: Iterable[str]) -> str:
    head = f"# HELP {one.metric} {one.words.zh} {one.words.en} [{one.unit}]", f"# TYPE {one.metric} gauge"
    return "".join(f"{line}\n" for line in (*head, *lines))


def _field(one: Series, value: Value) -> str:
    return f"{value}i" if one.is_whole else repr(float(value))


def _tag(value: str) -> str:
    """A backslash at the end would take the next sign with it, whichever store reads it."""
    return value.rstrip("\\").translate(_TAG) or "_"
