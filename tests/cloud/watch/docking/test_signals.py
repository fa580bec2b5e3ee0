"""Docked devices as rules see them: there or not, values by name; a rule alone raises an alarm of theirs."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cloud.watch.alarms.rule_file import read_rules
from cloud.watch.alarms.rules import RULES
from cloud.watch.alarms.terms import Kind, Signal, Source
from cloud.watch.docking import signals
from cloud.watch.docking.keeping.store import DockingStore, open_docking
from cloud.watch.docking.keeping.values import Standing, Update
from cloud.watch.docking.signals import BEAT, ONLINE, STALE_MS, VALUE, DockedSignals
from cloud.watch.docking.sparkplug.docked import Shown
from cloud.watch.docking.sparkplug.payload import DataType
from cloud.watch.docking.sparkplug.topics import Source as Device
from cloud.watch.notify.calling import Time
from cloud.watch.store import open_watch
from cloud.watch.turn import Turns

NOW = 1_000_000
NODE, BOILER = Device("plant", "N1"), Device("plant", "N1", "boiler")
RULE = """
format = 1
[[rule]]
name = "boiler-hot"
family = "service"
grade = "important"
signal = "docked-value"
scope = "plant/*/boiler:Temperature"
when = "> 90"
[rule.text]
title = "锅炉过热"
cause = "循环泵停"
consequence = "没有热水"
action = "到锅炉房"
"""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DockingStore]:
    with closing(open_docking(tmp_path)) as found:
        found.set_mark(BEAT, NOW)
        stands(found)
        yield found


def stands(store: DockingStore, temperature: float = 95.0, *, node: bool = True, device: bool = True) -> None:
    metrics = {
        "Temperature": Shown(DataType.DOUBLE, temperature, NOW, is_stale=not device),
        "Running": Shown(DataType.BOOLEAN, True, NOW),
        "Blob": Shown(DataType.BYTES, b"x", NOW),
    }
    updates = [Update(Standing(NODE, node, NOW), {}), Update(Standing(BOILER, device, NOW), metrics, is_whole=True)]
    store.keep(updates, {}, [], NOW)


def read(store: DockingStore, *scopes: str, now_ms: int = NOW) -> dict[tuple[str, str], float | None]:
    found = DockedSignals(lambda: store.db).read(scopes, now_ms)
    return {(one.name, one.source.name): one.value for one in found}


def test_each_source_is_there_or_not_and_metrics_as_rules_name_them(store: DockingStore) -> None:
    online = {(ONLINE, "plant/N1"): 1, (ONLINE, "plant/N1/boiler"): 1}
    assert read(store) == online
    assert read(store, "plant/N1/boiler:R*", "*:Temperature") == online | {
        (VALUE, "plant/N1/boiler:Running"): 1.0, (VALUE, "plant/N1/boiler:Temperature"): 95.0,
    }  # fmt: skip
    assert read(store, "*:Blob") == online


def test_what_is_stale_or_away_is_unknown(store: DockingStore) -> None:
    stands(store, node=False, device=False)
    assert read(store, "*:Temperature") == {
        (ONLINE, "plant/N1"): 0, (ONLINE, "plant/N1/boiler"): None, (VALUE, "plant/N1/boiler:Temperature"): None,
    }  # fmt: skip
    stands(store, device=False)
    assert read(store)[ONLINE, "plant/N1/boiler"] == 0


def test_a_dock_that_stands_still_knows_nothing(store: DockingStore) -> None:
    found = read(store, "*:Temperature", now_ms=NOW + STALE_MS)
    assert set(found.values()) == {None}
    assert len(found) == 3


def test_who_is_taken_off_is_not_awaited_any_more(store: DockingStore) -> None:
    one = DockedSignals(lambda: store.db)
    one.read((), NOW)
    with store.db.writing():
        store.db.run("DELETE FROM source")
    gone = [Signal(ONLINE, Source(Kind.DOCKED, name), NOW, 1) for name in ("plant/N1", "plant/N1/boiler")]
    assert sorted(one.read((), NOW)) == gone
    assert one.read((), NOW) == []


def test_a_stranger_who_invents_names_is_bounded(store: DockingStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signals, "NAMES_MAX", 3)
    one, seen = DockedSignals(lambda: store.db), set()
    for at in range(6):
        metric = {f"Temperature {at}": Shown(DataType.DOUBLE, 99.0, NOW)}
        store.keep([Update(Standing(BOILER, True, NOW), metric, is_whole=True)], {}, [], NOW)
        seen |= {found.source for found in one.read(("*",), NOW)}
    assert len(seen) == 3
    other = Device("plant", "N2")
    store.keep([Update(Standing(other, True, NOW), {})], {}, [], NOW)
    assert Source(Kind.DOCKED, "plant/N2") in {found.source for found in one.read((), NOW)}, "each node for itself"


def test_a_strangers_value_and_its_death_raise_alarms_with_no_code(store: DockingStore, tmp_path: Path) -> None:
    (tmp_path / "w").mkdir()
    docked = DockedSignals(lambda: store.db)
    with closing(open_watch(tmp_path / "w")) as watch:
        with watch.db.writing():
            watch.db.insert("ruleset", "number, at_ms, who, why, text", [(1, NOW, "王芳", "", RULE)])
        turns = Turns(watch, RULES)

        def turn(at_ms: int) -> list[tuple[str, str]]:
            store.set_mark(BEAT, at_ms)
            turns.take([], docked.read(turns.scopes(VALUE), at_ms), Time(at_ms, 0), is_meal=False)
            return [(one.key.rule, str(one.key.source)) for one in watch.alarms() if one.alarm.is_active]

        turn(NOW)
        assert turn(NOW + 500) == [("boiler-hot", "metric:plant/N1/boiler:Temperature")]
        stands(store, 60.0)
        assert turn(NOW + 1_000) == []
        stands(store, node=False, device=False)
        turn(NOW + 1_500)
        assert turn(NOW + 6_500) == [("docked-away", "docked:plant/N1")], "the node's alarm stands for its devices"
        stands(store, 60.0)
        turn(NOW + 7_000)
        assert turn(NOW + 12_000) == []


def test_the_rule_file_knows_both_signals() -> None:
    read_rules(RULE, RULES)


def test_a_file_that_refuses_makes_all_unknown_and_stops_nobody(store: DockingStore, tmp_path: Path) -> None:
    with store.db.writing():
        store.db.run("PRAGMA user_version = 99")
    assert DockedSignals(lambda: open_docking(tmp_path).db).read(("*",), NOW) == []
    one = DockedSignals(lambda: store.db)
    one.read((), NOW)
    store.db.close()
    assert {found.value for found in one.read((), NOW)} == {None}
