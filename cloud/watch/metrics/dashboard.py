"""A Grafana dashboard over a Prometheus or VictoriaMetrics: a panel for each series, made of the closed list, a row of
them for each thing that is measured, in the language that is spoken. Pure."""

from collections.abc import Iterator
from itertools import count
from typing import Any

from cloud.watch.metrics.series import (
    BOX,
    BROKER,
    BUS,
    CERTIFICATE,
    CONSOLE,
    ENROLMENT,
    INGEST,
    KEYS,
    LEDGER,
    MACHINE,
    SERIES,
    SERVICE,
    TERMINALS,
    WATCH,
    Series,
)
from shared.words.voice import Text

ROWS = {
    BOX: Text("网关", "edge box"),
    BUS: Text("总线与链路", "buses and links"),
    TERMINALS: Text("终端", "terminals"),
    INGEST: Text("入账", "posting: the ingest"),
    LEDGER: Text("账本", "ledger"),
    KEYS: Text("密钥进程", "key process"),
    BROKER: Text("消息代理", "broker"),
    SERVICE: Text("服务", "services"),
    CONSOLE: Text("集控平台", "console"),
    MACHINE: Text("服务器", "server"),
    CERTIFICATE: Text("证书", "certificates"),
    ENROLMENT: Text("网关入网", "enrolment of boxes"),
    WATCH: Text("值守", "watch"),
}
_UNITS = {"s": "s", "percent": "percent", "days": "d", "celsius": "celsius"}
"""What Grafana calls them; it knows no fen."""
_WIDE, _HIGH, _COLUMNS = 8, 7, 3


def dashboard() -> dict[str, Any]:
    """As Grafana imports it; which source it reads is asked for there."""
    return {
        "uid": "openykt-watch",
        "title": str(Text("OpenYKT 值守", "OpenYKT watch")),
        "schemaVersion": 39,
        "editable": True,
        "refresh": "30s",
        "time": {"from": "now-1d", "to": "now"},
        "templating": {"list": [{"name": "source", "type": "datasource", "query": "prometheus", "label": "source"}]},
        "panels": [*_panels()],
    }


def _panels() -> Iterator[dict[str, Any]]:
    top, ids = 0, count(1)
    for measurement, title in ROWS.items():
        names = [name for name, one in SERIES.items() if one.measurement == measurement]
        place = {"x": 0, "y": top, "w": 24, "h": 1}
        yield {"id": next(ids), "type": "row", "title": str(title), "collapsed": False, "gridPos": place, "panels": []}
        for number, name in enumerate(names):
            yield _panel(next(ids), number, top + 1, name)
        top += 1 + _HIGH * -(-len(names) // _COLUMNS)


def _panel(panel: int, number: int, top: int, name: str) -> dict[str, Any]:
    one = SERIES[name]
    row, column = divmod(number, _COLUMNS)
    return {
        "id": panel,
        "type": "timeseries",
        "title": str(one.words),
        "description": name,
        "datasource": {"type": "prometheus", "uid": "${source}"},
        "gridPos": {"x": column * _WIDE, "y": top + row * _HIGH, "w": _WIDE, "h": _HIGH},
        "fieldConfig": {"defaults": {"unit": _UNITS.get(one.unit, "none")}, "overrides": []},
        "targets": [_target(one)],
    }


def _target(one: Series) -> dict[str, Any]:
    legend = f"{{{{{one.tag}}}}}" if one.tag else one.field
    expr = f"{one.worst}_over_time({one.metric}[$__interval])"
    return {"refId": "A", "expr": expr, "legendFormat": legend}
