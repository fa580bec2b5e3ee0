"""Day and meal counters of the campus profile (file 0017), and the one rule that moves them.

They change atomically with the balance, so caps hold across tills with no network (RECORDS.md, "Card data of the
campus profile"): a reset needs a *set* clock that shows a later day than the card's.

Record, 48 bytes: tag 21 | length 2E | lock flag 1 | layout 1 | day 2 | meal 1 | rfu 1 | day sum 4 | day count 2 |
meal sum 4 | meal count 2 | rfu 28.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import NamedTuple

from shared.purse.errors import LayoutError
from shared.purse.reasons import Reason

CAPP_TAG = 0x21
CAPP_SIZE = 48
SUM_MAX = 0xFFFF_FFFF
COUNT_MAX = 0xFFFF
_LAYOUT = 1
_RECORD = Struct(">BBBBHBxIHIH28x")


class CardCounters(NamedTuple):
    """What file 0017 says. `day` is a business day (days since 2000), `meal` grows within a day, 0 = none."""

    day: int = 0
    meal: int = 0
    day_sum_fen: int = 0
    day_count: int = 0
    meal_sum_fen: int = 0
    meal_count: int = 0
    locked: bool = False

    def encode(self) -> bytes:
        return _RECORD.pack(
            CAPP_TAG, CAPP_SIZE - 2, self.locked, _LAYOUT, self.day, self.meal,
            self.day_sum_fen, self.day_count, self.meal_sum_fen, self.meal_count,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class MealClock:
    """A till's business day and meal period, and whether its clock was ever set."""

    day: int
    meal: int
    is_set: bool


@dataclass(frozen=True, slots=True)
class Caps:
    """Limits in force at a till; None is no limit. They never touch the counters, only the verdict."""

    single_fen: int | None = None
    meal_fen: int | None = None
    meal_count: int | None = None
    day_fen: int | None = None
    day_count: int | None = None
    pin_above_fen: int | None = None
    """Not a limit: above this sum of the day the card has to take its holder's PIN."""


def wants_pin(card: CardCounters, clock: MealClock, amount_fen: int, caps: Caps | None) -> bool:
    """Would this purchase bring the day's sum above what goes without a PIN?"""
    above_fen = caps.pin_above_fen if caps is not None else None
    return above_fen is not None and current(card, clock).day_sum_fen + amount_fen > above_fen


def parse_counters(raw: bytes) -> CardCounters:
    """The fields of a 0017 record; LayoutError for another length, tag or layout."""
    if len(raw) != CAPP_SIZE:
        raise LayoutError(f"the CAPP record has {CAPP_SIZE} bytes")
    tag, size, lock, layout, day, meal, day_sum, day_count, meal_sum, meal_count = _RECORD.unpack(raw)
    if (tag, size, layout) != (CAPP_TAG, CAPP_SIZE - 2, _LAYOUT):
        raise LayoutError("not the campus CAPP record")
    return CardCounters(day, meal, day_sum, day_count, meal_sum, meal_count, bool(lock))


def judge_caps(
    card: CardCounters, clock: MealClock, amount_fen: int, caps: Caps | None, *, times: int = 1
) -> CardCounters | Reason:
    """The record to write for this purchase, or the cap that forbids it. `caps` None: count, but forbid nothing.

    times 0: the first of a mixed payment, whose second counts as the one serving that both are.
    """
    base = current(card, clock)
    after = CardCounters(
        base.day,
        base.meal,
        min(base.day_sum_fen + amount_fen, SUM_MAX),
        min(base.day_count + times, COUNT_MAX),
        min(base.meal_sum_fen + amount_fen, SUM_MAX),
        min(base.meal_count + times, COUNT_MAX),
        base.locked,
    )
    broken = None if caps is None else _broken_cap(after, amount_fen, caps)
    return after if broken is None else broken


def together(a: CardCounters, b: CardCounters, clock: MealClock) -> CardCounters:
    """What two purses of one card count, as one: each file counts its own purse. The later day, and meal, counts."""
    a, b = current(a, clock), current(b, clock)
    day, meal = max((a.day, a.meal), (b.day, b.meal))
    days = [card for card in (a, b) if card.day == day]
    meals = [card for card in days if card.meal == meal]
    return CardCounters(
        day, meal,
        min(sum(card.day_sum_fen for card in days), SUM_MAX), min(sum(card.day_count for card in days), COUNT_MAX),
        min(sum(card.meal_sum_fen for card in meals), SUM_MAX), min(sum(card.meal_count for card in meals), COUNT_MAX),
        a.locked or b.locked,
    )  # fmt: skip


def current(card: CardCounters, clock: MealClock) -> CardCounters:
    """The card's counters as they stand at this till, before the purchase.

    An unset clock, or one behind the card by a day, counts on under the card's day. A card more than one day ahead
    of a set clock was written by a till with a wrong clock: it counts as today, keeping its sums.
    """
    if not clock.is_set:
        return card
    if clock.day > card.day:
        return CardCounters(clock.day, clock.meal, locked=card.locked)
    if clock.day == card.day:
        return _at_meal(card, clock)
    if card.day > clock.day + 1:
        return _at_meal(_moved(card, clock.day), clock)
    return card


def _at_meal(card: CardCounters, clock: MealClock) -> CardCounters:
    if clock.meal <= card.meal:
        return card
    return CardCounters(card.day, clock.meal, card.day_sum_fen, card.day_count, 0, 0, card.locked)


def _moved(card: CardCounters, day: int) -> CardCounters:
    return CardCounters(
        day, card.meal, card.day_sum_fen, card.day_count, card.meal_sum_fen, card.meal_count, card.locked
    )


def _broken_cap(after: CardCounters, amount_fen: int, caps: Caps) -> Reason | None:
    limits = (
        (amount_fen, caps.single_fen, Reason.CAP_SINGLE),
        (after.meal_sum_fen, caps.meal_fen, Reason.CAP_MEAL_SUM),
        (after.meal_count, caps.meal_count, Reason.CAP_MEAL_COUNT),
        (after.day_sum_fen, caps.day_fen, Reason.CAP_DAY_SUM),
        (after.day_count, caps.day_count, Reason.CAP_DAY_COUNT),
    )
    return next((reason for value, limit, reason in limits if limit is not None and value > limit), None)
