"""Alarms as lines and as JSON, in both languages. Pure; what a source is called is told by the caller."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from cloud.watch.alarms.groups import Groups
from cloud.watch.alarms.rule import SOURCE, Advice, Rule
from cloud.watch.alarms.signals import reading
from cloud.watch.alarms.states import STATES, Alarm, Deed, State
from cloud.watch.alarms.terms import FAMILIES, GRADES, Kind, Source
from shared.clocks.campus_clock import WALL
from shared.clocks.clock import time_text
from shared.facts.catalogue import words
from shared.facts.told import Level, Params
from shared.words.columns import taken
from shared.words.screen import WIDTH
from shared.words.spans import span
from shared.words.voice import Language, Text, spoken

KINDS = {
    Kind.CAMPUS: Text("校园", "campus"),
    Kind.BOX: Text("网关", "box"),
    Kind.BUS: Text("总线", "bus"),
    Kind.TERMINAL: Text("终端", "terminal"),
    Kind.CARD: Text("卡", "card"),
    Kind.PERSON: Text("人员", "person"),
    Kind.SERVICE: Text("服务", "service"),
    Kind.GROUP: Text("分组", "group"),
    Kind.DOCKED: Text("对接设备", "docked device"),
    Kind.METRIC: Text("对接指标", "docked metric"),
}
DEEDS = {
    Deed.RAISED: Text("产生报警", "raised"),
    Deed.WORSENED: Text("加重", "worsened"),
    Deed.RETURNED: Text("恢复", "returned"),
    Deed.ACKNOWLEDGED: Text("确认", "acknowledged"),
    Deed.TAKEN: Text("接单", "taken"),
    Deed.EXPIRED: Text("确认到期，仍在", "the acknowledgement has run out, it still stands"),
    Deed.SHELVED: Text("搁置", "shelved"),
    Deed.UNSHELVED: Text("搁置结束", "unshelved"),
    Deed.SUPPRESSED: Text("抑制", "suppressed"),
    Deed.UNSUPPRESSED: Text("抑制结束", "suppressed no longer"),
    Deed.STOPPED: Text("停报", "out of service"),
    Deed.STARTED: Text("恢复报警", "in service"),
    Deed.ASSIGNED: Text("指派", "assigned"),
    Deed.COMMENTED: Text("备注", "comment"),
    Deed.LINKED: Text("关联", "linked"),
    Deed.UNDONE: Text("撤消", "taken back"),
}
_MARKS = {
    State.UNACKNOWLEDGED: "■", State.ACKNOWLEDGED: "□", State.RETURNED: "◇", State.SHELVED: "◷", State.SUPPRESSED: "·",
    State.OUT_OF_SERVICE: "○", State.NORMAL: "●",
}  # fmt: skip


ALIKE_MIN, ALIKE_NAMED = 3, 3
"""In a flood so many alarms of one rule are one line, which names so many of them."""
LEDGER_AWAY = "ledger-away"


class Shown(NamedTuple):
    """An alarm for a list. rule None: its rule is no longer in force."""

    name: str
    source: Source
    alarm: Alarm
    rule: Rule | None
    code: str
    told: Params


Calls = Callable[[Source], str]
"""What people call a source."""


def alarm_lines(found: Sequence[Shown], calls: Calls, now_ms: int) -> Iterator[str]:
    """The gravest first, of one grade the oldest; what is suppressed, shelved and out of service at the end."""
    if not found:
        yield str(Text("● 没有报警", "● no alarm"))
    under = explained(one.alarm for one in found)
    for one in sorted(found, key=_order):
        yield alarm_line(one, calls, now_ms, under.get(f"{one.name} {one.source}", 0))


def flood_lines(found: Sequence[Shown], calls: Calls, now_ms: int) -> Iterator[str]:
    """In a flood: urgent ones singly, of the others those of one rule as one line; what is quiet is counted."""
    quiet = sum(_order(one)[0] for one in found)
    calling = [one for one in found if not _order(one)[0]]
    alike = Counter(one.name for one in calling if one.alarm.grade is not Level.URGENT)
    single = [one for one in calling if one.alarm.grade is Level.URGENT or alike[one.name] < ALIKE_MIN]
    under = explained(one.alarm for one in found)
    for one in sorted(single, key=_order):
        yield alarm_line(one, calls, now_ms, under.get(f"{one.name} {one.source}", 0))
    for name, count in alike.most_common():
        if count >= ALIKE_MIN:
            yield _alike_line([one for one in calling if one.name == name], calls)
    if quiet:
        yield str(Text(f"· 另有 {quiet} 条抑制、搁置或停报", f"· and {quiet} suppressed, shelved or out of service"))


def _alike_line(found: Sequence[Shown], calls: Calls) -> str:
    """Those of one rule: how many, since when, and the first few by name."""
    first = sorted(found, key=_order)
    named = "、".join(calls(one.source) for one in first[:ALIKE_NAMED])
    rest = len(found) - ALIKE_NAMED
    more = Text(f" 等 {len(found)} 处", f" and {rest} more") if rest > 0 else ""
    grade = GRADES[first[0].alarm.grade]
    since = _time(min(one.alarm.since_ms for one in found))
    return (
        f"■ {grade}  {_title(first[0])} ×{len(found)}  {named}{more}  {Text('自', 'since')} {since}  [{first[0].name}]"
    )


def explained(alarms: Iterable[Alarm]) -> Counter[str]:
    """Of each that explains others, by rule and source: how many of them still stand."""
    return Counter(alarm.suppressed_by for alarm in alarms if alarm.is_active and alarm.suppressed_by)


def unknown_line(found: Sequence[Shown]) -> Text | None:
    """While the ledger cannot be read nothing that is read from it is known: what is listed is as of then."""
    away = next((one.alarm for one in found if one.name == LEDGER_AWAY and one.alarm.is_active), None)
    if away is None:
        return None
    when = _time(away.since_ms)
    return Text(
        f"○ 未知：账本自 {when} 读不到，网关、终端与账目的报警是那时的",
        f"○ unknown: the ledger cannot be read since {when}; alarms of boxes, terminals and books are as of then",
    )


def stale_line(as_of_ms: int) -> Text:
    """The watch does not look: what is listed is as of then, and what has come since nobody knows. 0: it never has."""
    when = _time(as_of_ms) if as_of_ms else ""
    if not when:
        return Text("○ 未知：值守从未运行过", "○ unknown: the watch has never run")
    return Text(f"○ 未知：值守没有运行，以下是 {when} 的", f"○ unknown: the watch does not run; this is as of {when}")


def flood_line(scope: str, since_ms: int, calls: Calls) -> Text:
    """More comes than a person can see to: since when, and to whom or where."""
    kind, _, name = scope.partition(":")
    where = Text("全校", "the campus") if kind == str(Kind.CAMPUS) else Text(name, name)
    if kind == str(Kind.BOX):
        where = Text(calls(Source(Kind.BOX, name)), calls(Source(Kind.BOX, name)))
    when = _time(since_ms)
    return Text(
        f"▲ 报警洪水：{where.zh} 自 {when}，不紧急的合并通知",
        f"▲ a flood of alarms: {where.en} since {when}; what is not urgent is told together",
    )


def behind_line(facts: int) -> Text:
    """The watch is catching up: what these say is not on the list yet."""
    return Text(f"◷ 值守正在补读，还有 {facts:,} 条事件未读", f"◷ the watch is catching up: {facts:,} facts are unread")


def alarm_line(one: Shown, calls: Calls, now_ms: int, under: int = 0) -> str:
    """State, grade, title, source, what raised it, since when, who is on it: within a screen's width, on further lines
    with an indent where one is too short. under: how many it explains."""
    alarm = one.alarm
    since = str(_since(alarm, now_ms))
    times = f" ×{alarm.count}" if alarm.count > 1 else ""
    who = alarm.acked_by or alarm.taken_by or alarm.assigned or alarm.shelved_by
    parts = (
        _MARKS[alarm.state], str(STATES[alarm.state]), str(GRADES[alarm.grade]), _title(one), calls(one.source),
        cause_line(one, calls), _under(under), since + times, who, _by(alarm), f"[{one.name} {one.source}]",
    )  # fmt: skip
    return _wrapped([part for part in parts if part])


def hint_line(one: Shown) -> Text:
    """How somebody says that he has seen it."""
    words = f"./ykt cloud alarms ack {one.name} {one.source} --who"
    note = Text(" --note 说明", " --note TEXT") if one.alarm.grade is Level.URGENT else None
    zh, en = (note.zh, note.en) if note else ("", "")
    return Text(f"  确认：{words} 姓名{zh}", f"  acknowledge: {words} NAME{en}")


def _since(alarm: Alarm, now_ms: int) -> Text:
    """The time of day, and how long ago that is."""
    clock = _time(alarm.since_ms)[-8:]
    zh, en = span(max(0, now_ms - alarm.since_ms) // 1000)
    return Text(f"{clock} 起 {zh}", f"since {clock}, {en}")


def _wrapped(parts: Sequence[str]) -> str:
    lines: list[str] = []
    for part in parts:
        longer = f"{lines[-1]}  {part}" if lines else part
        if not lines or taken(longer) > WIDTH:
            lines.append(f"    {part}" if lines else part)
        else:
            lines[-1] = longer
    return "\n".join(lines)


def advice_lines(rule: Rule | None, name: str) -> Iterator[str]:
    """Cause, consequence, what to do. name: what people call what it is about."""
    if rule is None:
        return
    for label, text in _advice(rule.advice, name).items():
        yield f"  {label}{text}"


def event_line(at_ms: int, deed: Deed, who: str, note: str) -> str:
    """One thing that happened to an alarm."""
    said = "：".join(part for part in (who, note) if part)
    return f"  {_time(at_ms)}  {DEEDS[deed]}  {said}".rstrip()


def alarm_json(one: Shown) -> dict[str, Any]:
    """As programs read it."""
    alarm, rule = one.alarm, one.rule
    return {
        "alarm": one.name, "source": str(one.source), "state": alarm.state.value, "grade": alarm.grade.value,
        "family": rule.family.value if rule else None, "active": alarm.is_active, "acknowledged": alarm.is_acked,
        "since_ms": alarm.since_ms, "last_ms": alarm.last_ms, "count": alarm.count, "returned_ms": alarm.returned_ms,
        "acknowledged_by": alarm.acked_by, "taken_by": alarm.taken_by, "shelved_until_ms": alarm.shelved_until_ms,
        "suppressed_by": alarm.suppressed_by, "assigned": alarm.assigned, "code": one.code,
        "told": {name: value.hex() if isinstance(value, bytes) else value for name, value in one.told},
    }  # fmt: skip


def names(boxes: Mapping[str, str], terminals: Mapping[bytes, str], groups: Groups) -> Calls:
    """What the ledger calls boxes and terminals, and the school its groups; others by their own name."""

    def called(source: Source) -> str:
        if source.kind is Kind.BOX:
            return boxes.get(source.name, source.name)
        if source.kind is Kind.TERMINAL:
            return terminals.get(bytes.fromhex(source.name), source.name)
        if source.kind is Kind.GROUP:
            return str(_group(source, groups, boxes))
        return f"{KINDS[source.kind]} {source.name}".rstrip()

    return called


def _group(source: Source, groups: Groups, boxes: Mapping[str, str]) -> Text:
    """One that nobody has named is the network of its box."""
    box, slash, _ = source.name.rpartition("/")
    if slash:
        name = boxes.get(box, box)
        return Text(f"{name} 的网络（交换机、网线）", f"the network of {name} (switch, cable)")
    kind = KINDS[Kind.GROUP]
    return groups.words(source) or Text(f"{kind.zh} {source.name}", f"{kind.en} {source.name}")


def _order(one: Shown) -> tuple[bool, int, int]:
    quiet = one.alarm.state in (State.SUPPRESSED, State.SHELVED, State.OUT_OF_SERVICE)
    return quiet, list(GRADES).index(one.alarm.grade), one.alarm.since_ms


def _title(one: Shown) -> str:
    return str(one.rule.advice.title) if one.rule else one.name


def _under(count: int) -> str:
    return str(Text(f"含 {count} 条", f"explains {count}")) if count else ""


def _by(alarm: Alarm) -> str:
    """What explains it."""
    return f"← {alarm.suppressed_by}" if alarm.suppressed_by else ""


def cause_line(one: Shown, calls: Calls) -> str:
    """What raised it: its cause where that names what it is about, else the fact, else what was read."""
    if one.rule is not None and SOURCE in one.rule.advice.cause.zh:
        return str(one.rule.advice.cause_of(calls(one.source)))
    if one.code:
        return words(one.code, one.told)[spoken() is Language.EN]
    return str(reading(one.rule, one.told) or "")


def _advice(advice: Advice, name: str) -> dict[Text, Text]:
    return {
        Text("原因：", "cause: "): advice.cause_of(name),
        Text("后果：", "consequence: "): advice.consequence,
        Text("处置：", "to do: "): advice.action,
    }


def family_text(rule: Rule | None) -> str:
    """The family's name."""
    return str(FAMILIES[rule.family]) if rule else ""


def _time(at_ms: int) -> str:
    return time_text(WALL.at(at_ms / 1000))
