"""`cloud groups`, `cloud work`: what shares a switch, a power line or a place; and work that is planned.

A file that is wrong is refused with line and reason, and the one in force stays so. Nothing pushed is edited: taking
one back pushes the former text again.
"""

import json
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from cloud.commands.watch.around import fleet_of, moment, now_ms, open_store, push_line, pushed, say, text_of
from cloud.watch.alarms.groups import Group, Thing
from cloud.watch.kept import planned
from cloud.watch.kept.planned import Work
from cloud.watch.notify import persons
from cloud.watch.people import texts
from cloud.watch.people.planning import source_there
from cloud.watch.people.standing import groups_in_force
from cloud.watch.pushes import GROUPINGS
from cloud.watch.readings import things
from shared.clocks.campus_clock import CHINA_OFFSET_S, UNIX_2000
from shared.clocks.clock import ClockError, parse_time
from shared.errors import ConfigFault
from shared.words.voice import Text

NONE_YET = Text(
    "还没有分组：同一网关的 TCP 终端多台同时断线时合成一条",
    "no groups yet: many TCP terminals of one box that fall silent at once are one alarm",
)
WORKS_SHOWN = 50


class Plan(NamedTuple):
    """What somebody plans. begins, until: campus time as people write it; None: now, and long_s after it began."""

    source: str
    begins: str | None
    long_s: int
    until: str | None
    who: str
    why: str


def listing(data: Path, dsn: str | None, *, as_json: bool) -> int:
    """Every group in force with its members. Always 0."""
    with closing(open_store(data)) as store, store.db.reading():
        groups = groups_in_force(store.db)
    fleet = fleet_of(data, dsn)
    found = groups.members(things(fleet, now_ms()) if fleet else [])
    if as_json:
        say(json.dumps({"groups": [_group_json(one, members) for one, members in found.items()]}, ensure_ascii=False))
        return 0
    if not groups.named:
        say(NONE_YET)
    for one, members in found.items():
        count = Text(f"{len(members)} 台", f"{len(members)} things") if fleet else Text("未知", "unknown")
        say(f"{one.words}  {count}  {' '.join(sorted(thing.name for thing in members))}  [{one.source}]")
    return 0


def check(data: Path, dsn: str | None, file: Path) -> int:
    """Read a file; change nothing. ConfigFault, with line, key and reason."""
    text, check = text_of(file), texts.check_groups(fleet_of(data, dsn))
    with closing(open_store(data)) as store, store.db.reading():
        found = check(store.db, text)
    say(*found.warnings, found.said)
    return 0


def push(data: Path, dsn: str | None, file: Path, who: str, why: str) -> int:
    """Put it in force. ConfigFault, PersonRefused: nothing has changed."""
    text, check = text_of(file), texts.check_groups(fleet_of(data, dsn))
    with closing(open_store(data)) as store, store.db.writing():
        number = texts.push(store.db, GROUPINGS, check, text, who, why, now_ms())
        say(*check(store.db, text).warnings)
    say(pushed(number))
    return 0


def rollback(data: Path, number: int, who: str, why: str) -> int:
    """Put an earlier one in force again, under a new number."""
    with closing(open_store(data)) as store, store.db.writing():
        fresh = texts.roll_back(store.db, GROUPINGS, texts.check_groups(None), number, who, why, now_ms())
    say(pushed(fresh))
    return 0


def diff(data: Path, file: Path) -> int:
    """Line by line against what is in force. 1 when they differ."""
    with closing(open_store(data)) as store, store.db.reading():
        before = GROUPINGS.in_force(store.db)
    found = texts.compared(before, text_of(file))
    say(*(found or (Text("● 相同", "● the same"),)))
    return int(bool(found))


def history(data: Path) -> int:
    """Every push, the newest first. Always 0."""
    with closing(open_store(data)) as store, store.db.reading():
        found = GROUPINGS.history(store.db)
    say(*(map(push_line, found) if found else (NONE_YET,)))
    return 0


def works(data: Path, *, as_json: bool) -> int:
    """What is planned, goes on, and is over, the newest first. Always 0."""
    with closing(open_store(data)) as store, store.db.reading():
        found = planned.works(store.db, WORKS_SHOWN)
    at_ms = now_ms()
    if as_json:
        rows = [_work_json(one, at_ms) for one in found]
        say(json.dumps({"work": rows}, ensure_ascii=False))
        return 0
    if not found:
        say(Text("没有计划检修", "no work is planned"))
    say(*(_work_line(one, at_ms) for one in found))
    return 0


def plan_work(data: Path, dsn: str | None, asked: Plan) -> int:
    """Take a plan up. ConfigFault, PersonRefused, WorkRefused: nothing has changed."""
    at_ms = now_ms()
    fleet = fleet_of(data, dsn)
    with closing(open_store(data)) as store, store.db.writing():
        who = persons.known(store.db, asked.who).name
        source = source_there(groups_in_force(store.db), fleet, asked.source)
        from_ms = _time_ms("--from", asked.begins) if asked.begins else at_ms
        until_ms = _time_ms("--until", asked.until) if asked.until else from_ms + asked.long_s * 1000
        work = Work(0, source, from_ms, until_ms, who, asked.why, at_ms)
        work = work._replace(number=planned.plan(store.db, work))
    say(_work_line(work, at_ms))
    return 0


def end_work(data: Path, number: int, who: str) -> int:
    """Before its time. PersonRefused, WorkRefused: nothing has changed."""
    at_ms = now_ms()
    with closing(open_store(data)) as store, store.db.writing():
        name = persons.known(store.db, who).name
        ended = planned.end(store.db, number, name, at_ms)
    say(_work_line(ended, at_ms))
    return 0


def _time_ms(option: str, text: str) -> int:
    try:
        return (parse_time(text) + UNIX_2000 - CHINA_OFFSET_S) * 1000
    except ClockError as fault:
        form = Text(f"应如 2026-12-01T08:00（{fault}）", f"as 2026-12-01T08:00 ({fault})")
        raise ConfigFault(f"{option} {text[:40]}: {form}") from fault


def _group_json(one: Group, members: list[Thing]) -> dict[str, object]:
    return {
        "group": one.name, "shares": one.shares.value, "title": one.title, "least": one.least,
        "within_ms": one.within_ms, "members": [str(thing.source) for thing in members],
    }  # fmt: skip


def _work_json(one: Work, at_ms: int) -> dict[str, object]:
    return {
        "number": one.number, "source": str(one.source), "from_ms": one.from_ms, "until_ms": one.until_ms,
        "who": one.who, "why": one.why, "ended_ms": one.ended_ms, "ended_by": one.ended_by,
        "state": _state(one, at_ms),
    }  # fmt: skip


_STATES = {
    "planned": Text("◐ 未开始", "◐ to come"),
    "on": Text("● 进行中", "● goes on"),
    "over": Text("○ 已结束", "○ over"),
}


def _state(one: Work, at_ms: int) -> str:
    if at_ms >= one.end_ms:
        return "over"
    return "on" if at_ms >= one.from_ms else "planned"


def _work_line(one: Work, at_ms: int) -> str:
    times = f"{moment(one.from_ms)}—{moment(one.end_ms)}"
    ended = Text(f"{one.ended_by} 提前结束", f"ended early by {one.ended_by}") if one.ended_ms else ""
    parts = (
        str(one.number), str(_STATES[_state(one, at_ms)]), str(one.source), times,
        one.who, one.why, str(ended),
    )  # fmt: skip
    return "  ".join(part for part in parts if part)
