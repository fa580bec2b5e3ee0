"""Drawing a floor plan: a drawing is taken or replaced, devices are placed in a draft, undone, and published.

A device is placed by mouse, by a number for each side, or by arrows: all are the same form.
"""

import re
import time

from flask import abort, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from cloud.console.access.rights import Right, Signed
from cloud.console.frame.initials import is_like
from cloud.console.frame.page import Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.frame.table import FIND_MAX
from cloud.console.frame.told import tell
from cloud.console.pages.places.drawings import BYTES_MAX, Drawing, DrawingRefused, drawing_of, is_pdf
from cloud.console.pages.places.kept import NAME_MAX, At, Author, Plan, PlanRefused, plans_of
from cloud.console.pages.places.lanes import Row
from cloud.console.pages.places.pdf import page_of, program
from cloud.console.pages.places.plans import high, may_draw, number_of, seen_rows, spots_of
from cloud.console.pages.places.topology import moment
from shared.words.voice import Text

TRAY_MAX = 60
"""Devices of the tray that are listed; for others one says more of the name."""
STEP = 0.01
"""Of a side, for each press of an arrow."""
ARROWS = {"left": (-STEP, 0.0), "right": (STEP, 0.0), "up": (0.0, -STEP), "down": (0.0, STEP)}
MIDDLE = (0.5, 0.5)
_PERCENT = re.compile(r"-?\d{1,3}(\.\d{1,6})?", re.ASCII)


def _edit(sources: Sources, plan: str) -> Reply:
    found = _mine(sources, plan)
    kept, rows = plans_of(sources), _drawn_rows(sources, found)
    draft = kept.spots(found.id, is_draft=True)
    spots = spots_of(found, draft, rows)
    find = request.args.get("find", "").strip()[:FIND_MAX]
    tray = [row for device, row in rows.items() if device not in draft and _fits(find, row)]
    picked = rows.get(request.args.get("pick", ""))
    return render_template(
        "places/placing.html", plan=found, high=high(found), spots=sorted(spots, key=lambda one: one.row["name"]),
        tray=tray[:TRAY_MAX], tray_count=len(tray), find=find, picked=picked, by=request.args.get("by", ""),
        at_of=draft.get(picked["device"]) if picked else None, steps=kept.steps(found.id), moment=moment,
        is_changed=draft != kept.spots(found.id), versions=kept.versions(found.id), has_pdf=program() is not None,
    )  # fmt: skip


def _fits(find: str, row: Row) -> bool:
    return not find or is_like(find, row["name"], row["place"], row["merchant"])


def _new_plan(sources: Sources) -> Reply:
    signed: Signed = g.signed
    name, box = request.form.get("name", "").strip(), request.form.get("box", "")
    if not 1 <= len(name) <= NAME_MAX:
        raise PlanRefused(Text(f"名称须为 1 到 {NAME_MAX} 个字", f"a name has 1 to {NAME_MAX} letters"))
    if box and box not in {one.box for one in sources.reader.boxes()}:
        raise PlanRefused(Text(f"没有这台网关：{box}", f"there is no such box: {box}"))
    if not signed.sees(Right.DRAW, box=box):
        abort(403)
    made = plans_of(sources).make(name, box, *_sent(), _author())
    tell(f"plan:{made}", Text(f"新建平面图 {name}", f"makes floor plan {name}"))
    return redirect(url_for("plan_edit", plan=made))


def _new_drawing(sources: Sources, plan: str) -> Reply:
    found = _mine(sources, plan)
    number = plans_of(sources).replace(found.id, *_sent(), _author())
    tell(f"plan:{found.id}", Text(f"{found.name} 换图纸，第 {number} 版", f"{found.name}: drawing {number}"))
    return redirect(url_for("plan_edit", plan=found.id))


def _choose(sources: Sources, plan: str) -> Reply:
    found, number = _mine(sources, plan), number_of(request.form.get("number", ""))
    plans_of(sources).choose(found.id, number)
    tell(f"plan:{found.id}", Text(f"{found.name} 用回第 {number} 版图纸", f"{found.name}: drawing {number} again"))
    return redirect(url_for("plan_edit", plan=found.id))


def _place(sources: Sources, plan: str) -> Reply:
    found = _mine(sources, plan)
    row = _device(sources, found)
    by = request.form.get("by", "")
    kept = plans_of(sources)
    before = kept.spots(found.id, is_draft=True).get(row["device"])
    at = _moved(before or MIDDLE, by) if by in ARROWS else _asked_at()
    kept.put(found.id, row["device"], at, _author())
    _tell(found, row, Text(f"放在 {at[0]:.1%}、{at[1]:.1%}", f"at {at[0]:.1%}, {at[1]:.1%}"))
    return _back(found, row["device"], by)


