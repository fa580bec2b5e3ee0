"""What the centre set for a terminal: caps, meal periods, the beginning of its business day. One version of it, frozen.

Meal numbers grow within the day; before the first period of a day it is meal 0.
"""

from bisect import bisect_right
from dataclasses import dataclass, field

from shared.clocks.clock import DAY_S, CampusTime, business_day
from shared.purse.caps import Caps, MealClock


@dataclass(frozen=True, slots=True)
class Meal:
    """A meal period 餐次; from_s: seconds after midnight, until the next one begins."""

    meal: int
    name: str
    from_s: int


@dataclass(frozen=True, slots=True)
class Parameters:
    """caps None: nothing is forbidden. meals: in the order of their beginning. Times in seconds after midnight.

    ceiling_fen: highest balance of a card, 0 = only the card knows.
    """

    version: int
    caps: Caps | None
    meals: tuple[Meal, ...]
    day_start_s: int = 0
    ceiling_fen: int = 0
    _starts: tuple[int, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        starts = tuple((meal.from_s - self.day_start_s) % DAY_S for meal in self.meals)
        object.__setattr__(self, "_starts", starts)

    def meal_clock(self, now: CampusTime) -> MealClock:
        """Business day and meal at this moment."""
        at = max(now.seconds - self.day_start_s, 0) % DAY_S
        place = bisect_right(self._starts, at)
        meal = self.meals[place - 1].meal if place else 0
        return MealClock(self.day_of(now.seconds), meal, now.is_set)

    def meal_began(self, seconds: int) -> int:
        """Campus second at which the meal period of this moment began."""
        at = max(seconds - self.day_start_s, 0) % DAY_S
        place = bisect_right(self._starts, at)
        return seconds - at + (self._starts[place - 1] if place else 0)

    def day_of(self, seconds: int) -> int:
        """Business day of a moment."""
        return business_day(seconds, self.day_start_s)
