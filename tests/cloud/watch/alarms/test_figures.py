"""Figures of quality, from what happened: what called, what chatters, what stands, who is called how often."""

import json
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from cloud.__main__ import main
from cloud.process.settings import FOLDER
from cloud.watch.alarms import states
from cloud.watch.alarms.figures import BIN_MS, SETTLED_MS, STALE_MS, Figures, Past, figures
from cloud.watch.alarms.flood import CAMPUS, Turned, of_person
from cloud.watch.alarms.rules import RULES, file_of
from cloud.watch.alarms.states import Deed, State
from cloud.watch.alarms.terms import Family, Kind, Signal, Source
from cloud.watch.alarms.watching import Key
from cloud.watch.kept import past as kept
from cloud.watch.notify import persons
from cloud.watch.notify.calling import SETTLE_MS, Time
from cloud.watch.notify.persons import Person
from cloud.watch.store import open_watch
from cloud.watch.turn import Turns
from compose.place import ROOT
from shared.facts.told import Level
from tests.cloud.campus import Campus

T0 = 1_800_000_000_000
HOUR = 3_600_000
UNACKED = State.UNACKNOWLEDGED
BY_NAME = {rule.name: rule for rule in RULES}


def key(number: int = 0, rule: str = "box-silent") -> Key:
    return Key(rule, Source(Kind.BOX, f"b{number}"))


def did(at_ms: int, deed: Deed, one: Key, state: State = UNACKED, grade: Level = Level.IMPORTANT) -> Past:
    return Past(T0 + at_ms, one, deed, grade, state)


def of(past: Sequence[Past], **fields: object) -> Figures:
    base: dict[str, object] = {
        "past": past, "alarms": {}, "rules": BY_NAME, "told": {}, "floods": [], "failed": 0,
        "from_ms": T0, "until_ms": T0 + 10 * BIN_MS,
    }  # fmt: skip
    return figures(**{**base, **fields})  # type: ignore[arg-type]


def test_the_wait_is_that_of_a_message() -> None:
    assert SETTLED_MS == SETTLE_MS


def test_what_is_explained_at_once_has_called_nobody() -> None:
    raised, hidden = did(0, Deed.RAISED, key()), did(4000, Deed.SUPPRESSED, key(), State.SUPPRESSED)
    assert of([raised, hidden]).whole.total == 0
    assert of([raised, did(6000, Deed.SUPPRESSED, key(), State.SUPPRESSED)]).whole.total == 1
    assert of([did(0, Deed.RAISED, key(), State.SUPPRESSED)]).whole.total == 0
    assert of([did(0, Deed.RAISED, key(), grade=Level.NOTICE)]).whole.total == 0


def test_ten_minutes_by_ten_minutes() -> None:
    told = {"王芳": [T0 + n * 1000 for n in range(12)], "李明": [T0 + BIN_MS]}
    second, first = of([], told=told).operators
    assert (first.name, first.total, first.average, first.peak, first.over) == ("王芳", 12, 1.2, 12, 10.0)
    assert (second.total, second.peak, second.over) == (1, 1, 0)


def test_what_comes_three_times_in_ten_minutes_chatters() -> None:
    past = [did(n * 60_000, Deed.RAISED, key(1)) for n in range(3)]
    past += [did(n * 11 * 60_000, Deed.RAISED, key(2)) for n in range(4)]
    found = of(sorted(past))
    assert [(one.key, one.times) for one in found.chattering] == [(key(1), 3)]
    assert [(one.key, round(one.share)) for one in found.bad] == [(key(2), 57), (key(1), 43)]
    assert round(found.worst_ten) == 100


def test_what_stands_for_a_day_is_stale_but_where_somebody_has_spoken() -> None:
    old = states.raised(None, T0 - STALE_MS, Level.IMPORTANT)[0]
    shelved = states.shelved(old, "王芳", "x", T0, T0 + HOUR)[0]
    fresh = states.raised(None, T0, Level.IMPORTANT)[0]
    found = of([], alarms={key(1): old, key(2): shelved, key(3): fresh})
    assert found.stale == [(key(1), T0 - STALE_MS)]
    assert found.quiet[State.SHELVED] == 1


