"""The tree: server, services, devices (place → box → line → terminal), made of what was seen. Pure.

What carries the news of devices (broker, ingest, database) and is not well makes every device unknown, whatever was
heard before. A box that is not heard makes its terminals unknown.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

from cloud.watch.alarms.terms import CAMPUS, Kind, Signal, Source
from cloud.watch.services.devices import devices
from cloud.watch.services.judging import Judged, judged, valued, with_alarms
from cloud.watch.services.seen import Part, Parts, Seen, process_text
from cloud.watch.services.terms import Node, Reason, State, What, unknown
from shared.words.voice import Text

BROKER, DATABASE, KEYS, INGEST, DESK = "broker", "database", "keys", "ingest", "desk"
WATCH, CONSOLE, METRICS = "watch", "console", "metrics"
ACCOUNTS, WALLET, PAYMENTS, OPEN = "accounts", "wallet", "payments", "open"
SERVICES = {
    BROKER: Text("消息代理", "broker"),
    DATABASE: Text("账本数据库", "ledger's database"),
    KEYS: Text("密钥进程", "key process"),
    INGEST: Text("入账进程", "ingest process"),
    DESK: Text("卡务接口", "card desks' service"),
    ACCOUNTS: Text("账户服务", "accounts service"),
    WALLET: Text("钱包前置", "wallet's front"),
    PAYMENTS: Text("渠道服务", "payment providers' service"),
    OPEN: Text("开放平台", "open platform"),
    WATCH: Text("值守", "watch"),
    CONSOLE: Text("集控平台", "console"),
    METRICS: Text("指标库", "store of metrics"),
    "dock": Text("对接", "docking"),
    "smsc": Text("短信网关（模拟）", "SMS gateway (emulator)"),
    "sms-provider": Text("短信服务商（模拟）", "SMS provider (emulator)"),
    "providers": Text("支付渠道（模拟）", "payment providers (emulated)"),
    "modem": Text("短信模块（模拟）", "modem (emulator)"),
}
"""In the order in which they are shown; others follow by their own names."""
CARRIERS = (BROKER, INGEST, DATABASE)
"""What brings word of devices; without it nothing of them is known."""
OURS = (KEYS, INGEST, DESK, ACCOUNTS, WALLET, PAYMENTS, OPEN, WATCH, CONSOLE)
_WITHIN = (BROKER, DATABASE, KEYS, INGEST, WATCH, METRICS)
"""Shown though nobody has said anything of them."""
_UNUSED = {
    ACCOUNTS: Text("没有钱包：docs/wallet.md", "there is no wallet: docs/wallet.md"),
    WALLET: Text("没有钱包：docs/wallet.md", "there is no wallet: docs/wallet.md"),
    PAYMENTS: Text("没有接支付渠道：docs/deposits.md", "no payment provider is named: docs/deposits.md"),
    OPEN: Text("没有打开：docs/open-platform.md", "not switched on: docs/open-platform.md"),
}
"""A school may go without them; where they are missing it is said."""
_PART_OF = {DATABASE: "postgres"}
"""Where the launcher's name of a part is another one."""
_MACHINE = {"disk": Text("磁盘", "disk"), "memory": Text("内存", "memory")}
_FREE = {"disk": "disk-free", "memory": "memory-free"}
_EDGE = "edge-"
_NOT_RUNNING = Text("校园没有运行：./ykt up", "the campus does not run: ./ykt up")
_UNASKED = Text("无从得知", "nobody tells")


def tree(seen: Seen) -> Node:
    """The campus."""
    found = _judged(seen, lambda one: one.name != "certificate-left" and one.source != CAMPUS)
    found = with_alarms(found, {one.name for one in seen.signals}, seen.rules, seen.alarms)
    services = _services(seen, found)
    fleet = devices(seen, found)
    carriers = [one for one in services.children if one.name in CARRIERS and one.state in (State.WRONG, State.UNKNOWN)]
    if carriers:
        fleet = unknown(fleet, _carried(carriers))
    standing = len(seen.alarms)
    says = Text(f"报警 {standing} 条", f"{standing} alarms")
    return Node(
        What.CAMPUS, "", Text(seen.campus, seen.campus), State.OK, says=says, as_of_ms=seen.at_ms,
        children=(_server(seen, found), services, fleet),
    )  # fmt: skip


