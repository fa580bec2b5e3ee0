"""The wall 大屏: five numbers, boxes and alarms of one view, for a screen that nobody signs in at.

No name of a person and no card is on it. What it shows comes from the one snapshot of all viewers; how old that is goes
with it, so that the screen itself says when data are cut off. A new version of the software is taken up by itself.
"""

import time
from collections import Counter
from typing import Any, NamedTuple

from flask import abort, current_app, g, jsonify, redirect, render_template, request, url_for
from werkzeug.exceptions import HTTPException

from cloud.console.access.rights import Right, Signed
from cloud.console.frame.money import sum_text
from cloud.console.frame.page import Menu, Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.frame.told import tell
from cloud.console.pages.places.plans import drawing_answer, number_of
from cloud.console.pages.sign_in import YEAR_S, now
from cloud.console.pages.system.about import version
from cloud.console.pages.system.once import once
from cloud.console.pages.system.screens import Screens
from cloud.console.pages.system.services import goals_of, since
from cloud.console.pages.system.slides import plans_on, shown
from cloud.process.settings import FOLDER
from cloud.watch.alarms.rule import Rule
from cloud.watch.alarms.rule_file import read_rules
from cloud.watch.alarms.rules import RULES
from cloud.watch.alarms.states import State
from cloud.watch.alarms.terms import GRADES, Kind, Source
from cloud.watch.pushes import RULESETS
from cloud.watch.services.goals import Outcome
from cloud.watch.services.spells import STALE_MS
from cloud.watch.services.tree import SERVICES
from cloud.watch.store import Listed
from cloud.watch.turn import BEAT
from shared.clocks.campus_clock import WALL
from shared.clocks.clock import time_text
from shared.errors import YktError
from shared.facts.told import Level
from shared.words.voice import Text

COOKIE = "ykt_wall"
FILE = "console.db"
CAMPUS, DEVICES, BOX = "campus", "devices", "box:"
"""Views: with the day's takings, without money, and one box without money."""
ALARMS_SHOWN = 5
ALARMS_KEPT_S = 2.0
GOALS_SHOWN = 3
AVAILABLE = "available"
CUT_MS = 15_000
_LEVELS = {Level.URGENT: "bad", Level.IMPORTANT: "bad", Level.GENERAL: "warn", Level.NOTICE: "off"}
_NAMES = "ykt_screens"


class Unwatched(YktError):
    """Happens when the watch has not looked lately: what stands in its file says nothing about now."""


class Strip(NamedTuple):
    """An alarm on the wall. about: a device or a service, never a person or a card."""

    mark: str
    grade: Text
    title: Text
    about: Text | str
    since: Text


class Number(NamedTuple):
    """One of the five. label: a key of the words. value None: not known. mark: '' for none."""

    label: str
    value: str | None
    mark: str = ""
    more: str = ""


def screens(sources: Sources) -> Screens:
    """Of this console."""
    found: Screens | None = current_app.extensions.get(_NAMES)
    if found is None:
        found = current_app.extensions[_NAMES] = Screens(sources.settings.data / FOLDER / FILE)
    return found


def _drawing(sources: Sources, plan: str, number: str) -> Reply:
    """Of a plan that has its turn in this view, for whoever has the wall alone."""
    view = _view(sources)
    boxes, _ = _of_view(sources.live.snapshot(), view)
    names = {box["box"] for box in boxes}
    plans = plans_on(sources, names, is_campus=not view.startswith(BOX))
    if number_of(plan) not in {one.id for one in plans}:
        abort(404)
    return drawing_answer(sources, number_of(plan), number_of(number))


def _wall(sources: Sources) -> Reply:
    try:
        view = _view(sources)
    except HTTPException:
        return render_template("system/wall_card.html", card="closed"), 401
    return render_template("system/wall.html", view=view, version=version(), **_shown(sources, view))


def _live(sources: Sources) -> Reply:
    view = _view(sources)
    shown = _shown(sources, view)
    html = render_template("system/wall_live.html", view=view, **shown)
    return jsonify({"version": version(), "age_ms": shown["age_ms"], "at_ms": shown["now_ms"], "html": html})


def _view(sources: Sources) -> str:
    """What is shown here: the screen's view, or what somebody who has signed in asks for and may see. 401 otherwise."""
    screen = screens(sources).by_token(request.cookies.get(COOKIE, ""), now())
    if screen is not None:
        return screen.view
    signed: Signed | None = g.signed
    asked = request.args.get("view", CAMPUS)
    if signed is None or not signed.may(Right.SEE_CAMPUS):
        abort(401)
    if asked.startswith(BOX):
        return asked if signed.sees(Right.SEE_CAMPUS, box=asked.removeprefix(BOX)) else abort(401)
    if not signed.everywhere(Right.SEE_CAMPUS):
        abort(401)
    return CAMPUS if asked == CAMPUS and signed.everywhere(Right.SEE_TAKINGS) else DEVICES


