"""A validator's place and fares, the `ride` section of terminal.json. A wrong key stops the start."""

from dataclasses import dataclass
from enum import StrEnum

from shared.errors import ConfigFault
from shared.section import Section
from shared.transit.fares import FareForm, FareTable, Point, parse_table

DIRECTIONS = 1


class Door(StrEnum):
    """in 前门上车, out 后门下车, both 单门: the card's record says which."""

    IN = "in"
    OUT = "out"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class RideSettings:
    """Where a validator stands and what a ride costs."""

    door: Door
    point: Point
    fares: FareTable


def parse_ride_settings(row: Section) -> RideSettings:
    """{"door": "in", "line": 2, "stop": 1, "direction": 0, "fares": {…}}; ConfigFault naming the key."""
    settings = RideSettings(
        row.one_of("door", Door),
        Point(
            row.within("line", 1, 0xFFFF), row.within("stop", 0, 0xFFFF, 0), row.within("direction", 0, DIRECTIONS, 0)
        ),
        parse_table(row.section("fares")),
    )
    row.done()
    _check(settings, row)
    return settings


def _check(settings: RideSettings, row: Section) -> None:
    fare = settings.fares.lines.get(settings.point.line)
    if fare is None:
        raise ConfigFault(f"{row.name('line')}: 票价表没有此线路 / the fares know no such line")
    if fare.form is FareForm.FLAT and settings.door is Door.OUT:
        raise ConfigFault(f"{row.name('door')}: 一票制线路下车不刷卡 / nobody taps out on a flat line")
