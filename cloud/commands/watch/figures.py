"""`cloud alarms figures`: how well alarms serve people, with the targets of EEMUA 191 and IEC 62682 beside."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

from cloud.commands.watch.alarms import calls_of
from cloud.commands.watch.around import moment, now_ms, open_store, say
from cloud.watch.alarms import figures as measures
from cloud.watch.alarms.figures import Bad, Figures, Load, Took
from cloud.watch.alarms.rule import Rule
from cloud.watch.alarms.rules import file_of
from cloud.watch.alarms.states import STATES, State
from cloud.watch.alarms.terms import FAMILIES, GRADES, Family
from cloud.watch.people.figured import figured
from cloud.watch.people.standing import rules_in_force
from cloud.watch.words import Calls
from shared.facts.told import Level
from shared.words.spans import span
from shared.words.voice import Language, Text, spoken

QUIET = (State.SHELVED, State.SUPPRESSED, State.OUT_OF_SERVICE)


def show(data: Path, dsn: str | None, last_s: int, *, as_json: bool) -> int:
    """Of the time until now. Always 0: a figure beyond its target is marked."""
    until_ms = now_ms()
    with closing(open_store(data)) as store, store.db.reading():
        rules, found = rules_in_force(store.db), figured(store, last_s, until_ms)
    if as_json:
        say(json.dumps(_json(found), ensure_ascii=False))
    else:
        say(*_lines(found, rules, calls_of(data, dsn)))
    return 0


def _lines(found: Figures, rules: Mapping[str, Rule], calls: Calls) -> Iterator[str]:
    yield str(Text(f"自 {moment(found.from_ms)} 至今", f"since {moment(found.from_ms)}"))
    yield from _loads(found)
    flood = max(found.flood.values())
    label = Text("处于洪水的时间", "time in flood")
    yield _line(label, f"{flood:.2f} %", f"< {measures.FLOOD_MAX:g} %", flood < measures.FLOOD_MAX)
    yield _line(Text("各级占比", "mix of grades"), _mix(found), "5 / 15 / 80 %", None)
    chatters = len(found.chattering)
    yield _line(Text("抖动的报警", "chattering"), str(chatters), "0", chatters == 0)
    yield from _bad_lines(found.chattering, rules, calls)
    stale = len(found.stale)
    label = Text("滞留一天以上", "stale, above a day")
    yield _line(label, str(stale), f"< {measures.STALE_MAX}", stale < measures.STALE_MAX)
    for key, since_ms in found.stale[: measures.LISTED]:
        yield f"    {moment(since_ms)}  {_name(key.rule, rules)}  {calls(key.source)}  [{key.rule} {key.source}]"
    worst = found.worst_ten
    label, most = Text("最多的十条占", "the ten worst make"), measures.WORST_TEN_MAX
    yield _line(label, f"{worst:.0f} %", f"< {most:g} %", worst < most)
    yield from _bad_lines(found.bad, rules, calls)
    yield from _took_lines(found)
    counts = "  ".join(f"{STATES[state]} {found.quiet.get(state, 0)}" for state in QUIET)
    yield _line(Text("此刻不叫的", "quiet now"), counts, "", None)
    yield _line(Text("未送达的消息", "messages that failed"), str(found.failed), "0", found.failed == 0)


def _loads(found: Figures) -> Iterator[str]:
    """Of each operator; of the list as a whole where nobody was told anything."""
    whole = found.whole
    yield _line(Text("叫人的报警", "alarms that called"), str(whole.total), "", None)
    for one in found.operators or (whole,):
        who = one.name or str(Text("列表（无人被通知）", "the list (nobody was told)"))
        yield _line(
            Text(f"{who} 每十分钟", f"{who}, in ten minutes"), f"{one.average:.2f}", f"≤ {measures.AVERAGE_MAX:g}",
            one.average <= measures.AVERAGE_MAX,
        )  # fmt: skip
        peak = Text("  最多", "  the most")
        yield _line(peak, str(one.peak), f"≤ {measures.PEAK_MAX}", one.peak <= measures.PEAK_MAX)
        over = Text(f"  超过 {measures.PEAK_MAX} 条的十分钟", f"  tens of minutes above {measures.PEAK_MAX}")
        yield _line(over, f"{one.over:.2f} %", f"< {measures.OVER_MAX:g} %", one.over < measures.OVER_MAX)


def _bad_lines(found: Sequence[Bad], rules: Mapping[str, Rule], calls: Calls) -> Iterator[str]:
    """Each with the way to its rule: the file it stands in, and what changes it."""
    for one in found:
        where = file_of(one.key.rule) or str(Text("学校的规则文件", "the school's rule file"))
        yield (
            f"    {one.times} ×  {one.share:.0f} %  {_name(one.key.rule, rules)}  {calls(one.key.source)}  "
            f"[{one.key.rule} {one.key.source}]  {where}"
        )


def _took_lines(found: Figures) -> Iterator[str]:
    for label, times in (
        (Text("到确认（MTTA）", "until answered (MTTA)"), found.until_answered),
        (Text("到恢复（MTTR）", "until over (MTTR)"), found.until_over),
    ):
        yield _line(label, _took(times.get(None)), "", None)
        for family in Family:
            if family in times:
                yield f"    {FAMILIES[family]}  {_took(times[family])}"


def _took(one: Took | None) -> str:
    if one is None:
        return str(Text("未知", "unknown"))
    middle, mean = _span(one.median_s), _span(one.mean_s)
    return str(Text(f"中位 {middle}，平均 {mean}，{one.times} 次", f"median {middle}, mean {mean}, of {one.times}"))


def _span(seconds: float) -> str:
    return span(round(seconds))[spoken() is Language.EN]


def _mix(found: Figures) -> str:
    total = sum(found.grades.values())
    parts = [f"{GRADES[grade]} {100 * found.grades.get(grade, 0) / total:.0f} %" for grade in measures.MIX if total]
    return "  ".join(parts) or str(Text("未知", "unknown"))


def _line(label: Text, value: str, target: str, is_met: bool | None) -> str:
    """is_met None: there is no target."""
    mark = {True: "●", False: "✗", None: "○"}[is_met]
    aim = f"（{Text('目标', 'target')} {target}）" if target else ""
    return f"{mark} {label}：{value}{aim}" if spoken() is Language.ZH else f"{mark} {label}: {value} {aim}".rstrip()


def _name(rule: str, rules: Mapping[str, Rule]) -> str:
    return str(rules[rule].advice.title) if rule in rules else rule


def _json(found: Figures) -> dict[str, object]:
    return {
        "from_ms": found.from_ms, "until_ms": found.until_ms, "list": _load_json(found.whole),
        "operators": [_load_json(one) | {"name": one.name} for one in found.operators],
        "grades": {grade.value: found.grades.get(grade, 0) for grade in Level},
        "chattering": [_bad_json(one) for one in found.chattering],
        "stale": [{"alarm": key.rule, "source": str(key.source), "since_ms": at} for key, at in found.stale],
        "bad_actors": [_bad_json(one) for one in found.bad], "worst_ten_percent": found.worst_ten,
        "until_answered_s": _took_json(found.until_answered), "until_over_s": _took_json(found.until_over),
        "flood_percent": dict(found.flood), "quiet": {state.value: found.quiet.get(state, 0) for state in QUIET},
        "failed": found.failed,
        "targets": {
            "average": measures.AVERAGE_MAX, "peak": measures.PEAK_MAX, "over_percent": measures.OVER_MAX,
            "flood_percent": measures.FLOOD_MAX, "chattering": 0, "stale_below": measures.STALE_MAX,
            "worst_ten_percent": measures.WORST_TEN_MAX,
            "grades_percent": {grade.value: share for grade, share in measures.MIX.items()},
        },
    }  # fmt: skip


def _load_json(one: Load) -> dict[str, object]:
    return {"total": one.total, "average": one.average, "peak": one.peak, "over_percent": one.over}


def _bad_json(one: Bad) -> dict[str, object]:
    return {
        "alarm": one.key.rule, "source": str(one.key.source), "count": one.times, "percent": one.share,
        "rule_file": file_of(one.key.rule) or None,
    }  # fmt: skip


def _took_json(found: Mapping[Family | None, Took]) -> dict[str, object]:
    return {(family.value if family else "all"): one._asdict() for family, one in found.items()}
