"""What the account of a capped card 限餐卡 still pays when it is shown: one meal in a meal period, in however many
payments. A code of its holder's phone shows no card, so it is not capped."""

from cloud.ledger.findings.found import capped_of
from cloud.ledger.fleet.parameters.door import meal_began
from cloud.ledger.funds.payments.cases import paid_with_since
from cloud.ledger.funds.spares import payer_of
from cloud.ledger.records.values import Now
from cloud.store.db import Database
from shared.fleet.capped import MEAL_FEN


def meal_left_fen(db: Database, card: bytes, now: Now) -> int | None:
    """None: the card is not capped now. Inside of a transaction."""
    cap = capped_of(db, card)
    if cap is None:
        return None
    began_s = meal_began(db, now.campus_s)
    if not cap.counts(now.campus_s, began_s):
        return None
    began_ms = now.unix_ms - (now.campus_s - began_s) * 1000
    return MEAL_FEN - paid_with_since(db, payer_of(db, card), card, began_ms)
