"""Without a policy: who is told at noon and who is woken at night."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cloud.watch.alarms.rules import RULES
from cloud.watch.alarms.terms import Kind, Signal, Source
from cloud.watch.notify import persons, queue
from cloud.watch.notify.calling import SETTLE_MS, Time
from cloud.watch.notify.persons import Person
from cloud.watch.notify.telling import Around
from cloud.watch.store import WatchStore, open_watch
from cloud.watch.turn import Turns
from shared.clocks.school_days import WEEKDAYS

NOON_S, NIGHT_S, MORNING_S = 12 * 3600, 23 * 3600, 30 * 3600 + 1800
BOX, BOOKS = Source(Kind.BOX, "canteen-1"), Source(Kind.CAMPUS, "")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[WatchStore]:
    with closing(open_watch(tmp_path)) as opened:
        with opened.db.writing():
            persons.add(opened.db, Person(0, "王芳", "", "wang@example.com"))
        yield opened


def told(store: WatchStore, start_s: int, *after_s: int) -> list[set[str]]:
    """Rules of the messages that there are so long after a box is silent and the books are off."""
    turns = Turns(store, RULES)
    turns.around = Around(str, "校园", WEEKDAYS)
    found = []
    for s in (0, *after_s):
        at_ms = 1_000_000 + s * 1000
        signals = [Signal("box-silent", BOX, at_ms, 99), Signal("trial-balance", BOOKS, at_ms, 100)]
        turns.take([], signals, Time(at_ms, start_s + s), is_meal=False)
        with store.db.reading():
            found.append({key.rule for one in queue.messages(store.db, 100) for key in one.keys})
    return found[1:]


def test_at_noon_both_are_told(store: WatchStore) -> None:
    assert told(store, NOON_S, SETTLE_MS // 1000 + 60)[0] >= {"box-silent", "trial-balance"}


def test_at_night_only_money_wakes_and_the_rest_waits_for_half_past_six(store: WatchStore) -> None:
    soon, before, morning = told(store, NIGHT_S, 60, MORNING_S - NIGHT_S - 60, MORNING_S - NIGHT_S + 60)
    assert soon == before == {"trial-balance"}
    assert morning == {"trial-balance", "box-silent"}