def _take_off(sources: Sources, plan: str) -> Reply:
    found = _mine(sources, plan)
    row = _device(sources, found)
    plans_of(sources).put(found.id, row["device"], None, _author())
    _tell(found, row, Text("移出平面图", "taken off the plan"))
    return _back(found, row["device"])


def _undo(sources: Sources, plan: str) -> Reply:
    found = _mine(sources, plan)
    device = plans_of(sources).undo(found.id)
    tell(f"plan:{found.id}", Text(f"{found.name} 退回一步", f"{found.name}: undoes a step"))
    return _back(found, device or "")


def _publish(sources: Sources, plan: str) -> Reply:
    found = _mine(sources, plan)
    plans_of(sources).publish(found.id)
    tell(f"plan:{found.id}", Text(f"发布 {found.name}", f"publishes {found.name}"))
    return redirect(url_for("plan", plan=found.id))


def _discard(sources: Sources, plan: str) -> Reply:
    found = _mine(sources, plan)
    plans_of(sources).discard(found.id)
    tell(f"plan:{found.id}", Text(f"{found.name} 放弃草稿", f"{found.name}: discards the draft"))
    return _back(found)


def _remove(sources: Sources, plan: str) -> Reply:
    found = _mine(sources, plan)
    if request.form.get("name", "").strip() != found.name:
        raise PlanRefused(Text("要删除，请写出它的名称", "to remove it, write its name"))
    plans_of(sources).remove(found.id)
    tell(f"plan:{found.id}", Text(f"删除平面图 {found.name}", f"removes floor plan {found.name}"))
    return redirect(url_for("plans"))


def _mine(sources: Sources, plan: str) -> Plan:
    """One that he may draw; 404: there is none, or not for him."""
    found = plans_of(sources).one(number_of(plan))
    if found is None or not may_draw(found):
        abort(404)
    return found


def _drawn_rows(sources: Sources, plan: Plan) -> dict[str, Row]:
    """Devices that he may place on this plan."""
    rows = seen_rows(sources, Right.DRAW)
    return {device: row for device, row in rows.items() if plan.box in ("", row["box"])}


def _device(sources: Sources, plan: Plan) -> Row:
    row = _drawn_rows(sources, plan).get(request.form.get("device", ""))
    return row if row is not None else abort(404)


def _asked_at() -> At:
    """From percents of a form."""
    sides = [request.form.get(name, "").strip() for name in ("x", "y")]
    if not all(_PERCENT.fullmatch(side) for side in sides):
        raise PlanRefused(Text("位置须为 0 到 100 的百分数", "a position is a percentage from 0 to 100"))
    return _within(float(sides[0]) / 100), _within(float(sides[1]) / 100)


def _moved(before: At, by: str) -> At:
    return _within(before[0] + ARROWS[by][0]), _within(before[1] + ARROWS[by][1])


def _within(side: float) -> float:
    return round(min(1.0, max(0.0, side)), 4)


def _sent() -> tuple[Drawing, bytes]:
    """The drawing of the form; of a PDF the page that is asked for."""
    file = request.files.get("drawing")
    found = file.read(BYTES_MAX + 1) if file else b""
    if not found:
        raise DrawingRefused(Text("没有选图纸文件", "no file of a drawing was chosen"))
    if is_pdf(found):
        found = page_of(found, number_of(request.form.get("page", "1") or "1"))
    return drawing_of(found), found


def _author() -> Author:
    signed: Signed = g.signed
    return Author(signed.name, int(time.time() * 1000))


def _tell(plan: Plan, row: Row, what: Text) -> None:
    name = row["name"]
    tell(f"plan:{plan.id}", Text(f"{plan.name}：{name} {what.zh}", f"{plan.name}: {name} {what.en}"))


def _back(plan: Plan, device: str = "", by: str = "") -> Response:
    return redirect(url_for("plan_edit", plan=plan.id, pick=device or None, by=by or None))


PAGES = (
    Page("plan_edit", "/plans/<plan>/edit", Right.DRAW, _edit),
    Page("new_plan", "/uploads/plans", Right.DRAW, _new_plan, writes=True),
    Page("new_drawing", "/uploads/plans/<plan>", Right.DRAW, _new_drawing, writes=True),
    Page("choose_drawing", "/plans/<plan>/drawing", Right.DRAW, _choose, writes=True),
    Page("place_device", "/plans/<plan>/place", Right.DRAW, _place, writes=True),
    Page("take_off", "/plans/<plan>/take-off", Right.DRAW, _take_off, writes=True),
    Page("undo_placing", "/plans/<plan>/undo", Right.DRAW, _undo, writes=True),
    Page("publish_plan", "/plans/<plan>/publish", Right.DRAW, _publish, writes=True),
    Page("discard_draft", "/plans/<plan>/discard", Right.DRAW, _discard, writes=True),
    Page("remove_plan", "/plans/<plan>/remove", Right.DRAW, _remove, writes=True),
)
