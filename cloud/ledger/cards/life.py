"""What becomes of cards: reported lost, found, replaced, of another class. States change here, every deed is kept.

Refuses what does not follow: a void card is never normal again.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

from cloud.ledger.cards.listing import Why, reasons_of
from cloud.ledger.cards.refusals import CARD_LOST, CARD_REPLACED, HOTLISTED, UNKNOWN_CARD, DeskRefused
from cloud.ledger.journal.book_chain import BookLinkKind, digest_of
from cloud.ledger.journal.registry import Card
from cloud.ledger.journal.writing import Writing
from cloud.store.db import Database
from shared.wire.desk.calls import CardState

_STATES = {0: CardState.NORMAL, 1: CardState.LOST, 2: CardState.REPLACED}
_NUMBERS = {state: number for number, state in _STATES.items()}
DEED_COLUMNS = "id, key, card, other, kind, cashier, text, at_ms, at_s"
TEXT_MAX = 200


class DeedKind(IntEnum):
    """Frozen numbers: they stand in the books. Words: shared/facts/terms.py."""

    LOST = 1
    FOUND = 2
    REPLACED = 3
    RELEASED = 4
    CLASS = 5
    ACTIVATED = 6
    REISSUED = 7
    DRAWN = 8
    SPOILED = 9
    KEPT = 10
    """坏卡换卡, of a card that cannot be read and that the desk keeps."""


_FREEZING = frozenset({DeedKind.LOST, DeedKind.KEPT, DeedKind.REPLACED})


class Life(NamedTuple):
    """successor: the card that took its place. card_class: another one than the inventory's."""

    state: CardState = CardState.NORMAL
    successor: bytes | None = None
    card_class: int | None = None


def life_of(db: Database, card: bytes) -> Life:
    """Normal where nothing else is known."""
    rows = db.run("SELECT state, successor, card_class FROM card_life WHERE card = ?", (card,))
    return Life(_STATES[rows[0][0]], *rows[0][1:]) if rows else Life()


class Frozen(NamedTuple):
    """What froze a card: the number of its report, keeping or replacement. is_lost: somebody may have it."""

    deed: int
    is_lost: bool


def frozen(db: Database, cards: Sequence[bytes]) -> dict[bytes, Frozen]:
    """Those of these cards that nobody may use: of each the first deed that froze it since it was found last."""
    found: dict[bytes, Frozen] = {}
    for deed, card, kind in sorted(db.find("SELECT id, card, kind FROM card_deed WHERE card", cards)):
        if kind == DeedKind.FOUND:
            found.pop(bytes(card), None)
        elif kind in _FREEZING:
            found.setdefault(bytes(card), Frozen(deed, kind == DeedKind.LOST))
    return found


def frozen_by(db: Database, card: bytes) -> int:
    """The number of the deed that froze it; 0: nothing did."""
    found = frozen(db, [card]).get(card)
    return found.deed if found else 0


def set_life(writing: Writing, card: bytes, life: Life, since_ms: int | None = None) -> None:
    """From now on; since_ms: since when nobody may use it, where that was before."""
    since = writing.now.unix_ms if since_ms is None else since_ms
    row = (card, _NUMBERS[life.state], life.successor, life.card_class, since)
    writing.db.upsert("card_life", "card, state, successor, card_class, since_ms", "card", [row])


def require_served(writing: Writing, card: bytes, *, returning: bool = False) -> Card:
    """The card if a desk may serve it; DeskRefused with the reason. returning: what a spare that is late is listed for
    does not keep it from being emptied and given back."""
    known = writing.registry.cards.get(card)
    if known is None:
        raise DeskRefused(UNKNOWN_CARD)
    state = life_of(writing.db, card).state
    if state is not CardState.NORMAL:
        raise DeskRefused(CARD_LOST if state is CardState.LOST else CARD_REPLACED)
    if known.hotlisted and not (returning and {one.why for one in reasons_of(writing.db, [card])} == {Why.SPARE}):
        raise DeskRefused(HOTLISTED)
    return known


def add_deed(
    writing: Writing, kind: DeedKind, card: bytes, cashier: str, key: bytes, text: str = "", other: bytes | None = None
) -> int:
    """Keep who did it, and why; the deed's number."""
    last = writing.db.run("SELECT MAX(id) FROM card_deed")[0][0] or 0
    now = writing.now
    row = (last + 1, key, card, other, int(kind), cashier, text[:TEXT_MAX], now.unix_ms, now.campus_s)
    writing.db.insert("card_deed", DEED_COLUMNS, [row])
    writing.booking.link(BookLinkKind.DEED, last + 1, digest_of(row))
    return last + 1


def deed_of(db: Database, key: bytes) -> tuple[DeedKind, bytes, bytes | None] | None:
    """Kind, card and other card of a deed that was done."""
    rows = db.run("SELECT kind, card, other FROM card_deed WHERE key = ?", (key,))
    return (DeedKind(rows[0][0]), *rows[0][1:]) if rows else None
