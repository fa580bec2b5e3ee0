"""Ourselves as an edge node: what is shown of boxes and terminals, and only what has changed is told."""

from pathlib import Path

import pytest

from cloud.ledger.fleet.views import BoxView, Completeness, TerminalView
from cloud.watch.docking import showing
from cloud.watch.docking.settings import read_settings
from cloud.watch.docking.showing import Showing, shown
from cloud.watch.docking.sparkplug.host import Host
from cloud.watch.docking.sparkplug.node import Node
from cloud.watch.docking.sparkplug.topics import Publish, Source
from shared.errors import ConfigFault
from shared.wire.messages import BoxState

NOW = 1_000_000
US = Source("campus", "us")
STATE = BoxState("canteen", b"store--1", 1, True, 25, 100, 0, 0, 0, (), 0, 0)


def box(*, heard_ms: int = NOW, state: BoxState | None = STATE) -> BoxView:
    return BoxView("canteen", "一食堂", 3, heard_ms, state)


def terminal(heard_ms: int = NOW) -> TerminalView:
    return TerminalView(
        b"\1\2", "1号窗", "一楼", "餐饮", "canteen", 1, 9, 9, 0, (), Completeness.COMPLETE, 0, heard_ms
    )  # fmt: skip


def values(heard_ms: int = NOW, terminal_ms: int = NOW, state: BoxState | None = STATE) -> dict[str, dict[str, object]]:
    found = shown([box(heard_ms=heard_ms, state=state)], [terminal(terminal_ms)], NOW)
    return {device: {name: one.value for name, one in metrics.items()} for device, metrics in found.items()}


def test_how_they_stand_is_shown_and_no_money() -> None:
    assert values() == {
        "canteen": {"Kind": "box", "Name": "一食堂", "Online": True, "Records waiting": 25, "Outbox room": 75.0},
        "0102": {"Kind": "terminal", "Name": "1号窗", "Place": "一楼", "Box": "canteen", "Online": True},
    }


def test_who_is_not_heard_is_not_there_and_what_is_behind_it_is_unknown() -> None:
    for found in (values(heard_ms=NOW - showing.HEARD_MS), values(state=None), values(heard_ms=0)):
        assert (found["canteen"]["Online"], found["canteen"]["Records waiting"]) == (False, None)
        assert found["0102"]["Online"] is None
    assert values(terminal_ms=NOW - showing.HEARD_MS)["0102"]["Online"] is False


def test_while_the_ledger_is_away_nobody_is_there_or_away() -> None:
    found = shown([box()], [terminal()], NOW, is_read=False)
    assert [found[one]["Online"].value for one in ("canteen", "0102")] == [None, None]
    assert found["canteen"]["Records waiting"].value is None


def test_only_what_has_changed_is_told_and_a_host_sees_it() -> None:
    node, host = Node(US, {}, NOW), Host("h")
    one = Showing(node)
    node.connecting(0, NOW)

    def hear(publishes: list[Publish]) -> list[str]:
        for message in publishes:
            assert not host.received(message.topic, message.payload, NOW).publishes
        return [message.topic for message in publishes]

    hear(node.connected(NOW).publishes)
    devices = shown([box()], [terminal()], NOW)
    assert hear(one.update(devices, NOW).publishes) == [
        "spBv1.0/campus/DBIRTH/us/canteen",
        "spBv1.0/campus/DBIRTH/us/0102",
    ]
    assert one.update(devices, NOW).publishes == []
    later = shown([box()], [terminal(0)], NOW)
    assert hear(one.update(later, NOW).publishes) == ["spBv1.0/campus/DDATA/us/0102"]
    assert hear(one.update(shown([box()], [], NOW), NOW).publishes) == ["spBv1.0/campus/DDEATH/us/0102"]
    assert host.nodes[US].devices["canteen"].metrics["Outbox room"].value == 75.0


def test_more_devices_than_a_node_may_have_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(showing, "DEVICES_MAX", 1)
    one = Showing(Node(US, {}, NOW))
    one.update(shown([box()], [terminal()], NOW), NOW)
    assert one.beyond == 1


@pytest.mark.parametrize(
    "text",
    ["x = 1", "[node]", '[node]\ngroup = "a/b"', '[node]\ngroup = "g"\nbroker = "x"', '[http]\nlisten = "8080"', "[",
     '[node]\ngroup = "g"\nlogin = "l"', 'host = "a#"', '[node]\ngroup = "g"\nmoney = true'],
)  # fmt: skip
def test_a_wrong_file_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "docking.toml").write_text(text)
    with pytest.raises(ConfigFault):
        read_settings(tmp_path, 1)


def test_without_a_file_nothing_is_shown_nor_posted(tmp_path: Path) -> None:
    found = read_settings(tmp_path, 7)
    assert (found.host, found.http, found.node) == ("openykt-7", None, None)
