"""What an order would stop: positions that sell now, whether it is a meal, and canteens that it would close. Pure.

What no STATUS has ever told of is unknown, and is counted as such.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from cloud.ledger.fleet.jobs.views import Stops
from cloud.watch.subjects.meals import Meals
from shared.clocks.clock import DAY_S
from shared.clocks.school_days import Calendar
from shared.fleet.parameters import MealRow
from shared.inventory import DeviceKind
from shared.words.voice import Text

WHOLE_MIN = 2
"""Fewer tills than this are no canteen: one person may stop a single one, which may be stolen."""


class Radius(NamedTuple):
    """is_meal None: nobody has named meals. meal: its name. selling: positions that sell; taps: of today, theirs.
    unknown: terminals that never sent a STATUS. whole: boxes of which no till would be left."""

    is_meal: bool | None
    meal: str
    selling: int
    taps: int
    unknown: int
    whole: tuple[str, ...]

    @property
    def said(self) -> Text:
        """In one line."""
        now = _meal_text(self)
        beside = Text(f"，另有 {self.unknown} 台未知", f", {self.unknown} more are unknown") if self.unknown else None
        return Text(
            f"{now.zh}，影响 {self.selling} 个窗口（今日 {self.taps} 笔）{beside.zh if beside else ''}",
            f"{now.en}: {self.selling} positions that sell ({self.taps} taps today){beside.en if beside else ''}",
        )


def radius(
    devices: Collection[bytes], stops: Iterable[Stops], at: tuple[Sequence[MealRow], Calendar, int],
    whole: Iterable[str] = (),
) -> Radius:  # fmt: skip
    """at: the meals, the calendar, campus seconds."""
    meals, calendar, campus_s = at
    found = list(stops)
    is_meal = Meals(tuple(row.from_s for row in meals), calendar).at(campus_s)
    name = max(meals, key=lambda row: (row.from_s <= campus_s % DAY_S, row.from_s)).name if meals and is_meal else ""
    selling = [one for one in found if one.is_selling]
    unknown = len(devices) - len(found)
    return Radius(is_meal, name, len(selling), sum(one.taps for one in selling), unknown, tuple(whole))


def closed_boxes(
    devices: Collection[bytes], locked: Collection[bytes], boxes: Mapping[bytes, str], kinds: Mapping[bytes, str]
) -> list[str]:  # fmt: skip
    """Boxes whose last tills these are: the others are locked already. boxes: of every terminal."""
    tills: dict[str, set[bytes]] = {}
    for device, box in boxes.items():
        if kinds.get(device) == DeviceKind.POS:
            tills.setdefault(box, set()).add(device)
    gone = {*devices, *locked}
    return sorted(
        box for box, there in tills.items() if len(there) >= WHOLE_MIN and there <= gone and there & {*devices}
    )


def _meal_text(one: Radius) -> Text:
    if one.is_meal is None:
        return Text("餐次未知", "meal periods are not known")
    if not one.is_meal:
        return Text("现在不是用餐时段", "no meal period now")
    return Text(f"{one.meal}时段", f"during {one.meal}")
