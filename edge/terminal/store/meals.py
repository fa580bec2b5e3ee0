"""Which emergency meals 应急餐 this till has given out: to whom, on which day, in which meal; from its own records.

What the ring still holds counts, and it holds more than a week of any till; what other tills have given out, the centre
knows. Looked through when it is first asked for, then kept along. Pure.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from edge.terminal.store.flash import Flash
from shared.errors import WireFault
from shared.fleet.enrolled import week_of
from shared.ids import CardId
from shared.records import Kind, MealRecord, decode


class Had(NamedTuple):
    """One, by business day and meal; its record's epoch and number, and its sum."""

    day: int
    meal: int
    epoch: int
    seq: int
    fen: int


class MealsHere:
    """Of one body."""

    def __init__(self, flash: Flash, day_of: Callable[[int], int]) -> None:
        """day_of: business day of a campus second, by the parameters in use."""
        self._flash, self._day_of = flash, day_of
        self._had: dict[CardId, list[Had]] | None = None

    def of_week(self, person: CardId, day: int) -> list[Had]:
        """Those of this person in the week that this business day is in."""
        return [one for one in self._known().get(person, []) if week_of(one.day) == week_of(day)]

    def note(self, person: CardId, had: Had) -> None:
        """One more, whose record is durable."""
        self._known().setdefault(person, []).append(had)

    def _known(self) -> dict[CardId, list[Had]]:
        if self._had is None:
            self._had = {}
            for person, had in self._found():
                self._had.setdefault(person, []).append(had)
        return self._had

    def _found(self) -> Iterator[tuple[CardId, Had]]:
        for slot in self._flash.of_kind(Kind.MEAL):
            record = _meal_of(slot.wire)
            if record is not None:
                day = self._day_of(record.time)
                yield record.card, Had(day, record.meal, slot.epoch, record.seq, record.amount_fen)


def _meal_of(wire: bytes) -> MealRecord | None:
    try:
        record = decode(wire)
    except WireFault:
        return None
    return record if isinstance(record, MealRecord) else None
