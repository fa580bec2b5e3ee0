"""What a wall shows by turns: boxes, their lines, each floor plan of its view. Nothing on it is asked of a device.

The turn goes by the clock, so that two walls of one view show the same. What the watch has not looked at lately is
unknown, and a drawing is served to whoever has the wall alone.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from cloud.console.frame.sources import Sources
from cloud.console.pages.places.heard import kept_or_nothing
from cloud.console.pages.places.kept import Plan, plans_of
from cloud.console.pages.places.lanes import MARKS, Lane, lanes_of
from cloud.console.pages.places.plans import Spot, high, placed, spots_of
from cloud.console.pages.places.topology import orders_of
from cloud.console.pages.system.once import once

TURN_S = 20
LANES_MAX = 24
"""Lines on a slide, the worst first; others are counted."""
KEPT_S = 2.0
PLANS_MAX = 12
"""Plans that take their turn."""
BOXES, LINES, PLAN = "boxes", "lines", "plan"


class Slide(NamedTuple):
    """One. plan: of a floor plan."""

    kind: str
    plan: Plan | None = None


class Shown(NamedTuple):
    """The slide whose turn it is, the number of it and of all, and what it shows."""

    slide: Slide
    at: int
    of: int
    lanes: list[Lane]
    more: int
    spots: list[Spot]
    high: float


def shown(
    sources: Sources, boxes: Sequence[Mapping[str, Any]], terminals: Sequence[dict[str, Any]], is_campus: bool,
    now_ms: int, asked: int | None = None,
) -> Shown:  # fmt: skip
    """asked: the one that somebody wants to see, whoever's turn it is."""
    names = {box["box"] for box in boxes}
    slides = _slides(sources, names, is_campus=is_campus)
    at = (asked if asked is not None else now_ms // 1000 // TURN_S) % len(slides)
    slide = slides[at]
    lanes = _lanes(sources, boxes, terminals, now_ms) if slide.kind == LINES else []
    spots = _spots(sources, slide.plan, terminals) if slide.plan else []
    return Shown(
        slide, at + 1, len(slides), lanes[:LANES_MAX], max(0, len(lanes) - LANES_MAX), spots,
        high(slide.plan) if slide.plan else 0,
    )  # fmt: skip


def plans_on(sources: Sources, names: set[str], *, is_campus: bool) -> list[Plan]:
    """Of a view: those of its boxes; those of the whole campus where it is the campus's. A plan with nothing on it has
    no turn."""
    where = placed(sources)
    return [
        one for one in plans_of(sources).all()
        if where.get(one.id) and (one.box in names or (is_campus and not one.box))
    ][:PLANS_MAX]  # fmt: skip


def _slides(sources: Sources, names: set[str], *, is_campus: bool) -> list[Slide]:
    plans = once().ask(
        ("wall-plans", is_campus, *sorted(names)), KEPT_S, lambda: plans_on(sources, names, is_campus=is_campus)
    )
    return [Slide(BOXES), *([Slide(LINES)] if names else []), *(Slide(PLAN, plan) for plan in plans)]


def _lanes(
    sources: Sources, boxes: Sequence[Mapping[str, Any]], terminals: Sequence[dict[str, Any]], now_ms: int
) -> list[Lane]:  # fmt: skip
    """The worst first."""
    cuts = once().ask("wall-cuts", KEPT_S, lambda: kept_or_nothing(sources, now_ms)).cuts
    views = {view.box: view for view in sources.reader.boxes()}
    orders = orders_of(sources).all()
    found: list[Lane] = []
    for box in boxes:
        rows = {one["device"]: one for one in terminals if one["box"] == box["box"]}
        view = views.get(box["box"])
        if view is not None:
            found += lanes_of(view, rows, cuts, orders, is_heard=box["state"] == "ok")
    return sorted(found, key=lambda lane: (not lane.cuts, MARKS.index(lane.mark), lane.key))


def _spots(sources: Sources, plan: Plan, terminals: Sequence[dict[str, Any]]) -> list[Spot]:
    where = once().ask("wall-places", KEPT_S, lambda: placed(sources))
    return spots_of(plan, where.get(plan.id, {}), {one["device"]: one for one in terminals})
