"""Spare cards 备用卡 and visitors' cards 临时卡 in the books: where each is, and whose online account it spends.

Append-only; the newest row of a card says how it stands. While one is lent to a holder, what its tap pays on line,
loads and claims is the holder's, and the purse on it is the card's own: the card that it stands in for stays as it is,
blocked where it is lost. A visitor's has no holder and spends its own account.
"""

from enum import IntEnum
from typing import NamedTuple

from cloud.ledger.books.posting import CardAccounts
from cloud.ledger.funds.successors import home_of, homes_of
from cloud.ledger.journal.book_chain import BookLinkKind, digest_of
from cloud.ledger.journal.readers import ENDS
from cloud.ledger.journal.registry import Registry
from cloud.ledger.journal.writing import Writing
from cloud.store.db import Database

COLUMNS = (
    "id, key, card, act, holder, person, place, deposit_fen, in_cash, limit_fen, until_day, who, reason, at_ms, at_s"
)
NOBODY = b""
_NEWEST = f"SELECT {COLUMNS} FROM spare_card s WHERE id = (SELECT MAX(id) FROM spare_card n WHERE n.card = s.card)"  # noqa: S608  # ours


class SpareAct(IntEnum):
    """Frozen numbers: they stand in the books. Words: cloud/words/balance/spares.py."""

    STOCKED = 1
    """Of the desk's spare cards from now on."""
    HANDED = 2
    """Into the hands of a class's teacher, to be lent by him."""
    LENT = 3
    RETURNED = 4
    """At the desk, empty and settled: may be lent again."""
    OVERDUE = 5
    """Lent, and not returned by its last day: nothing is paid with it any more."""
    COLLECTED = 6
    """A class teacher has it back, and it is not settled: the desk does that."""
    WRITTEN_OFF = 7
    """Lost for good: its deposit is the school's, nothing is paid with it ever again."""
    TAKEN_IN = 8
    """With the desk, void: it could not be read, or came back when it was written off."""


HELD = (SpareAct.LENT, SpareAct.OVERDUE, SpareAct.COLLECTED)
"""Its deposit is somebody's, and what is in its accounts too."""
ENDED = (SpareAct.WRITTEN_OFF, SpareAct.TAKEN_IN)
"""Never lent again. Programs before schema 0051 do not know them."""
AT_HAND = (SpareAct.STOCKED, SpareAct.RETURNED)
"""May be lent by the desk."""


class Spare(NamedTuple):
    """One row. holder: the card that it stands in for, NOBODY: a visitor's. person: who has it, as the lender wrote it.
    place: the class that it is with, '' the desk. in_cash: so the deposit was paid; else out of the account.
    limit_fen: what it may pay on line on a day, and load on a day. until_day: its last campus day. Sums and days are
    those of its lending, as long as that goes on."""

    id: int
    key: bytes
    card: bytes
    act: int
    holder: bytes = NOBODY
    person: str = ""
    place: str = ""
    deposit_fen: int = 0
    in_cash: int = 0
    limit_fen: int = 0
    until_day: int = 0
    who: str = ""
    reason: str = ""
    at_ms: int = 0
    at_s: int = 0

    @property
    def is_out(self) -> bool:
        """Is it with somebody who may pay with it, or might until today?"""
        return self.act == SpareAct.LENT


def spare_of(db: Database, card: bytes) -> Spare | None:
    """As it stands; None: it is none. Inside of a transaction."""
    rows = db.run(f"SELECT {COLUMNS} FROM spare_card WHERE card = ? ORDER BY id DESC LIMIT 1", (card,))  # noqa: S608  # ours
    return Spare(*rows[0]) if rows else None


def spare_by_key(db: Database, key: bytes) -> Spare | None:
    """What this deed has written."""
    rows = db.run(f"SELECT {COLUMNS} FROM spare_card WHERE key = ?", (key,))  # noqa: S608  # ours
    return Spare(*rows[0]) if rows else None


def spares(db: Database) -> list[Spare]:
    """Each as it stands, by id. Bound: the school's spare cards."""
    return [Spare(*row) for row in db.run(f"{_NEWEST} ORDER BY id")]


def held_by(db: Database, holder: bytes) -> Spare | None:
    """The spare that stands in for this card, or for one whose place it has taken."""
    rows = db.run(f"{_NEWEST} AND act IN (?, ?, ?) AND holder <> ? ORDER BY id", (*map(int, HELD), NOBODY))
    return next((one for one in (Spare(*row) for row in rows) if home_of(db, one.holder) == holder), None)


def lent(db: Database, card: bytes) -> Spare | None:
    """Where this card is a spare in somebody's hands; None for every other card."""
    found = spare_of(db, card)
    return found if found is not None and found.is_out else None


def payer_of(db: Database, card: bytes) -> bytes:
    """The card whose online account and pending load a tap of this card spends."""
    found = lent(db, card)
    return home_of(db, found.holder) if found is not None and found.holder else card


def borrowed(registry: Registry, card: bytes, payer: bytes) -> CardAccounts:
    """The card's own accounts, and the payer's online account and pending load. KeyError for what is no card."""
    own = registry.cards[card].accounts
    if payer == card:
        return own
    other = registry.cards[payer].accounts
    return own._replace(online=other.online, pending=other.pending)


def add_spare(writing: Writing, row: Spare) -> Spare:
    """The next row; its number and moment are given here."""
    ((last,),) = writing.db.run("SELECT COALESCE(MAX(id), 0) FROM spare_card")
    made = row._replace(id=last + 1, at_ms=writing.now.unix_ms, at_s=writing.now.campus_s)
    writing.db.insert("spare_card", COLUMNS, [tuple(made)])
    writing.booking.link(BookLinkKind.SPARE, made.id, digest_of(tuple(made)))
    if made.act in ENDED:
        writing.booking.need(ENDS)
    return made


def was_lent_for(db: Database, card: bytes, payer: bytes) -> bool:
    """Did this spare ever stand in for that holder, by whichever of his cards?"""
    rows = db.run("SELECT DISTINCT holder FROM spare_card WHERE card = ? AND act = ?", (card, int(SpareAct.LENT)))
    return any(payer in homes_of(db, bytes(holder)) for (holder,) in rows if holder)
