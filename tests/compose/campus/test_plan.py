"""Plans: written, read back, refused; the demonstration and trace campuses have what the README promises."""

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from compose.campus.campus import OPEN_COMMANDS, Where, core_parts, customers, field_parts, step, terminal_parts
from compose.campus.plan import (
    BUS_MAX,
    LinkKind,
    Plan,
    parse_plan,
    read_plan,
    trace_plan,
    with_load_and_validators_on_can,
    write_plan,
)
from compose.place import WrongUse
from provisioning.plan.demo import demo_plan

WHERE = Where(Path("/d"), Path("/r"), 1883, 8443, {"canteen-1": 7001, "bus-1": 7002})


def demo() -> Plan:
    return parse_plan(demo_plan())


@pytest.mark.parametrize("plan", [demo(), trace_plan(["0012", "张三"], ["A1"], 8)])
def test_a_plan_is_read_back_as_it_was(plan: Plan, tmp_path: Path) -> None:
    write_plan(tmp_path / "plan.json", plan)
    assert read_plan(tmp_path / "plan.json") == plan


def test_the_demonstration_has_its_bodies() -> None:
    kinds = [(terminal.kind, link.kind) for _, link, terminal in demo().terminals()]
    assert [kinds.count(kind) for kind in (("pos", LinkKind.CAN), ("pos", LinkKind.RS485), ("pos", LinkKind.TCP))] == [
        8,
        4,
        1 + 1,  # and one by hand
    ]
    assert kinds.count(("load", LinkKind.TCP)) == 1 + 1
    assert kinds.count(("validator", LinkKind.TCP)) == 2 + 1
    assert len(demo().cards) == 200


def test_all_on_can_keeps_addresses_apart() -> None:
    plan = with_load_and_validators_on_can(demo())
    on_can = [(box.box, terminal.address) for box, link, terminal in plan.terminals() if link.kind is LinkKind.CAN]
    assert len(on_can) == len(set(on_can)) == 11


def test_a_bus_of_a_trace_carries_at_most_32() -> None:
    plan = trace_plan(["1"], [f"T{n}" for n in range(40)], 8)
    links = [link.kind for _, link, terminal in plan.terminals() if terminal.kind == "pos"]
    assert (links.count(LinkKind.CAN), links.count(LinkKind.TCP)) == (BUS_MAX, 8)


def test_a_card_of_a_trace_has_the_main_purse_alone() -> None:
    """It ends at 0.00: a day of before knew no second purse."""
    (card,) = trace_plan(["0012"], ["A1"], 8).cards
    assert (card.opening_fen, card.subsidy_fen) == (0, None)


@pytest.mark.parametrize("edit", [{"boxes": 1}, {"caps": None, "cards": [{"label": "1"}]}, None])
def test_a_broken_plan_stops_the_start(edit: dict[str, object] | None, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    write_plan(path, demo())
    whole = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(whole | edit) if edit else "{", encoding="utf-8")
    with pytest.raises(WrongUse):
        read_plan(path)


def test_a_terminal_on_a_link_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    write_plan(path, demo())
    path.write_text(path.read_text(encoding="utf-8").replace('"name": "line0"', '"name": "line9"'), encoding="utf-8")
    with pytest.raises(WrongUse, match="line0"):
        read_plan(path)


def test_every_part_waits_for_what_it_needs() -> None:
    plan = demo()
    parts = [
        *core_parts(WHERE, ("broker",)),
        *field_parts(WHERE, plan),
        *terminal_parts(WHERE, plan, customers(plan, 7)),
    ]
    names = {part.name for part in parts} | {"broker"}
    assert len(names) == len(parts) + 1
    assert all(set(part.after) <= names for part in parts)
    assert sum(part.name.startswith("t-") for part in parts) == 16
    assert all(part.argv[-1] == "--end-with-stdin" for part in parts)


def test_only_who_speaks_with_the_broker_is_told_where_its_login_is() -> None:
    """The path, never what stands in it."""
    where = replace(WHERE, login=Path("/r/broker.login"))
    parts = [*core_parts(where, ()), *field_parts(where, demo())]
    told = {part.name for part in parts if "/r/broker.login" in part.argv}
    assert told == {"ingest", "watch", "edge-canteen-1", "edge-bus-1"}
    assert not any("--broker-login" in part.argv for part in core_parts(WHERE, ()))


def test_services_say_how_they_are_where_the_watch_is_told() -> None:
    ports = {"ingest": 7101, "console": 7102, "watch": 7103, "desk": 7104}
    parts = {part.name: part.argv for part in core_parts(replace(WHERE, health=ports), ("broker",))}
    for name in ("ingest", "console", "watch"):
        assert after(parts[name], "--health") == [str(ports[name])]
    assert after(parts["keys"], "--health-socket") == [str(WHERE.keys_health)]
    pages = [f"keys={WHERE.keys_health}", "ingest=127.0.0.1:7101", "console=127.0.0.1:7102"]
    assert after(parts["watch"], "--page") == pages, "those that have series there"
    assert not any("--health" in part.argv for part in core_parts(WHERE, ()))
    assert after(parts["watch"], "--console") == ["https://127.0.0.1:8443"], "what a demonstration's messages link to"


def test_emulated_providers_come_before_those_who_read_their_settings_and_call_back_through_the_front() -> None:
    where = replace(WHERE, wallet_port=8453, accounts_port=7201, providers_port=7202)
    parts = {part.name: part for part in core_parts(where, ("broker", "postgres"))}
    assert after(parts["providers"].argv, "--notify") == ["https://127.0.0.1:8453/pay/notify/"]
    assert all("providers" in parts[name].after for name in ("accounts", "payments"))
    assert "providers=127.0.0.1:7202" in after(parts["watch"].argv, "--service")
    assert after(parts["accounts"].argv, "--address") == ["https://localhost:8453"], "a name, for passkeys"
    without = {part.name for part in core_parts(replace(where, providers_port=0), ("broker",))}
    assert not without & {"providers", "payments"}


def after(words: tuple[str, ...], option: str) -> list[str]:
    return [value for word, value in pairwise(words) if word == option]


def test_the_open_platform_is_a_part_where_it_was_asked_for_and_its_commands_do_not_serve() -> None:
    (part,) = [one for one in core_parts(replace(WHERE, open_port=8463, accounts_port=7201), ()) if one.name == "open"]
    assert part.spare
    assert part.argv[-1] == "--end-with-stdin"
    assert (part.after, after(part.argv, "--accounts")) == (("accounts",), ["https://127.0.0.1:7201"])
    assert not set(part.argv) & {"--dsn", "--clock"}, "it has no way to the books"
    assert "open" not in {one.name for one in core_parts(WHERE, ())}
    assert "--end-with-stdin" not in step("key", "cloud", *OPEN_COMMANDS, "list").argv
