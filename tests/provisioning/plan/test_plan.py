"""PLAN.json: the demonstration campus of issue 2, and every kind of mistake named by its key."""

import copy
import json
from datetime import date

import pytest

from compose.campus import plan as launcher
from provisioning.plan import numbers
from provisioning.plan.demo import demo_plan
from provisioning.plan.plan import MEALS, LinkKind, parse_plan
from shared.errors import ConfigFault
from shared.inventory import DeviceKind
from shared.purse.caps import Caps
from shared.transit.door import Door


def test_the_demo_campus_is_the_one_that_was_asked_for() -> None:
    plan = parse_plan(demo_plan())
    canteen, bus = plan.boxes
    on = [(body.kind, canteen.link_of(body).kind) for body in canteen.terminals]
    assert on.count((DeviceKind.POS, LinkKind.CAN)) == 8
    assert on.count((DeviceKind.POS, LinkKind.RS485)) == 4
    assert on.count((DeviceKind.POS, LinkKind.TCP)) == 1 + 1  # and one by hand
    assert on.count((DeviceKind.LOAD_MACHINE, LinkKind.TCP)) == 1 + 1
    assert [(body.kind, bus.link_of(body).kind) for body in bus.terminals] == [(DeviceKind.VALIDATOR, LinkKind.TCP)] * 3
    assert on.count((DeviceKind.DESK, LinkKind.TCP)) == 1
    assert (len(on), canteen.links[0].rate) == (17, 125_000)
    assert (len(plan.cards), plan.caps, plan.hotlist, plan.demo) == (200, None, (), True)
    assert len({card.opening_fen for card in plan.cards}) > 100
    assert plan.cards[11].label == "0012"


def test_optional_keys() -> None:
    raw = demo_plan(1) | {
        "region": 7,
        "issued": "2024-09-01",
        "expires": "2030-01-01",
        "hosts": ["onecard.example"],
        "caps": {"single_fen": 900, "day_count": None},
        "meals": [{"meal": 1, "name": "全天", "from_s": 0}],
    }
    plan = parse_plan(raw)
    assert (plan.region, plan.issued, plan.expires) == (7, date(2024, 9, 1), date(2030, 1, 1))
    assert plan.caps == Caps(single_fen=900)
    assert [meal.name for meal in plan.meals] == ["全天"]
    assert parse_plan(demo_plan(1)).meals == MEALS


def changed(path: str, value: object) -> dict:
    """The demo plan with one value replaced; `...` removes it."""
    raw = copy.deepcopy(demo_plan(3))
    at: object = raw
    *way, last = [int(part) if part.isdecimal() else part for part in path.split(".")]
    for part in way:
        at = at[part]  # type: ignore[index]  # a walk through JSON
    if value is ...:
        del at[last]  # type: ignore[attr-defined]
    else:
        at[last] = value  # type: ignore[index]
    return raw


MISTAKES = [
    ("campus", 0, "campus"),
    ("campus", 65_536, "campus"),
    ("campus", True, "campus"),
    ("campus", "1", "campus"),
    ("campus", ..., "campus"),
    ("name", "", "name"),
    ("name", "a\nb", "name"),
    ("demo", 1, "demo"),
    ("demo", None, "demo"),
    ("colour", "blue", "colour"),
    ("boxes", {}, "boxes"),
    ("boxes.0", [], "boxes[0]"),
    ("boxes.0.box", "a/b", "boxes[0].box"),
    ("boxes.0.box", "cloud-ingest", "boxes[0].box"),
    ("boxes.0.box", "cloud-watch", "boxes[0].box"),
    ("boxes.0.box", "bus-1", "boxes"),
    ("boxes.0.links.1.name", "can0", "boxes[0].links"),
    ("boxes.0.links.0.kind", "modbus", "boxes[0].links[0].kind"),
    ("boxes.0.links.0.bitrate", ..., "boxes[0].links[0].bitrate"),
    ("boxes.0.links.2.baud", 9600, "boxes[0].links[2].baud"),
    ("boxes.0.terminals.0.name", "../x", "boxes[0].terminals[0].name"),
    ("boxes.0.terminals.0.name", "bus-01", "terminals"),
    ("boxes.0.terminals.0.kind", "gate", "boxes[0].terminals[0].kind"),
    ("boxes.0.terminals.0.link", "can9", "boxes[0].pos-01"),
    ("boxes.0.terminals.8.address", 0, "boxes[0].pos-09.address"),
    ("boxes.0.terminals.0.address", 224, "boxes[0].terminals[0].address"),
    ("boxes.0.terminals.0.address", 2, "boxes[0].address"),
    ("boxes.0.terminals.12.address", 1, "boxes[0].pos-13.address"),
    ("boxes.0.terminals.0.merchant", "", "boxes[0].terminals[0].merchant"),
    ("boxes.0.terminals.0.place", "x" * 61, "boxes[0].terminals[0].place"),
    ("cards.0.label", "", "cards[0].label"),
    ("cards.0.label", "0002", "cards"),
    ("cards.0.label", 1, "cards[0].label"),
    ("cards.0.opening_fen", -1, "cards[0].opening_fen"),
    ("cards.0.opening_fen", 1.5, "cards[0].opening_fen"),
    ("cards.0.opening_fen", 100_001, "cards[0].opening_fen"),
    ("ceiling_fen", 100, "cards[0].opening_fen"),
    ("ceiling_fen", 1 << 32, "ceiling_fen"),
    ("hotlist", ["9999"], "hotlist"),
    ("hotlist", [1], "hotlist"),
    ("caps", {"single": 1}, "caps.single"),
    ("caps", {"single_fen": -1}, "caps.single_fen"),
    ("issued", "2024-13-01", "issued"),
    ("issued", "1999-01-01", "issued"),
    ("hosts", ["a b"], "hosts"),
    ("console", "http://onecard.example", "console"),
    ("meals", [{"meal": 1, "name": "x", "from_s": 5}], "meals"),
    ("fares", ..., "fares"),
    ("fares.lines.0.fares_fen", [2, 1], "fares.lines[0].fares_fen"),
    ("boxes.1.terminals.0.door", "roof", "boxes[1].terminals[0].door"),
    ("boxes.1.terminals.0.door", ..., "boxes[1].terminals[0].line"),
    ("boxes.1.terminals.0.line", ..., "boxes[1].terminals[0].line"),
    ("boxes.1.terminals.0.line", 9, "bus-01.line"),
    ("boxes.1.terminals.1.line", 2, "bus-02.door"),
    ("boxes.0.terminals.0.door", "in", "boxes[0].terminals[0].door"),
    ("meals", [{"meal": 2, "name": "x", "from_s": 0}, {"meal": 1, "name": "y", "from_s": 9}], "meals"),
]


