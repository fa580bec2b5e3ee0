"""The watch's turns over a real file: facts once and in order, kept over a restart, other people's words seen."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cloud.ledger.fleet.views import FactView
from cloud.store.db import open_database
from cloud.watch.alarms import states
from cloud.watch.alarms.drill import DRILL, KEY
from cloud.watch.alarms.rule import QUIET_MS
from cloud.watch.alarms.rules import RULES
from cloud.watch.alarms.states import AlarmRefused, Deed, State
from cloud.watch.alarms.terms import CAMPUS, Kind, Signal, Source
from cloud.watch.alarms.watching import Key
from cloud.watch.kept.past import past, told
from cloud.watch.notify import persons, queue
from cloud.watch.notify.calling import Time
from cloud.watch.notify.persons import Person, PersonRefused
from cloud.watch.pushes import RULESETS
from cloud.watch.schema import prepare
from cloud.watch.store import WatchStore, open_watch
from cloud.watch.turn import Turns
from shared.errors import RuleBroken, StoreFault
from shared.facts.told import Params
from shared.words.voice import Language
from tests.cloud.watch.alarms.test_rule_file import FILE

BOX = Source(Kind.BOX, "b1")
UNKNOWN = Key("unknown-terminal", Source(Kind.TERMINAL, "0a"))


def fact(number: int, code: str = "terminal-unknown", told: Params = (("device", "x"),)) -> tuple[int, FactView]:
    return number, FactView(1000 * number, "important", code, "b1", b"\x0a", told)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[WatchStore]:
    with closing(open_watch(tmp_path)) as opened:
        yield opened


def test_a_fact_is_taken_once_and_what_it_said_is_kept(store: WatchStore) -> None:
    turns = Turns(store, RULES)
    assert [c.deed for c in turns.take([fact(1), fact(2)], [], Time(3000, 0), is_meal=False)] == [Deed.RAISED, None]
    assert turns.take([fact(1), fact(2)], [], Time(3000, 0), is_meal=False) == []
    (listed,) = store.alarms()
    assert (listed.key, listed.alarm.count, listed.code, listed.told) == (
        UNKNOWN,
        2,
        "terminal-unknown",
        (("device", "x"),),
    )
    assert turns.read_upto() == 2


def test_a_restart_goes_on_where_it_was(store: WatchStore, tmp_path: Path) -> None:
    Turns(store, RULES).take([fact(1)], [Signal("box-silent", BOX, 1000, 99)], Time(1000, 0), is_meal=False)
    with closing(open_watch(tmp_path)) as again:
        turns = Turns(again, RULES)
        assert turns.read_upto() == 1
        assert turns.take([fact(1)], [Signal("box-silent", BOX, 2000, 99)], Time(2000, 0), is_meal=False) == []
        found = turns.take(
            [], [Signal("box-silent", BOX, at, 1) for at in (3000, 14_000)], Time(14_000, 0), is_meal=False
        )
        assert [c.deed for c in found] == [Deed.RETURNED]


def test_a_duration_goes_on_over_a_restart(store: WatchStore, tmp_path: Path) -> None:
    away = [Signal("ledger-away", CAMPUS, 1000, 1)]
    assert Turns(store, RULES).take([], away, Time(1000, 0), is_meal=False) == []
    with closing(open_watch(tmp_path)) as again:
        found = Turns(again, RULES).take([], [Signal("ledger-away", CAMPUS, 11_000, 1)], Time(11_000, 0), is_meal=False)
        assert [c.key.rule for c in found] == ["ledger-away"]


def test_somebody_elses_word_is_seen_at_the_next_turn(store: WatchStore, tmp_path: Path) -> None:
    turns = Turns(store, RULES)
    turns.take([fact(1)], [], Time(1000, 0), is_meal=False)
    with closing(open_watch(tmp_path)) as other, other.one(UNKNOWN) as one:
        one.keep(states.acknowledged(one.listed.alarm, "王芳", "去看"), 2000, "王芳", "去看")
    turns.take([fact(2)], [], Time(3000, 0), is_meal=False)
    (listed,) = store.alarms()
    assert (listed.alarm.state, listed.alarm.acked_by, listed.alarm.count) == (State.ACKNOWLEDGED, "王芳", 2)
    assert [(e.deed, e.who, e.note) for e in store.events_of(UNKNOWN)][-1] == (Deed.ACKNOWLEDGED, "王芳", "去看")


def test_a_turn_that_fails_is_as_if_it_had_not_been(store: WatchStore) -> None:
    turns = Turns(store, RULES)

    def broken() -> Iterator[Signal]:
        yield Signal("box-silent", BOX, 1000, 99)
        raise StoreFault("away")

    with pytest.raises(StoreFault):
        turns.take([fact(1)], broken(), Time(1000, 0), is_meal=False)
    assert store.alarms() == []
    assert turns.read_upto() == 0
    assert [c.deed for c in turns.take([fact(1)], [], Time(1000, 0), is_meal=False)] == [Deed.RAISED]


def test_a_cause_that_was_never_kept_hides_nothing(store: WatchStore) -> None:
    turns = Turns(store, RULES)
    turns.take([], [Signal("ledger-away", CAMPUS, 1000, 1)], Time(1000, 0), is_meal=False)

    store.set_mark, kept = _refuses, store.set_mark  # type: ignore[method-assign]
    with pytest.raises(StoreFault):
        turns.take([fact(1)], [Signal("ledger-away", CAMPUS, 11_000, 1)], Time(11_000, 0), is_meal=False)
    store.set_mark = kept  # type: ignore[method-assign]
    calm = [Signal("ledger-away", CAMPUS, 12_000, 0), Signal("box-silent", BOX, 12_000, 99)]
    turns.take([], calm, Time(12_000, 0), is_meal=False)
    assert [(one.key.rule, one.alarm.state) for one in store.alarms()] == [("box-silent", State.UNACKNOWLEDGED)]


def _refuses(*_: object) -> None:
    raise StoreFault("the disk is full")


def test_what_happened_is_never_edited(store: WatchStore) -> None:
    Turns(store, RULES).take([fact(1)], [], Time(1000, 0), is_meal=False)
    for sql in ("UPDATE event SET who = 'x'", "DELETE FROM event"):
        with pytest.raises((StoreFault, RuleBroken), match="append-only"), store.db.writing():
            store.db.run(sql)


def test_nobody_answers_an_alarm_that_is_not_there(store: WatchStore) -> None:
    with pytest.raises(AlarmRefused, match="unknown-terminal"), store.one(UNKNOWN):
        pass


def test_a_newer_file_is_refused_untouched(tmp_path: Path) -> None:
    with closing(open_watch(tmp_path)) as opened, opened.db.writing():
        opened.db.run("PRAGMA user_version = 99")
    with closing(open_database(str(tmp_path / "watch.db"))) as db, pytest.raises(StoreFault):
        prepare(db)


def test_persons_are_known_by_name_and_come_back_under_their_number(store: WatchStore) -> None:
    with store.db.writing():
        assert persons.add(store.db, Person(0, "王芳", "13800000000", "w@school.edu.cn", Language.EN)) == 1
        with pytest.raises(PersonRefused):
            persons.add(store.db, Person(0, "王芳"))
        persons.leave(store.db, "王芳")
        with pytest.raises(PersonRefused):
            persons.known(store.db, "王芳")
        assert persons.add(store.db, Person(0, "王芳", "+8613800000001")) == 1
        assert [one.phone for one in persons.persons(store.db)] == ["+8613800000001"]


WRONG = (
    Person(0, ""),
    Person(0, " a"),
    Person(0, "a\nb"),
    Person(0, "a" * 41),
    Person(0, "a", "12ab"),
    Person(0, "a", "", "x@y\r\nBcc: z"),
)


@pytest.mark.parametrize("wrong", WRONG)
def test_what_cannot_be_a_person_is_refused(store: WatchStore, wrong: Person) -> None:
    with store.db.writing(), pytest.raises(PersonRefused):
        persons.add(store.db, wrong)


def test_operators_rules_count_from_the_turn_that_sees_them(store: WatchStore, tmp_path: Path) -> None:
    turns = Turns(store, RULES)
    loud = [Signal("box-unsettled", Source(Kind.BOX, "canteen-1"), at, 900) for at in (1000, 301_000)]
    assert turns.take([], loud, Time(301_000, 0), is_meal=True) == []
    with closing(open_watch(tmp_path)) as other, other.db.writing():
        RULESETS.push(other.db, 1, "王芳", "", FILE)
    found = turns.take([], loud, Time(301_000, 0), is_meal=True)
    assert [(c.key.rule, c.deed) for c in found] == [("outbox-slow", Deed.RAISED)]
    with closing(open_watch(tmp_path)) as other, other.db.writing():
        RULESETS.push(other.db, 2, "王芳", "", "format = 1\n")
    assert [c.deed for c in turns.take([], [], Time(400_000, 0), is_meal=True)] == [Deed.RETURNED], "its rule is gone"


def test_what_the_watch_hears_of_hours_later_still_calls_somebody(store: WatchStore) -> None:
    """A box that was cut off brings its facts late, and so does a watch that did not run."""
    turns = Turns(store, RULES)
    turns.take([fact(1)], [], Time(7_200_000, 0), is_meal=False)
    (listed,) = store.alarms()
    assert (listed.alarm.state, listed.alarm.since_ms) == (State.UNACKNOWLEDGED, 1000)
    turns.take([], [], Time(7_200_000 + QUIET_MS, 0), is_meal=False)
    assert [one.alarm.state for one in store.alarms()] == [State.RETURNED]


def test_a_fact_of_the_future_is_of_now(store: WatchStore) -> None:
    turns = Turns(store, RULES)
    turns.take([fact(10**9)], [], Time(5000, 0), is_meal=False)
    (listed,) = store.alarms()
    assert listed.alarm.since_ms == 5000
    turns.take([], [], Time(5000 + QUIET_MS, 0), is_meal=False)
    assert [one.alarm.state for one in store.alarms()] == [State.RETURNED], "its clock keeps no alarm alive"


def test_an_acknowledgement_that_runs_out_calls_and_tells_again(store: WatchStore, tmp_path: Path) -> None:
    with store.db.writing():
        persons.add(store.db, Person(0, "王芳", "", "w@school.edu.cn"))
    turns, noon = Turns(store, RULES), 12 * 3600
    for at_ms in (1000, 7000):
        turns.take([fact(1)], [], Time(at_ms, noon), is_meal=False)
    with closing(open_watch(tmp_path)) as other, other.one(UNKNOWN) as one:
        one.keep(states.acknowledged(one.listed.alarm, "王芳", "去看", 60_000), 8000, "王芳", "去看")
    for at_ms in (9000, 60_000, 66_000):
        turns.take([], [], Time(at_ms, noon), is_meal=False)
    assert [e.deed for e in store.events_of(UNKNOWN)] == [Deed.RAISED, Deed.ACKNOWLEDGED, Deed.EXPIRED]
    with store.db.reading():
        assert len(queue.messages(store.db, 9)) == 2


def test_a_drill_is_an_alarm_that_no_figure_counts(store: WatchStore) -> None:
    turns = Turns(store, RULES)
    with store.db.writing():
        store.set_mark(DRILL, 9_000)
    (change,) = turns.take([], [], Time(1000, 0), is_meal=False)
    assert (change.key, change.deed, change.alarm.calls) == (KEY, Deed.RAISED, True)
    assert (turns.counts.raised, turns.counts.standing) == (0, 0)
    assert (turns.standing["grades"], turns.standing["drill"]) == ({}, True)
    turns.take([], [Signal("box-silent", BOX, 2000, 99)], Time(2000, 0), is_meal=False)
    assert (turns.counts.raised, turns.counts.standing) == (1, 1)
    assert turns.standing["worst"]["zh"].startswith("网关失联")
    assert [c.deed for c in turns.take([], [], Time(9_000, 0), is_meal=False)] == [Deed.RETURNED]
    assert not turns.standing["drill"]
    with store.db.reading():
        assert {one.key.rule for one in past(store.db, 0)} == {"box-silent"}


def test_a_drill_has_called_nobody_by_the_figures(store: WatchStore) -> None:
    turns, noon = Turns(store, RULES), 12 * 3600
    with store.db.writing():
        persons.add(store.db, Person(0, "王芳", "", "w@school.edu.cn"))
        store.set_mark(DRILL, 90_000)
    for at_ms in (1000, 7000):
        turns.take([], [], Time(at_ms, noon), is_meal=False)
    with store.db.reading():
        (message,) = queue.messages(store.db, 9)
        assert message.subject.startswith("【演练】")
        assert told(store.db, 0) == {}


def test_how_things_stand_follows_what_a_person_says(store: WatchStore, tmp_path: Path) -> None:
    turns = Turns(store, RULES)
    turns.take([], [Signal("box-silent", BOX, 1000, 99)], Time(1000, 0), is_meal=False)
    assert turns.standing["unseen"] == 1
    with closing(open_watch(tmp_path)) as other, other.one(Key("box-silent", BOX)) as one:
        one.keep(states.acknowledged(one.listed.alarm, "王芳", "去看"), 1500, "王芳")
    turns.take([], [Signal("box-silent", BOX, 2000, 99)], Time(2000, 0), is_meal=False)
    assert (turns.standing["unseen"], turns.standing["grades"]) == (0, {"important": 1})
