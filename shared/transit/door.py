"""Which door of a bus a validator stands at, and which line can have it there. Pure."""

from enum import StrEnum

from shared.errors import ConfigFault
from shared.transit.fares import FareForm, FareTable
from shared.words.voice import Text


class Door(StrEnum):
    """in 前门上车, out 后门下车, both 单门: the card's record says which."""

    IN = "in"
    OUT = "out"
    BOTH = "both"


def can_stand(door: Door, line: int, fares: FareTable) -> bool:
    """Could a validator at this door of this line take a fare of this table?"""
    fare = fares.lines.get(line)
    return fare is not None and not (fare.form is FareForm.FLAT and door is Door.OUT)


def check_door(door: Door, line: int, fares: FareTable, where: str) -> None:
    """ConfigFault naming `where` when a validator at this door of this line could never take a fare."""
    fare = fares.lines.get(line)
    if fare is None:
        raise ConfigFault(Text(f"{where}.line: 票价表没有此线路", f"{where}.line: the fares know no such line"))
    if fare.form is FareForm.FLAT and door is Door.OUT:
        raise ConfigFault(Text(f"{where}.door: 一票制线路下车不刷卡", f"{where}.door: nobody taps out on a flat line"))
