"""Without a store: minutes for two days, hours for a hundred, the worst of each, bounded."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from cloud.store.db import Database
from cloud.watch.metrics.keeping import Keeping
from cloud.watch.metrics.points import Point
from cloud.watch.metrics.queries import span_of
from cloud.watch.metrics.reader import series
from cloud.watch.metrics.rings import SOURCES_MAX, Rings, ring, sweep
from cloud.watch.store import open_watch

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    with closing(open_watch(tmp_path)) as opened:
        yield opened.db


def kept(db: Database, *readings: tuple[int, float], name: str = "box-unsettled") -> None:
    keeping = Keeping(None, db)
    for at_ms, value in (*readings, (readings[-1][0] + HOUR_MS, 0)):
        keeping.take([Point("ykt_box", "b1", ((name, value),), at_ms)], at_ms)


def found(db: Database, name: str, until_ms: int, step_s: int) -> Sequence[tuple[int, float]]:
    with db.reading():
        return ring(db, name, 0, until_ms, step_s).get("b1", [])


def test_a_minute_keeps_its_worst(db: Database) -> None:
    kept(db, (0, 3), (5_000, 9), (10_000, 4), (MINUTE_MS, 5))
    assert found(db, "box-unsettled", HOUR_MS, 60) == [(0, 9), (MINUTE_MS, 5)]


def test_of_room_the_least_is_the_worst(db: Database) -> None:
    kept(db, (0, 90.0), (5_000, 10.0), (10_000, 80.0), name="box-room")
    assert found(db, "box-room", HOUR_MS, 60) == [(0, 10)]


def test_an_hour_is_the_worst_of_its_minutes_and_outlives_them(db: Database) -> None:
    kept(db, (0, 3), (MINUTE_MS, 9), (HOUR_MS, 4))
    with db.writing():
        sweep(db, 3 * DAY_MS)
    assert found(db, "box-unsettled", DAY_MS, 60) == []
    assert found(db, "box-unsettled", 3 * DAY_MS, 3600) == [(0, 9), (HOUR_MS, 4)]
    with db.writing():
        sweep(db, 101 * DAY_MS)
    assert found(db, "box-unsettled", 3 * DAY_MS, 3600) == []


def test_a_minute_with_nothing_in_it_is_a_gap(db: Database) -> None:
    kept(db, (0, 3), (3 * MINUTE_MS, 5))
    assert [at for at, _ in found(db, "box-unsettled", HOUR_MS, 60)] == [0, 3 * MINUTE_MS]


def test_the_same_minute_after_a_restart_is_widened(db: Database) -> None:
    for value in (9, 3):
        rings = Rings(db)
        rings.take([Point("ykt_box", "b1", (("box-unsettled", value),), 0)], 0)
        with db.writing():
            rings.write()
    assert found(db, "box-unsettled", HOUR_MS, 60) == [(0, 9)]


def test_further_tags_are_not_kept_and_are_counted(db: Database) -> None:
    keeping = Keeping(None, db)
    keeping.take([Point("ykt_box", f"b{n}", (("box-unsettled", n),), 0) for n in range(SOURCES_MAX + 2)], 0)
    keeping.take([], MINUTE_MS)
    assert keeping.dropped == 2
    with db.reading():
        assert len(ring(db, "box-unsettled", 0, HOUR_MS, 60)) == SOURCES_MAX


def test_the_reader_reads_rings_where_no_store_is_set(db: Database) -> None:
    kept(db, (0, 3))
    assert series(None, db, "box-unsettled", span_of(3600, MINUTE_MS)) == {"b1": [(0, 3)]}
