"""How well alarms serve people 质量指标, beside the targets of EEMUA 191 and IEC 62682, with the way to each alarm."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from flask import abort, render_template, request, url_for

from cloud.console.access.rights import Right
from cloud.console.frame.page import Menu, Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.pages.alarms.reading import Look, look, moment, now_ms, signed
from cloud.console.pages.alarms.rows import age
from cloud.watch.alarms import figures as measures
from cloud.watch.alarms.figures import Bad, Figures, Load, Took
from cloud.watch.alarms.states import STATES, State
from cloud.watch.alarms.terms import FAMILIES, GRADES, Family
from cloud.watch.alarms.watching import Key
from cloud.watch.people.figured import figured
from shared.input.functions import Function
from shared.words.voice import Text

DAYS = (1, 7, 30)
QUIET = (State.SHELVED, State.SUPPRESSED, State.OUT_OF_SERVICE)
UNKNOWN, ALL = Text("未知", "unknown"), Text("全部", "all")


class Measure(NamedTuple):
    """is_met None: there is no target, or nothing is known."""

    label: str
    value: str
    target: str = ""
    is_met: bool | None = None


class Actor(NamedTuple):
    """An alarm that comes often, or stays long."""

    title: str
    about: str
    href: str
    said: str


def _figures(sources: Sources) -> Reply:
    if not signed().everywhere(Right.SEE_ALARMS):
        abort(403)
    days = next((one for one in DAYS if str(one) == request.args.get("days", "")), DAYS[1])
    with sources.watch() as store, store.db.reading():
        here, found = look(sources, store), figured(store, days * 86_400, now_ms())
    return render_template(
        "alarms/figures.html", days=days, all_days=DAYS, since=moment(found.from_ms), loads=_loads(found),
        measures=_measures(found), took=_took_rows(found), bad=_actors(here, found.bad),
        chattering=_actors(here, found.chattering), stale=_stale(here, found.stale), unknown=here.why_unknown(),
        as_of=moment(here.standing.as_of_ms),
    )  # fmt: skip


def _measures(found: Figures) -> list[Measure]:
    flood, worst = max(found.flood.values()), found.worst_ten
    quiet = "  ".join(f"{STATES[state]} {found.quiet.get(state, 0)}" for state in QUIET)
    stale, chatters = len(found.stale), len(found.chattering)
    return [
        Measure(str(Text("叫人的报警", "alarms that called")), str(found.whole.total)),
        Measure(
            str(Text("处于洪水的时间", "time in flood")), f"{flood:.2f} %", f"< {measures.FLOOD_MAX:g} %",
            flood < measures.FLOOD_MAX,
        ),
        Measure(str(Text("各级占比", "mix of grades")), _mix(found), "5 / 15 / 80 %"),
        Measure(str(Text("抖动的报警", "chattering")), str(chatters), "0", chatters == 0),
        Measure(
            str(Text("滞留一天以上", "stale, above a day")), str(stale), f"< {measures.STALE_MAX}",
            stale < measures.STALE_MAX,
        ),
        Measure(
            str(Text("最多的十条占", "the ten worst make")), f"{worst:.0f} %", f"< {measures.WORST_TEN_MAX:g} %",
            worst < measures.WORST_TEN_MAX,
        ),
        Measure(str(Text("此刻不叫的", "quiet now")), quiet),
        Measure(str(Text("未送达的消息", "messages that failed")), str(found.failed), "0", found.failed == 0),
    ]  # fmt: skip


def _loads(found: Figures) -> list[tuple[str, Sequence[Measure]]]:
    """Of each operator in ten minutes; of the list as a whole where nobody was told anything."""
    nobody = str(Text("列表（无人被通知）", "the list (nobody was told)"))
    return [(one.name or nobody, _load(one)) for one in found.operators or (found.whole,)]


def _load(one: Load) -> Sequence[Measure]:
    return (
        Measure("", f"{one.average:.2f}", f"≤ {measures.AVERAGE_MAX:g}", one.average <= measures.AVERAGE_MAX),
        Measure("", str(one.peak), f"≤ {measures.PEAK_MAX}", one.peak <= measures.PEAK_MAX),
        Measure("", f"{one.over:.2f} %", f"< {measures.OVER_MAX:g} %", one.over < measures.OVER_MAX),
    )


def _mix(found: Figures) -> str:
    total = sum(found.grades.values())
    parts = [f"{GRADES[grade]} {100 * found.grades.get(grade, 0) / total:.0f} %" for grade in measures.MIX if total]
    return "  ".join(parts) or str(UNKNOWN)


def _took_rows(found: Figures) -> list[tuple[str, str, str]]:
    """Family, until answered, until over."""
    families: list[Family | None] = [None, *Family]
    return [
        (str(FAMILIES[one] if one else ALL), _took(found.until_answered, one), _took(found.until_over, one))
        for one in families if one is None or one in found.until_answered or one in found.until_over
    ]  # fmt: skip


def _took(times: Mapping[Family | None, Took], family: Family | None) -> str:
    one = times.get(family)
    return f"{age(round(one.median_s))} / {age(round(one.mean_s))} ({one.times})" if one else str(UNKNOWN)


def _actors(here: Look, found: Sequence[Bad]) -> list[Actor]:
    return [_actor(here, one.key, f"{one.times} × · {one.share:.0f} %") for one in found if here.may(*one.key)]


def _stale(here: Look, found: Sequence[tuple[Key, int]]) -> list[Actor]:
    shown = [(key, at_ms) for key, at_ms in found if here.may(*key)]
    return [_actor(here, key, moment(at_ms)) for key, at_ms in shown[: measures.LISTED]]


def _actor(here: Look, key: Key, said: str) -> Actor:
    rule = here.standing.rules.get(key.rule)
    title = str(rule.advice.title) if rule else key.rule
    return Actor(title, here.calls(key.source), url_for("alarm", rule=key.rule, source=str(key.source)), said)


PAGES = (
    Page(
        "alarm_figures", "/alarms/figures", Right.SEE_ALARMS, _figures, Menu.ALARMS, whole=True, needs=Function.KPIS
    ),
)
