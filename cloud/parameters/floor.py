"""The floor of limit control 限额调控: nobody is left with less than one meal. Pure.

What a card may spend in a meal is the lowest of the meal's sum, the day's sum, and one purchase as often as it may be
made. Whoever lowers it lowers it to a meal at most; what was lower before stays as it is. So for the age ladder.
"""

from typing import NamedTuple

from cloud.parameters.campus_file import CampusFile
from shared.errors import ConfigFault
from shared.fleet.parameters import EVERY_OTHER, Limits, ParameterBody
from shared.money import yuan
from shared.words.voice import Text

ONE_MEAL_FEN = 15_00
BEFORE_THE_FIRST = 0


class Below(NamedTuple):
    """A class that would have less than a meal. meal None: under an old hotlist, in every meal."""

    card_class: int
    meal: int | None
    fen: int


def below_a_meal(former: ParameterBody | None, after: ParameterBody) -> Below | None:
    """The first of them that would have less than before, and less than a meal. former None: nobody knows what it had,
    its first document is its setting up."""
    rung = _lowest_rung(after)
    if rung < (ONE_MEAL_FEN if former is None else _lowest_rung(former)):
        return Below(EVERY_OTHER, None, rung)
    if former is None:
        return None
    classes = {EVERY_OTHER, *(row.card_class for row in (*former.limits, *after.limits))}
    for meal in (BEFORE_THE_FIRST, *(row.meal for row in after.meals)):
        for card_class in sorted(classes, reverse=True):
            fen = of_a_meal(after.limits_of(card_class, meal))
            if fen < of_a_meal(former.limits_of(card_class, meal)):
                return Below(card_class, meal, fen)
    return None


def of_a_meal(limits: Limits) -> int:
    """What these let a card spend in one meal; a meal where they limit nothing lower. A class that is not served there
    is served elsewhere."""
    counts = [count for count in (limits.meal_count, limits.day_count) if count is not None]
    singly = limits.single_fen * min(counts) if limits.single_fen is not None and counts else None
    return min(fen for fen in (limits.meal_fen, limits.day_fen, singly, ONE_MEAL_FEN) if fen is not None)


def _lowest_rung(body: ParameterBody) -> int:
    return min((ONE_MEAL_FEN, *(one.day_fen for one in body.ladder)))


def require_a_meal(file: CampusFile, name: str, former: ParameterBody | None, after: ParameterBody) -> None:
    """ConfigFault, naming terminal, class, meal and sum."""
    found = below_a_meal(former, after)
    if found is None:
        return
    who, fen, least = file.class_name(found.card_class), yuan(found.fen), yuan(ONE_MEAL_FEN)
    where = Text("旧名单", "an old hotlist") if found.meal is None else file.meal_name(found.meal)
    raise ConfigFault(
        Text(
            f"{name}：{where.zh} {who.zh} 只剩 ¥{fen}，低于一餐 ¥{least}，不能再收紧",
            f"{name}: {where.en}, {who.en} would have ¥{fen}, less than one meal of ¥{least}: no tighter than that",
        )
    )
