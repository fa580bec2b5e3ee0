"""Bounds of a day 自设限额 that a holder has set for what his online account pays, below the school's own.

Append-only; the last word on a card counts from its commit on, and goes on to the card that takes its place. Asked in
the transaction that moves the money, beside the floor (floors.py), and judged by the one rule (payments.rule). Who may
set or raise it is the caller's matter.
"""

from typing import NamedTuple

from cloud.ledger.funds.payments.rule import NOW_MS
from cloud.ledger.funds.payments.school import pay_bounds
from cloud.ledger.funds.successors import FORMER_MAX, former_cards
from cloud.ledger.journal.book_chain import BookLinkKind, digest_of
from cloud.ledger.journal.writing import Writing
from cloud.store.db import Database
from shared.errors import ConfigFault
from shared.money import yuan
from shared.words.voice import Text

COLUMNS = "id, key, card, day_fen, who, at_ms"
KEY_MAX = 64
_NEWEST = "SELECT day_fen, who, at_ms FROM account_bound WHERE card = ? AND at_ms <= ? ORDER BY id DESC LIMIT 1"


class Bound(NamedTuple):
    """The last word on a card. day_fen: 0 lets the account pay nothing."""

    day_fen: int
    who: str
    at_ms: int


class BoundRefused(ConfigFault):
    """Happens when it is no bound within the school's. Nothing was changed."""


def bound_of(db: Database, card: bytes, at_ms: int = NOW_MS) -> Bound | None:
    """The one that counts, or counted then. None: nobody has said. Inside of a transaction."""
    for one in former_cards(db, card, FORMER_MAX):
        rows = db.run(_NEWEST, (one, at_ms))
        if rows:
            return Bound(*rows[0])
    return None


def day_max_of(db: Database, card: bytes) -> int:
    """Fen that this card's account pays on a day at most. Inside of a transaction."""
    found = bound_of(db, card)
    most_fen = pay_bounds(db).day_fen
    return most_fen if found is None else min(found.day_fen, most_fen)


def set_bound(writing: Writing, key: str, card: bytes, day_fen: int, who: str) -> Bound:
    """Inside of a transaction; the same key again is the same word. BoundRefused."""
    if not 0 < len(key) <= KEY_MAX:
        raise BoundRefused(Text(f"单号 1..{KEY_MAX} 字", f"a key has 1..{KEY_MAX} characters"))
    known = writing.db.run("SELECT card, day_fen, who, at_ms FROM account_bound WHERE key = ?", (key,))
    if known:
        of, *rest = known[0]
        if (bytes(of), rest[0]) != (card, day_fen):
            raise BoundRefused(Text("单号已用于另一件事", "the key names another act"))
        return Bound(*rest)
    most_fen = pay_bounds(writing.db).day_fen
    if not 0 <= day_fen <= most_fen:
        most = yuan(most_fen)
        raise BoundRefused(Text(f"每日 ¥0..{most}，不能高于学校的", f"¥0..{most} a day, never above the school's"))
    (last,) = writing.db.run("SELECT COALESCE(MAX(id), 0) FROM account_bound")[0]
    row = (last + 1, key, card, day_fen, who, writing.now.unix_ms)
    writing.db.insert("account_bound", COLUMNS, [row])
    writing.booking.link(BookLinkKind.ACCOUNT_BOUND, last + 1, digest_of(row))
    return Bound(day_fen, who, writing.now.unix_ms)
