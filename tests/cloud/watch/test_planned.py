"""Groups, planned work and links as people say them; and what they are refused."""

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cloud.__main__ import main
from cloud.process.settings import FOLDER
from cloud.watch.alarms.flood import Turned
from cloud.watch.alarms.rules import RULES
from cloud.watch.alarms.terms import CAMPUS, Kind, Signal, Source
from cloud.watch.alarms.topology import topology_of
from cloud.watch.kept import floods, planned
from cloud.watch.kept.planned import LONGEST_MS, OPEN_MAX, Work, WorkRefused
from cloud.watch.notify.calling import Time
from cloud.watch.store import WatchStore, open_watch
from cloud.watch.turn import Turns
from tests.cloud.campus import Campus
from tests.cloud.watch.alarms.test_rule_file import FILE as RULES_FILE

BOX = Source(Kind.BOX, "canteen-1")
GROUPS = """format = 1
[[group]]
name = "sw-a"
shares = "switch"
title = "一食堂A"
boxes = ["{box}"]
terminals = ["{terminal}"]
"""
Say = Callable[..., tuple[int, str]]
HOUR = 3_600_000


def now_ms() -> int:
    return int(time.time() * 1000)


@pytest.fixture
def campus(provisioned: Campus, tmp_path: Path) -> Campus:
    return provisioned.copy_to(tmp_path / "data")


@pytest.fixture
def say(campus: Campus, capsys: pytest.CaptureFixture[str]) -> Say:
    def run(*words: str) -> tuple[int, str]:
        code = main([words[0], "--data", str(campus.data), *words[1:]])
        told = capsys.readouterr()
        return code, told.out + told.err

    run("import")
    run("person", "add", "王芳")
    return run


@pytest.fixture
def store(tmp_path: Path) -> Iterator[WatchStore]:
    (tmp_path / "own").mkdir()
    with closing(open_watch(tmp_path / "own")) as opened:
        yield opened


def test_groups_are_checked_pushed_and_taken_back(say: Say, campus: Campus, tmp_path: Path) -> None:
    terminal = campus.inventory.devices[0].name
    file = tmp_path / "g.toml"
    file.write_text(GROUPS.format(box="nowhere", terminal=terminal), encoding="utf-8")
    code, told = say("groups", "push", str(file), "--who", "王芳")
    assert (code, "第 6 行" in told, "没有登记：nowhere" in told) == (2, True, True), told
    assert "还没有分组" in say("groups")[1], "what is in force stays"
    file.write_text(GROUPS.format(box=str(campus.inventory.boxes[0].box), terminal=terminal), encoding="utf-8")
    assert "1 个分组" in say("groups", "check", str(file))[1]
    assert say("groups", "push", str(file), "--who", "谁")[0] == 2
    assert say("groups", "push", str(file), "--who", "王芳", "--reason", "新楼")[0] == 0
    assert say("groups", "diff", str(file)) == (0, "● 相同\n")
    told = say("groups")[1]
    assert ("交换机 一食堂A" in told, "2 台" in told, terminal in told) == (True, True, True), told
    (one,) = json.loads(say("groups", "--json")[1])["groups"]
    assert (one["group"], len(one["members"])) == ("sw-a", 2)
    file.write_text("format = 1\n", encoding="utf-8")
    say("groups", "push", str(file), "--who", "王芳")
    assert "第 3 次" in say("groups", "rollback", "1", "--who", "王芳")[1]
    assert [line.split("  ")[0] for line in say("groups", "history")[1].splitlines()] == ["3", "2", "1"]


def test_work_is_planned_by_a_known_person_and_ended_early(say: Say, campus: Campus) -> None:
    box = f"box:{campus.inventory.boxes[0].box!s}"
    code, told = say("work", "plan", box, "--for", "2h", "--who", "王芳", "--reason", "换交换机")
    assert (code, "● 进行中" in told, "换交换机" in told) == (0, True, True), told
    assert (
        "◐ 未开始"
        in say("work", "plan", "campus", "--from", moment(30), "--for", "1h", "--who", "王芳", "--reason", "停电")[1]
    )
    until = ("--until", moment(30).replace("T08", "T10"))
    code, told = say("work", "plan", "campus", "--from", moment(30), *until, "--who", "王芳", "--reason", "停水")
    assert (code, f"{moment(30)[:10]} 10:00:00" in told) == (0, True), told
    states = [one["state"] for one in json.loads(say("work", "--json")[1])["work"]]
    assert states == ["planned", "planned", "on"]
    assert "王芳 提前结束" in say("work", "end", "1", "--who", "王芳")[1]
    assert say("work", "end", "1", "--who", "王芳")[0] == 1, "it is over"


