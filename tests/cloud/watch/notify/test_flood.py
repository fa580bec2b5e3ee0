"""A flood: when it begins and ends, what is told meanwhile, and that nothing of it is lost."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cloud.watch.alarms import states
from cloud.watch.alarms.flood import BEGINS_ABOVE, CAMPUS, ENDS_BELOW, SCOPES_MAX, WINDOW_MS, Flood, Turned, of_person
from cloud.watch.alarms.rule import Advice, FactRule
from cloud.watch.alarms.rules import RULES as DAY_ONE
from cloud.watch.alarms.terms import Family, Kind, Signal, Source
from cloud.watch.alarms.topology import topology_of
from cloud.watch.alarms.watching import Key
from cloud.watch.kept import floods
from cloud.watch.notify import persons
from cloud.watch.notify.calling import FLOOD_DIGEST_MS, FLOOD_URGENT_MAX, SETTLE_MS, Time
from cloud.watch.notify.persons import Person
from cloud.watch.notify.queue import messages
from cloud.watch.notify.routes import Step
from cloud.watch.notify.terms import Channel, Notice, Why
from cloud.watch.notify.words import Told, said
from cloud.watch.store import WatchStore, open_watch
from cloud.watch.turn import Turns
from shared.facts.told import Level
from shared.words.voice import Language, Text
from tests.cloud.watch.notify.test_calling import FIRST, Desk, alarm

T0 = 1_800_000_000_000
RULE = FactRule("r", Family.OFFLINE, frozenset({"c"}), Advice(*(Text("甲", "a"),) * 4))


def key(number: int) -> Key:
    return Key("r", Source(Kind.BOX, f"c{number}"))


def test_it_begins_above_a_number_and_ends_below_another() -> None:
    flood = Flood()
    for n in range(BEGINS_ABOVE):
        flood.count([CAMPUS], T0 + n)
    assert flood.turn(T0 + 100) == []
    flood.count([CAMPUS], T0 + 200)
    assert flood.turn(T0 + 200) == [Turned(CAMPUS, T0 + 200, 0)]
    for n in range(ENDS_BELOW):
        flood.count([CAMPUS], T0 + WINDOW_MS + n)
    assert flood.turn(T0 + WINDOW_MS + 300) == [], "five of late: neither more than ten nor fewer than five"
    assert flood.turn(T0 + 2 * WINDOW_MS) == [Turned(CAMPUS, T0 + 200, T0 + 2 * WINDOW_MS)]
    assert not flood.lasts(CAMPUS)


def test_a_restart_does_not_end_it() -> None:
    flood = Flood()
    flood.restore({CAMPUS: T0}, T0 + 1000)
    assert flood.turn(T0 + 2000) == []
    assert flood.turn(T0 + 1000 + WINDOW_MS) == [Turned(CAMPUS, T0, T0 + 1000 + WINDOW_MS)]


def test_scopes_are_bounded() -> None:
    flood = Flood()
    flood.count((str(n) for n in range(SCOPES_MAX + 5)), T0)
    assert len(flood._came) == SCOPES_MAX


def in_a_flood() -> Desk:
    """Eleven alarms, each by itself, then one more each ten seconds."""
    desk = Desk(FIRST)
    desk.alarms = {}
    for n in range(BEGINS_ABOVE + 1):
        desk.alarms[key(n)] = alarm()
        desk.notices(T0 + n * 1000)
    desk.notices(T0 + 20_000)
    assert desk.calling.flood.lasts(of_person("王芳"))
    return desk


def test_in_a_flood_what_is_not_urgent_comes_as_one_and_none_is_lost() -> None:
    desk = in_a_flood()
    told: list[Notice] = []
    for n in range(100, 140):
        desk.alarms[key(n)] = alarm()
        told += desk.notices(T0 + 20_000 + (n - 99) * 1000)
    for ms in range(61_000, 61_000 + WINDOW_MS, 1000):
        told += desk.notices(T0 + ms)
    assert {one.why for one in told} == {Why.DIGEST}
    assert len(told) == 1
    assert {key(n) for n in range(100, 140)} <= {one for notice in told for one in notice.keys}


def test_urgent_ones_go_singly_up_to_a_bound() -> None:
    desk = in_a_flood()
    desk.policy = desk.policy.__class__(desk.policy.routes, per_ten_minutes=1000)
    for n in range(200, 200 + FLOOD_URGENT_MAX + 3):
        desk.alarms[key(n)] = alarm(Level.URGENT)
    desk.notices(T0 + 21_000)
    told = desk.notices(T0 + 21_000 + SETTLE_MS)
    assert [(one.why, len(one.keys)) for one in told] == [(Why.CALL, 1)] * FLOOD_URGENT_MAX
    later = desk.notices(T0 + 21_000 + SETTLE_MS + FLOOD_DIGEST_MS)
    assert {key(n) for n in range(200, 208)} <= {one for notice in (*told, *later) for one in notice.keys}


def test_the_digest_of_a_flood_comes_though_his_measure_is_full() -> None:
    desk = in_a_flood()
    desk.policy = desk.policy.__class__(desk.policy.routes, per_ten_minutes=1)
    desk.alarms[key(100)] = alarm()
    desk.notices(T0 + 21_000)
    desk.notices(T0 + 27_000)
    assert [one.why for one in desk.notices(T0 + 27_000 + FLOOD_DIGEST_MS)] == [Why.DIGEST]


def test_a_place_in_a_flood_is_told_together_to_whoever_hears_of_it() -> None:
    desk = Desk(FIRST)
    desk.calling.place = lambda one: str(one.source)
    desk.calling.flood.since["box:c1"] = T0
    desk.alarms = {key(1): alarm(), key(2): alarm()}
    desk.notices(T0)
    assert [one.keys for one in desk.notices(T0 + SETTLE_MS)] == [(key(2),)]


def test_a_program_is_in_no_flood() -> None:
    desk = Desk(Step(0, ("hook:ops",), (Channel.WEBHOOK,)))
    desk.policy = desk.policy.__class__(desk.policy.routes, per_ten_minutes=1000)
    desk.alarms, told = {}, []
    for n in range(30):
        desk.alarms[key(n)] = alarm()
        told += desk.notices(T0 + n * 1000)
    assert desk.calling.flood.since == {}
    assert {one.why for one in told} == {Why.CALL}


def test_a_digest_counts_and_names_the_worst_first() -> None:
    over = states.returned(alarm(), 5)[0]
    found = [
        Told(key(1), over, RULE),
        Told(key(2), alarm(Level.GENERAL), RULE),
        Told(key(3), alarm(Level.URGENT), RULE),
    ]
    words = said(Why.DIGEST, found, str, "校园", Language.ZH)
    assert "紧急 1、一般 1、已恢复 1" in words.subject
    assert words.text.startswith("甲 box:c3")
    assert len(words.sms) <= 70


@pytest.fixture
def store(tmp_path: Path) -> Iterator[WatchStore]:
    with closing(open_watch(tmp_path)) as opened:
        with opened.db.writing():
            persons.add(opened.db, Person(0, "王芳", "", "w@school.edu.cn"))
        yield opened


def turn(turns: Turns, count: int, now_ms: int, silent_s: float = 99) -> None:
    signals = [Signal("box-silent", Source(Kind.BOX, f"b{n}"), now_ms, silent_s) for n in range(count)]
    turns.take([], signals, Time(now_ms, 12 * 3600 + (now_ms - T0) // 1000), is_meal=False)


def test_the_list_is_in_a_flood_by_what_still_calls_after_a_moment(store: WatchStore, tmp_path: Path) -> None:
    turns = Turns(store, DAY_ONE)
    turn(turns, 12, T0)
    turn(turns, 12, T0 + SETTLE_MS)
    with store.db.reading():
        assert set(floods.lasting(store.db)) == {CAMPUS, of_person("王芳")}
        assert len(messages(store.db, 99)) == 1, "what comes together is one message"
    with closing(open_watch(tmp_path)) as again:
        after = Turns(again, DAY_ONE)
        turn(after, 0, T0 + 20_000)
        with again.db.reading():
            assert CAMPUS in floods.lasting(again.db), "a restart does not end it"
        turn(after, 0, T0 + 20_000 + WINDOW_MS)
        with again.db.reading():
            assert floods.lasting(again.db) == {}
            assert [one.scope for one in floods.since(again.db, T0)] == [CAMPUS, of_person("王芳")]


def test_what_is_explained_a_moment_later_is_no_flood(store: WatchStore) -> None:
    turns = Turns(store, DAY_ONE)
    turns.stand_on(topology_of({}, [f"b{n}" for n in range(30)], {}))
    turn(turns, 30, T0)
    away = [Signal("service-down", Source(Kind.SERVICE, "broker"), at, 1) for at in (T0 - 20_000, T0 + 2000)]
    turns.take([], away, Time(T0 + 2000, 12 * 3600), is_meal=False)
    turn(turns, 30, T0 + 2000 + SETTLE_MS)
    with store.db.reading():
        assert floods.lasting(store.db) == {}


def test_what_is_explained_at_once_is_no_flood(store: WatchStore) -> None:
    turns = Turns(store, DAY_ONE)
    away = [Signal("service-down", Source(Kind.SERVICE, "broker"), at, 1) for at in (T0 - 20_000, T0)]
    turns.stand_on(topology_of({}, [f"b{n}" for n in range(30)], {}))
    turns.take([], away, Time(T0, 0), is_meal=False)
    turn(turns, 30, T0 + 1000)
    turn(turns, 30, T0 + 1000 + SETTLE_MS)
    with store.db.reading():
        assert floods.lasting(store.db) == {}
