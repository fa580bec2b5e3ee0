"""What signals were: a row where one has changed, bounded, and enough to know how things stood."""

from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest

from cloud.watch.alarms.terms import CAMPUS, Kind, Signal, Source
from cloud.watch.samples import AGAIN_MS, DAYS_KEPT, Samples, samples, sweep
from cloud.watch.store import WatchStore, open_watch

BOX = Source(Kind.BOX, "b1")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[WatchStore]:
    with closing(open_watch(tmp_path)) as opened, opened.db.writing():
        yield opened


def kept(store: WatchStore, *values: float | None) -> list[float | None]:
    own = Samples(store.db)
    for n, value in enumerate(values):
        own.keep([Signal("s", BOX, n * 1000, value)], n * 1000)
    return [one.value for one in samples(store.db, "s", 0)]


def test_only_changes_are_kept(store: WatchStore) -> None:
    assert kept(store, 0, 0, 0, 7, 7, None, None, 0) == [0, 7, None, 0]


def test_what_grows_is_kept_in_steps_of_a_twelfth(store: WatchStore) -> None:
    found = [value for value in kept(store, *range(1, 3000)) if value]
    assert len(found) < 110
    assert max(later / earlier for earlier, later in pairwise(found) if earlier >= 50) < 1.12


def test_what_is_heard_every_few_seconds_is_one_row_until_it_is_silent(store: WatchStore) -> None:
    own = Samples(store.db)
    for n, value in enumerate((0, 0.4, 2, 4.9, 0.1, 14.9, 1, 15, 16, 90, 3)):
        own.keep([Signal("terminal-silent", BOX, n * 1000, value)], n * 1000)
    assert [one.value for one in samples(store.db, "terminal-silent", 0)] == [0, 15, 90, 3]


def test_what_does_not_change_is_written_again_after_a_day(store: WatchStore) -> None:
    own = Samples(store.db)
    for at_ms in (0, AGAIN_MS - 1, AGAIN_MS):
        own.keep([Signal("s", CAMPUS, at_ms, 1)], at_ms)
    assert [one.at_ms for one in samples(store.db, "s", 0)] == [0, AGAIN_MS]


def test_how_it_stood_before_is_found(store: WatchStore) -> None:
    kept(store, 5, 50, 500)
    assert [(one.at_ms, one.value) for one in samples(store.db, "s", 1500)] == [(1000, 50), (2000, 500)]


def test_the_oldest_go(store: WatchStore) -> None:
    kept(store, 5, 50, 500)
    sweep(store.db, DAYS_KEPT * 86_400_000 + 1001)
    assert [one.value for one in samples(store.db, "s", 0)] == [500]
