"""Which card's accounts stand in the place of a replaced one's: what goes back, or is paid late, must find money."""

from cloud.store.db import Database

SUCCESSORS_MAX = 16


def homes_of(db: Database, card: bytes) -> list[bytes]:
    """This card, and those that took its place one after the other. Inside of a transaction."""
    found = [card]
    while len(found) <= SUCCESSORS_MAX:
        rows = db.run("SELECT successor FROM card_life WHERE card = ? AND successor IS NOT NULL", (found[-1],))
        if not rows:
            break
        found.append(bytes(rows[0][0]))
    return found


def home_of(db: Database, card: bytes) -> bytes:
    """The card whose account stands in the place of this one's; itself, where none does. Inside of a transaction."""
    return homes_of(db, card)[-1]
