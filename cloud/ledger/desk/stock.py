"""Cards of the stock in a cashier's hands, by number range: drawn = used + spoiled + left, each one by its label.

A drawn card is used when it takes another one's place, or spoiled, which makes it void. One that a cashier gives out
without having drawn it counts as drawn then and there. Bound: RANGE_MAX cards a range.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

from cloud.ledger.cards.life import DeedKind, add_deed, deed_of, life_of
from cloud.ledger.cards.listing import Why, list_card
from cloud.ledger.cards.refusals import KEY_USED, NEW_CARD_USED, NOT_DRAWN, RANGE, DeskRefused
from cloud.ledger.journal.writing import Writing
from cloud.store.db import Database
from shared.clocks.clock import day_number
from shared.wire.desk.calls import CardState

COLUMNS = "label, cashier, state, day, reason, changed_ms"
RANGE_MAX = 500
_INDEX = 4


class Drawn(IntEnum):
    """Frozen numbers: they stand in the books."""

    LEFT = 1
    USED = 2
    SPOILED = 3


class StockCount(NamedTuple):
    """Since a moment: cards drawn, used, spoiled; left: in the cashier's hands now."""

    drawn: int
    used: int
    spoiled: int
    left: int


def range_labels(first: str, last: str) -> list[str]:
    """Labels of a range, both ends in. DeskRefused for one that is no range of numbers of one width."""
    is_range = first.isdecimal() and last.isdecimal() and first.isascii() and last.isascii() and len(first) == len(last)
    if not is_range or not 0 <= int(last) - int(first) < RANGE_MAX:
        raise DeskRefused(RANGE)
    return [f"{number:0{len(first)}d}" for number in range(int(first), int(last) + 1)]


def draw(writing: Writing, key: bytes, cashier: str, labels: Sequence[str]) -> None:
    """Each card of the range must be of the stock: known, never used, in nobody's hands."""
    known = deed_of(writing.db, key + bytes(_INDEX))
    cards: dict[str, bytes] = dict(writing.db.find("SELECT label, card FROM card WHERE label", list(labels)))
    if known is not None:
        if known != (DeedKind.DRAWN, cards.get(labels[0]), None):
            raise DeskRefused(KEY_USED)
        return
    if len(cards) != len(labels) or writing.db.find("SELECT label FROM desk_card WHERE label", list(labels)):
        raise DeskRefused(NEW_CARD_USED)
    for number, label in enumerate(labels):
        require_fresh(writing, cards[label])
        add_deed(writing, DeedKind.DRAWN, cards[label], cashier, key + number.to_bytes(_INDEX, "big"))
        _set(writing, label, cashier, Drawn.LEFT, "")


def spoil(writing: Writing, key: bytes, cashier: str, label: str, reason: str) -> None:
    """A card in this cashier's hands is waste: void, and never given out."""
    card = writing.db.run("SELECT card FROM card WHERE label = ?", (label,))
    known = deed_of(writing.db, key)
    if known is not None:
        if not card or known != (DeedKind.SPOILED, card[0][0], None):
            raise DeskRefused(KEY_USED)
        return
    if _held(writing.db, label) != (cashier, Drawn.LEFT):
        raise DeskRefused(NOT_DRAWN)
    add_deed(writing, DeedKind.SPOILED, card[0][0], cashier, key, reason)
    _set(writing, label, cashier, Drawn.SPOILED, reason)
    list_card(writing, card[0][0], Why.SPOILED, cashier, reason)


def use(writing: Writing, key: bytes, cashier: str, card: bytes) -> None:
    """A card takes another one's place. DeskRefused when it is in another cashier's hands, or spoiled."""
    ((label,),) = writing.db.run("SELECT label FROM card WHERE card = ?", (card,))
    held = _held(writing.db, label)
    if held is None:
        add_deed(writing, DeedKind.DRAWN, card, cashier, key + bytes(_INDEX))
    elif held != (cashier, Drawn.LEFT):
        raise DeskRefused(NEW_CARD_USED)
    _set(writing, label, cashier, Drawn.USED, "")


def require_fresh(writing: Writing, card: bytes) -> None:
    """Of the stock: as the inventory says, and nothing ever moved on it. DeskRefused."""
    known = writing.registry.cards[card]
    if known.hotlisted or life_of(writing.db, card).state is not CardState.NORMAL:
        raise DeskRefused(NEW_CARD_USED)
    writing.booking.flush()
    marks = ", ".join("?" * len(known.accounts))
    moved = f"SELECT 1 FROM posting WHERE debit IN ({marks}) OR credit IN ({marks}) LIMIT 1"  # noqa: S608  # our marks
    if writing.db.run(moved, (*known.accounts, *known.accounts)):
        raise DeskRefused(NEW_CARD_USED)


def count_stock(db: Database, cashier: str, since_ms: int) -> StockCount:
    """Since a moment, it not included."""
    drawn = db.run(
        "SELECT COUNT(*) FROM card_deed WHERE cashier = ? AND kind = ? AND at_ms > ?",
        (cashier, int(DeedKind.DRAWN), since_ms),
    )[0][0]
    used, spoiled = (
        db.run(
            "SELECT COUNT(*) FROM desk_card WHERE cashier = ? AND state = ? AND changed_ms > ?",
            (cashier, int(state), since_ms),
        )[0][0]
        for state in (Drawn.USED, Drawn.SPOILED)
    )
    left = db.run("SELECT COUNT(*) FROM desk_card WHERE cashier = ? AND state = ?", (cashier, int(Drawn.LEFT)))[0][0]
    return StockCount(drawn, used, spoiled, left)


def _held(db: Database, label: str) -> tuple[str, int] | None:
    rows = db.run("SELECT cashier, state FROM desk_card WHERE label = ?", (label,))
    return (rows[0][0], rows[0][1]) if rows else None


def _set(writing: Writing, label: str, cashier: str, state: Drawn, reason: str) -> None:
    now = writing.now
    row = (label, cashier, int(state), day_number(now.campus_s), reason, now.unix_ms)
    writing.db.upsert("desk_card", COLUMNS, "label", [row])
