"""The tree, by tables: what is dead is wrong, what stands below it is unknown, and nothing of either is ever well."""

from collections.abc import Callable

import pytest

from cloud.watch.alarms.terms import CAMPUS, Kind, Signal, Source
from cloud.watch.services.seen import Fleet, Part, Seen
from cloud.watch.services.terms import Node, State, What
from cloud.watch.services.tree import exit_code, part_signals, tree
from shared.words.voice import Text
from tests.cloud.watch.services.values import BOXES, FLEET, NOW, TILLS, box, part, parts, seen, service, till

OK, WRONG, UNKNOWN, UNUSED, WARN = State.OK, State.WRONG, State.UNKNOWN, State.UNUSED, State.WARN


def node(root: Node, name: str, what: What | None = None) -> Node:
    """what None: any but a certificate, which may have the name of its service."""
    kinds = {what} if what else set(What) - {What.CERTIFICATE}
    return next(one for one in root.walk() if one.name == name and one.what in kinds)


def states(seen: Seen, *names: str) -> list[State]:
    root = tree(seen)
    return [node(root, name).state for name in names]


def said(one: Node) -> str:
    return " ".join(reason.text.zh for reason in one.reasons)


def test_all_is_well_and_counted() -> None:
    root = tree(seen())
    assert {one.state for one in root.walk()} == {OK, State.UNUSED}
    assert exit_code(root) == 0
    assert [(one.what, one.counts) for one in root.children] == [
        (What.SERVER, {OK: 4}), (What.SERVICES, {OK: 7, State.UNUSED: 4}), (What.DEVICES, {OK: 4}),
    ]  # fmt: skip
    gone_without = [one for one in root.walk() if one.state is State.UNUSED]
    assert [one.name for one in gone_without] == ["accounts", "wallet", "payments", "open"], "named where missing"
    assert all("docs/" in said(one) for one in gone_without)
    assert [one.called.zh for one in node(root, "devices").children] == ["第一食堂", "校车"]
    lines = node(root, "b1").children
    assert [(line.name, len(line.children)) for line in lines] == [("can0", 2), ("tcp", 1)]
    assert node(root, TILLS[0].hex()).version == "7"


DEAD = {
    "broker": (service("broker", 1), "消息代理不应答"),
    "database": (Signal("ledger-away", CAMPUS, NOW, 1), "账本"),
    "keys": (service("keys", 1), "密钥进程不应答"),
    "ingest": (service("ingest", 1), "服务不应答"),
    "watch": (service("watch", 1), "服务不应答"),
    "console": (service("console", 1), "服务不应答"),
    "disk": (service("disk", 3, "disk-free"), "3 %"),
    "memory": (service("memory", 2, "memory-free"), "2 %"),
}


@pytest.mark.parametrize("name", DEAD)
def test_what_is_dead_is_wrong_with_its_reason_up_to_the_root(name: str) -> None:
    signal, reason = DEAD[name]
    root = tree(seen(signal))
    one = node(root, name)
    assert (one.state, root.state, exit_code(root)) == (WRONG, WRONG, 1)
    assert reason in said(one)
    assert [leaf.name for leaf in root.walk() if leaf.own is WRONG] == [name], "and nothing else is"


@pytest.mark.parametrize("name", ["broker", "ingest", "database"])
def test_without_what_carries_the_news_every_device_is_unknown(name: str) -> None:
    devices = node(tree(seen(DEAD[name][0])), "devices")
    assert {one.state for one in devices.walk()} == {UNKNOWN}
    assert devices.counts == {UNKNOWN: 4}
    assert all("设备的消息到不了" in said(one) for one in devices.walk())


@pytest.mark.parametrize("name", ["keys", "console", "watch"])
def test_what_carries_no_news_leaves_devices_alone(name: str) -> None:
    assert states(seen(DEAD[name][0]), "devices") == [OK]


def test_a_certificate_is_not_its_service() -> None:
    root = tree(seen(service("console", 3, "certificate-left")))
    assert node(root, "console", What.CERTIFICATE).state is WRONG
    assert node(root, "console", What.SERVICE).state is OK
    root = tree(seen(service("console", 1)))
    assert node(root, "console", What.CERTIFICATE).state is OK


@pytest.mark.parametrize("name", ["broker", "keys", "ingest", "watch", "console"])
def test_what_nobody_can_tell_is_unknown_and_exits_2(name: str) -> None:
    root = tree(seen(service(name, None), why={name: Text("1 秒内没有回答", "late")}))
    one = node(root, name, What.SERVICE)
    assert (one.state, exit_code(root)) == (UNKNOWN, 2)
    assert said(one) == "无从得知：1 秒内没有回答"


@pytest.mark.parametrize("name", ["broker", "keys", "ingest", "watch"])
def test_what_no_campus_is_without_is_unknown_where_nobody_has_asked(name: str) -> None:
    assert node(tree(seen(without=name)), name).state is UNKNOWN


