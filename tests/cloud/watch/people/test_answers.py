"""Which of several alarms a step changes, and who answers."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cloud.watch.alarms.states import Alarm
from cloud.watch.alarms.terms import Kind, Source
from cloud.watch.alarms.watching import Change, Key
from cloud.watch.notify import persons
from cloud.watch.notify.persons import Person
from cloud.watch.people.answers import Word, answer, split, wants_note
from cloud.watch.store import WatchStore, open_watch
from shared.errors import ConfigFault
from shared.facts.told import Level

KEY = Key("box-silent", Source(Kind.BOX, "canteen-1"))
FRESH = Alarm(Level.IMPORTANT, is_active=True, is_acked=False, since_ms=1, last_ms=1)
ACKED = Alarm(Level.IMPORTANT, is_active=True, is_acked=True, since_ms=1, last_ms=1, acked_by="王芳")
URGENT = Alarm(Level.URGENT, is_active=True, is_acked=False, since_ms=1, last_ms=1)
SHELVED = Alarm(Level.GENERAL, is_active=True, is_acked=False, since_ms=1, last_ms=1, shelved_until_ms=9)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[WatchStore]:
    with closing(open_watch(tmp_path)) as found:
        with found.db.writing():
            found.write([Change(KEY, 1, None, FRESH)])
        yield found


@pytest.mark.parametrize(
    ("step", "alarm", "changes"),
    [
        ("ack", FRESH, True), ("ack", ACKED, False), ("take", FRESH, True), ("take", ACKED, False),
        ("shelve", FRESH, True), ("shelve", SHELVED, False), ("unshelve", SHELVED, True), ("unshelve", FRESH, False),
    ],
)  # fmt: skip
def test_of_several_those_are_counted_that_a_step_changes(step: str, alarm: Alarm, changes: bool) -> None:
    assert split([(KEY, alarm)], step) == (([KEY], []) if changes else ([], [KEY]))


@pytest.mark.parametrize(
    ("step", "alarm", "wanted"),
    [
        ("ack", URGENT, True), ("ack", FRESH, False), ("shelve", FRESH, True), ("stop", FRESH, True),
        ("take", URGENT, False),
    ],
)  # fmt: skip
def test_a_note_is_wanted_where_a_step_is_refused_without_one(step: str, alarm: Alarm, wanted: bool) -> None:
    assert wants_note(alarm, step) is wanted


def test_who_signs_in_elsewhere_is_taken_up_once_and_who_had_left_is_back(store: WatchStore) -> None:
    with store.db.writing():
        first = persons.ensured(store.db, "admin")
        assert persons.ensured(store.db, "admin") == first
        persons.leave(store.db, "admin")
        assert persons.ensured(store.db, "admin").number == first.number
        persons.add(store.db, Person(0, "李明", phone="13800000000"))
        assert persons.ensured(store.db, "李明").phone == "13800000000"
    assert answer(store, KEY, Word("ack", "admin"), 5)
    assert not answer(store, KEY, Word("ack", "李明"), 6)
    assert store.alarms()[0].alarm.acked_by == "admin"


def test_a_step_that_there_is_not_changes_nothing(store: WatchStore) -> None:
    with store.db.writing():
        persons.ensured(store.db, "admin")
    with pytest.raises(ConfigFault):
        answer(store, KEY, Word("erase", "admin"), 5)
    assert store.events_of(KEY) == []
