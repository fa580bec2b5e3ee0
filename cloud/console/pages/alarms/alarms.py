"""The alarm list 报警中心 and one alarm: what it is, what it follows from, what to do, and all that happened to it."""

from typing import Any, NamedTuple

from flask import abort, g, redirect, render_template, request, url_for

from cloud.console.access.rights import Right
from cloud.console.frame.export import csv_answer
from cloud.console.frame.page import Menu, Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.frame.table import Asked, asked, fitting, listed, ordered
from cloud.console.pages.alarms import around
from cloud.console.pages.alarms.reading import Look, look, moment, signed
from cloud.console.pages.alarms.rows import COLUMNS, EXPORT, FILTERS, ORDER, Row, alike, chosen, named, rows
from cloud.console.words.catalogue import words
from cloud.watch.alarms.flood import CAMPUS
from cloud.watch.alarms.rule import SignalRule
from cloud.watch.alarms.states import STATES, Deed
from cloud.watch.alarms.terms import FAMILIES, GRADES, Kind, Source, source_of
from cloud.watch.alarms.watching import Key, cause_text
from cloud.watch.kept import past
from cloud.watch.notify import persons
from cloud.watch.people.standing import key_of
from cloud.watch.store import Event
from cloud.watch.words import DEEDS, behind_line, flood_line
from shared.words.voice import Text

EVENTS_SHOWN = 100


class Happened(NamedTuple):
    """Something that happened to an alarm, in words."""

    at: str
    deed: str
    who: str
    note: str


def _alarms(sources: Sources) -> Reply:
    wanted = asked(request.args, FILTERS)
    with sources.watch() as store, store.db.reading():
        here = look(sources, store)
        last_ms = past.last_raised_ms(store.db)
    found = rows(here)
    shown = chosen(found, dict(wanted.kept))
    many = alike(shown) if _is_flooded(here) and not wanted.kept else []
    told_together = {row["rule"] for row in many}
    kept = [row for row in shown if not (row["calls"] and row["rule"] in told_together)]
    return render_template(
        "alarms/alarms.html", list=listed(kept, COLUMNS, wanted), here=here, as_of=moment(here.standing.as_of_ms),
        alike=many, floods=_floods(here), unknown=here.why_unknown(), last=moment(last_ms), counts=_counts(found),
        kept=dict(wanted.kept), choices=_choices(here), behind=_behind(here), every=len(found),
        done=_number("done"), left=_number("left"), fit=_fit(here, found, wanted),
    )  # fmt: skip


def _fit(here: Look, found: list[Row], wanted: Asked) -> int:
    """How many fit, of all pages, that he may answer."""
    rows = fitting(chosen(found, dict(wanted.kept)), COLUMNS, wanted.find)
    return sum(here.may(row["rule"], source_of(row["source"]), Right.ANSWER) for row in rows)


def _alarms_csv(sources: Sources) -> Reply:
    wanted = asked(request.args, FILTERS)
    said = words(g.language)
    with sources.watch() as store, store.db.reading():
        here = look(sources, store)
    found = chosen(rows(here), dict(wanted.kept)) if wanted.kept else rows(here)
    return csv_answer("alarms", [said[column.name] for column in EXPORT], EXPORT, _fitting(found, wanted))


def _fitting(found: list[Row], wanted: Asked) -> list[Row]:
    return list(ordered(fitting(found, COLUMNS, wanted.find), COLUMNS, wanted))


def _alarm(sources: Sources, rule: str, source: str) -> Reply:
    key = key_of_path(rule, source)
    with sources.watch() as store:
        with store.db.reading():
            here = look(sources, store)
            known = {one.name for one in persons.persons(store.db) if not one.is_gone} | {signed().name}
        events = store.events_of(key)
        if not here.may(rule, key.source):
            abort(403)
        row = next((one for one in rows(here) if one["key"] == cause_text(key)), None)
        if row is None and not events:
            abort(404)
        made = here.standing.rules.get(rule)
        came_ms, over_ms = _came(here, key, events)
        with store.db.reading():
            chart = around.drawn(store, made, key.source, (came_ms, over_ms), here.at_ms)
            others = around.elsewhere(store.db, here, key)
            there = around.beside(sources, store, here, key, came_ms)
    before = around.episodes(events)
    return render_template(
        "alarms/alarm.html", row=row, rule=rule, source=str(key.source), about=here.calls(key.source),
        title=str(made.advice.title) if made else rule, advice=made.advice if made else None,
        cause=made.advice.cause_of(here.calls(key.source)) if made else None, chart=chart,
        links=_links(here, key.source, events),
        has_value=isinstance(made, SignalRule), before=before[1:][: around.BEFORE_MAX], others=others, beside=there,
        times=around.times(events, here.at_ms), moment=moment,
        history=[_happened(one) for one in events[: -EVENTS_SHOWN - 1 : -1]], persons=sorted(known),
        may_answer=here.may(rule, key.source, Right.ANSWER), unknown=here.why_unknown(),
        as_of=moment(here.standing.as_of_ms), above=_above(here, row),
    )  # fmt: skip