def _judged(seen: Seen, wanted: Callable[[Signal], bool]) -> dict[Source, Judged]:
    """Apart, where one name stands for two things: a service and its certificate."""
    return judged(filter(wanted, seen.signals), seen.rules, seen.alarms)


def _carried(carriers: Iterable[Node]) -> Reason:
    """Which of them, in both languages."""
    names = [SERVICES[one.name] for one in carriers]
    zh, en = "、".join(name.zh for name in names), ", ".join(name.en for name in names)
    return Reason(Text(f"{zh}不正常，设备的消息到不了", f"no word of devices comes through: {en}"))


def _server(seen: Seen, found: Mapping[Source, Judged]) -> Node:
    certificates = _judged(seen, lambda one: one.name == "certificate-left")
    children = [*_machine(seen, found), *_certificates(seen, certificates)]
    return Node(What.SERVER, "server", Text("服务器", "server"), State.OK, children=tuple(children))


def _machine(seen: Seen, found: Mapping[Source, Judged]) -> Iterator[Node]:
    for name, called in _MACHINE.items():
        one = found.get(Source(Kind.SERVICE, name))
        value = None if one is None else one.values.get(_FREE[name])
        own = State.UNKNOWN if one is None or value is None else one.state
        says = None if value is None else _left(_FREE[name], value)
        yield Node(What.MACHINE, name, called, own, one.reasons if one else (), says, as_of_ms=seen.at_ms)
    load = seen.load
    own = State.UNKNOWN if load is None else State.OK
    says = None if load is None else Text(f"每个处理器 {load:.2f}", f"{load:.2f} a processor")
    yield Node(What.MACHINE, "load", Text("负载", "load"), own, says=says, as_of_ms=seen.at_ms)


def _certificates(seen: Seen, found: Mapping[Source, Judged]) -> Iterator[Node]:
    for source, one in found.items():
        value = one.values["certificate-left"]
        own = State.UNKNOWN if value is None else one.state
        says = None if value is None else _left("certificate-left", value)
        called = Text(f"证书 {source.name}", f"certificate {source.name}")
        yield Node(What.CERTIFICATE, source.name, called, own, one.reasons, says, as_of_ms=seen.at_ms)


def _left(signal: str, value: float) -> Text:
    figure = valued(signal, value)
    return Text(f"剩 {figure.zh}", f"{figure.en} left")


def _services(seen: Seen, found: Mapping[Source, Judged]) -> Node:
    told = {source.name for source, one in found.items() if source.kind is Kind.SERVICE and _is_service(one)}
    told -= _MACHINE.keys()
    names = [name for name in SERVICES if name in _WITHIN or name in _UNUSED or name in told]
    names += sorted(told - SERVICES.keys())
    children = tuple(_service(seen, found, name) if name in told else _missing(seen, found, name) for name in names)
    reasons = (Reason(_NOT_RUNNING),) if seen.parts is not None and not seen.parts.is_running else ()
    own = State.WRONG if reasons else State.OK
    since = seen.parts.told_ms if reasons and seen.parts is not None else 0
    return Node(What.SERVICES, "services", Text("服务", "services"), own, reasons, since_ms=since, children=children)


def _missing(seen: Seen, found: Mapping[Source, Judged], name: str) -> Node:
    """Of which nobody has said anything: is it one that a school may go without?"""
    if name not in _UNUSED:
        return _service(seen, found, name)
    return Node(What.SERVICE, name, SERVICES[name], State.UNUSED, (Reason(_UNUSED[name]),))


def _is_service(one: Judged) -> bool:
    """It is asked, or there is no more of it than an alarm."""
    return "service-down" in one.values or not one.values


def _service(seen: Seen, found: Mapping[Source, Judged], name: str) -> Node:
    one = _judged_service(seen, found, name)
    part = _part(seen.parts, name)
    reasons = one.reasons + _of_part(seen.parts, part) if one.state is not State.OK else one.reasons
    if one.state is State.UNKNOWN and not reasons:
        reasons = (Reason(_unasked(seen, name)),)
    if one.state is State.WRONG and name in seen.why:
        reasons += (Reason(seen.why[name]),)
    reasons += seen.plan(_source(name), one.state)
    since_ms = max(seen.since_ms(_source(name), one.state), _since(seen.parts, part, one.state))
    version = seen.versions.get(name, "") or _version(seen.parts, name)
    return Node(
        What.SERVICE, name, SERVICES.get(name, Text(name, name)), one.state, reasons, _says(seen, name, part), since_ms,
        _as_of(seen, name, one.state), version,
        _waits(seen.parts, part),
    )  # fmt: skip


