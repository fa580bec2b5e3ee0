"""One card as its page shows it, and cards as they are found. Inside of a snapshot."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from cloud.ledger.cards.classes import class_of, classes_of, in_class
from cloud.ledger.cards.life import DeedKind, life_of
from cloud.ledger.cards.listing import ListedFor, reasons_of
from cloud.ledger.journal.balances import balances_of
from cloud.ledger.journal.registry import CARD_ACCOUNTS
from cloud.ledger.read.books import records_numbered
from cloud.ledger.read.overview import cards_like
from cloud.ledger.read.views import CardView, RecordView
from cloud.store.db import Database
from shared.wire.desk.calls import CardState

LOOKED = 20
"""The records that came last, of which the newest by its own time is the last that is known."""
DEEDS_MAX = 200
_STATES = {0: CardState.NORMAL, 1: CardState.LOST, 2: CardState.REPLACED}


class CardLine(NamedTuple):
    """A card as one looks for it: no balance. expires: campus seconds. group: its holder's class, '' unknown."""

    card: bytes
    label: str
    hotlisted: bool
    state: CardState
    expires: int
    group: str = ""


class CardDeed(NamedTuple):
    """Who did what to it. other: the label of the other card, if there is one."""

    kind: DeedKind
    who: str
    text: str
    at_ms: int
    other: str


class CardFile(NamedTuple):
    """balances: never summed here. last: the newest record that the books have of it. successor, former: labels."""

    line: CardLine
    card_class: int
    issued: int
    since_ms: int
    successor: str
    former: str
    reasons: tuple[ListedFor, ...]
    deeds: tuple[CardDeed, ...]
    balances: CardView
    last: RecordView | None


def card_lines(db: Database, start: str, most: int) -> list[CardLine]:
    """Cards whose label or number begins so, by label."""
    return _lines(db, [one.card for one in cards_like(db, start, most)])


def card_lines_of(db: Database, groups: Collection[str], start: str, most: int) -> list[CardLine]:
    """The same of these classes alone. A class is small: it is read whole."""
    of_groups = [card for group in sorted(groups) for card in in_class(db, group, most)]
    fits = [one for one in _lines(db, of_groups) if one.label.startswith(start) or one.card.hex().startswith(start)]
    return fits[:most]


def _lines(db: Database, cards: Sequence[bytes]) -> list[CardLine]:
    lives: dict[bytes, int] = dict(db.find("SELECT card, state FROM card_life WHERE card", cards))
    groups = classes_of(db, cards)
    rows = db.find("SELECT label, card, hotlisted, expires FROM card WHERE card", cards)
    return [
        CardLine(card, label, bool(hotlisted), _STATES[lives.get(card, 0)], expires, groups.get(bytes(card), ""))
        for label, card, hotlisted, expires in sorted(rows)
    ]


def card_file(db: Database, card: bytes) -> CardFile | None:
    """None for a card in no inventory."""
    rows = db.run(
        f"SELECT label, hotlisted, card_class, issued, expires, {CARD_ACCOUNTS} FROM card WHERE card = ?",  # noqa: S608
        (card,),
    )
    if not rows:
        return None
    label, hotlisted, card_class, issued, expires, *accounts = rows[0]
    life, surplus = life_of(db, card), balances_of(db, accounts)
    line = CardLine(card, label, bool(hotlisted), life.state, expires, class_of(db, card))
    since = db.run("SELECT since_ms FROM card_life WHERE card = ?", (card,))
    former = db.run("SELECT c.label FROM card_life l JOIN card c ON c.card = l.card WHERE l.successor = ?", (card,))
    named = db.run("SELECT label FROM card WHERE card = ?", (life.successor,)) if life.successor else []
    balances = CardView(card, label, bool(hotlisted), *(-surplus.get(account, 0) for account in accounts))
    return CardFile(
        line, card_class if life.card_class is None else life.card_class, issued, since[0][0] if since else 0,
        named[0][0] if named else "", former[0][0] if former else "", tuple(reasons_of(db, [card])),
        tuple(_deeds(db, card)), balances, _last(db, card),
    )  # fmt: skip


def _deeds(db: Database, card: bytes) -> Sequence[CardDeed]:
    """The newest first; what was done to the card in whose place it came is that card's."""
    rows = db.run(
        "SELECT d.kind, d.cashier, d.text, d.at_ms, COALESCE(c.label, '') FROM card_deed d "
        "LEFT JOIN card c ON c.card = d.other WHERE d.card = ? ORDER BY d.id DESC LIMIT ?",
        (card, DEEDS_MAX),
    )
    return [CardDeed(DeedKind(kind), *rest) for kind, *rest in rows]


def _last(db: Database, card: bytes) -> RecordView | None:
    rows = db.run(
        "SELECT record FROM proof WHERE card_key >= ? AND card_key <= ? ORDER BY record DESC LIMIT ?",
        (card, card + b"\xff" * 4, LOOKED),
    )
    found = records_numbered(db, [number for (number,) in rows])
    return max(found.values(), key=lambda view: (view.time, view.number), default=None)
