"""What the ledger shows of boxes and terminals, as things for groups and as a topology."""

from dataclasses import replace

from cloud.ledger.fleet.views import BoxView, Completeness, TerminalView
from cloud.watch.alarms.group_file import read_groups
from cloud.watch.alarms.groups import Groups, unnamed
from cloud.watch.alarms.terms import CAMPUS, Kind, Source
from cloud.watch.alarms.topology import segment
from cloud.watch.readings import (
    AWAY_MS,
    Fleet,
    box_source,
    is_heard_whole,
    terminal_source,
    things,
    topology,
)
from shared.ids import BoxId, DeviceId, StoreId
from shared.wire.box_state import BoxState, TerminalState

NOW = 1_800_000_000_000
BUS, TCP, NEVER = (DeviceId(bytes((n,)) * 6) for n in (1, 2, 3))
GROUPS = """format = 1
[[group]]
name = "a"
shares = "place"
title = "甲"
places = ["*号窗口"]
"""


def terminal(device: DeviceId, name: str, heard_ms: int = NOW) -> TerminalView:
    return TerminalView(
        device, name, "1号窗口", "", "b1", 1, 1, 1, 0, (), Completeness.UNKNOWN, 0, heard_ms
    )  # fmt: skip


def fleet(box_heard_ms: int = NOW) -> Fleet:
    said = tuple(
        TerminalState(device, address, link, "joined", NOW, 1, 1, 0, 0)
        for device, address, link in ((BUS, "1", "can0"), (TCP, "", "tcp"))
    )
    state = BoxState(BoxId("b1"), StoreId(bytes(16)), NOW, True, 0, 100, 0, 0, 0, said)
    terminals = [terminal(BUS, "pos-1"), terminal(TCP, "pos-2"), terminal(NEVER, "pos-3", 0)]
    return Fleet([BoxView("b1", "网关", 0, box_heard_ms, state)], terminals)


def test_things_are_known_while_their_box_speaks() -> None:
    box, on_bus, on_tcp, never = things(fleet(), NOW + 5000)
    assert (box.silent_s, on_bus.silent_s, on_bus.is_tcp, on_tcp.is_tcp, never.silent_s) == (5, 5, False, True, None)
    assert [one.silent_s for one in things(fleet(NOW - 60_000), NOW)][1:] == [None, None, None]


def test_terminals_stand_on_their_cable_in_their_groups_and_below_their_box() -> None:
    groups = read_groups(GROUPS)
    found = topology(fleet(), groups, NOW)
    group, box = Source(Kind.GROUP, "a"), box_source("b1")
    services = [Source(Kind.SERVICE, "broker"), Source(Kind.SERVICE, "ingest"), CAMPUS]
    on_bus = list(found.over(terminal_source(BUS)))
    assert on_bus == [group, segment("b1", "can0", "pos-1"), Source(Kind.BUS, "b1/can0"), box, *services]
    assert list(found.over(terminal_source(TCP))) == [group, unnamed("b1"), box, *services]
    assert list(found.over(terminal_source(NEVER))) == [group, box, *services]
    assert unnamed("b1") not in topology(fleet(), Groups(watches_unnamed=False), NOW).over(terminal_source(TCP))


def test_a_fleet_is_heard_whole_while_every_box_and_every_till_that_may_have_sold_is_heard() -> None:
    here = fleet()
    assert not is_heard_whole(here, NOW), "one with an epoch was never heard"
    sold = here._replace(terminals=[one for one in here.terminals if one.heard_ms])
    idle = sold._replace(terminals=[*sold.terminals, replace(terminal(NEVER, "pos-3", 0), epoch=0)])
    assert is_heard_whole(sold, NOW)
    assert is_heard_whole(idle, NOW), "without an epoch it has sold nothing"
    assert not is_heard_whole(sold, NOW + AWAY_MS)
    assert not is_heard_whole(fleet(NOW - 60_000)._replace(terminals=sold.terminals), NOW)
