"""Groups 分组 and planned work 计划检修: what falls silent together, and what may be away without calling anybody."""

from typing import NamedTuple

from flask import abort, redirect, render_template, request, url_for

from cloud.console.access.rights import Right
from cloud.console.frame.page import Menu, Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.frame.told import tell
from cloud.console.pages.alarms import texts
from cloud.console.pages.alarms.acts import be_known
from cloud.console.pages.alarms.reading import Look, look, moment, now_ms
from cloud.console.pages.alarms.texts import Edited
from cloud.watch.alarms.groups import SHARED
from cloud.watch.alarms.terms import CAMPUS
from cloud.watch.kept import planned
from cloud.watch.kept.planned import Work
from cloud.watch.people import texts as checks
from cloud.watch.people.planning import source_there
from cloud.watch.people.standing import fleet_or_none
from cloud.watch.pushes import GROUPINGS
from cloud.watch.readings import box_source, terminal_source, things
from shared.clocks.campus_clock import CHINA_OFFSET_S, UNIX_2000
from shared.clocks.clock import ClockError, parse_time
from shared.errors import ConfigFault
from shared.words.voice import Text

WORKS_SHOWN = 100
TERMINALS_MAX = 200
"""Of more, those of one box are offered, which is chosen first."""
SECONDS = ":00"
"""What a browser's field of a time leaves out."""
STATES = {
    "planned": Text("未开始", "to come"), "on": Text("进行中", "goes on"), "over": Text("已结束", "over"),
}  # fmt: skip
MARKS = {"planned": "warn", "on": "ok", "over": "off"}
EXAMPLE = """format = 1
# [[group]]
# name = "switch-a"
# shares = "switch"
# title = "…"
# terminals = ["pos-01", "pos-02"]
"""


class GroupRow(NamedTuple):
    """A group with its members; None: the ledger cannot be read."""

    name: str
    title: str
    shares: str
    members: list[str] | None


class WorkRow(NamedTuple):
    """A plan. may_end: he may, and it is not over."""

    number: int
    mark: str
    state: str
    about: str
    begins: str
    ends: str
    who: str
    why: str
    ended_by: str
    may_end: bool


def _groups(sources: Sources) -> Reply:
    with sources.watch() as store, store.db.reading():
        here = look(sources, store)
    found = here.groups.members(things(here.fleet, here.at_ms) if here.fleet else [])
    rows = [
        GroupRow(one.name, str(one.words), str(SHARED[one.shares]), sorted(m.name for m in own) if here.fleet else None)
        for one, own in found.items() if here.may_hear(one.source)
    ]  # fmt: skip
    return render_template(
        "alarms/groups.html", rows=rows, as_of=moment(here.at_ms), unnamed=here.groups.watches_unnamed,
        pushed=request.args.get("pushed", "")[:6],
    )  # fmt: skip


def _work(sources: Sources) -> Reply:
    with sources.watch() as store, store.db.reading():
        here = look(sources, store)
        works = planned.works(store.db, WORKS_SHOWN)
    rows = [_row(here, one) for one in works if here.may_hear(one.source)]
    box = request.args.get("box", "")
    return render_template(
        "alarms/work.html", rows=rows, sources=_sources(here, box), boxes=_boxes(here), box=box,
        as_of=moment(here.at_ms), now=moment(here.at_ms)[:16], later=moment(here.at_ms + 2 * 3_600_000)[:16],
    )  # fmt: skip


def _row(here: Look, one: Work) -> WorkRow:
    state = "over" if here.at_ms >= one.end_ms else "on" if here.at_ms >= one.from_ms else "planned"
    return WorkRow(
        one.number, MARKS[state], str(STATES[state]), here.calls(one.source), moment(one.from_ms), moment(one.end_ms),
        one.who, one.why, one.ended_by if one.ended_ms else "", state != "over" and here.may_plan(one.source),
    )  # fmt: skip


def _sources(here: Look, box: str) -> list[tuple[str, str]]:
    """On what he may plan work. box: of many terminals, those of this one alone."""
    fleet = here.fleet
    every = [CAMPUS, *(one.source for one in here.groups.named)]
    if fleet:
        is_few = len(fleet.terminals) <= TERMINALS_MAX
        every += [box_source(one.box) for one in fleet.boxes]
        every += sorted(terminal_source(one.device) for one in fleet.terminals if is_few or one.box == box)
    return [(str(one), here.calls(one)) for one in every if here.may_plan(one)]


def _boxes(here: Look) -> list[tuple[str, str]]:
    """One of which he chooses first; none: all terminals are there to be chosen."""
    fleet = here.fleet
    if fleet is None or len(fleet.terminals) <= TERMINALS_MAX:
        return []
    return [(one.box, one.name) for one in fleet.boxes if here.may_see(one.box)]


def _plan(sources: Sources) -> Reply:
    """ConfigFault, WorkRefused: nothing has changed."""
    why = " ".join(request.form.get("why", "").split())
    with sources.watch() as store:
        with store.db.reading():
            here = look(sources, store)
        source = source_there(here.groups, here.fleet, request.form.get("source", ""))
        if not here.may_plan(source):
            abort(403)
        who, at_ms = be_known(store), now_ms()
        from_ms, until_ms = _time_ms("from") or at_ms, _time_ms("until")
        with store.db.writing():
            number = planned.plan(store.db, Work(0, source, from_ms, until_ms, who, why, at_ms))
    tell(f"work:{number}", Text(f"计划检修 {source}：{why}", f"plans work on {source}: {why}"))
    return redirect(url_for("work"))


def _end(sources: Sources) -> Reply:
    text = request.form.get("number", "")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    with sources.watch() as store:
        with store.db.reading():
            here = look(sources, store)
            found = next((one for one in planned.works(store.db, WORKS_SHOWN) if one.number == number), None)
        if found is None:
            abort(404)
        if not here.may_plan(found.source):
            abort(403)
        who = be_known(store)
        with store.db.writing():
            planned.end(store.db, number, who, now_ms())
    tell(f"work:{number}", Text(f"提前结束检修 {number}", f"ends work {number} early"))
    return redirect(url_for("work"))


def _time_ms(name: str) -> int:
    """Campus time of a field; 0: nothing was said. ConfigFault."""
    text = request.form.get(name, "").strip()
    if not text:
        return 0
    try:
        return (parse_time(f"{text}{SECONDS}" if text.count(":") == 1 else text) + UNIX_2000 - CHINA_OFFSET_S) * 1000
    except ClockError as fault:
        raise ConfigFault(Text("时间应如 2026-12-01T08:00", "a time is as 2026-12-01T08:00")) from fault


EDITED = Edited(
    "groups", Right.SET_RULES, GROUPINGS, Text("分组", "groups"),
    lambda sources: checks.check_groups(fleet_or_none(sources.reader)), EXAMPLE,
)  # fmt: skip
PAGES = (
    Page("groups", "/groups", Right.SEE_ALARMS, _groups, Menu.ALARMS),
    *texts.pages(EDITED),
    Page("work", "/planned", Right.SEE_ALARMS, _work, Menu.ALARMS),
    Page("plan_work", "/planned", Right.ANSWER, _plan, writes=True),
    Page("end_work", "/planned/end", Right.ANSWER, _end, writes=True),
)
