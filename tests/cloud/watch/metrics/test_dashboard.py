"""The dashboard: each series once, by the names that a store has, and no panel over another."""

import json
import re

from cloud.watch.metrics.dashboard import ROWS, dashboard
from cloud.watch.metrics.series import SERIES

ALL = dashboard()["panels"]
PANELS = [panel for panel in ALL if panel["type"] != "row"]
BY_NAME = {panel["description"]: panel for panel in PANELS}


def test_each_series_has_its_panel_and_no_other_is_asked_for() -> None:
    asked = [re.findall(r"ykt_[a-z0-9_]+", target["expr"]) for panel in PANELS for target in panel["targets"]]
    assert sorted(asked) == sorted([one.metric] for one in SERIES.values())


def test_what_is_measured_of_one_thing_stands_in_its_row() -> None:
    assert {one.measurement for one in SERIES.values()} == ROWS.keys()
    row = ""
    for panel in ALL:
        row = panel["title"] if panel["type"] == "row" else row
        if panel["type"] != "row":
            assert str(ROWS[SERIES[panel["description"]].measurement]) == row


def test_a_legend_names_a_tag_that_the_series_has() -> None:
    for name, one in SERIES.items():
        panel = BY_NAME[name]
        assert panel["targets"][0]["legendFormat"] == ("{{" + one.tag + "}}" if one.tag else one.field)


def test_panels_lie_beside_each_other() -> None:
    cells = [
        (x, y)
        for panel in ALL
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24, "Grafana's grid has 24 columns"
    assert len({panel["id"] for panel in ALL}) == len(ALL)


def test_it_is_plain_json() -> None:
    assert json.loads(json.dumps(dashboard())) == dashboard()
