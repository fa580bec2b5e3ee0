"""Floor plans 平面图: a drawing, and over it each device as it is now, with a list beside it that says the same.

A symbol leads to the page of its device and commands nothing. Who sees no device of a plan, nor its place, does not see
the plan.
"""

import time
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlencode

from flask import abort, g, make_response, render_template, request

from cloud.console.access.rights import Right, Signed
from cloud.console.frame.page import Menu, Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.pages.home.overview import terminal_rows
from cloud.console.pages.places.kept import At, Plan, plans_of
from cloud.console.pages.places.lanes import MARKS, Row, tally, used, worst
from cloud.console.pages.places.pdf import program
from cloud.console.pages.places.topology import device_link, moment
from cloud.ledger.journal.swap_rows import SwapState

WIDE = 1000
"""Units of the overlay from left to right."""
NOWHERE_MAX = 60
"""Devices on no plan that are named; the others are counted."""
LABELS_MAX = 60
"""More symbols have their names in the list and on touch alone."""
ZOOMS = (1, 2, 4)
WRONG = "wrong"
"""The layer of what is wrong."""
KEPT_S = 86_400
"""A browser keeps a drawing so long: its address names its version."""
SANDBOX = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""Of a drawing that somebody opens by itself: no script, no other address."""


class Spot(NamedTuple):
    """A device on a plan. x, y: in units of the overlay."""

    row: Row
    at: At
    x: float
    y: float


class Layer(NamedTuple):
    """What can be shown or not. query: the address with it the other way round."""

    name: str
    spots: list[Spot]
    is_on: bool
    query: list[tuple[str, str | None]]

    @property
    def link(self) -> str:
        """To the other way round."""
        return "?" + urlencode([(key, value) for key, value in self.query if value])


class Listed(NamedTuple):
    """A plan in the list, with how those of its devices are that he may see."""

    plan: Plan
    placed: int
    mark: str


def _plans(sources: Sources) -> Reply:
    signed: Signed = g.signed
    kept, rows = plans_of(sources), seen_rows(sources)
    found = []
    where = placed(sources)
    for plan in kept.all():
        states = [(rows[one]["mark"], rows[one]["state"]) for one in where.get(plan.id, {}) if one in rows]
        if states or sees(signed, plan):
            found.append(Listed(plan, len(states), worst(used(states)) if states else "off"))
    boxes = [box for box in sources.reader.boxes() if signed.sees(Right.DRAW, box=box.box)]
    on_a_plan = {device for spots in where.values() for device in spots}
    nowhere = sorted((row for device, row in rows.items() if device not in on_a_plan), key=lambda row: str(row["name"]))
    return render_template(
        "places/plans.html", plans=found, nowhere=nowhere[:NOWHERE_MAX], nowhere_count=len(nowhere),
        device_link=device_link, boxes=boxes, moment=moment, has_pdf=program() is not None,
        everywhere=signed.sees(Right.DRAW), may_draw=may_draw,
    )  # fmt: skip


def _plan(sources: Sources, plan: str) -> Reply:
    rows = seen_rows(sources)
    found = seen_plan(sources, plan, rows)
    where = placed(sources)
    every = spots_of(found, where.get(found.id, {}), rows)
    layers = layers_of(every, {device.hex(): kind for device, kind in sources.reader.fleet.kinds().items()})
    spots = [spot for layer in layers if layer.is_on for spot in layer.spots]
    counts = tally((spot.row["mark"], spot.row["state"]) for spot in every)
    return render_template(
        "places/plan.html", plan=found, spots=spots, high=high(found), labels=len(spots) <= LABELS_MAX, moment=moment,
        now_ms=_now_ms(), device_link=device_link, counts=counts, listed=_worst_first(spots), may_draw=may_draw,
        layers=layers, hidden=len(every) - len(spots),
        zoom=zoom_of(request.args.get("zoom", "")), zooms=ZOOMS, floors=_floors(sources, found, rows, where),
    )  # fmt: skip


def layers_of(spots: list[Spot], kinds: Mapping[str, str]) -> list[Layer]:
    """By kind of device, and by how they are; what is wrong has a layer of its own, so that it is never hidden with a
    kind. The address says what is off."""
    off = request.args.getlist("off")
    found: dict[str, list[Spot]] = {}
    for spot in spots:
        name = WRONG if spot.row["mark"] == "bad" else kinds.get(spot.row["device"], "pos")
        found.setdefault(name, []).append(spot)
    zoom = request.args.get("zoom") or None
    return [
        Layer(name, own, name not in off, [("zoom", zoom), *(("off", one) for one in _toggled(off, name))])
        for name, own in sorted(found.items(), key=lambda one: (one[0] != WRONG, one[0]))
    ]


def _toggled(off: list[str], name: str) -> list[str]:
    return [one for one in off if one != name] if name in off else [*off, name]


def zoom_of(text: str) -> int:
    """One of ZOOMS."""
    return int(text) if text in map(str, ZOOMS) else 1


def _floors(sources: Sources, plan: Plan, rows: dict[str, Row], where: dict[int, dict[str, At]]) -> list[Plan]:
    """Plans of the same place that he may see: its floors and rooms, by name."""
    return [
        one for one in plans_of(sources).all()
        if one.box == plan.box and (sees(g.signed, one) or any(device in rows for device in where.get(one.id, {})))
    ]  # fmt: skip


def _drawing(sources: Sources, plan: str, number: str) -> Reply:
    found = seen_plan(sources, plan, seen_rows(sources))
    return drawing_answer(sources, found.id, number_of(number))


def drawing_answer(sources: Sources, plan: int, number: int) -> Reply:
    """The bytes as they were sent, in a sandbox. 404: that drawing is not kept."""
    image = plans_of(sources).image(plan, number)
    if image is None:
        abort(404)
    answer = make_response(image[1])
    answer.mimetype = image[0]
    answer.headers["Content-Security-Policy"] = SANDBOX
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = f"private, max-age={KEPT_S}, immutable"
    return answer


def seen_rows(sources: Sources, right: Right = Right.SEE_CAMPUS) -> dict[str, Row]:
    """By device, those of places where he has the right."""
    signed: Signed = g.signed
    return {
        row["device"]: row for row in terminal_rows(sources.reader, _now_ms())
        if signed.sees(right, box=row["box"], merchant=row["merchant"])
    }  # fmt: skip


def seen_plan(sources: Sources, plan: str, rows: dict[str, Row]) -> Plan:
    """404: there is none, or none that he may see. rows: of devices that he may see."""
    kept = plans_of(sources)
    found = kept.one(number_of(plan))
    if found is None or not (sees(g.signed, found) or any(device in rows for device in kept.spots(found.id))):
        abort(404)
    return found


def sees(signed: Signed, plan: Plan) -> bool:
    """The plan of a place that is his; one of the whole campus is for whoever sees all of it."""
    return signed.sees(Right.SEE_CAMPUS, box=plan.box)


def may_draw(plan: Plan) -> bool:
    """Of this place?"""
    signed: Signed = g.signed
    return signed.sees(Right.DRAW, box=plan.box)


def placed(sources: Sources) -> dict[int, dict[str, At]]:
    """Plan → where its devices stand, as published; a spare that stands in for a broken body has its place."""
    heirs = heirs_of(sources)
    every = plans_of(sources).all_spots()
    return {plan: {heirs.get(device, device): at for device, at in spots.items()} for plan, spots in every.items()}


def heirs_of(sources: Sources) -> dict[str, str]:
    """Broken body → the spare in its place, as far as nobody has said no to it."""
    told = [one.row for one in sources.reader.fleet.swaps(_now_ms()) if one.row.state is not SwapState.REJECTED]
    return {one.broken.hex(): one.spare.hex() for one in told}


def number_of(text: str) -> int:
    """404: it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else abort(404)


def high(plan: Plan) -> float:
    """Units of the overlay from above to below."""
    return round(WIDE * plan.height / plan.width, 1)


def spots_of(plan: Plan, spots: dict[str, At], rows: dict[str, Row]) -> list[Spot]:
    """Those that he may see."""
    tall = high(plan)
    return [
        Spot(rows[device], at, round(at[0] * WIDE, 1), round(at[1] * tall, 1))
        for device, at in spots.items() if device in rows
    ]  # fmt: skip


def _worst_first(spots: list[Spot]) -> list[Spot]:
    return sorted(spots, key=lambda spot: (MARKS.index(spot.row["mark"]), spot.row["name"]))


def _now_ms() -> int:
    return int(time.time() * 1000)


PAGES = (
    Page("plans", "/plans", Right.SEE_CAMPUS, _plans, Menu.DEVICES),
    Page("plan", "/plans/<plan>", Right.SEE_CAMPUS, _plan),
    Page("plan_drawing", "/plans/<plan>/drawing/<number>", Right.SEE_CAMPUS, _drawing),
)
