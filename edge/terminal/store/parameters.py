"""What the centre set for a terminal: limits, meal periods, the beginning of its business day. One version, frozen.

It comes with the terminal's settings, and from then on as a document of the fleet. Meal numbers grow within the day;
before the first period of a day it is meal 0.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from shared.clocks.clock import DAY_S, CampusTime, business_day, period_began
from shared.errors import WireFault
from shared.fleet.parameters import (
    EVERY_OTHER,
    NO_LIMITS,
    NO_PRICE,
    OFFLINE,
    AgreedRow,
    FaresRow,
    Limits,
    OnlineRow,
    ParameterBody,
    Price,
    RungRow,
    decode_parameters,
)
from shared.purse.caps import Caps, MealClock
from shared.purse.profiles import APPLICATION_MAIN, ISSUER_SIZE, PROFILES, Agreed
from shared.transit.fares import FareForm, FareTable, LineFare

_FORMS = {True: FareForm.FLAT, False: FareForm.STAGES}


@dataclass(frozen=True, slots=True)
class Meal:
    """A meal period 餐次; from_s: seconds after midnight, until the next one begins."""

    meal: int
    name: str
    from_s: int


@dataclass(frozen=True, slots=True)
class Parameters:
    """caps None: nothing is forbidden. meals: in the order of their beginning. Times in seconds after midnight.

    ceiling_fen: highest balance of a card, 0 = only the card knows. limits: by card class and meal, in the place of
    caps; None: there are none by class. ladder (): the built-in one. agreed, fares None: what the settings say.
    online: when a till asks the centre; online_classes: of card classes where it is otherwise.
    """

    version: int
    caps: Caps | None
    meals: tuple[Meal, ...]
    day_start_s: int = 0
    ceiling_fen: int = 0
    limits: Mapping[tuple[int, int], Limits] | None = None
    ladder: tuple[RungRow, ...] = ()
    agreed: tuple[Agreed, ...] | None = None
    fares: FareTable | None = None
    online: OnlineRow = OFFLINE
    online_classes: Mapping[int, OnlineRow] = field(default_factory=dict)
    prices: Mapping[tuple[int, int], Price] = field(default_factory=dict)
    pins: Mapping[tuple[int, int], int] = field(default_factory=dict)
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
        return period_began(seconds, self.day_start_s, self._starts)

    def day_of(self, seconds: int) -> int:
        """Business day of a moment."""
        return business_day(seconds, self.day_start_s)

    def next_period(self, seconds: int) -> int:
        """Campus second at which the next meal period, or the next business day, begins."""
        at = max(seconds - self.day_start_s, 0) % DAY_S
        place = bisect_right(self._starts, at)
        return seconds - at + (self._starts[place] if place < len(self._starts) else DAY_S)

    def caps_of(self, card_class: int, meal: int) -> Caps | None:
        """What a card of this class may spend in this meal; None: nothing is forbidden."""
        if self.limits is None:
            return self.caps
        *values, _ = self._limits_of(card_class, meal)
        return Caps(*values) if any(value is not None for value in values) else None

    def refuses(self, card_class: int, meal: int) -> bool:
        """Are cards of this class not served in this meal?"""
        return self.limits is not None and self._limits_of(card_class, meal).is_refused

    def price_of(self, card_class: int, meal: int) -> Price:
        """What a sale to a card of this class in this meal is over."""
        return self.prices.get((card_class, meal)) or self.prices.get((EVERY_OTHER, meal)) or NO_PRICE

    def pin_above(self, card_class: int, meal: int) -> int | None:
        """The sum of a day that goes without a PIN; None: every sum does."""
        return self.pins.get((card_class, meal), self.pins.get((EVERY_OTHER, meal)))

    def online_of(self, card_class: int) -> OnlineRow:
        """When a till asks the centre about a card of this class."""
        return self.online_classes.get(card_class, self.online)

    def fixed_in(self, meal: int) -> tuple[int, ...]:
        """The fixed amounts of this meal, as a cashier should know them: ascending, each once."""
        return tuple(sorted({p.fixed_fen for (_, of), p in self.prices.items() if of == meal and p.fixed_fen}))

    def _limits_of(self, card_class: int, meal: int) -> Limits:
        limits = self.limits or {}
        return limits.get((card_class, meal)) or limits.get((EVERY_OTHER, meal)) or NO_LIMITS


def read_parameters(raw: bytes) -> Parameters:
    """Those of a document; WireFault when malformed, or of cards that this terminal has no words for."""
    return parameters_of(decode_parameters(raw))


def parameters_of(body: ParameterBody) -> Parameters:
    """The version is the document's generation, which stands in its head."""
    return Parameters(
        version=0,
        caps=None,
        meals=tuple(Meal(*row) for row in body.meals),
        day_start_s=body.day_start_s,
        ceiling_fen=body.ceiling_fen,
        limits={(row.card_class, row.meal): row.limits for row in body.limits},
        ladder=body.ladder,
        agreed=None if body.agreed is None else tuple(_agreed(body.agreed)),
        fares=None if body.fares is None else table_of(body.fares),
        online=body.online,
        online_classes=dict(body.online_classes),
        prices={(row.card_class, row.meal): row.price for row in body.prices},
        pins={(row.card_class, row.meal): row.above_fen for row in body.pins},
    )


def table_of(row: FaresRow) -> FareTable:
    """The fares of a document; their version is its generation."""
    lines = {one.line: LineFare(one.line, one.name, _FORMS[one.is_flat], one.fares_fen) for one in row.lines}
    rules = row.discount_fen, row.window_s, row.transfers, row.ride_max_s, row.again_s, row.stand_s
    return FareTable(0, lines, *rules)


def _agreed(rows: tuple[AgreedRow, ...]) -> Iterator[Agreed]:
    for name, issuer in rows:
        profile = PROFILES.get(name)
        if profile is None or profile.application != APPLICATION_MAIN or len(issuer) != ISSUER_SIZE[profile.form]:
            raise WireFault("parameters: an issuer of cards that nobody knows here")
        yield Agreed(profile, issuer)
