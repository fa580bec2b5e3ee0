"""`cloud groups`, `cloud work`: what shares a switch, a power line or a place; and work that is planned.

A file that is wrong is refused with line and reason, and the one in force stays so. Nothing pushed is edited: taking
one back pushes the former text again.
"""

import json
from contextlib import closing
from difflib import unified_diff
from pathlib import Path
from typing import NamedTuple

from cloud.commands.watch.around import fleet_of, moment, now_ms, open_store, push_line, pushed, say, text_of
from cloud.store.db import Database
from cloud.watch.alarms.group_file import Known, read_groups
from cloud.watch.alarms.groups import Group, Groups, Thing
from cloud.watch.alarms.terms import CAMPUS, Kind, Source, source_of
from cloud.watch.kept import planned
from cloud.watch.kept.planned import Work
from cloud.watch.notify import persons
from cloud.watch.pushes import GROUPINGS
from cloud.watch.readings import Fleet, box_source, things
from cloud.watch.store import WatchStore
from shared.clocks.campus_clock import CHINA_OFFSET_S, UNIX_2000
from shared.clocks.clock import ClockError, parse_time
from shared.errors import ConfigFault
from shared.words.voice import Text

NONE_YET = Text(
    "还没有分组：同一网关的 TCP 终端多台同时断线时合成一条",
    "no groups yet: many TCP terminals of one box that fall silent at once are one alarm",
)
UNCHECKED = Text("○ 账本读不到：成员名称未核对", "○ the ledger cannot be read: names of members are not checked")
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
        groups = in_force(store.db)
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
    groups = _checked(data, dsn, text_of(file))
    say(Text(f"● 有效：{len(groups.named)} 个分组", f"● valid: {len(groups.named)} groups"))
    return 0


def push(data: Path, dsn: str | None, file: Path, who: str, why: str) -> int:
    """Put it in force. ConfigFault, PersonRefused: nothing has changed."""
    text = text_of(file)
    _checked(data, dsn, text)
    with closing(open_store(data)) as store, store.db.writing():
        name = persons.known(store.db, who).name
        number = GROUPINGS.push(store.db, now_ms(), name, why, text)
    say(pushed(number))
    return 0


def rollback(data: Path, number: int, who: str, why: str) -> int:
    """Put an earlier one in force again, under a new number."""
    with closing(open_store(data)) as store, store.db.writing():
        name = persons.known(store.db, who).name
        text = GROUPINGS.text_of(store.db, number)
        read_groups(text)
        reason = why or str(Text(f"退回第 {number} 次", f"back to {number}"))
        fresh = GROUPINGS.push(store.db, now_ms(), name, reason, text)
    say(pushed(fresh))
    return 0


def diff(data: Path, file: Path) -> int:
    """Line by line against what is in force. 1 when they differ."""
    with closing(open_store(data)) as store, store.db.reading():
        before = GROUPINGS.in_force(store.db)
    found = list(unified_diff(before.splitlines(), text_of(file).splitlines(), lineterm="", n=1))[2:]
    say(*(found or (Text("● 相同", "● the same"),)))
    return int(bool(found))


def history(data: Path) -> int:
    """Every push, the newest first. Always 0."""
    with closing(open_store(data)) as store, store.db.reading():
        found = GROUPINGS.history(store.db)
    say(*(map(push_line, found) if found else (NONE_YET,)))
    return 0


def in_force(db: Database) -> Groups:
    """Inside of a transaction."""
    text = GROUPINGS.in_force(db)
    return read_groups(text) if text else Groups()


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
        source = _source(store, fleet, asked.source)
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


def _checked(data: Path, dsn: str | None, text: str) -> Groups:
    fleet = fleet_of(data, dsn)
    if fleet is None:
        say(UNCHECKED)
        return read_groups(text)
    terminals = {word for one in fleet.terminals for word in (one.name, one.device.hex())}
    return read_groups(text, Known({box.box for box in fleet.boxes}, terminals))


def _time_ms(option: str, text: str) -> int:
    try:
        return (parse_time(text) + UNIX_2000 - CHINA_OFFSET_S) * 1000
    except ClockError as fault:
        form = Text(f"应如 2026-12-01T08:00（{fault}）", f"as 2026-12-01T08:00 ({fault})")
        raise ConfigFault(f"{option} {text[:40]}: {form}") from fault


def _source(store: WatchStore, fleet: Fleet | None, text: str) -> Source:
    """ConfigFault: there is no such thing, as far as can be told."""
    try:
        source = source_of(text)
    except ValueError as fault:
        raise ConfigFault(Text(f"不是报警来源：{text}", f"not a source: {text}")) from fault
    is_there = True
    if source.kind is Kind.GROUP and "/" not in source.name:
        is_there = in_force(store.db).words(source) is not None
    elif fleet is not None and source.kind in (Kind.BOX, Kind.TERMINAL):
        is_there = any(one.source == source for one in things(fleet, 0))
    elif fleet is not None and (source.kind is Kind.BUS or source.kind is Kind.GROUP):
        is_there = any(box_source(source.name.split("/")[0]) == box_source(box.box) for box in fleet.boxes)
    elif source.kind is Kind.CAMPUS:
        is_there = source == CAMPUS
    if not is_there or (source != CAMPUS and not source.name):
        raise ConfigFault(Text(f"没有登记：{text}", f"not registered: {text}"))
    return source


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
