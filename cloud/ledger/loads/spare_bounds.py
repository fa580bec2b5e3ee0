"""What a spare card may load, and the end of its time: nothing is paid with it any more, offline either.

The day's bound of a lending counts what is paid on line and what is loaded each for itself. A spare that is not back by
its last day is listed: terminals refuse it, and who lends is told.
"""

from cloud.ledger.cards.listing import Why, list_card
from cloud.ledger.funds.spares import SpareAct, add_spare, lent, spares
from cloud.ledger.journal.writing import Writing
from cloud.ledger.loads.cases import CaseState
from cloud.ledger.records.values import Now
from cloud.store.db import Database
from shared.clocks.clock import DAY_S, day_number
from shared.facts.desks import SpareOverdue
from shared.money import FEN_MAX

ENDED_MAX = 100
"""In one transaction; the rest with the next."""
_LOADED = (
    "SELECT CAST(COALESCE(SUM(amount_fen), 0) AS BIGINT) FROM load_case "
    "WHERE card = ? AND debited = 1 AND +state <> ? AND opened_ms >= ?"
)


def is_over(db: Database, card: bytes, now: Now) -> bool:
    """A spare whose last day has passed, whether or not anybody has looked since. Inside of a transaction."""
    spare = lent(db, card)
    return spare is not None and day_number(now.campus_s) > spare.until_day


def loadable_fen(db: Database, card: bytes, now: Now) -> int:
    """What may still be loaded onto it today; of what is no spare, as much as a purse may hold."""
    spare = lent(db, card)
    if spare is None:
        return FEN_MAX
    today_ms = now.unix_ms - now.campus_s % DAY_S * 1000
    ((loaded_fen,),) = db.run(_LOADED, (card, int(CaseState.REVERSED), max(today_ms, spare.at_ms)))
    return max(0, spare.limit_fen - int(loaded_fen))


def overdue(db: Database, now: Now) -> list[bytes]:
    """Spares that are out and should be back, ENDED_MAX at most. Inside of a snapshot."""
    today = day_number(now.campus_s)
    return [one.card for one in spares(db) if one.is_out and one.until_day < today][:ENDED_MAX]


def end_overdue(writing: Writing) -> int:
    """How many were ended."""
    cards = overdue(writing.db, writing.now)
    for card in cards:
        spare = lent(writing.db, card)
        if spare is not None:
            list_card(writing, card, Why.SPARE)
            key = bytes((SpareAct.OVERDUE,)) + spare.id.to_bytes(8, "big")
            add_spare(writing, spare._replace(key=key, act=int(SpareAct.OVERDUE), who="", reason=""))
            label = writing.registry.cards[card].label
            writing.notes.tell(SpareOverdue(label, spare.person, spare.place))
    return len(cards)
