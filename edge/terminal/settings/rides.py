"""A validator's place and fares, the `ride` section of terminal.json. A wrong key stops the start."""

from dataclasses import dataclass

from shared.input.section import Section
from shared.transit.door import Door, check_door
from shared.transit.fares import FareTable, Point, parse_table

DIRECTIONS = 1


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
    check_door(settings.door, settings.point.line, settings.fares, row.name("").rstrip("."))
    return settings
