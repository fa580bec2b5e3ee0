"""The watch's figures are taken of something real: on a small scale nothing is lost, and every row has its goal."""

from pathlib import Path

import pytest

from tests.bench import watch
from tests.bench.row import Row


def test_rules_and_metrics_have_goals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "TERMINALS", 50)
    monkeypatch.setattr(watch, "POINTS_A_SECOND", 50)
    found = [*watch.rules(), *watch.metrics()]
    assert len(found) == 4
    assert all(row.goal and row.value is not None for row in found)


@pytest.mark.process
def test_no_fact_is_lost_by_the_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "FACTS_A_SECOND", 200)
    found = {row.name.rpartition(", ")[2]: row for row in watch.many(2)}
    kept: Row = found["facts that an alarm counts"]
    assert (kept.value, kept.beside_value, kept.met) == (400, 400, True)