BOX_TABLE: list[tuple[float | None, State, State, str]] = [
    (1, OK, OK, ""),
    (20, UNKNOWN, UNKNOWN, "刚断了消息"),
    (31, WRONG, UNKNOWN, "网关失联（31 秒）"),
    (None, UNKNOWN, UNKNOWN, "从未有过消息"),
]


@pytest.mark.parametrize(("heard_s", "own", "below", "reason"), BOX_TABLE)
def test_a_box_that_is_silent_makes_its_terminals_unknown(
    heard_s: float | None, own: State, below: State, reason: str
) -> None:
    root = tree(seen(fleet=FLEET._replace(boxes=(box("b1", heard_s), BOXES[1]))))
    one = node(root, "b1")
    assert (one.own, said(one)) == (own, reason)
    assert {terminal.state for terminal in one.walk() if terminal.what is What.TERMINAL} == {below}
    assert node(root, "b2").state is OK
    assert one.as_of_ms == (0 if heard_s is None else NOW - heard_s * 1000)


def test_what_is_below_a_silent_box_says_that_and_nothing_that_is_old() -> None:
    tills = (till(TILLS[0], gap=3), *FLEET.terminals[1:])
    root = tree(seen(fleet=Fleet((box("b1", 99), BOXES[1]), tills, {})))
    one = node(root, TILLS[0].hex())
    assert (one.state, said(one), one.is_inherited, one.waits) == (UNKNOWN, "网关没有消息", True, ())
    assert node(root, "b1").is_inherited is False


TILL_TABLE: list[tuple[float | None, int, State, str]] = [
    (59, 0, OK, ""),
    (61, 0, WRONG, "终端断线（1 分 1 秒）"),
    (1, 3, WRONG, "3"),
    (None, 0, UNUSED, "从未有过消息"),
]


@pytest.mark.parametrize(("heard_s", "gap", "own", "reason"), TILL_TABLE)
def test_a_terminal_by_itself(heard_s: float | None, gap: int, own: State, reason: str) -> None:
    first = till(TILLS[0], heard_s=heard_s, gap=gap)
    root = tree(seen(fleet=FLEET._replace(terminals=(first, *FLEET.terminals[1:]))))
    one = node(root, TILLS[0].hex())
    assert one.state is own
    assert reason in said(one)
    above = OK if own is UNUSED else own
    assert [node(root, name).state for name in ("can0", "b1", "第一食堂", "devices")] == [above] * 4
    assert node(root, "devices").counts[own] >= 1
    assert [text.zh for text in one.waits] == (["欠交 3 条"] if gap else [])


def test_what_was_never_used_is_not_missed_when_its_box_is_away() -> None:
    never = till(TILLS[0], heard_s=None)
    root = tree(seen(fleet=Fleet((box("b1", 99), BOXES[1]), (never, *FLEET.terminals[1:]), {})))
    assert node(root, "b1").counts == {UNUSED: 1, UNKNOWN: 2}


def test_a_box_says_what_it_waits_for() -> None:
    root = tree(seen(fleet=FLEET._replace(boxes=(box("b1", unsettled=12), BOXES[1]))))
    assert [text.zh for text in node(root, "b1").waits] == ["12 条待入账"]


def test_without_a_ledger_devices_are_unknown_as_of_the_last_look() -> None:
    root = tree(seen(Signal("ledger-away", CAMPUS, NOW, None), fleet=None))
    devices = node(root, "devices")
    assert (devices.state, devices.as_of_ms) == (UNKNOWN, NOW - 1000)
    assert (node(root, "database").state, exit_code(root)) == (UNKNOWN, 2)


def test_a_standing_alarm_of_a_line_is_its_reason() -> None:
    line = Source(Kind.BUS, "b1/can0")
    root = tree(seen(alarms={("bus-cut", line): NOW - 5000}))
    one = node(root, "can0")
    assert (one.own, one.reasons[0].rule, one.reasons[0].since_ms) == (WRONG, "bus-cut", NOW - 5000)


ALARMED = [
    (Source(Kind.BOX, "b1"), "outbox-damaged", "b1"),
    (Source(Kind.TERMINAL, TILLS[0].hex()), "terminal-store", TILLS[0].hex()),
    (Source(Kind.SERVICE, "keys"), "defect", "keys"),
    (Source(Kind.SERVICE, "backup"), "defect", "backup"),
]


@pytest.mark.parametrize(("source", "rule", "name"), ALARMED)
def test_what_only_the_watch_has_seen_is_never_well(source: Source, rule: str, name: str) -> None:
    one = node(tree(seen(alarms={(rule, source): NOW - 5000})), name)
    assert (one.own, one.reasons[-1].rule) == (WRONG, rule)


def test_a_finding_about_money_is_no_state_of_a_device() -> None:
    assert tree(seen(alarms={("void", Source(Kind.TERMINAL, TILLS[0].hex())): 1})).state is OK


def test_what_is_read_now_is_judged_now_whatever_alarm_stands() -> None:
    over = {("keys-down", Source(Kind.SERVICE, "keys")): 1, ("certificate", Source(Kind.SERVICE, "console")): 1}
    assert {one.state for one in tree(seen(alarms=over)).walk()} == {OK, State.UNUSED}


