"""Who is told 通知与值班: who is on duty, the week, swaps, persons, how the ways do, what was told and its receipts."""

import json
from datetime import date
from typing import Any, NamedTuple

from flask import abort, redirect, render_template, request, url_for

from cloud.console.access.rights import Right
from cloud.console.frame.page import Menu, Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.frame.table import Column, asked, listed
from cloud.console.frame.told import tell
from cloud.console.pages.alarms import texts
from cloud.console.pages.alarms.acts import be_known
from cloud.console.pages.alarms.reading import Look, look, moment, now_ms, signed
from cloud.console.pages.alarms.rows import age
from cloud.console.pages.alarms.texts import Edited
from cloud.process.settings import FOLDER
from cloud.watch.notify import persons, queue
from cloud.watch.notify.doors_file import read_doors
from cloud.watch.notify.duty import Rota
from cloud.watch.notify.persons import ROLES, Role
from cloud.watch.notify.queue import Message, State
from cloud.watch.notify.routes import DUTY, Policy
from cloud.watch.notify.terms import CHANNELS, Channel, way_to
from cloud.watch.people import texts as checks
from cloud.watch.people.standing import calendar_or_weekdays, policy_in_force
from cloud.watch.people.testing import put_test
from cloud.watch.pushes import POLICIES
from cloud.watch.subjects.duty_gaps import hours_covered
from shared.clocks.campus_clock import WALL
from shared.errors import ConfigFault
from shared.words.voice import Language, Text

DAYS_SHOWN, DAY_S = 7, 86_400
WEEK_MS = 7 * 86_400_000
SHOWN, FAILED_SHOWN = 500, 5
"""Messages that are listed, and failures that stand on the first page."""
DAY_2000 = date(2000, 1, 1).toordinal()
STATES = {
    State.WAITING: Text("等待", "waiting"), State.SENT: Text("已发出", "sent"),
    State.ARRIVED: Text("已送达", "arrived"), State.JOINED: Text("并入汇总", "joined"),
    State.FAILED: Text("失败", "failed"),
}  # fmt: skip
MARKS = {State.WAITING: "warn", State.SENT: "ok", State.ARRIVED: "ok", State.JOINED: "off", State.FAILED: "bad"}
EXAMPLE = """format = 1
per_ten_minutes = 10
# [[shift]]
# name = "…"
# from = "06:30"
# until = "22:00"
# persons = ["…"]
# [[route]]
# name = "…"
# grades = ["urgent", "important"]
# wakes = true
# [[route.step]]
# to = ["duty"]
# by = ["mail"]
"""
Row = dict[str, Any]
COLUMNS: tuple[Column[Row], ...] = (
    Column("message_state", lambda row: row["state_word"]),
    Column("time", lambda row: row["at"]),
    Column("alarm_told_to", lambda row: row["person"]),
    Column("alarm_way", lambda row: row["way"]),
    Column("what", lambda row: row["subject"]),
    Column("alarm_receipt", lambda row: row["receipt"]),
)


class Watched(NamedTuple):
    """One shift of one day."""

    day: str
    name: str
    hours: str
    who: str


class WayRow(NamedTuple):
    """How a way does. mark: warn where something waits long, bad where something has failed."""

    name: str
    mark: str
    said: str
    last: str
    waiting: str
    failed: int
    why: str