@pytest.mark.parametrize(("path", "value", "key"), MISTAKES)
def test_a_mistake_is_named_by_its_key(path: str, value: object, key: str) -> None:
    with pytest.raises(ConfigFault) as caught:
        parse_plan(changed(path, value))
    assert str(caught.value).startswith(key + ":"), caught.value


def test_on_a_can_bus_a_terminal_may_have_no_address_of_its_own() -> None:
    assert parse_plan(changed("boxes.0.terminals.0.address", 0)).boxes[0].terminals[0].address == 0


def test_expiry_must_follow_issue() -> None:
    with pytest.raises(ConfigFault, match="expires"):
        parse_plan(demo_plan(1) | {"issued": "2024-09-01", "expires": "2024-09-01"})


def test_a_validator_may_ride_by_distance_by_a_flat_fare_or_sell() -> None:
    raw = demo_plan(1)
    front, back, by_hand = raw["boxes"][1]["terminals"]
    front["line"], back["door"], back["line"] = 2, "both", 1
    riding = [(t.door, t.line) for _, t in parse_plan(raw).terminals() if t.kind is DeviceKind.VALIDATOR]
    assert riding == [(Door.IN, 2), (Door.BOTH, 1), (Door.BOTH, 1)]
    for body in (front, back, by_hand):
        del body["door"], body["line"]
    del raw["fares"]
    assert all(t.door is None for _, t in parse_plan(raw).terminals())


@pytest.mark.parametrize("raw", [None, [], "x", 1, {}])
def test_what_is_no_plan_at_all_is_refused(raw: object) -> None:
    with pytest.raises(ConfigFault):
        parse_plan(raw)


def test_the_launchers_plans_are_plans(tmp_path) -> None:
    extra = {"issued": "2024-02-29", "expires": "2034-03-01", "ceiling_fen": 5_000_000}
    trace = launcher.trace_plan(["0012", "12", "张三"], [f"窗口{n}" for n in range(40)], 8)
    plans = (launcher.parse_plan(demo_plan(12)), trace)
    for plan in plans:
        launcher.write_plan(tmp_path / "plan.json", plan, extra)
        parsed = parse_plan(json.loads((tmp_path / "plan.json").read_text()))
        assert [card.label for card in parsed.cards] == [card.label for card in plan.cards]
        assert len(list(parsed.terminals())) == len(list(plan.terminals()))
        assert parsed.ceiling_fen == 5_000_000


def test_spares_are_a_boxs_own_and_numbered_apart() -> None:
    plan = parse_plan(demo_plan(1))
    assert [(box.box, spare.name, spare.kind) for box, spare in plan.spares()] == [
        ("canteen-1", "spare-01", DeviceKind.POS)
    ]
    assert numbers.spare(1, 1).hex() == "000140000001"
    assert not any(spare.name == terminal.name for _, spare in plan.spares() for _, terminal in plan.terminals())


@pytest.mark.parametrize(
    ("spare", "where"),
    [
        ({"name": "pos-01", "kind": "pos"}, "terminals"),
        ({"name": "spare-02", "kind": "load"}, "kind"),
        ({"name": "Spare", "kind": "pos"}, "name"),
        ({"name": "spare-02", "kind": "pos", "link": "tcp"}, "link"),
    ],
)
def test_spare_that_cannot_be_is_named(spare: dict[str, str], where: str) -> None:
    with pytest.raises(ConfigFault, match=where):
        parse_plan(changed("boxes.0.spares", [spare]))


def test_the_launcher_hands_spares_on(tmp_path) -> None:
    launcher.write_plan(tmp_path / "plan.json", launcher.parse_plan(demo_plan(1)))
    assert [spare.name for _, spare in parse_plan(json.loads((tmp_path / "plan.json").read_bytes())).spares()] == [
        "spare-01"
    ]
