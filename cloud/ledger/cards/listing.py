"""Why a card is on the hotlist 黑名单: one reason or several, and it is on it as long as there is one.

The desk's reports, a person's word and what the look for differences finds list a card each for itself: who takes his
own reason back takes nobody else's.
"""

from collections.abc import Iterable
from enum import IntEnum
from typing import NamedTuple

from cloud.ledger.journal.registry import touch_hotlist
from cloud.ledger.journal.writing import Writing
from cloud.store.db import Database

TEXT_MAX = 200


class Why(IntEnum):
    """Frozen numbers: they stand in the books. Words: cloud/words/fleet/cards.py."""

    COMMAND = 1
    """A person's word, for as long as he says."""
    LOST = 2
    REPLACED = 3
    """Of a card whose place another one has taken: for ever."""
    SPOILED = 4
    FINDING = 5
    """What the books have found: money that they never gave."""
    CLONE = 6
    """Two genuine records at one counter: there are two cards of this number."""
    SPARE = 7
    """A spare card that was not returned by its last day."""


class ListedFor(NamedTuple):
    """A card for one reason."""

    card: bytes
    why: Why
    who: str
    text: str
    since_ms: int


def list_card(writing: Writing, card: bytes, why: Why, who: str = "", text: str = "") -> bool:
    """From this commit on. False: it was listed for this reason before, and nothing changes."""
    if _is_listed_for(writing.db, card, why):
        return False
    row = (card, int(why), who[:TEXT_MAX], text[:TEXT_MAX], writing.now.unix_ms)
    writing.db.insert("hotlisted", "card, reason, who, text, since_ms", [row])
    _follow(writing, card)
    return True


def unlist_card(writing: Writing, card: bytes, why: Why) -> bool:
    """Not for this reason any longer. False: it was not listed for it."""
    if not _is_listed_for(writing.db, card, why):
        return False
    writing.db.run("DELETE FROM hotlisted WHERE card = ? AND reason = ?", (card, int(why)))
    _follow(writing, card)
    return True


def reasons_of(db: Database, cards: Iterable[bytes]) -> list[ListedFor]:
    """Of these cards, the oldest first. Inside of a snapshot."""
    return _entries(db.find("SELECT card, reason, who, text, since_ms FROM hotlisted WHERE card", list(cards)))


def all_reasons(db: Database) -> list[ListedFor]:
    """Of all cards, the oldest first. Inside of a snapshot."""
    return _entries(db.run("SELECT card, reason, who, text, since_ms FROM hotlisted"))


def _entries(rows: list[tuple[bytes, int, str, str, int]]) -> list[ListedFor]:
    found = [ListedFor(bytes(card), Why(why), who, text, since_ms) for card, why, who, text, since_ms in rows]
    return sorted(found, key=lambda one: (one.since_ms, one.card, one.why))


def _is_listed_for(db: Database, card: bytes, why: Why) -> bool:
    return bool(db.run("SELECT 1 FROM hotlisted WHERE card = ? AND reason = ?", (card, int(why))))


def _follow(writing: Writing, card: bytes) -> None:
    """card.hotlisted: what loads, desks and the document ask."""
    ((count,),) = writing.db.run("SELECT COUNT(*) FROM hotlisted WHERE card = ?", (card,))
    writing.db.run("UPDATE card SET hotlisted = ? WHERE card = ?", (int(count > 0), card))
    touch_hotlist(writing.db, card)
