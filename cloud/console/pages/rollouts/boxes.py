"""Releases of boxes 网关发行: what each box runs, tries and ran before, what it should run; waves, stop, way back.

What a box runs is what it has said itself, and when; who never said it, or not lately, is not known. An archive comes
by command alone, for it is proven byte by byte as it is taken.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from flask import abort, g, redirect, render_template, request, url_for

from cloud.console.access.rights import Right
from cloud.console.frame.export import csv_answer
from cloud.console.frame.page import Menu, Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.frame.table import Column, asked, fitting, listed, ordered
from cloud.console.frame.told import tell
from cloud.console.pages.devices.commands import campus_now
from cloud.console.pages.devices.deeds import DeedRefused
from cloud.console.pages.rollouts.rolling import (
    Acts,
    asked_of_form,
    how_to_ask,
    line_of,
    mark_of,
    moments,
    reason_of_form,
    require_all,
    require_count,
    shown_of,
    spoken,
    states_of,
)
from cloud.console.words.catalogue import words
from cloud.fleet.box_rolling import (
    BoxRollouts,
    boxes_in_turn,
    boxes_to_take_back,
    boxes_to_try_again,
    release_named,
    rollout_numbered,
)
from cloud.ledger.fleet.boxes.door import FRESH_MS, BoxesView, BoxLedger, BoxRolloutView
from cloud.ledger.fleet.boxes.rows import BoxRelease, BoxRow, Running
from cloud.ledger.fleet.views import BoxView
from cloud.ledger.records.values import Now
from cloud.words.fleet.box_releases import STATES, health_text, runs_text, standing_text
from shared.clocks.clock import time_text
from shared.errors import WireFault
from shared.fleet.box_release import MACHINES, target_of
from shared.wire.messages import ReleaseStage
from shared.words.voice import Text

ACTS = Acts(
    "box_releases", "box_rollout", "box_rollout_csv", "stop_box_rollout", "resume_box_rollout", "box_roll_back",
    "retry_box_rollout",
)  # fmt: skip
STALE_MS = 2 * FRESH_MS
"""A box says what it runs again and again, and that is kept at least every FRESH_MS: older is not known."""
_MARKS = {
    ReleaseStage.COMING: "warn", ReleaseStage.WAITING: "warn", ReleaseStage.TRIED: "warn",
    ReleaseStage.RETURNED: "bad", ReleaseStage.REFUSED: "bad",
}  # fmt: skip
_STALE = Text("久未上报，现状未知", "not heard for long: unknown by now")
_NEVER = Text("未知：从未报过所运行的发行", "unknown: it has never said what it runs")
_UNTOLD = Text("安装包所带，或未报", "as installed, or not told")
_STOPPED, _GOES_ON = Text("停止", "stopped"), Text("继续", "goes on")
_BACK, _AGAIN = Text("退回", "takes back roll-out"), Text("重试", "tries again roll-out")
Row = dict[str, Any]
COLUMNS: tuple[Column[Row], ...] = (
    Column("box", lambda one: one["box"]),
    Column("title_of", lambda one: one["place"]),
    Column("box_runs", lambda one: one["runs"]),
    Column("box_health", lambda one: one["health"]),
    Column("box_before", lambda one: one["before"]),
    Column("box_wanted", lambda one: one["wanted"]),
    Column("box_said", lambda one: one["said_at"]),
)
ANSWERS: tuple[Column[Row], ...] = (
    Column("wave", lambda one: one["row"].wave, numeric=True),
    Column("box", lambda one: one["name"]),
    Column("title_of", lambda one: one["place"]),
    Column("box_runs", lambda one: one["runs"]),
    Column("answered", lambda one: one["said"]),
    Column("at_time", lambda one: one["at"]),
)


def _releases(sources: Sources) -> Reply:
    now = campus_now(sources)
    found = sources.reader.fleet.box_releases(now)
    rows = _rows(sources, found, now)
    signed = _signed(sources, found.releases)
    return render_template(
        "rollouts/boxes.html", list=listed(rows, COLUMNS, asked(request.args)), acts=ACTS,
        releases=[{"one": one, "digest": one.digest.hex(), "is_signed": signed.get(one.text)} for one in
                  sorted(found.releases, key=lambda one: (one.machine, -one.number))],
        rollouts=[_line(one) for one in reversed(found.rollouts)], every=[row["box"] for row in rows],
        as_of=time_text(now.campus_s), moment=moments(sources), **how_to_ask(),
    )  # fmt: skip


def _releases_csv(sources: Sources) -> Reply:
    said, wanted, now = words(g.language), asked(request.args), campus_now(sources)
    rows = fitting(_rows(sources, sources.reader.fleet.box_releases(now), now), COLUMNS, wanted.find)
    heads = [said[column.name] for column in COLUMNS]
    return csv_answer("box-releases", heads, COLUMNS, ordered(rows, COLUMNS, wanted))


def _signed(sources: Sources, releases: Sequence[BoxRelease]) -> Mapping[str, bool]:
    """Do the officers stand for it now? Boxes ask that, too. One that is not in it: nobody can say."""
    from shared.keys import trust  # a console that shows no releases needs none of it

    raw = sources.reader.fleet.officers() if releases else None
    if raw is None:
        return {}
    with suppress(WireFault):
        known = trust.officers_prove(trust.decode_officers(raw), sources.settings.campus, sources.settings.campus_key)
        return {
            one.text: known.get(target_of(one.machine, one.number)) == (one.length, one.digest.hex())
            for one in releases
        }
    return {}


def _rows(sources: Sources, found: BoxesView, now: Now) -> list[Row]:
    """Of the boxes that he sees."""
    newest = {one.box: (view, one) for view in found.rollouts for one in view.there}
    moment = moments(sources)
    return [
        _row(at, found.running.get(at.box), newest.get(at.box), now) | {
            "said_at": moment(found.running[at.box].at_ms) if at.box in found.running else "",
        }
        for at in _boxes(sources)
    ]  # fmt: skip


def _row(at: BoxView, said: Running | None, last: tuple[BoxRolloutView, BoxRow] | None, now: Now) -> Row:
    is_stale = said is None or now.unix_ms - said.at_ms > STALE_MS
    health = _NEVER if said is None else _STALE if is_stale else health_text(said)
    mark = "off" if said is None or is_stale else _MARKS.get(said.stage, "ok")
    return {
        "box": at.box, "place": at.name, "mark": mark, "health": spoken(health),
        "runs": spoken(runs_text(said)) if said else None, "before": _before(said, last), **_wanted(last),
    }  # fmt: skip


def _before(said: Running | None, last: tuple[BoxRolloutView, BoxRow] | None) -> str | None:
    """What it ran before what it runs now, as its newest roll-out saw it; None: nobody knows."""
    if said is None or last is None or last[0].rollout.release != said.number:
        return None
    row = last[1].row
    return str(row.before) if row.before else spoken(_UNTOLD)


def _wanted(last: tuple[BoxRolloutView, BoxRow] | None) -> Row:
    if last is None or last[1].row.state.is_over:
        return {"wanted": "", "in_rollout": 0, "turn": ""}
    view, one = last
    return {
        "wanted": _name(view), "in_rollout": view.rollout.number, "turn": spoken(standing_text(one)),
    }  # fmt: skip


def _name(view: BoxRolloutView) -> str:
    return f"{MACHINES[view.rollout.model]}:{view.rollout.release}"


def _line(one: BoxRolloutView) -> dict[str, Any]:
    return line_of(one, _name(one))


def _rollout(sources: Sources, number: int) -> Reply:
    now, wanted = campus_now(sources), asked(request.args, ("answer",))
    view, there, answers = _found(sources, number, now)
    kept = dict(wanted.kept).get("answer", "")
    chosen = [one for one in answers if not kept or one["row"].state.name.lower() == kept]
    rows = [one.row for one in there]
    failures = Counter(standing_text(one) for one in there if one.row.state.is_failure)
    return render_template(
        "rollouts/rollout.html", list=listed(chosen, ANSWERS, wanted), line=_line(view), acts=ACTS,
        states=states_of(rows, wanted, STATES), failures=failures.most_common(), as_of=time_text(now.campus_s),
        to_take_back=len(boxes_to_take_back(view)), again=len(boxes_to_try_again(view)), moment=moments(sources),
        of_boxes=True, **shown_of(view, rows),
    )  # fmt: skip


def _rollout_csv(sources: Sources, number: int) -> Reply:
    said = words(g.language)
    answers = _found(sources, number, campus_now(sources))[2]
    return csv_answer(f"box-rollout-{number}", [said[column.name] for column in ANSWERS], ANSWERS, answers)


def _found(sources: Sources, number: int, now: Now) -> tuple[BoxRolloutView, list[BoxRow], list[Row]]:
    """Rows of boxes that he sees; 404: there is no such roll-out, or he sees none of it."""
    view = next((one for one in sources.reader.fleet.box_releases(now).rollouts if one.rollout.number == number), None)
    places, moment = {at.box: at.name for at in _boxes(sources)}, moments(sources)
    there = [one for one in view.there if one.box in places] if view else []
    if view is None or not there:
        abort(404)
    answers: list[Row] = [
        {
            "row": one.row, "name": one.box, "place": places[one.box], "said": spoken(standing_text(one)),
            "runs": one.row.running or one.row.before or None, "mark": mark_of(one.row.state),
            "at": moment(one.row.over_ms or one.row.begun_ms or one.row.sent_ms),
            "link": url_for("devices", box=one.box),
        }
        for one in there
    ]  # fmt: skip
    worst_first = sorted(answers, key=lambda one: (not one["row"].state.is_failure, one["row"].wave, one["name"]))
    return view, there, worst_first


def _boxes(sources: Sources) -> list[BoxView]:
    return [one for one in sources.reader.boxes() if g.signed.sees(Right.SEE_CAMPUS, box=one.box)]


# --- acts ------------------------------------------------------------------------------------------------------------


def _roll_out(sources: Sources) -> Reply:
    require_all()
    found, known = sources.reader.fleet.box_releases(campus_now(sources)), [one.box for one in sources.reader.boxes()]
    one = release_named(found, request.form.get("release", ""))
    if request.form.get("whom") == "all":
        boxes = boxes_in_turn(one, known)
    else:
        boxes = [box for box in dict.fromkeys(request.form.getlist("to")) if box in known]
    if not boxes:
        raise DeedRefused(Text("请选择网关", "choose boxes"))
    how = asked_of_form()
    require_count(len(boxes))
    with sources.books() as opened:
        number = BoxRollouts(BoxLedger(opened)).make(one, boxes, how, campus_now(sources))
    return _told(number, Text(f"{one.text} 到 {len(boxes)} 台", f"{one.text} to {len(boxes)}"), how.reason)


def _roll_back(sources: Sources, number: int) -> Reply:
    """Stopped if it was not, and the archive of before goes to whoever uses its release, or may."""
    found, one = _there(sources, number)
    how = asked_of_form()
    require_count(len(boxes_to_take_back(one)))
    with sources.books() as opened:
        made = BoxRollouts(BoxLedger(opened)).take_back(found, number, "", how, campus_now(sources))
    return _told(made, Text(f"{_BACK.zh} {number}", f"{_BACK.en} {number}"), how.reason)


def _retry(sources: Sources, number: int) -> Reply:
    found, one = _there(sources, number)
    how = asked_of_form()
    require_count(len(boxes_to_try_again(one)))
    with sources.books() as opened:
        made = BoxRollouts(BoxLedger(opened)).try_again(found, number, how, campus_now(sources))
    return _told(made, Text(f"{_AGAIN.zh} {number}", f"{_AGAIN.en} {number}"), how.reason)


def _stop(sources: Sources, number: int) -> Reply:
    _there(sources, number)
    reason = reason_of_form()
    with sources.books() as opened:
        BoxLedger(opened).stop(number, g.signed.name, reason, campus_now(sources))
    return _told(number, _STOPPED, reason)


def _resume(sources: Sources, number: int) -> Reply:
    _there(sources, number)
    reason = reason_of_form()
    with sources.books() as opened:
        BoxLedger(opened).resume(number, g.signed.name, reason, campus_now(sources))
    return _told(number, _GOES_ON, reason)


def _there(sources: Sources, number: int) -> tuple[BoxesView, BoxRolloutView]:
    require_all()
    found = sources.reader.fleet.box_releases(campus_now(sources))
    if number not in {one.rollout.number for one in found.rollouts}:
        abort(404)
    return found, rollout_numbered(found, number)


def _told(number: int, what: Text, reason: str) -> Reply:
    said = Text(f"网关升级 {number}，{what.zh}：{reason}", f"boxes' roll-out {number}, {what.en}: {reason}")
    tell(f"box-rollout:{number}", said)
    return redirect(url_for("box_rollout", number=number))


PAGES = (
    Page("box_releases", "/box-releases", Right.SEE_CAMPUS, _releases, Menu.DEVICES),
    Page("box_releases_csv", "/box-releases.csv", Right.SEE_CAMPUS, _releases_csv),
    Page("box_rollout", "/box-releases/<int:number>", Right.SEE_CAMPUS, _rollout),
    Page("box_rollout_csv", "/box-releases/<int:number>.csv", Right.SEE_CAMPUS, _rollout_csv),
    Page("box_roll_out", "/box-releases", Right.COMMAND, _roll_out, writes=True),
    Page("stop_box_rollout", "/box-releases/<int:number>/stop", Right.COMMAND, _stop, writes=True),
    Page("resume_box_rollout", "/box-releases/<int:number>/resume", Right.COMMAND, _resume, writes=True),
    Page("box_roll_back", "/box-releases/<int:number>/back", Right.COMMAND, _roll_back, writes=True),
    Page("retry_box_rollout", "/box-releases/<int:number>/retry", Right.COMMAND, _retry, writes=True),
)