def _came(here: Look, key: Key, events: list[Event]) -> tuple[int, int]:
    """When it came last, and when it was over; 0: it is not."""
    one = next((one for one in here.seen if key_of(one) == key), None)
    if one is not None:
        return one.alarm.since_ms, one.alarm.returned_ms
    came = next((at for at in range(len(events) - 1, -1, -1) if events[at].deed is Deed.RAISED), 0)
    over = next((one.at_ms for one in events[came:] if one.deed is Deed.RETURNED), events[-1].at_ms)
    return events[came].at_ms, over


def _link(sources: Sources, number: int) -> Reply:
    """A message's short link, by the number of what happened to the alarm. What he may not see is not there."""
    with sources.watch() as store, store.db.reading():
        key = past.key_of_event(store.db, number)
        here = look(sources, store)
    if key is None or not here.may(key.rule, key.source):
        abort(404)
    return redirect(url_for("alarm", rule=key.rule, source=str(key.source)))


def key_of_path(rule: str, source: str) -> Key:
    """404 for what is no source."""
    try:
        return Key(rule, source_of(source))
    except ValueError:
        abort(404)


def _above(here: Look, row: Row | None) -> Row | None:
    """What explains it, where he may see that."""
    cause = row["suppressed_by"] if row else ""
    return next((one for one in rows(here) if one["key"] == cause), None) if cause else None


def _happened(one: Event) -> Happened:
    return Happened(moment(one.at_ms), str(DEEDS[one.deed]), one.who, one.note)


def _links(here: Look, source: Source, events: list[Event]) -> list[tuple[str, str]]:
    """Name and address of what it is about, and of what somebody has linked it to; an address may be empty."""
    found = []
    terminals = here.fleet.terminals if here.fleet else ()
    if source.kind is Kind.TERMINAL:
        found += [
            (one.name, url_for("device", device=source.name)) for one in terminals if one.device.hex() == source.name
        ]
    elif source.kind in (Kind.BOX, Kind.BUS):
        found.append((here.calls(source), url_for("devices", box=source.name.partition("/")[0])))
    return [*found, *around.linked(events)]


def _floods(here: Look) -> list[str]:
    """Of the campus, and of boxes that he sees."""
    found = []
    for scope, since_ms in here.standing.flooded.items():
        kind, _, name = scope.partition(":")
        if kind == CAMPUS or (kind == Kind.BOX and here.may_see(name)):
            found.append(str(flood_line(scope, since_ms, here.calls)))
    return found


def _is_flooded(here: Look) -> bool:
    return CAMPUS in here.standing.flooded


def _behind(here: Look) -> Text | None:
    return behind_line(here.standing.behind) if here.standing.behind else None


def _counts(found: list[Row]) -> list[tuple[str, str, int]]:
    """Of each state how many, as filters."""
    counts = [(state, sum(row["state_key"] == state.value for row in found)) for state in ORDER]
    return [(state.value, str(STATES[state]), count) for state, count in counts if count]


def _choices(here: Look) -> dict[str, list[tuple[str, str]]]:
    boxes = here.fleet.boxes if here.fleet else ()
    mine = [(one.box, one.name) for one in boxes if here.may_see(one.box)]
    return {"family": named(FAMILIES), "grade": named(GRADES), "place": mine}


def _number(name: str) -> int:
    """Of the address, from an act of before; -1: none."""
    text: Any = request.args.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else -1


PAGES = (
    Page("alarms", "/alarms", Right.SEE_ALARMS, _alarms, Menu.ALARMS),
    Page("alarms_csv", "/alarms.csv", Right.SEE_ALARMS, _alarms_csv),
    Page("alarm_link", "/a/<int:number>", Right.SEE_ALARMS, _link),
    Page("alarm", "/alarms/<rule>/<path:source>", Right.SEE_ALARMS, _alarm),
)
