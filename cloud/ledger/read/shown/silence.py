"""What a silent terminal may have sold since it was heard: a bound from its parameters and its business periods. Pure.

In each meal period a card spends what its class may, in each business day no more than that day's cap, and in all no
more than is on it. So the bound of a class is the smaller one of cards × caps × periods, and of all that its purses
hold by the books: what was spent and not brought is still in them.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from shared.clocks.clock import DAY_S, business_day
from shared.fleet.parameters import EVERY_OTHER, ParameterBody


class PeriodCaps(NamedTuple):
    """A meal period of a business day: from so many seconds of that day on. fen: what one card may spend in it,
    day_fen: on a day, by class; None: no limit."""

    from_s: int
    fen: Mapping[int, int | None]
    day_fen: Mapping[int, int | None]


class Purses(NamedTuple):
    """What cards hold by the books, by class: how many there are, and fen. fen: of all of them, with what is under way
    to them."""

    by_class: Mapping[int, tuple[int, int]]
    fen: int


NO_PURSES = Purses({}, 0)


def periods_of(body: ParameterBody) -> tuple[PeriodCaps, ...]:
    """Of one version of parameters, the time before the first meal with them."""
    classes = {EVERY_OTHER, *(row.card_class for row in body.limits)}
    begins = [(0, 0), *((row.meal, (row.from_s - body.day_start_s) % DAY_S) for row in body.meals)]
    return tuple(_period(body, meal, from_s, classes) for meal, from_s in begins)


def _period(body: ParameterBody, meal: int, from_s: int, classes: set[int]) -> PeriodCaps:
    there = {one: body.limits_of(one, meal) for one in classes}
    spent = {
        one: 0 if each.is_refused else _least(each.meal_fen, each.day_fen) for one, each in there.items()
    }  # fmt: skip
    return PeriodCaps(from_s, spent, {one: 0 if each.is_refused else each.day_fen for one, each in there.items()})


def silent_fen(
    periods: Sequence[PeriodCaps], day_start_s: int, purses: Purses, since_s: int, now_s: int
) -> int:  # fmt: skip
    """The most that may have been sold between these two moments. Without periods: all that is on purses."""
    if not periods:
        return purses.fen
    begun = list(_begun(periods, day_start_s, since_s, now_s))
    return min(purses.fen, sum(_class(one, count, fen, begun) for one, (count, fen) in purses.by_class.items()))


def periods_begun(periods: Sequence[PeriodCaps], day_start_s: int, since_s: int, now_s: int) -> int:
    """How many business periods these two moments touch."""
    return sum(times * len(there) for there, times in _begun(periods, day_start_s, since_s, now_s))


Day = tuple[Sequence[PeriodCaps], int]
"""The periods of a business day that are touched, and on how many days."""


def _begun(periods: Sequence[PeriodCaps], day_start_s: int, since_s: int, now_s: int) -> Iterator[Day]:
    """The first day, the last one, and all between them."""
    first, last = business_day(since_s, day_start_s), business_day(now_s, day_start_s)
    start, end = since_s - day_start_s - first * DAY_S, now_s - day_start_s - last * DAY_S
    if first == last:
        yield _touched(periods, start, end), 1
        return
    yield _touched(periods, start, DAY_S), 1
    yield periods, last - first - 1
    yield _touched(periods, 0, end), 1


def _touched(periods: Sequence[PeriodCaps], start: int, end: int) -> list[PeriodCaps]:
    ends = [*(one.from_s for one in periods[1:]), DAY_S]
    return [one for one, until in zip(periods, ends, strict=True) if one.from_s <= end and until > start]


def _class(card_class: int, count: int, fen: int, begun: Sequence[Day]) -> int:
    spent = 0
    for there, times in begun:
        a_day = _day(card_class, there)
        if a_day is None:
            return fen
        spent += times * a_day
    return min(fen, count * spent)


def _day(card_class: int, there: Sequence[PeriodCaps]) -> int | None:
    """What one card spends on a day in these periods; None: no limit."""
    if not there:
        return 0
    caps = [_of(one.fen, card_class) for one in there]
    days = [_of(one.day_fen, card_class) for one in there]
    known = [fen for fen in caps if fen is not None]
    summed = sum(known) if len(known) == len(caps) else None
    return _least(summed, None if None in days else max(fen for fen in days if fen is not None))


def _of(sums: Mapping[int, int | None], card_class: int) -> int | None:
    return sums[card_class] if card_class in sums else sums[EVERY_OTHER]


def _least(*caps: int | None) -> int | None:
    return min((fen for fen in caps if fen is not None), default=None)
