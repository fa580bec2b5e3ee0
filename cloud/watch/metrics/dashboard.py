"""A Grafana dashboard over a Prometheus or VictoriaMetrics: a panel for each series, made of the closed list,
in the language that is spoken. Pure."""

from typing import Any

from cloud.watch.metrics.series import SERIES, Series
from shared.words.voice import Text

_UNITS = {"s": "s", "percent": "percent", "days": "d"}
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
        "panels": [_panel(number, name) for number, name in enumerate(SERIES)],
    }


def _panel(number: int, name: str) -> dict[str, Any]:
    one = SERIES[name]
    row, column = divmod(number, _COLUMNS)
    return {
        "id": number + 1,
        "type": "timeseries",
        "title": str(one.words),
        "description": name,
        "datasource": {"type": "prometheus", "uid": "${source}"},
        "gridPos": {"x": column * _WIDE, "y": row * _HIGH, "w": _WIDE, "h": _HIGH},
        "fieldConfig": {"defaults": {"unit": _UNITS.get(one.unit, "none")}, "overrides": []},
        "targets": [_target(one)],
    }


def _target(one: Series) -> dict[str, Any]:
    legend = f"{{{{{one.tag}}}}}" if one.tag else one.field
    expr = f"{one.worst}_over_time({one.metric}[$__interval])"
    return {"refId": "A", "expr": expr, "legendFormat": legend}