def _shown(sources: Sources, view: str) -> dict[str, Any]:
    snapshot, now_ms = sources.live.snapshot(), int(time.time() * 1000)
    boxes, terminals = _of_view(snapshot, view)
    alarms = _alarms(
        sources, view, {one["device"]: one for one in terminals}, {one["box"]: one["name"] for one in boxes}
    )
    return {
        "campus": snapshot.get("campus", ""), "demo": snapshot.get("demo"), "now_ms": now_ms,
        "age_ms": max(0, now_ms - snapshot.get("at_ms", 0)), "cut_ms": CUT_MS,
        "clock": time_text(WALL.at(now_ms / 1000)),
        "numbers": _numbers(snapshot, view, boxes, terminals, alarms), "alarms": alarms and alarms[:ALARMS_SHOWN],
        "more": max(0, len(alarms) - ALARMS_SHOWN) if alarms is not None else 0,
        "all_heard": bool(boxes) and all(one["state"] == "ok" for one in boxes),
        "turn": shown(sources, boxes, terminals, not view.startswith(BOX), now_ms, _asked_slide()),
        "goals": _goals(sources, view),
        "boxes": [(box, Counter(one["mark"] for one in terminals if one["box"] == box["box"])) for box in boxes],
    }  # fmt: skip


def _asked_slide() -> int | None:
    text = request.args.get("slide", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else None


def _goals(sources: Sources, view: str) -> list[Outcome] | None:
    """Of this month, from where `cloud slo` has it: the campus's and the box that was heard least, or those of the
    view's box. None: not known."""
    measured = goals_of(sources).measured
    if measured is None:
        return None
    wanted = view.removeprefix(BOX) if view.startswith(BOX) else ""
    found = [one for one in measured.outcomes if one.about == wanted]
    boxes = [one for one in measured.outcomes if one.name == AVAILABLE and one.about and not wanted]
    worst = sorted(boxes, key=lambda one: (one.share is not None, one.share or 0.0))[:1]
    return [*found, *worst][:GOALS_SHOWN]


def _of_view(snapshot: dict[str, Any], view: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    boxes, terminals = snapshot.get("boxes", []), snapshot.get("terminals", [])
    if not view.startswith(BOX):
        return boxes, terminals
    name = view.removeprefix(BOX)
    return [one for one in boxes if one["box"] == name], [one for one in terminals if one["box"] == name]


def _numbers(
    snapshot: dict[str, Any], view: str, boxes: list[dict[str, Any]], terminals: list[dict[str, Any]],
    alarms: list[Strip] | None,
) -> list[Number]:  # fmt: skip
    marks = Counter(one["mark"] for one in terminals)
    good, bad = marks["ok"] + marks["warn"], marks["bad"]
    mark = "bad" if bad else "off" if marks["off"] else "ok"
    on_line = Number("wall_terminals", f"{good} / {len(terminals)}" if terminals else None, mark)
    figures = snapshot.get("figures")
    if view == CAMPUS and figures:
        ledger, waits, today = snapshot["ledger"], figures["unposted"], snapshot.get("today")
        at_least = bool(figures["boxes_unknown"])
        return [
            Number("taps_rate", f"{figures['rate']:.1f}"),
            Number("wall_takings", sum_text(today["fen"]) if today else None),
            Number(
                "unposted", f"{'≥ ' if at_least else ''}{waits}", "warn" if at_least or figures["oldest_s"] > 60 else ""
            ),
            on_line,
            Number("ledger_check", "", ledger["mark"], ledger["said"]),
        ]
    heard = sum(one["state"] == "ok" for one in boxes)
    waiting = [one["unsettled"] for one in boxes]
    return [
        on_line,
        Number("wall_silent", str(bad) if terminals else None, "bad" if bad else ""),
        Number("boxes", f"{heard} / {len(boxes)}" if boxes else None, "ok" if heard == len(boxes) else "bad"),
        Number("unposted", str(sum(waiting)) if waiting and None not in waiting else None),
        Number("wall_alarms", None if alarms is None else str(len(alarms)), "bad" if alarms else ""),
    ]


def _alarms(
    sources: Sources, view: str, terminals: dict[str, dict[str, Any]], boxes: dict[str, str]
) -> list[Strip] | None:
    """Those that stand and of which nobody has taken note, the gravest and oldest first. None: not known."""
    try:
        listed, rules = once().ask("wall-alarms", ALARMS_KEPT_S, lambda: _read(sources))
    except YktError:
        return None
    found = [one for one in listed if _is_of(one.key.source, view, terminals)]
    ranks = list(GRADES)
    found.sort(key=lambda one: (ranks.index(one.alarm.grade), one.alarm.since_ms))
    return [_strip(one, rules, terminals, boxes) for one in found]


def _read(sources: Sources) -> tuple[list[Listed], dict[str, Rule]]:
    with sources.watch() as watch, watch.db.reading():
        if int(time.time() * 1000) - watch.mark(BEAT) > STALE_MS:
            raise Unwatched(Text("值守没有在看", "the watch does not look"))
        text = RULESETS.in_force(watch.db)
        rules = read_rules(text, RULES).over(RULES) if text else RULES
        listed = [one for one in watch.listed() if one.alarm.state is State.UNACKNOWLEDGED]
    return listed, {rule.name: rule for rule in rules}


def _is_of(source: Source, view: str, terminals: dict[str, dict[str, Any]]) -> bool:
    if not view.startswith(BOX):
        return True
    box = view.removeprefix(BOX)
    if source.kind in (Kind.BOX, Kind.BUS):
        return source.name.split("/")[0] == box
    return source.kind is Kind.TERMINAL and source.name in terminals


def _strip(one: Listed, rules: dict[str, Rule], terminals: dict[str, dict[str, Any]], boxes: dict[str, str]) -> Strip:
    rule = rules.get(one.key.rule)
    title = rule.advice.title if rule else Text(one.key.rule, one.key.rule)
    grade = one.alarm.grade
    about = _about(one.key.source, terminals, boxes)
    return Strip(_LEVELS[grade], GRADES[grade], title, about, since(one.alarm.since_ms))


def _about(source: Source, terminals: dict[str, dict[str, Any]], boxes: dict[str, str]) -> Text | str:
    match source.kind:
        case Kind.BOX | Kind.BUS:
            box, _, link = source.name.partition("/")
            return f"{boxes.get(box, box)} {link}".strip()
        case Kind.TERMINAL if source.name in terminals:
            return f"{terminals[source.name]['place']} {terminals[source.name]['name']}"
        case Kind.SERVICE if source.name in SERVICES:
            return SERVICES[source.name]
    return ""


def _walls(sources: Sources) -> Reply:
    boxes = [(f"{BOX}{box.box}", f"{box.name} · {box.box}") for box in sources.reader.boxes()]
    return render_template("system/walls.html", screens=screens(sources).listed(), boxes=boxes, called=dict(boxes),
                           now=now(), stamp=lambda at: time_text(WALL.at(at)))  # fmt: skip


def _add(sources: Sources) -> Reply:
    name, view = request.form.get("name", "").strip(), request.form.get("view", "")
    known = {CAMPUS, DEVICES} | {f"{BOX}{box.box}" for box in sources.reader.boxes()}
    if view not in known:
        abort(400)
    secret = screens(sources).make(name, view, g.signed.name, now())
    tell(f"wall:{name}", Text(f"新建大屏（{view}）", f"made a wall screen ({view})"))
    return _link_shown(name, secret)


def _link_again(sources: Sources) -> Reply:
    number = _number()
    secret = screens(sources).link_again(number, now())
    name = next(one.name for one in screens(sources).listed() if one.number == number)
    tell(f"wall:{name}", Text("换新的大屏链接", "made a new link of a wall screen"))
    return _link_shown(name, secret)


def _drop(sources: Sources) -> Reply:
    name = screens(sources).take_away(_number())
    tell(f"wall:{name}", Text("收回大屏", "took a wall screen away"))
    return redirect(url_for("walls"))


def _number() -> int:
    text = request.form.get("number", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else abort(400)


def _link_shown(name: str, secret: str) -> Reply:
    link = f"{request.host_url.rstrip('/')}{url_for('wall_link', token=secret)}"
    return render_template("system/wall_card.html", card="made", name=name, link=link)


def _link(sources: Sources, token: str) -> Reply:
    """Nothing is burnt by looking: whoever previews links does that too."""
    screen = screens(sources).by_link(token, now())
    if screen is None:
        return render_template("system/wall_card.html", card="closed"), 410
    return render_template("system/wall_card.html", card="link", name=screen.name)


def _take(sources: Sources, token: str) -> Reply:
    kept = screens(sources).open(token, now())
    if kept is None:
        return render_template("system/wall_card.html", card="closed"), 410
    tell("wall", Text("一块大屏用链接打开", "a wall screen was opened by its link"))
    answer = redirect(url_for("wall"))
    answer.set_cookie(
        COOKIE, kept, max_age=YEAR_S, path=url_for("wall"), httponly=True, secure=sources.secure, samesite="Lax"
    )
    return answer


PAGES = (
    Page("wall", "/wall", Right.OPEN, _wall),
    Page("wall_live", "/wall/live", Right.OPEN, _live),
    Page("wall_drawing", "/wall/drawing/<plan>/<number>", Right.OPEN, _drawing),
    Page("wall_link", "/wall/<token>", Right.OPEN, _link),
    Page("wall_take", "/wall/<token>", Right.OPEN, _take, writes=True),
    Page("walls", "/wall/tokens", Right.SET_PEOPLE, _walls, Menu.SYSTEM),
    Page("wall_add", "/wall/tokens", Right.SET_PEOPLE, _add, writes=True),
    Page("wall_again", "/wall/tokens/link", Right.SET_PEOPLE, _link_again, writes=True),
    Page("wall_drop", "/wall/tokens/drop", Right.SET_PEOPLE, _drop, writes=True),
)