PARTS: list[tuple[Part, State, str]] = [
    (part("ingest", is_alive=False, state="died", why="exit -9", restarts=2), WRONG, "进程已退出（exit -9）"),
    (part("ingest", state="starting"), WRONG, "正在启动"),
    (part("ingest", is_silent=True), WRONG, "进程在，没有回音"),
    (part("ingest", is_connected=True), OK, ""),
]


@pytest.mark.parametrize(("one", "state", "reason"), PARTS)
def test_a_process_is_judged_by_what_its_launcher_says(one: Part, state: State, reason: str) -> None:
    told = parts(one)
    found = node(tree(seen(*part_signals(told, NOW), parts=told)), "ingest")
    assert found.state is state
    assert reason in said(found)
    assert found.version == "0.2"


def test_a_broker_that_hangs_takes_calls_and_is_found_by_whom_it_serves() -> None:
    told = parts(part("ingest", is_connected=False), part("edge-b1", is_connected=False))
    assert [(one.source.name, one.value) for one in part_signals(told, NOW)] == [("broker", 1), ("ingest", 1)]
    one_does = parts(part("ingest", is_connected=False), part("edge-b1", is_connected=True))
    assert [one.source.name for one in part_signals(one_does, NOW) if one.value] == ["ingest"]
    boxes_know = parts(part("ingest", is_connected=True), part("edge-b1", is_connected=False))
    assert [one.source.name for one in part_signals(boxes_know, NOW) if one.value] == ["broker"]
    no_boxes = parts(part("ingest", is_connected=False))
    assert [one.source.name for one in part_signals(no_boxes, NOW) if one.value] == ["broker", "ingest"]


def test_who_waits_says_for_whom() -> None:
    told = parts(
        part("ingest", state="starting", after=("keys", "broker")), part("keys", is_alive=False), part("broker")
    )
    root = tree(seen(parts=told))
    assert [text.zh for text in node(root, "ingest").waits] == ["等密钥进程"]
    assert node(root, "broker").waits == ()


def test_a_campus_that_does_not_run_says_so_and_since_when() -> None:
    told = parts(part("ingest", is_alive=False), is_running=False)
    dead = [service(name, 1) for name in ("broker", "keys", "console", "watch")]
    root = tree(seen(*dead, *part_signals(told, NOW), parts=told))
    services = node(root, "services")
    assert (services.own, services.since_ms, exit_code(root)) == (WRONG, NOW - 5000, 1)
    assert "./ykt up" in said(services)
    assert node(root, "broker").since_ms == NOW - 5000
    assert node(root, "devices").state is UNKNOWN


def test_since_when_counts_for_the_state_that_it_was_seen_in() -> None:
    broker = Source(Kind.SERVICE, "broker")
    up = seen(since={broker: (State.OK, NOW - 90_000)})
    assert node(tree(up), "broker").since_ms == NOW - 90_000
    down = seen(service("broker", 1), since={broker: (State.OK, NOW - 90_000)})
    assert node(tree(down), "broker").since_ms == 0, "it is not down since it came up"


def test_a_line_whose_process_has_ended_hides_its_terminals_alone() -> None:
    told = parts(part("bus-b1-can0", is_alive=False, why="exit -9"))
    root = tree(seen(parts=told))
    assert node(root, "can0").own is WRONG
    assert {one.state for one in node(root, "can0").children} == {UNKNOWN}
    assert [one.state for one in node(root, "b1").children] == [WRONG, OK]


@pytest.mark.parametrize("dead", [(), ("broker",), ("broker", "keys", "console", "ingest", "watch", "disk")])
def test_a_sum_is_never_better_than_any_of_its_parts(dead: tuple[str, ...]) -> None:
    rank: Callable[[State], int] = list(State).index
    root = tree(seen(*(DEAD[name][0] for name in dead), service("keys", None)))
    for one in root.walk():
        assert all(rank(one.state) >= rank(child.state) for child in one.children)
        assert sum(one.counts.values()) == sum(not leaf.children for leaf in one.walk())


def test_planned_work_is_a_reason_and_makes_nothing_better() -> None:
    planned = frozenset({Source(Kind.BOX, "b1"), Source(Kind.BOX, "b2"), Source(Kind.SERVICE, "keys")})
    root = tree(seen(service("keys", 1), fleet=FLEET._replace(boxes=(box("b1", 99), BOXES[1])), planned=planned))
    assert [(node(root, name).own, "计划检修中" in said(node(root, name))) for name in ("b1", "b2", "keys")] == [
        (WRONG, True), (OK, False), (WRONG, True),
    ]  # fmt: skip


def test_why_a_ledger_is_away_is_said() -> None:
    root = tree(seen(Signal("ledger-away", CAMPUS, NOW, 1), why={"database": Text("磁盘已满", "full")}, fleet=None))
    assert "磁盘已满" in said(node(root, "database"))
