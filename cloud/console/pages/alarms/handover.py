"""Hand-over 交接班: what happened since the last one, what stands, notes; signed by who leaves, taken by who comes."""

from collections import Counter
from typing import NamedTuple

from flask import abort, redirect, render_template, request, url_for

from cloud.console.access.rights import Right
from cloud.console.frame.page import Menu, Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.frame.told import tell
from cloud.console.pages.alarms.acts import be_known
from cloud.console.pages.alarms.alarms import key_of_path
from cloud.console.pages.alarms.reading import Look, look, moment, now_ms, signed
from cloud.console.pages.alarms.rows import Row, rows
from cloud.console.pages.alarms.shifts import LISTED_MAX, TEXT_MAX, Left, Note, Shifts
from cloud.process.settings import FOLDER
from cloud.watch.alarms.figures import Past
from cloud.watch.alarms.states import Deed
from cloud.watch.alarms.terms import GRADES
from cloud.watch.kept import past, planned
from cloud.watch.words import DEEDS
from shared.words.voice import Text

DAY_MS = 86_400_000
LOOKED_MS = 3 * DAY_MS
"""Where nothing was handed over for longer, what happened is told of so long."""
SHOWN = 50
"""Alarms of one state that are named, the first of the list; the list has them all."""
COUNTED = (Deed.RAISED, Deed.RETURNED, Deed.ACKNOWLEDGED, Deed.TAKEN, Deed.SHELVED, Deed.STOPPED)


class Standing(NamedTuple):
    """An alarm that stood when somebody left. href '': it was never his to see."""

    title: str
    about: str
    href: str


def _handover(sources: Sources) -> Reply:
    if not signed().everywhere(Right.SEE_ALARMS):
        abort(403)
    shifts = _shifts(sources)
    every = shifts.listed()
    waits = every[0] if every and not every[0].taken_ms else None
    at_ms = now_ms()
    since_ms = (waits.from_ms if waits else every[0].at_ms if every else 0) or at_ms - DAY_MS
    with sources.watch() as store, store.db.reading():
        here = look(sources, store)
        happened = _happened(here, list(past.past(store.db, max(since_ms, at_ms - LOOKED_MS))))
        works = [one for one in planned.works(store.db, LISTED_MAX) if one.end_ms >= since_ms]
    found = rows(here)
    return render_template(
        "alarms/handover.html", since=moment(since_ms), waits=waits, every=every, moment=moment, happened=happened,
        standing=_by_state(found), works=[(one, here.calls(one.source)) for one in works if here.may_hear(one.source)],
        notes=shifts.notes(since_ms), stood=_stood(here, waits) if waits else [], unknown=here.why_unknown(),
        as_of=moment(here.standing.as_of_ms), may_sign=_may_sign(), text_max=TEXT_MAX, name=signed().name,
        shown=SHOWN, is_cut=since_ms < at_ms - LOOKED_MS,
    )  # fmt: skip


def _happened(here: Look, found: list[Past]) -> list[tuple[str, int, str]]:
    """What, how often, and of what was raised by which grade; of what he may see."""
    seen = [one for one in found if here.may(*one.key)]
    deeds = Counter(one.deed for one in seen)
    grades = Counter(one.grade for one in seen if one.deed is Deed.RAISED)
    mix = "  ".join(f"{GRADES[grade]} {grades[grade]}" for grade in GRADES if grades[grade])
    return [(str(DEEDS[deed]), deeds[deed], mix if deed is Deed.RAISED else "") for deed in COUNTED]


def _by_state(found: list[Row]) -> list[tuple[str, list[Row]]]:
    """What stands, as the list has it: what wants somebody first."""
    states = dict.fromkeys((row["state_key"], row["state"]) for row in found if not row["is_beneath"])
    return [
        (word, [row for row in found if row["state_key"] == state and not row["is_beneath"]]) for state, word in states
    ]


def _stood(here: Look, left: Left) -> list[Standing]:
    """What stood when it was signed, whatever became of it since."""
    found = []
    for name, source in left.stands:
        key = key_of_path(name, source)
        if here.may(name, key.source):
            rule = here.standing.rules.get(name)
            title = str(rule.advice.title) if rule else name
            found.append(Standing(title, here.calls(key.source), url_for("alarm", rule=name, source=source)))
    return found


def _add_note(sources: Sources) -> Reply:
    _require_whole()
    _shifts(sources).add_note(Note(now_ms(), signed().name, request.form.get("text", "")))
    tell("handover", Text("写交班备注", "writes a note for the next shift"))
    return redirect(url_for("handover"))


def _leave(sources: Sources) -> Reply:
    """With all that stands: who takes over sees of it what he may. ShiftRefused: nothing has changed."""
    _require_whole()
    with sources.watch() as store:
        be_known(store)
        with store.db.reading():
            stands = [(one.key.rule, str(one.key.source)) for one in store.listed()]
    number = _shifts(sources).leave(now_ms(), signed().name, request.form.get("note", ""), stands)
    tell(f"handover:{number}", Text(f"交班第 {number} 次", f"hands over, number {number}"))
    return redirect(url_for("handover"))


def _take(sources: Sources) -> Reply:
    """ShiftRefused: nothing has changed."""
    _require_whole()
    text = request.form.get("number", "")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    with sources.watch() as store:
        be_known(store)
    _shifts(sources).take(number, now_ms(), signed().name, request.form.get("note", ""))
    tell(f"handover:{number}", Text(f"接班第 {number} 次", f"takes over, number {number}"))
    return redirect(url_for("handover"))


def _may_sign() -> bool:
    """Who answers for the whole campus; and not who only looks as somebody."""
    return signed().everywhere(Right.ANSWER) and signed().seen_as is None


def _require_whole() -> None:
    if not signed().everywhere(Right.ANSWER):
        abort(403)


def _shifts(sources: Sources) -> Shifts:
    return Shifts(sources.settings.data / FOLDER)


PAGES = (
    Page("handover", "/handover", Right.SEE_ALARMS, _handover, Menu.ALARMS, whole=True),
    Page("shift_note", "/handover/note", Right.ANSWER, _add_note, writes=True),
    Page("leave_shift", "/handover/leave", Right.ANSWER, _leave, writes=True),
    Page("take_shift", "/handover/take", Right.ANSWER, _take, writes=True),
)
