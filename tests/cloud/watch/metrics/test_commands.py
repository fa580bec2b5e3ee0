"""`cloud series`: listed, charted, as JSON; a store that is away is said and is no 0."""

import json
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from cloud.__main__ import main
from cloud.commands.watch.series import chart
from cloud.process.settings import FOLDER
from cloud.watch.metrics.dashboard import ROWS
from cloud.watch.metrics.keeping import Keeping
from cloud.watch.metrics.points import Point
from cloud.watch.metrics.queries import Span
from cloud.watch.metrics.series import SERIES
from cloud.watch.metrics.settings import FILE
from cloud.watch.store import open_watch
from tests.cloud.campus import Campus
from tests.cloud.watch.metrics.stand import standing

Say = Callable[..., tuple[int, str]]


@pytest.fixture
def say(campus: Campus, capsys: pytest.CaptureFixture[str]) -> Say:
    """A command: its exit code, and all that it said."""

    def run(*words: str) -> tuple[int, str]:
        code = main(["series", "--data", str(campus.data), *words])
        told = capsys.readouterr()
        return code, told.out + told.err

    return run


def keep(folder: Path, *values: int) -> None:
    now_ms = int(time.time() * 1000)
    with closing(open_watch(folder / FOLDER)) as store:
        keeping = Keeping(None, store.db)
        for n, value in enumerate((*values, 0)):
            at_ms = now_ms + (n - len(values)) * 60_000
            keeping.take([Point("ykt_box", "canteen-1", (("box-unsettled", value),), at_ms)], at_ms)


def test_every_series_is_listed(say: Say) -> None:
    code, told = say()
    assert (code, told.count("\n")) == (0, len(SERIES))
    assert len(json.loads(say("--json")[1])["series"]) == len(SERIES)


def test_the_dashboard_is_told(say: Say) -> None:
    code, told = say("--grafana")
    assert (code, len(json.loads(told)["panels"])) == (0, len(SERIES) + len(ROWS))


def test_a_series_is_charted(say: Say, campus: Campus) -> None:
    keep(campus.data, 3, 40, 12)
    code, told = say("box-unsettled", "--last", "1h")
    assert code == 0
    assert "canteen-1  12  (3 … 40)" in told
    found = json.loads(say("box-unsettled", "--last", "1h", "--json")[1])
    assert [value for _, value in found["box"]["canteen-1"]] == [3, 40, 12]
    assert found["away"] is None


def test_nothing_kept_yet_is_no_zero(say: Say) -> None:
    code, told = say("suspense")
    assert (code, "还没有数据" in told) == (1, True)


def test_a_store_that_is_away_is_said(say: Say, campus: Campus) -> None:
    with standing() as gone:
        pass
    file = campus.data / FOLDER / FILE
    file.write_text(f'url = "http://127.0.0.1:{gone.port}"', encoding="utf-8")
    file.chmod(0o600)
    keep(campus.data, 3)
    code, told = say("box-unsettled")
    assert (code, "指标库连不上" in told, "canteen-1" in told) == (1, True, False)
    found = json.loads(say("box-unsettled", "--json")[1])
    assert (bool(found["away"]), found["box"]) == (True, None)


def test_a_series_that_there_is_not_is_refused(say: Say) -> None:
    assert say("card-balance")[0] == 2


def test_a_step_of_which_nothing_is_known_is_a_gap() -> None:
    assert chart([(0, 1.0), (120_000, 8.0)], Span(0, 180_000, 60), 1.0, 8.0) == "▁ █"
    assert chart([(0, 5.0)], Span(0, 60_000, 60), 5.0, 5.0) == "▁"