def _notify(sources: Sources) -> Reply:
    at_ms = now_ms()
    campus_s = WALL.at(at_ms / 1000)
    calendar = calendar_or_weekdays(sources.dsn)
    with sources.watch() as store, store.db.reading():
        here = look(sources, store)
        policy = policy_in_force(store.db, calendar)
        people, ways = persons.persons(store.db), queue.by_way(store.db, at_ms - WEEK_MS)
        messages = queue.messages(store.db, SHOWN)
    here_people = [one for one in people if not one.is_gone]
    failures = [_row(one) for one in _seen(here, messages) if one.state is State.FAILED]
    return render_template(
        "alarms/notify.html", policy=policy, on_duty=policy.persons((DUTY,), campus_s) if policy else (),
        covered=_covered(policy, campus_s), week=_week(policy, campus_s) if policy else [], people=here_people,
        ways=_ways(sources, ways, at_ms), failures=failures[:FAILED_SHOWN],
        channels=[(way.value, str(CHANNELS[way])) for way in (Channel.MAIL, Channel.SMS)], roles=ROLES,
        unknown=here.why_unknown(), as_of=moment(here.standing.as_of_ms), today=moment(at_ms)[:10],
        address=_address(sources), pushed=request.args.get("pushed", "")[:6], queued=request.args.get("queued", "")[:9],
    )  # fmt: skip


def _covered(policy: Policy | None, campus_s: int) -> str:
    """For how long somebody is on duty whenever a route wants one; empty: no route wants anybody."""
    hours = hours_covered(policy, campus_s) if policy else None
    return "" if hours is None else age(round(hours * 3600))


def _week(policy: Policy, campus_s: int) -> list[Watched]:
    today = campus_s // DAY_S
    found = []
    for day in range(today, today + DAYS_SHOWN):
        for shift in policy.rota.shifts:
            who = Rota((shift,), policy.rota.swaps).on(day * DAY_S + shift.from_s, policy.calendar)
            if who:
                said = date.fromordinal(day + DAY_2000).isoformat()
                found.append(
                    Watched(said, shift.name, f"{_clock(shift.from_s)}—{_clock(shift.until_s)}", "、".join(who))
                )
    return found


def _clock(second: int) -> str:
    return f"{second % DAY_S // 3600:02d}:{second % 3600 // 60:02d}"


def _address(sources: Sources) -> str:
    """What messages link to; of a demonstration it is this console, where its settings name none."""
    settings = sources.settings
    return settings.console_address or (request.host_url.rstrip("/") if settings.demo else "")


def _ways(sources: Sources, found: dict[Channel, queue.Way], at_ms: int) -> list[WayRow]:
    """Those that the file names, and those by which anything went in a week."""
    try:
        named, fault = set(read_doors(sources.settings.data / FOLDER)), ""
    except ConfigFault as wrong:
        named, fault = set[Channel](), str(wrong)
    rows = [
        _way(one, found.get(one, queue.Way()), at_ms, is_named=one in named)
        for one in Channel
        if one in named | found.keys()
    ]
    return [*rows, *([WayRow("channels.toml", "bad", fault, "", "", 0, "")] if fault else [])]


def _way(channel: Channel, one: queue.Way, at_ms: int, *, is_named: bool) -> WayRow:
    waits = f"{one.waiting} · {age((at_ms - one.oldest_ms) // 1000)}" if one.waiting else "0"
    mark = "bad" if one.failed or not is_named else "warn" if one.waiting else "ok" if one.last_ms else "off"
    words = {
        "bad": Text("有失败", "some have failed") if is_named else Text("channels.toml 里没有", "not in channels.toml"),
        "warn": Text("有等待", "some wait"), "ok": Text("正常", "well"),
        "off": Text("一周没有发过", "unused for a week"),
    }  # fmt: skip
    return WayRow(str(CHANNELS[channel]), mark, str(words[mark]), moment(one.last_ms), waits, one.failed, one.why)


def _messages(sources: Sources) -> Reply:
    with sources.watch() as store, store.db.reading():
        here = look(sources, store)
        found = queue.messages(store.db, SHOWN)
    rows = [_row(one) for one in _seen(here, found)]
    return render_template(
        "alarms/messages.html", list=listed(rows, COLUMNS, asked(request.args)), as_of=moment(here.at_ms),
        is_cut=len(found) == SHOWN, shown=SHOWN,
    )  # fmt: skip


def _seen(here: Look, found: list[Message]) -> list[Message]:
    """Those of whose alarms he may see each; a trial is nobody's secret to who sees the campus."""
    whole = signed().everywhere(Right.SEE_ALARMS)
    return [one for one in found if (one.keys or whole) and all(here.may(*key) for key in one.keys)]


