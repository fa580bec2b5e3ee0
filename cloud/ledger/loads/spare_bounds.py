"""The end of a spare card's time: nothing is paid with it any more, offline either.

What may be loaded is what funds.payments.spare_sums leaves. A spare that is not back by its last day is listed:
terminals refuse it, and who lends is told.
"""


from cloud.ledger.cards.listing import Why, list_card
from cloud.ledger.funds.spares import SpareAct, add_spare, lent, spares
from cloud.ledger.journal.writing import Writing
from cloud.ledger.records.values import Now
from cloud.store.db import Database
from shared.clocks.clock import day_number
from shared.facts.desks import SpareOverdue

ENDED_MAX = 100
"""In one transaction; the rest with the next."""


def is_over(db: Database, card: bytes, now: Now) -> bool:
    """A spare whose last day has passed, whether or not anybody has looked since. Inside of a transaction."""
    spare = lent(db, card)
    return spare is not None and day_number(now.campus_s) > spare.until_day


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
