"""May the online account pay this? The one place of the rule. Pure: everything that is known comes in.

A yes moves the money in the same transaction, so nothing that is only likely may be a yes: a request that comes when
its terminal has given up, or after its reversal, is a no for ever.
"""

from typing import NamedTuple

from shared.online import PaymentResult

SINGLE_MAX_FEN = 50_000
"""Of one payment, where the school has not said (school.py); with the sum of a day it bounds what a stolen card takes
before it is reported."""
DAY_MAX_FEN = 100_000
"""Of one card on a day of the ledger's, likewise."""
UNBOUND_FEN = 2**53
"""More than there is: a card that is neither spare nor capped has no bound of its own."""
NOW_MS = 2**62
"""After all that is in the books, where what counted at a moment is asked for."""
REVERSALS_MAX, REVERSED_MAX_FEN = 100, 300_000
"""Of one terminal on a day of receipt: a terminal's own word gives money back, and its box could write that word."""

GUESSES_MAX = 100
"""Codes that are none, of one terminal on a day: a queue mistypes a few, a search for one that lives needs millions."""


class Asked(NamedTuple):
    """What is known of a request. is_placed: the terminal is where it is registered, not stolen, and sells. day_fen:
    what this card's account has paid today. floor_fen: what stays in the account. day_max_fen: what school and holder
    let it pay on a day."""

    is_placed: bool
    is_known: bool
    is_hotlisted: bool
    is_the_cards: bool
    is_late: bool
    amount_fen: int
    day_fen: int
    left_fen: int
    floor_fen: int = 0
    day_max_fen: int = DAY_MAX_FEN
    own_fen: int = UNBOUND_FEN
    """What the card that is shown may itself still pay: a spare one today, a capped one in this meal."""
    one_max_fen: int = SINGLE_MAX_FEN


def decide(asked: Asked) -> PaymentResult:
    """The first that is against it, or APPROVED."""
    against = (
        (not asked.is_placed, PaymentResult.WRONG_DEVICE),
        (not asked.is_known, PaymentResult.UNKNOWN_CARD),
        (asked.is_hotlisted, PaymentResult.HOTLISTED),
        (not asked.is_the_cards, PaymentResult.WRONG_MAC),
        (asked.is_late or asked.amount_fen <= 0, PaymentResult.NOT_NOW),
        (asked.amount_fen > asked.one_max_fen, PaymentResult.OVER_LIMIT),
        (asked.day_fen + asked.amount_fen > asked.day_max_fen, PaymentResult.OVER_LIMIT),
        (asked.amount_fen > asked.own_fen, PaymentResult.OVER_LIMIT),
        (asked.left_fen - asked.floor_fen < asked.amount_fen, PaymentResult.NO_FUNDS),
    )
    return next((result for is_so, result in against if is_so), PaymentResult.APPROVED)


def may_check(*, is_known: bool, is_hotlisted: bool) -> PaymentResult:
    """May this card buy, as far as the centre knows? Its purse and its caps decide the rest."""
    if not is_known:
        return PaymentResult.UNKNOWN_CARD
    return PaymentResult.HOTLISTED if is_hotlisted else PaymentResult.APPROVED


def is_within(times: int, fen: int, amount_fen: int) -> bool:
    """Does one more reversal fit into what a terminal gives back on a day by itself?"""
    return times < REVERSALS_MAX and fen + amount_fen <= REVERSED_MAX_FEN
