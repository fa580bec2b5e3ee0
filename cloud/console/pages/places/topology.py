"""Topology 拓扑: services above, a row for each box, its lines as lanes of terminals in the order of the cable."""

import time
from typing import Any, NamedTuple

from flask import current_app, g, render_template, request, url_for

from cloud.console.access.rights import Right, Signed
from cloud.console.frame.page import Menu, Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.pages.home.overview import box_rows, terminal_rows
from cloud.console.pages.places.heard import figures, kept_or_nothing
from cloud.console.pages.places.lanes import SMALL, Lane, Row, lanes_of, with_shown, worst
from cloud.console.pages.places.walked import LaneOrders
from shared.clocks.campus_clock import WALL
from shared.clocks.clock import time_text

FILTERS = ("box",)


class BoxRow(NamedTuple):
    """A box as the overview has it, and its lanes. is_whole: may he see all of it, its own figures too?"""

    box: dict[str, Any]
    heard_ms: int
    lanes: list[Lane]
    is_whole: bool

    @property
    def mark(self) -> str:
        """With what hangs on it."""
        return worst((self.box["mark"], *(lane.mark for lane in self.lanes)))


def _topology(sources: Sources) -> Reply:
    now_ms = int(time.time() * 1000)
    watch = kept_or_nothing(sources, now_ms)
    rows = _rows(sources, watch.cuts, now_ms)
    only_bad, opened = request.args.get("only") == "bad", request.args.getlist("open")
    shown = [row for row in rows if row.mark != "ok" or watch_says(row, watch.troubles) or not only_bad]
    lanes = with_shown([lane for row in shown for lane in row.lanes], opened)
    by_key = {lane.key: lane for lane in lanes}
    shown = [row._replace(lanes=[by_key[lane.key] for lane in row.lanes]) for row in shown]
    return render_template(
        "places/topology.html", rows=shown, is_small=sum(map(_size, lanes)) <= SMALL,
        every=len(rows), watch=watch, figures=figures(sources), now_ms=now_ms,
        only_bad=only_bad, opened=opened, moment=moment, device_link=device_link, may_draw=may_draw, may_ask=may_ask,
        box=request.args.get("box", ""),
    )  # fmt: skip


def _size(lane: Lane) -> int:
    return len(lane.cells)


def watch_says(row: BoxRow, troubles: dict[str, Any]) -> bool:
    """Has an alarm anything to say of its lines?"""
    return any(lane.key in troubles for lane in row.lanes)


def _rows(sources: Sources, cuts: Any, now_ms: int) -> list[BoxRow]:  # noqa: ANN401 - as lanes_of takes it
    signed: Signed = g.signed
    wanted, orders = request.args.get("box", ""), orders_of(sources).all()
    by_box: dict[str, dict[str, Row]] = {}
    for row in terminal_rows(sources.reader, now_ms):
        if signed.sees(Right.SEE_CAMPUS, box=row["box"], merchant=row["merchant"]):
            by_box.setdefault(row["box"], {})[row["device"]] = row
    views = {view.box: view for view in sources.reader.boxes()}
    found = []
    for box in box_rows(list(views.values()), now_ms):
        name = box["box"]
        is_whole = signed.sees(Right.SEE_CAMPUS, box=name)
        if (is_whole or name in by_box) and wanted in ("", name):
            lanes = lanes_of(views[name], by_box.get(name, {}), cuts, orders, is_heard=box["state"] == "ok")
            found.append(BoxRow(box, views[name].heard_ms, lanes, is_whole))
    return found


def orders_of(sources: Sources) -> LaneOrders:
    """Of this console."""
    return LaneOrders(sources.file)


def may_draw(box: str) -> bool:
    """Its lanes?"""
    signed: Signed = g.signed
    return signed.sees(Right.DRAW, box=box)


def may_ask(box: str) -> bool:
    """All on its lanes?"""
    signed: Signed = g.signed
    return signed.sees(Right.COMMAND, box=box)


def moment(at_ms: int) -> str:
    """MM-DD HH:MM, campus time."""
    return time_text(WALL.at(at_ms / 1000))[5:16]


def device_link(device: str, name: str) -> str:
    """Its own page, where there is one."""
    if "device" in current_app.view_functions:
        return url_for("device", device=device)
    return url_for("devices", find=name)


PAGES = (Page("topology", "/topology", Right.SEE_CAMPUS, _topology, Menu.DEVICES),)
