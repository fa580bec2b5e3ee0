"""Each fault of a CAN bus in virtual time: the others lose nothing, and the box says what it was, or that it cannot."""

import pytest

from edge.box.bus.watch import CLEAN_S, WINDOW_S
from edge.link.sim.can_bus import BusSettings
from tests.edge.bus_rig import BusField


@pytest.fixture
def field():
    field = BusField(6)
    field.open()
    assert not field.facts, "a sound bus says nothing"
    return field


def culprits(field) -> list[tuple[str, int]]:
    return [(row["case"], row.get("address", 0)) for row in field.told("bus-culprit")]


def test_a_sound_bus_says_nothing(field):
    field.go(60)
    assert field.facts == []
    assert not field.lost()


def test_a_node_faulty_on_transmit_is_named_and_the_others_lose_nothing(field):
    field.fault(3, corruption=0.5)
    field.go(3 * WINDOW_S)
    assert set(culprits(field)) == {("sender", 3)}
    field.stop_selling()
    field.go(10)
    assert field.lost(3) == []
    assert field.told("bus-node-back"), "each time off the bus is said"
    assert all(row["address"] == 3 for row in field.told("bus-node-back"))


def test_a_node_that_can_say_nothing_any_more_is_named_by_its_absence(field):
    field.fault(4, corruption=1.0)
    field.go(3 * WINDOW_S)
    assert set(culprits(field)) == {("sender", 4)}
    field.stop_selling()
    field.go(10)
    assert field.lost(4) == []


def test_a_node_faulty_on_receive_is_named_and_not_the_innocent_that_it_throws_off(field):
    field.sell_every_s = 0.4
    field.fault(5, misreading=0.25)
    field.go(3 * WINDOW_S)
    assert field.hung[5].health.offs == 0
    assert set(culprits(field)) == {("receiver", 5)}


def test_the_edge_itself_may_be_it(field):
    field.fault(0, corruption=0.3)
    field.go(3 * WINDOW_S)
    assert set(culprits(field)) <= {("sender", 0), ("line", 0)}
    assert ("sender", 0) in culprits(field)


def test_a_bad_line_is_nobodys_fault_and_steady_errors_point_at_a_terminator():
    field = BusField(6, BusSettings(restart_ns=None, unterminated=1, metres=350))
    field.sell_every_s = 1.0
    field.open()
    field.go(6 * WINDOW_S)
    assert set(culprits(field)) == {("line", 0)}
    assert len(field.told("bus-terminator")) == 1
    field.stop_selling()
    field.go(10)
    assert not field.lost()


def test_what_stands_is_cleared_by_an_hour_without_errors_and_by_nothing_else(field):
    field.fault(3, corruption=0.5)
    field.go(2 * WINDOW_S)
    field.fault(3)
    watch = field.box._buses.watches["can0"]
    assert watch.standing is not None
    field.stop_selling()
    field.go(120)
    assert watch.standing is not None, "a node that came back does not clear the line"
    field.s += CLEAN_S
    watch.tick(field.now(), [])
    assert watch.standing is None


def test_a_cut_cable_is_named_by_its_segment(field):
    field.bus.cut(3)
    field.go(35)
    cut = field.told("bus-segment-cut")
    assert [(row["behind"], row["before"], row["terminals"]) for row in cut] == [("pos-03", "pos-04", 3)]
    assert not culprits(field)
    assert field.told("bus-segment-whole") == []
    field.bus.cut(None)
    field.stop_selling()
    field.go(15)
    assert not field.lost()


def test_a_cut_that_is_mended_is_told_so_and_one_at_the_same_place_after_it_too(field):
    for times in (1, 2):
        field.bus.cut(3)
        field.go(35)
        assert len(field.told("bus-segment-cut")) == times
        field.bus.cut(None)
        field.go(25)
        assert [row["before"] for row in field.told("bus-segment-whole")] == ["pos-04"] * times


@pytest.mark.parametrize("more_s", [0, 4, 8])
def test_what_an_open_end_did_is_nobodys_fault_when_it_is_mended(more_s):
    field = BusField(8, BusSettings(restart_ns=None))
    field.sell_every_s = 1.0
    field.open()
    field.go(11)
    field.bus.cut(5)
    field.go(26 + more_s)
    field.bus.cut(None)
    field.go(60)
    assert culprits(field) == []
    assert field.box._buses.watches["can0"]._search is None, "good terminals are sent off a bus that is whole"
    assert len(field.told("bus-segment-whole")) == 1
    field.stop_selling()
    field.go(15)
    assert not field.lost()


def test_terminals_that_are_switched_off_here_and_there_are_no_cut(field):
    for address in (2, 5, 6):
        field.hung[address].is_mute = True
    field.go(25)
    assert field.told("bus-segment-cut") == []


def test_two_at_one_address_are_told(field):
    from tests.edge.rig import Body

    twin = Body(5)
    field.hear(("can0", 2), twin.hello())
    assert not field.told("bus-duplicate-address"), "that may be another body in its place"
    field.hear(("can0", 2), field.hung[2].body.hello())
    told = field.told("bus-duplicate-address")
    assert [(row["place"], row["device"][-1], row["other"][-1]) for row in told] == [("can0:2", 2, 5)]


def test_who_babbles_is_told(field):
    field.fault(2, babbles=True, corruption=0.02)
    field.go(5)
    field.fault(2)
    field.go(20)
    assert [(row["address"], row["junk"] >= 200) for row in field.told("bus-babbling")] == [(2, True)]
    field.stop_selling()
    field.go(15)
    assert field.lost(2) == []


@pytest.mark.parametrize("fault", [{"corruption": 0.1}, {"misreading": 0.3}])
def test_where_drivers_count_nothing_half_of_the_nodes_at_a_time_is_sent_off(fault):
    field = BusField(6, speaks=False)
    field.open()
    field.sell_every_s = 0.5
    field.fault(4, **fault)
    field.go(400)
    assert [one for one in culprits(field) if one[0] != "unknown"] == [("searched", 4)]


def test_who_is_mostly_off_the_bus_cannot_be_sent_off_it_and_nobody_else_is_named():
    field = BusField(6, speaks=False)
    field.open()
    field.sell_every_s = 0.5
    field.fault(4, corruption=0.4)
    field.go(300)
    assert {one for one in culprits(field) if one[1] != 4} <= {("unknown", 0)}