def _source(name: str) -> Source:
    return CAMPUS if name == DATABASE else Source(Kind.SERVICE, name)


def _judged_service(seen: Seen, found: Mapping[Source, Judged], name: str) -> Judged:
    if name == DATABASE:
        return _judged(seen, lambda one: one.name == "ledger-away").get(CAMPUS, _NOTHING)
    if name == METRICS and not seen.has_store:
        return Judged(State.OK, (), {})
    return found.get(_source(name), _NOTHING)


_NOTHING = Judged(State.UNKNOWN, (), {})


def _unasked(seen: Seen, name: str) -> Text:
    why = seen.why.get(name)
    return Text(f"{_UNASKED.zh}：{why.zh}", f"{_UNASKED.en}: {why.en}") if why is not None else _UNASKED


def _since(parts: Parts | None, part: Part | None, state: State) -> int:
    """Of the process, where it is what the state says; of a campus that does not run, its end."""
    if parts is not None and not parts.is_running:
        return parts.told_ms if state is State.WRONG else 0
    if part is None or state is State.UNKNOWN:
        return 0
    if state is State.OK:
        return part.since_ms if part.is_ready else 0
    return part.ended_ms


def _version(parts: Parts | None, name: str) -> str:
    """Of our own services: all run what the launcher runs."""
    is_ours = parts is not None and parts.is_running and name in OURS and name in parts.of
    return parts.version if parts is not None and is_ours else ""


def _says(seen: Seen, name: str, part: Part | None) -> Text | None:
    if name == METRICS and not seen.has_store:
        return Text("自带", "its own rings")
    if part is not None and part.restarts:
        return Text(f"重启过 {part.restarts} 次", f"{part.restarts} restarts")
    return None


def _as_of(seen: Seen, name: str, state: State) -> int:
    """Of what is unknown now: when the watch last looked at it, where it does."""
    return seen.at_ms if state is not State.UNKNOWN else (seen.beat_ms if name != WATCH else 0)


def _part(parts: Parts | None, name: str) -> Part | None:
    return parts.of.get(_PART_OF.get(name, name)) if parts is not None else None


def _of_part(parts: Parts | None, part: Part | None) -> tuple[Reason, ...]:
    """What its launcher says of the process."""
    if parts is None or part is None or not parts.is_running:
        return ()
    return (Reason(process_text(part), since_ms=part.ended_ms),)


def _waits(parts: Parts | None, part: Part | None) -> tuple[Text, ...]:
    """Those that must be ready first, and are not."""
    if parts is None or part is None or not parts.is_running or part.is_ready:
        return ()
    late = [name for name in part.after if name in parts.of and not parts.of[name].is_ready]
    names = (SERVICES.get(name, Text(name, name)) for name in late)
    return tuple(Text(f"等{name.zh}", f"waits for {name.en}") for name in names)


def exit_code(node: Node) -> int:
    """0: all is well. 1: something is wrong. 2: nothing is known to be wrong, and something is not known."""
    return {State.WRONG: 1, State.UNKNOWN: 2}.get(node.state, 0)


def part_signals(parts: Parts | None, now_ms: int) -> Iterator[Signal]:
    """Services that take no calls, by their processes; nothing where there is no launcher that would tell. A broker
    takes calls though it hangs: whom it serves says so, boxes sooner than the ingest."""
    if parts is None:
        return
    alive = [one for one in parts.of.values() if one.is_alive and one.is_connected is not None]
    said = [one.is_connected for one in alive if one.name.startswith(_EDGE)] or [one.is_connected for one in alive]
    if said and not any(said):
        yield Signal("service-down", Source(Kind.SERVICE, BROKER), now_ms, 1)
    for name in (INGEST, DESK):
        part = parts.of.get(name)
        if part is not None:
            is_up = parts.is_running and part.is_ready
            yield Signal("service-down", Source(Kind.SERVICE, name), now_ms, int(not is_up))