def moment(days: int) -> str:
    return time.strftime("%Y-%m-%dT08:00", time.gmtime(time.time() + days * 86_400))


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("plan", "box:nowhere", "--for", "2h", "--who", "王芳", "--reason", "x"), 2, "没有登记"),
        (("plan", "group:sw-z", "--for", "2h", "--who", "王芳", "--reason", "x"), 2, "没有登记"),
        (("plan", "what:is", "--for", "2h", "--who", "王芳", "--reason", "x"), 2, "不是报警来源"),
        (("plan", "box", "--for", "2h", "--who", "王芳", "--reason", "x"), 2, "没有登记"),
        (("plan", "campus", "--for", "9d", "--who", "王芳", "--reason", "x"), 1, "至多 3 天"),
        (("plan", "campus", "--for", "0", "--who", "王芳", "--reason", "x"), 1, "至多 3 天"),
        (("plan", "campus", "--for", "2h", "--who", "王芳", "--reason", " "), 1, "缘由"),
        (("plan", "campus", "--for", "2h", "--who", "谁", "--reason", "x"), 2, "没有登记此人"),
        (("plan", "campus", "--who", "王芳", "--reason", "x"), 2, "--for"),
        (("plan", "campus", "--from", "tomorrow", "--for", "2h", "--who", "王芳", "--reason", "x"), 2, "--from"),
        (("plan", "campus", "--until", "2001-01-01", "--who", "王芳", "--reason", "x"), 1, "至多 3 天"),
        (("plan", "campus", "--until", "later", "--who", "王芳", "--reason", "x"), 2, "--until"),
        (("plan", "campus", "--from", "2001-01-01", "--for", "2h", "--who", "王芳", "--reason", "x"), 1, "一年"),
        (("end", "7", "--who", "王芳"), 1, "没有进行中"),
    ],
)
def test_what_cannot_be_planned_is_said(say: Say, words: tuple[str, ...], code: int, said: str) -> None:
    found, told = say("work", *words)
    assert (found, said in told) == (code, True), told
    assert json.loads(say("work", "--json")[1])["work"] == [], "nothing was taken up"


def test_an_alarm_is_linked_to_what_is_there_and_to_nothing_else(say: Say, campus: Campus) -> None:
    with closing(open_watch(campus.data / FOLDER)) as own:
        Turns(own, RULES).take([], [Signal("box-silent", BOX, 1000, 99)], Time(1000, 0), is_meal=False)
    for to in ("job:7", "rollout:1", "difference:1", "load:load-1/3", "job:x", "load:"):
        code, told = say("alarms", "link", "box-silent", str(BOX), "--who", "王芳", "--to", to)
        assert (code, to in told) == (2, True), told
    assert "应如" in say("alarms", "link", "box-silent", str(BOX), "--who", "王芳", "--to", "case:1")[1]
    assert "关联" not in say("alarms", "show", "box-silent", str(BOX))[1]


def test_what_it_is_linked_to_and_all_that_was_said_stand_in_its_history(say: Say, campus: Campus) -> None:
    with closing(open_watch(campus.data / FOLDER)) as own:
        Turns(own, RULES).take([], [Signal("box-silent", BOX, 1000, 99)], Time(1000, 0), is_meal=False)
    with closing(sqlite3.connect(campus.data / FOLDER / "ledger.db")) as ledger, ledger:
        ledger.execute("INSERT INTO job VALUES (7, 1, x'', '王芳', 'x', 1, 0, 60000, 0, 0, 0, 0, 0)")
    box = str(BOX)
    assert say("alarms", "link", "box-silent", box, "--who", "王芳", "--to", "job:7", "--note", "重启")[0] == 0
    assert say("alarms", "comment", "box-silent", box, "--who", "王芳", "--note", "x" * 201)[0] == 1
    assert say("alarms", "comment", "box-silent", box, "--who", "王芳", "--note", "在路上")[0] == 0
    assert say("alarms", "assign", "box-silent", box, "--who", "王芳", "--to", "王芳")[0] == 0
    assert say("alarms", "ack", "box-silent", box, "--who", "王芳", "--for", "2h")[0] == 0
    told = [(one["deed"], one["who"], one["note"]) for one in events(say)]
    assert told == [
        ("raised", "", ""), ("linked", "王芳", "job:7  重启"), ("commented", "王芳", "在路上"),
        ("assigned", "王芳", "王芳"), ("acknowledged", "王芳", ""),
    ]  # fmt: skip
    with closing(open_watch(campus.data / FOLDER)) as own:
        (listed,) = own.alarms()
        assert 0 < listed.alarm.ack_until_ms - now_ms() <= 2 * HOUR


def events(say: Say) -> list[dict[str, str]]:
    return list(json.loads(say("alarms", "show", "box-silent", str(BOX), "--json")[1])["events"])