def _row(one: Message) -> Row:
    keys = [(key.rule, str(key.source)) for key in one.keys]
    joined = Text(f"见第 {one.receipt} 条", f"see message {one.receipt}")
    return {
        "number": one.number, "state_word": str(STATES[one.state]), "mark": MARKS[one.state], "at": moment(one.made_ms),
        "person": one.person, "way": str(CHANNELS[one.channel]), "subject": one.subject or one.why.value, "keys": keys,
        "receipt": str(joined) if one.state is State.JOINED else one.receipt, "tries": one.tries,
        "instead_of": one.instead_of,
    }  # fmt: skip


def _swap(sources: Sources) -> Reply:
    """A swap of one day, put at the end of the file that is in force."""
    day, instead_of, by = (request.form.get(name, "").strip() for name in ("day", "instead_of", "by"))
    rows = (("day", day), ("instead_of", instead_of), ("by", by))
    more = "[[swap]]\n" + "".join(f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in rows)
    said = Text(f"换班 {day}：{instead_of} → {by}", f"swap {day}: {instead_of} → {by}")
    number = texts.append(sources, EDITED, more, str(said))
    tell(f"notify:{number}", said)
    return redirect(url_for("notify", pushed=number))


def _test(sources: Sources) -> Reply:
    name, channel = request.form.get("name", ""), request.form.get("channel", "")
    if channel not in set(Channel):
        abort(400)
    way = way_to(name) or Channel(channel)
    with sources.watch() as store:
        who = be_known(store)
        with store.db.writing():
            number = put_test(store.db, name, way, who, sources.settings.name, now_ms())
    tell(f"message:{number}", Text(f"试发给 {name}", f"a trial to {name}"))
    return redirect(url_for("notify", queued=number))


def _person(sources: Sources) -> Reply:
    """Somebody's phone and mail, which stay as they were where nothing is said, and language. That he hears of money
    takes the right to give rights."""
    name, wanted, language = (request.form.get(key, "").strip() for key in ("name", "role", "language"))
    phone, mail = (request.form.get(key, "").strip() for key in ("phone", "mail"))
    with sources.watch() as store, store.db.writing():
        known = persons.ensured(store.db, name)
        may_set_role = wanted in set(Role) and signed().may(Right.SET_PEOPLE)
        fresh = known._replace(
            phone=phone or known.phone, mail=mail or known.mail,
            language=Language.EN if language == "en" else Language.ZH,
            role=Role(wanted) if may_set_role else known.role,
        )  # fmt: skip
        persons.change(store.db, fresh)
    tell(f"person:{name}", Text(f"登记 {name} 的联系方式", f"how {name} is reached"))
    return redirect(url_for("notify"))


def _person_leaves(sources: Sources) -> Reply:
    name = request.form.get("name", "").strip()
    with sources.watch() as store, store.db.writing():
        persons.leave(store.db, name)
    tell(f"person:{name}", Text(f"{name} 不再值班", f"{name} is told of nothing any more"))
    return redirect(url_for("notify"))


EDITED = Edited(
    "notify", Right.SET_DUTY, POLICIES, Text("通知与值班", "who is told"),
    lambda sources: checks.check_policy(sources.settings.data / FOLDER), EXAMPLE,
)  # fmt: skip
PAGES = (
    Page("notify", "/notify", Right.SEE_ALARMS, _notify, Menu.ALARMS),
    Page("messages", "/notify/messages", Right.SEE_ALARMS, _messages),
    Page("swap_duty", "/notify/swap", Right.SET_DUTY, _swap, writes=True),
    Page("test_way", "/notify/test", Right.SET_DUTY, _test, writes=True),
    Page("set_person", "/notify/person", Right.SET_DUTY, _person, writes=True),
    Page("person_leaves", "/notify/person/gone", Right.SET_DUTY, _person_leaves, writes=True),
    *texts.pages(EDITED),
)
