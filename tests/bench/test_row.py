"""A figure's verdict and what is written down of it. No rate is asserted anywhere."""

import json

import pytest

from tests.bench.__main__ import main
from tests.bench.row import Row, as_json, at_least, at_most, not_measured, table


def test_goal_is_a_share_of_the_yardstick():
    assert at_least("a", 50.0, "/s", "raw", 100.0, 0.5).met
    assert not at_least("a", 49.9, "/s", "raw", 100.0, 0.5).met


def test_goal_is_an_upper_bound():
    assert at_most("a", 8.0, "ms", 8.0).met
    assert not at_most("a", 8.1, "ms", 8.0).met


def test_figure_without_a_goal_is_neither_met_nor_missed():
    row = Row("a", 1.0, "ms")
    assert row.met is None
    assert row.ratio is None
    assert "met" not in table([row]).splitlines()[1].lower()


def test_json_has_every_column_and_the_ratio():
    (row,) = json.loads(as_json([at_least("a", 50.0, "/s", "raw", 200.0, 0.5)]))
    assert row == {
        "name": "a", "value": 50.0, "unit": "/s", "beside": "raw", "beside_value": 200.0, "goal": "≥ 0.5 ×",
        "met": False, "ratio": 0.25, "spread": "",
    }  # fmt: skip


def test_the_spread_is_printed_beside_the_figure():
    assert table([Row("a", 2.0, "ms", spread="1 … 3")]).splitlines()[1].endswith("(1 … 3)")


def test_what_could_not_be_measured_says_why_and_fails_nothing():
    row = not_measured("a", "taps/s", "missing")
    assert (row.met, row.ratio) == (None, None)
    assert "未测：missing" in table([row])
    assert json.loads(as_json([row]))[0]["value"] is None


def test_unknown_figure_is_wrong_use(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["no-such"])
    assert ended.value.code == 2
    assert "no-such" in capsys.readouterr().err