def test_the_list_says_what_explains_what_and_what_is_not_known(say: Say, campus: Campus) -> None:
    at_ms = now_ms()
    signals = [Signal("service-down", Source(Kind.SERVICE, "broker"), at, 1) for at in (at_ms - 20_000, at_ms - 9000)]
    signals += [Signal("ledger-away", CAMPUS, at, 1) for at in (at_ms - 20_000, at_ms - 9000)]
    signals += [Signal("box-silent", Source(Kind.BOX, f"b{n}"), at_ms - 9000, 99) for n in range(3)]
    with closing(open_watch(campus.data / FOLDER)) as own:
        turns = Turns(own, RULES)
        turns.stand_on(topology_of({}, [f"b{n}" for n in range(3)], {}))
        turns.take([], signals, Time(at_ms, 0), is_meal=False)
        with own.db.writing():
            floods.keep(own.db, [Turned("box:canteen-1", at_ms, 0), Turned("person:王芳", at_ms, 0)])
    told = say("alarms")[1]
    for said in (
        "▲ 报警洪水：第一食堂 自 ",
        "▲ 报警洪水：王芳 自 ",
        "○ 未知：账本自 ",
        "含 3 条",
        "← broker-down service:broker",
    ):
        assert said in told, told
    beneath = say("alarms", "show", "broker-down", "service:broker")[1]
    assert (beneath.count("box:b"), "含 3 条" in beneath) == (3, True), beneath
    found = json.loads(say("alarms", "--json")[1])
    assert set(found["flood"]) == {"box:canteen-1", "person:王芳"}
    assert {one["alarm"]: one["explains"] for one in found["alarms"]} == {
        "broker-down": 3, "ledger-away": 0, "box-silent": 0
    }  # fmt: skip


def test_a_rule_of_the_schools_is_listed_by_its_own_words(say: Say, campus: Campus, tmp_path: Path) -> None:
    file = tmp_path / "r.toml"
    file.write_text(RULES_FILE, encoding="utf-8")
    assert say("rules", "push", str(file), "--who", "王芳")[0] == 0
    loud = [Signal("box-unsettled", BOX, at_ms, 900) for at_ms in (1000, 301_000)]
    with closing(open_watch(campus.data / FOLDER)) as own:
        Turns(own, RULES).take([], loud, Time(301_000, 0), is_meal=False)
    assert "积压变多" in say("alarms")[1]
    assert "看网络" in say("alarms", "show", "outbox-slow", str(BOX))[1]


def test_in_a_flood_the_list_puts_together_what_is_alike(say: Say, campus: Campus) -> None:
    at_ms = now_ms()
    signals = [Signal("box-silent", Source(Kind.BOX, f"b{n}"), at_ms - 6000, 99) for n in range(12)]
    with closing(open_watch(campus.data / FOLDER)) as own:
        turns = Turns(own, RULES)
        for later_ms in (0, 6000):
            turns.take([], signals, Time(at_ms - 6000 + later_ms, 0), is_meal=False)
    told = say("alarms")[1]
    assert "▲ 报警洪水：全校 自 " in told
    assert "网关失联 ×12  b0、b1、b10 等 12 处" in told, told
    assert len(told.splitlines()) <= 4, told
    assert len(json.loads(say("alarms", "--json")[1])["alarms"]) >= 12, "programs read all of it"


def test_planned_work_suppresses_and_what_stands_at_its_end_calls(store: WatchStore, tmp_path: Path) -> None:
    turns = Turns(store, RULES)
    turns.take([], [], Time(1000, 0), is_meal=False)
    with closing(open_watch(tmp_path / "own")) as other, other.db.writing():
        number = planned.plan(other.db, Work(0, BOX, 2000, HOUR, "王芳", "换线", 1500))
    turns.take([], [Signal("box-silent", BOX, 3000, 99)], Time(3000, 0), is_meal=False)
    (listed,) = store.alarms()
    assert (listed.alarm.suppressed_by, listed.alarm.calls) == (f"work {number}", False)
    turns.take([], [Signal("box-silent", BOX, HOUR, 99)], Time(HOUR, 0), is_meal=False)
    (listed,) = store.alarms()
    assert listed.alarm.calls


def test_work_that_is_ended_early_ends_at_the_next_turn(store: WatchStore, tmp_path: Path) -> None:
    turns = Turns(store, RULES)
    with store.db.writing():
        planned.plan(store.db, Work(0, BOX, 2000, HOUR, "王芳", "换线", 1500))
    turns.take([], [Signal("box-silent", BOX, 3000, 99)], Time(3000, 0), is_meal=False)
    with closing(open_watch(tmp_path / "own")) as other, other.db.writing():
        assert planned.end(other.db, 1, "李明", 4000).ended_by == "李明"
    turns.take([], [], Time(5000, 0), is_meal=False)
    (listed,) = store.alarms()
    assert listed.alarm.calls
    with store.db.reading():
        assert [(one.who, one.ended_by, one.end_ms) for one in planned.works(store.db, 9)] == [("王芳", "李明", 4000)]


def test_plans_are_bounded(store: WatchStore) -> None:
    one = Work(0, BOX, 1, 1 + LONGEST_MS, "王芳", "x", 1)
    with store.db.writing():
        for _ in range(OPEN_MAX):
            planned.plan(store.db, one)
        with pytest.raises(WorkRefused, match=str(OPEN_MAX)):
            planned.plan(store.db, one)
