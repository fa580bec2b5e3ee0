"""Meal periods 餐次 of the school, by its parameters and its calendar. Pure.

The parameters say when a meal begins, and not when it is over: it lasts until the next one, and MEAL_S at most. A
school that has named no meals has none that are known. In holidays, and out of term, nobody is fed.
"""

from typing import NamedTuple

from shared.clocks.clock import DAY_S, day_number
from shared.clocks.school_days import WEEKDAYS, Calendar

MEAL_S = 3 * 3600


class Meals(NamedTuple):
    """begin: seconds after midnight, in any order; empty: nobody has said."""

    begin: tuple[int, ...] = ()
    calendar: Calendar = WEEKDAYS

    def at(self, campus_s: int) -> bool | None:
        """Is it a meal now? None: it is not known."""
        if not self.begin:
            return None
        began_s = max(self._began(campus_s))
        return campus_s - began_s < MEAL_S and not self.calendar.is_away(day_number(began_s))

    def _began(self, campus_s: int) -> list[int]:
        """The last time of each."""
        day_s = campus_s - campus_s % DAY_S
        return [day_s + one if day_s + one <= campus_s else day_s + one - DAY_S for one in self.begin]

    def changes(self, from_s: int, until_s: int) -> list[int]:
        """When each meal of these days began, and was over at the latest."""
        days = range(day_number(from_s) - 1, day_number(until_s) + 1)
        times = {day * DAY_S + one + more for day in days for one in self.begin for more in (0, MEAL_S)}
        return sorted(at for at in times if from_s <= at < until_s)
