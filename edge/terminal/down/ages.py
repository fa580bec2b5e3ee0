"""The age ladder: what an old hotlist costs. Caps shrink, and selling never stops by age. Pure.

The age is the one at which the meal period began, so that nothing changes inside of it. No rung goes below one meal.
"""

from dataclasses import replace

from shared.fleet.capped import MEAL_FEN
from shared.fleet.parameters import RungRow
from shared.purse.caps import Caps

HOUR_S = 3600
LADDER = (RungRow(24 * HOUR_S, 60_00), RungRow(72 * HOUR_S, 30_00))
"""Where parameters say none. Ascending; below the first rung the caps are what they are."""
FRESH_S = LADDER[0].from_s


def capped(caps: Caps | None) -> Caps:
    """The caps of a card that eats one meal a period: nothing else of them changes, and a lower one stays."""
    own = caps or Caps()
    return replace(own, meal_fen=min(MEAL_FEN, own.meal_fen) if own.meal_fen is not None else MEAL_FEN)


def aged(caps: Caps | None, age_s: int, ladder: tuple[RungRow, ...] = LADDER) -> Caps | None:
    """The caps of a terminal whose hotlist is so old."""
    rungs = [rung for rung in ladder if age_s >= rung.from_s]
    if not rungs:
        return caps
    own = caps or Caps()
    limits = [fen for fen in (own.day_fen, rungs[-1].day_fen) if fen is not None]
    return replace(own, day_fen=max(min(limits), own.meal_fen or 0))
