"""Which card's accounts stand in the place of a replaced one's: what goes back, or is paid late, must find money.

Each inside of a transaction.
"""

from cloud.store.db import Database

FOLLOWED_MAX = 100
"""Cards that have taken one another's place; no holder had so many. What stands behind them is not looked at."""
FORMER_MAX = 16
"""So many are looked at where somebody waits at a till."""


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


def former_cards(db: Database, card: bytes, most: int = FOLLOWED_MAX) -> list[bytes]:
    """This card, and those in whose place it came, the newest first; so many at most."""
    found = [card]
    for one in found:  # which grows meanwhile
        if len(found) >= most:
            break
        rows = db.run("SELECT card FROM card_life WHERE successor = ? ORDER BY since_ms DESC, card", (one,))
        found += [bytes(former) for (former,) in rows if bytes(former) not in found]
    return found[:most]
