"""The ingest says that the watch has stopped: once for each stop, not at a start, and never where there was none."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cloud.fleet.overseeing import GRACE_MS, Overseer
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.ledger import open_ledger
from cloud.ledger.records.values import Now
from tests.cloud.ledger.campus import LEDGER_ID


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[OpenedLedger]:
    with closing(open_ledger(str(tmp_path / "ledger.db"), LEDGER_ID)) as ledger:
        yield ledger.opened


class Watched:
    def __init__(self, opened: OpenedLedger) -> None:
        self.age_s: float | None = None
        self.overseer = Overseer(opened, lambda: self.age_s)

    def look(self, at_s: int, age_s: float | None) -> bool:
        self.age_s = age_s
        return self.overseer.look(Now(1_000_000 + at_s * 1000, at_s))


def test_a_watch_that_stops_is_told_once_and_again_after_it_was_back(opened: OpenedLedger) -> None:
    watched = Watched(opened)
    ages = (0.5, 30, 61, 91, 0.5, 70)
    assert [watched.look(n * 30, age) for n, age in enumerate(ages)] == [False, False, True, False, False, True]
    with opened.database.reading():
        found = opened.database.run("SELECT level FROM fact WHERE code = 'watch-silent'")
    assert found == [("important",), ("important",)]


def test_a_school_that_never_ran_one_hears_nothing(opened: OpenedLedger) -> None:
    watched = Watched(opened)
    assert not any(watched.look(n * 30, None) for n in range(20))


def test_after_a_night_without_power_it_has_time_to_begin(opened: OpenedLedger) -> None:
    watched = Watched(opened)
    assert not watched.look(0, 28_800)
    assert not watched.look(30, 0.5)
    late = Watched(opened)
    assert not late.look(0, 28_800)
    assert late.look(GRACE_MS // 1000, 28_920), "it does not come"
