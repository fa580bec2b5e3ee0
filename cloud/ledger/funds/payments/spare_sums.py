"""Sums of a day with a spare card 备用卡 that is out: what is paid on line with it and loaded onto it is one sum.

What is loaded onto it leaves its holder's account without being a payment; so it counts within his own bound of a day,
too, beside all that his account pays. What he loads onto his own card does not: that stays his money, in his hands.
"""

from typing import NamedTuple

from cloud.ledger.funds.bounds import day_max_of
from cloud.ledger.funds.payments.cases import paid_on, spare_paid_on
from cloud.ledger.funds.spares import held_by, lent, payer_of
from cloud.ledger.records.load_state import CaseState
from cloud.ledger.records.values import Now
from cloud.store.db import Database
from shared.clocks.clock import DAY_S, day_number
from shared.money import FEN_MAX

_LOADED = (
    "SELECT CAST(COALESCE(SUM(amount_fen), 0) AS BIGINT) FROM load_case "
    "WHERE card = ? AND debited = 1 AND +state <> ? AND opened_ms >= ?"
)


class Spent(NamedTuple):
    """Of a spare today. left_fen: what may still be paid with it or loaded onto it; loaded_fen: what of its holder's
    bound was loaded onto it."""

    left_fen: int
    loaded_fen: int


def spent_with(db: Database, card: bytes, payer: bytes, now: Now) -> Spent | None:
    """None: it is no spare in somebody's hands. After its last day nothing is left, whether or not anybody has looked
    since. Inside of a transaction."""
    spare = lent(db, card)
    if spare is None:
        return None
    today_ms, day = now.unix_ms - now.campus_s % DAY_S * 1000, day_number(now.campus_s)
    ((loaded_fen,),) = db.run(_LOADED, (card, int(CaseState.REVERSED), max(today_ms, spare.at_ms)))
    left_fen = spare.limit_fen - spare_paid_on(db, payer, card, day) - int(loaded_fen)
    return Spent(max(0, left_fen) if day <= spare.until_day else 0, int(loaded_fen))


def loaded_beside(db: Database, payer: bytes, now: Now) -> int:
    """What was loaded today onto the spare that this holder has, out of his account."""
    held = held_by(db, payer)
    spent = spent_with(db, held.card, payer, now) if held is not None else None
    return spent.loaded_fen if spent is not None else 0


def loadable_fen(db: Database, card: bytes, now: Now) -> int:
    """What may still be loaded onto it today; of what is no spare, as much as a purse may hold."""
    payer = payer_of(db, card)
    spent = spent_with(db, card, payer, now)
    if spent is None:
        return FEN_MAX
    of_holder_fen = day_max_of(db, payer) - paid_on(db, payer, day_number(now.campus_s)) - spent.loaded_fen
    return max(0, min(spent.left_fen, of_holder_fen))
