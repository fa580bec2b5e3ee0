"""What may be moved now between a holder's card and his online account, and why not. Pure.

From the account onto the card: by a rule, when the purse is below its threshold, up to its target; or because the
holder has ordered it. Never below the floor of his class, above what a purse may hold, or above a day's bound of the
rule. From the card into the account: at the card office alone, for nobody else has a key that debits without a sale.
"""

from enum import StrEnum
from typing import NamedTuple

from shared.money import FEN_MAX

LEAST_FEN = 1_00
"""Nothing is loaded by itself for less: a card is held for it."""


class Why(StrEnum):
    """Why nothing is moved. Words: cloud/words/balance/split.py."""

    NO_RULE = "no-rule"
    """Nobody has set one for the card or its class, or it is switched off; and nothing is ordered."""
    ENOUGH = "enough"
    """The purse is not below the threshold."""
    FLOOR = "floor"
    """The online account has no more than must stay in it."""
    FULL = "full"
    """The purse has no room."""
    DAY = "day"
    """As much as the rule loads on a day was loaded."""
    BARRED = "barred"
    """The card is on the hotlist, or was replaced."""
    EMPTY = "empty"
    """Nothing is on the card."""
    TOO_LITTLE = "too-little"
    """Below LEAST_FEN."""
    DESK = "desk"
    """At the card office, with the card."""


class Quota(NamedTuple):
    """A rule as it counts for one card. day_fen: what it loads on a campus day at most."""

    below_fen: int
    target_fen: int
    day_fen: int


class Holding(NamedTuple):
    """purse_fen: as the card or the books say. ceiling_fen: what a purse may hold, 0: only the card knows. today_fen:
    loaded by itself today. ordered_fen: what the holder has ordered and did not get."""

    purse_fen: int
    online_fen: int
    floor_fen: int
    ceiling_fen: int = 0
    today_fen: int = 0
    ordered_fen: int = 0
    is_barred: bool = False

    @property
    def free_fen(self) -> int:
        """What may leave the online account; it may be spent online."""
        return max(0, self.online_fen - self.floor_fen)

    @property
    def room_fen(self) -> int:
        """What the purse has room for."""
        return max(0, (self.ceiling_fen or FEN_MAX) - self.purse_fen)


class Movable(NamedTuple):
    """why: what bounds it, where that is nothing at all, or less than was wanted; None: all of it."""

    fen: int
    why: Why | None = None


def onto_card(holding: Holding, quota: Quota | None) -> Movable:
    """What is loaded at the card's next tap on line: what is ordered, or by rule, whatever is more."""
    by_rule = _by_rule(holding, quota)
    if not holding.ordered_fen:
        return by_rule
    return max(_bounded(holding, holding.ordered_fen), by_rule, key=lambda one: one.fen)


def orderable(holding: Holding) -> Movable:
    """What the holder may order onto his card now, at most."""
    return _bounded(holding, FEN_MAX)


def into_account(holding: Holding) -> Movable:
    """What may go back, and where."""
    if holding.is_barred:
        return Movable(0, Why.BARRED)
    return Movable(holding.purse_fen, Why.DESK) if holding.purse_fen > 0 else Movable(0, Why.EMPTY)


def _by_rule(holding: Holding, quota: Quota | None) -> Movable:
    if quota is None:
        return Movable(0, Why.NO_RULE)
    if holding.purse_fen >= quota.below_fen:
        return Movable(0, Why.BARRED if holding.is_barred else Why.ENOUGH)
    wanted, left = quota.target_fen - holding.purse_fen, max(0, quota.day_fen - holding.today_fen)
    found = _bounded(holding, min(wanted, left))
    if left < wanted and found.fen in (0, left) and found.why in (None, Why.TOO_LITTLE):
        return found._replace(why=Why.DAY)
    return found


def _bounded(holding: Holding, wanted: int) -> Movable:
    if holding.is_barred:
        return Movable(0, Why.BARRED)
    fen = min(wanted, holding.free_fen, holding.room_fen)
    why = None if fen == wanted else Why.FLOOR if fen == holding.free_fen else Why.FULL
    return Movable(fen, why) if fen >= LEAST_FEN else Movable(0, why or Why.TOO_LITTLE)