def test_how_long_until_answered_and_until_over() -> None:
    past = [
        did(0, Deed.RAISED, key(1)), did(60_000, Deed.TAKEN, key(1)), did(90_000, Deed.ACKNOWLEDGED, key(1)),
        did(600_000, Deed.RETURNED, key(1)), did(0, Deed.RAISED, key(2, "disk")),
        did(20_000, Deed.RETURNED, key(2, "disk"), State.RETURNED),
        did(30_000, Deed.ACKNOWLEDGED, key(2, "disk"), State.NORMAL),
    ]  # fmt: skip
    found = of(sorted(past, key=lambda one: one.at_ms))
    assert (found.until_answered[None].times, found.until_answered[None].mean_s) == (2, 45)
    assert found.until_answered[Family.OFFLINE].median_s == 60
    assert (found.until_over[Family.OFFLINE].mean_s, found.until_over[Family.SERVICE].mean_s) == (600, 20)


def test_an_acknowledgement_that_runs_out_calls_again() -> None:
    found = of([
        did(0, Deed.RAISED, key()), did(1000, Deed.ACKNOWLEDGED, key(), State.ACKNOWLEDGED),
        did(HOUR, Deed.EXPIRED, key()),
    ])  # fmt: skip
    assert found.whole.total == 2


def test_the_share_of_time_in_flood() -> None:
    floods = [Turned(CAMPUS, T0 - HOUR, T0 + BIN_MS), Turned(of_person("王芳"), T0 + 9 * BIN_MS, 0)]
    assert of([], floods=floods).flood == {CAMPUS: 10.0, of_person("王芳"): 10.0}
    assert of([]).flood == {CAMPUS: 0.0}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_of_day_one_is_found(rule: object) -> None:
    assert (ROOT / file_of(rule.name)).read_text(encoding="utf-8")  # type: ignore[attr-defined]


def test_a_rule_of_the_schools_stands_in_no_file_of_ours() -> None:
    assert file_of("outbox-slow") == ""


def test_the_command_says_it_with_targets_and_the_way_to_the_rule(
    provisioned: Campus, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "PART", 1)
    campus = provisioned.copy_to(tmp_path / "data")
    now_ms = int(time.time() * 1000)
    with closing(open_watch(campus.data / FOLDER)) as store:
        with store.db.writing():
            persons.add(store.db, Person(0, "王芳", "", "w@school.edu.cn"))
        turns = Turns(store, RULES)
        for back_ms in (20_000, 10_000):
            silent = [Signal("box-silent", Source(Kind.BOX, name), now_ms - back_ms, 99) for name in ("canteen-1", "x")]
            turns.take([], silent, Time(now_ms - back_ms, 43_200), is_meal=False)
        with store.db.reading():
            assert kept.told(store.db, 0) == {"王芳": [now_ms - 10_000] * 2}
            assert kept.failed(store.db, 0) == 0
            assert [one.deed for one in kept.past(store.db, 0)] == [Deed.RAISED] * 2, "part by part"
    assert main(["alarms", "figures", "--data", str(campus.data), "--last", "1d"]) == 0
    told = capsys.readouterr().out
    for said in (
        "王芳 每十分钟：2.00（目标 ≤ 1）",
        "cloud/watch/alarms/rules/offline/box_silent.py",
        "● 抖动的报警：0",
    ):
        assert said in told, told
    assert main(["alarms", "figures", "--data", str(campus.data), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["list"]["total"], found["grades"]["important"]) == (2, 2)
    assert found["operators"][0]["name"] == "王芳"
    assert found["bad_actors"][0]["rule_file"].endswith("box_silent.py")
    assert found["targets"]["peak"] == 10
