"""Floors of online accounts 账户保底, by card class: what no load, payment or cash-out leaves less than.

Append-only; the last word on a class counts from its commit on. Asked in the transaction that moves the money, so no
two movements can both believe that there is enough. A floor that is raised takes nothing from anybody; of a claim it
says nothing, for what is pending is the holder's own.
"""

from typing import NamedTuple

from cloud.ledger.journal.book_chain import BookLinkKind, digest_of
from cloud.ledger.journal.writing import Writing
from cloud.store.db import Database
from shared.errors import ConfigFault
from shared.money import yuan
from shared.words.voice import Text

FLOOR_MAX_FEN = 50_00
"""Nobody's money is kept from him beyond that: it is a deposit for what is under way, no saving."""
CLASS_MAX = 255
COLUMNS = "id, card_class, fen, who, reason, at_ms"
_OF_CARD = (
    "SELECT f.fen FROM card c LEFT JOIN card_life l ON l.card = c.card JOIN account_floor f "
    "ON f.card_class = COALESCE(l.card_class, c.card_class) WHERE c.card = ? ORDER BY f.id DESC LIMIT 1"
)


class Floor(NamedTuple):
    """The last word on a class."""

    card_class: int
    fen: int
    who: str
    reason: str
    at_ms: int


class FloorRefused(ConfigFault):
    """Happens when it is no floor. Nothing was changed."""


def floor_of(db: Database, card: bytes) -> int:
    """Fen that stay in this card's online account; 0: nobody has said. Inside of a transaction."""
    rows = db.run(_OF_CARD, (card,))
    return int(rows[0][0]) if rows else 0


def floors(db: Database) -> list[Floor]:
    """Of each class of which anybody has said something, by class. Inside of a snapshot."""
    rows = db.run(f"SELECT {COLUMNS} FROM account_floor ORDER BY id")  # noqa: S608  # our own names
    return sorted({row[1]: Floor(*row[1:]) for row in rows}.values())


def set_floor(writing: Writing, card_class: int, fen: int, who: str, reason: str) -> Floor:
    """Inside of a transaction. FloorRefused."""
    if not 0 <= card_class <= CLASS_MAX or not 0 <= fen <= FLOOR_MAX_FEN:
        most = yuan(FLOOR_MAX_FEN)
        raise FloorRefused(
            Text(f"卡类 0..{CLASS_MAX}，保底 ¥0..{most}", f"a class is 0..{CLASS_MAX}, a floor ¥0..{most}")
        )
    (last,) = writing.db.run("SELECT COALESCE(MAX(id), 0) FROM account_floor")[0]
    row = (last + 1, card_class, fen, who, reason, writing.now.unix_ms)
    writing.db.insert("account_floor", COLUMNS, [row])
    writing.booking.link(BookLinkKind.FLOOR, last + 1, digest_of(row))
    return Floor(*row[1:])
