"""The hotlist 黑名单 made from the books: every card that the ledger refuses, and which generations name which card.

Each issuer's bitmap has room for all cards of the registry, so that a page stays where it is. A card is in it by its
dense number where the bitmap has that, else, as one of another campus, by its id. A change of a few cards is made on
the bytes of the newest one: the ledger's thread has not the time to read all that are listed for each.

An expired card is refused by its date: PRUNED_AFTER_S later, or when another card that is valid has its dense number,
it is left out. It counts as named on, for it is refused everywhere.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from cloud.ledger.fleet.documents.rows import body_of, newest
from cloud.ledger.journal.registry import CHANGES_MAX, hotlist_changes
from cloud.ledger.records.values import Now
from cloud.store.db import Database
from shared.clocks.clock import DAY_S
from shared.fleet.document import CAMPUS, DocumentKind
from shared.fleet.hotlist import INDEX_MAX, changed_body, hotlist_body, room_of
from shared.ids import CardId, hotlist_index, issuer

PRUNED_AFTER_S = 90 * DAY_S
"""Far more than a terminal's clock may be behind."""
_NAMED = "SELECT card, since FROM hotlist_named WHERE until IS NULL"


class Listing(NamedTuple):
    """The bytes that name the cards that are to be refused. cards: those that the books list; touched: of whom alone
    this is said, None: of everybody."""

    body: bytes
    cards: frozenset[bytes]
    touched: frozenset[bytes] | None = None


def listing(db: Database, now: Now) -> Listing:
    """All of it, as of this transaction. WireFault where they do not fit."""
    cards = {CardId(bytes(card)) for (card,) in db.run("SELECT card FROM hotlisted")}
    room = _room(db)
    kept = cards - _expired(db, now)
    dense = {card for card in kept if hotlist_index(card) < room.get(issuer(card), 0)}
    return Listing(hotlist_body(dense, kept - dense, room), frozenset(map(bytes, cards)))


def changed_listing(db: Database, since: int) -> Listing | None:
    """What has changed since the newest one was made, at this version of the hotlist; None: too much. WireFault."""
    cards, last = hotlist_changes(db, since), newest(db, DocumentKind.HOTLIST, CAMPUS)
    if last is None or len(cards) > CHANGES_MAX:
        return None
    listed = {bytes(card) for (card,) in db.find("SELECT card FROM hotlisted WHERE card", cards)}
    gone = {*cards} - listed
    if any(_shares_its_bit(db, card) for card in gone):
        return None
    body = changed_body(body_of(db, last), map(CardId, listed), map(CardId, gone))
    return Listing(body, frozenset(listed), frozenset(cards))


def card_count(db: Database) -> int:
    """Cards of the registry: none ever goes, so as many are the same ones."""
    return int(db.run("SELECT COUNT(*) FROM card")[0][0])


def _room(db: Database) -> dict[bytes, int]:
    """Issuer → cards that its bitmap has room for."""
    rows = db.run("SELECT substr(card, 1, 2), MAX(hotlist_index) FROM card GROUP BY substr(card, 1, 2)")
    return {bytes(whose): min(room_of(int(last) + 1), INDEX_MAX) for whose, last in rows}


def _expired(db: Database, now: Now) -> set[CardId]:
    """Listed cards of ours that need no listing any more."""
    rows = db.run(
        "SELECT DISTINCT c.card, c.expires FROM hotlisted h JOIN card c ON c.card = h.card WHERE c.expires <= ?",
        (now.campus_s,),
    )
    found = {CardId(bytes(card)): int(expires) for card, expires in rows}
    reused = _numbers_of_valid_cards(db, now) if found else set()
    return {
        card
        for card, expires in found.items()
        if expires + PRUNED_AFTER_S <= now.campus_s or (issuer(card), hotlist_index(card)) in reused
    }


def _numbers_of_valid_cards(db: Database, now: Now) -> set[tuple[bytes, int]]:
    rows = db.run("SELECT card FROM card WHERE expires > ?", (now.campus_s,))
    return {(issuer(card), hotlist_index(card)) for (raw,) in rows for card in (CardId(bytes(raw)),)}


def _shares_its_bit(db: Database, card: bytes) -> bool:
    """Is another listed card refused by the same bit?"""
    return bool(
        db.run(
            "SELECT 1 FROM hotlisted WHERE substr(card, 7, 4) = ? AND substr(card, 1, 2) = ? AND card <> ? LIMIT 1",
            (card[6:], card[:2], card),
        )
    )


def note_named(db: Database, generation: int, found: Listing) -> None:
    """This generation names these cards, and of those that it is about nobody else."""
    open_now = _named(db, found.touched)
    for card in open_now.keys() - found.cards:
        db.run(
            "UPDATE hotlist_named SET until = ? WHERE card = ? AND since = ?", (generation, card, open_now[card])
        )
    fresh = [(card, generation, None) for card in sorted(found.cards - open_now.keys())]
    db.insert("hotlist_named", "card, since, until", fresh)


def names_these(db: Database, found: Listing) -> bool:
    """Is that said already?"""
    return _named(db, found.touched).keys() == found.cards


def _named(db: Database, cards: Collection[bytes] | None) -> dict[bytes, int]:
    rows = db.run(_NAMED) if cards is None else db.find(f"{_NAMED} AND card", sorted(cards))
    return {bytes(card): int(since) for card, since in rows}


def named_since(db: Database, cards: Sequence[bytes]) -> dict[bytes, int]:
    """Of those of these cards that the newest hotlist names: the generation from which on every one has."""
    rows = db.find("SELECT since, card FROM hotlist_named WHERE until IS NULL AND card", cards)
    return {bytes(card): int(since) for since, card in rows}
