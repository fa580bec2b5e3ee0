"""Which card's accounts stand in the place of a replaced one's: what goes back, or is paid late, must find money.

Each inside of a transaction.
"""

from cloud.store.db import Database

FOLLOWED_MAX = 100
"""Cards that have taken one another's place; no holder had so many. What stands behind them is not looked at."""


def homes_of(db: Database, card: bytes) -> list[bytes]:
    """This card, and those that took its place one after the other."""
    found = [card]
    while len(found) <= FOLLOWED_MAX:
        rows = db.run("SELECT successor FROM card_life WHERE card = ? AND successor IS NOT NULL", (found[-1],))
        if not rows:
            break
        found.append(bytes(rows[0][0]))
    return found


def home_of(db: Database, card: bytes) -> bytes:
    """The card whose account stands in the place of this one's; itself, where none does."""
    return homes_of(db, card)[-1]


def line_of(db: Database, card: bytes) -> list[bytes]:
    """This card, and those whose place it took."""
    found, fresh = [card], [card]
    while fresh and len(found) <= FOLLOWED_MAX:
        former = [bytes(one) for (one,) in db.find("SELECT card FROM card_life WHERE successor", fresh)]
        fresh = [one for one in former if one not in found]
        found += fresh
    return found
