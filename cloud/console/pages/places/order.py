"""The order of terminals on a cable, as somebody has walked it: for a bus whose box has another order in its settings.

It is the console's own word: the drawing and the place of a suspected cut follow it, the box's settings do not change.
A terminal is moved by a button, by a number, or by dragging: all are the same form.
"""

import time

from flask import abort, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from cloud.console.access.rights import Right, Signed
from cloud.console.frame.page import Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.frame.told import tell
from cloud.console.pages.devices.commands import kept_in
from cloud.console.pages.devices.devices import may_command, seen_rows
from cloud.console.pages.home.overview import terminal_rows
from cloud.console.pages.places.lanes import Lane, lanes_of
from cloud.console.pages.places.topology import moment, orders_of
from cloud.console.pages.places.walked import LaneOrder
from shared.words.voice import Text

STEPS = {"up": -1, "down": 1}


def _order(sources: Sources) -> Reply:
    lane, kept = _lane(sources, request.args.get("lane", ""))
    return render_template(
        "places/order.html", lane=lane, kept=kept, moment=moment, picked=request.args.get("pick", ""),
        by=request.args.get("by", ""),
    )  # fmt: skip


def _move(sources: Sources) -> Reply:
    """To a place by its number, or a step up or down."""
    lane, _ = _lane(sources, request.form.get("lane", ""))
    devices, device = [cell.device for cell in lane.cells], request.form.get("device", "")
    if device not in devices:
        abort(404)
    by = request.form.get("by", "")
    at = devices.index(device)
    to = max(0, at + STEPS[by]) if by in STEPS else _asked_place()
    devices.insert(to, devices.pop(at))
    name = lane.cells[at].name
    orders_of(sources).keep(lane.box, lane.link, devices, g.signed.name, int(time.time() * 1000))
    tell(
        f"lane:{lane.key}",
        Text(f"{lane.key}：{name} 改为第 {to + 1} 位", f"{lane.key}: {name} is number {to + 1}"),
    )
    return _back(lane, device, by)


def _reset(sources: Sources) -> Reply:
    lane, _ = _lane(sources, request.form.get("lane", ""))
    orders_of(sources).drop(lane.box, lane.link)
    tell(f"lane:{lane.key}", Text(f"{lane.key} 用回网关的次序", f"{lane.key}: the box's order again"))
    return _back(lane)


def _ask(sources: Sources) -> Reply:
    """A roll call: every terminal of a line that he may order about says how it is; confirmed on its own page."""
    key, now_ms = request.form.get("lane", ""), int(time.time() * 1000)
    rows = {row["device"]: row for row in seen_rows(sources, now_ms) if may_command(row)}
    lanes = [lane for view in sources.reader.boxes() for lane in lanes_of(view, rows, [], is_heard=True)]
    found = next((lane for lane in lanes if lane.key == key and lane.cells), None)
    if found is None:
        abort(404)
    devices = [bytes.fromhex(cell.device) for cell in found.cells]
    number = kept_in(sources).freeze(g.signed.name, "send-log", devices, "ticked", now_ms)
    tell(f"lane:{key}", Text(f"点名 {key}，待确认", f"a roll call of {key}, to be confirmed"))
    return redirect(url_for("order", number=number))


def _lane(sources: Sources, key: str) -> tuple[Lane, LaneOrder | None]:
    """404: there is none, it is no bus, or it is not for him to draw."""
    signed: Signed = g.signed
    box = key.partition("/")[0]
    view = next((one for one in sources.reader.boxes() if one.box == box), None)
    if view is None or not signed.sees(Right.DRAW, box=box):
        abort(404)
    rows = {row["device"]: row for row in terminal_rows(sources.reader, int(time.time() * 1000)) if row["box"] == box}
    orders = orders_of(sources).all()
    lanes = lanes_of(view, rows, [], orders, is_heard=True)
    lane = next((one for one in lanes if one.key == key and one.is_bus), None)
    return (lane, orders.get(key)) if lane is not None else abort(404)


def _asked_place() -> int:
    """From 0."""
    text = request.form.get("to", "").strip()
    return max(0, int(text) - 1) if text.isascii() and text.isdigit() and len(text) < 6 else abort(400)


def _back(lane: Lane, device: str = "", by: str = "") -> Response:
    return redirect(url_for("lane_order", lane=lane.key, pick=device or None, by=by or None))


PAGES = (
    Page("lane_order", "/topology/order", Right.DRAW, _order),
    Page("move_in_lane", "/topology/order", Right.DRAW, _move, writes=True),
    Page("reset_lane", "/topology/order/reset", Right.DRAW, _reset, writes=True),
    Page("ask_lane", "/topology/ask", Right.COMMAND, _ask, writes=True),
)
