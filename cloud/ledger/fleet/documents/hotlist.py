"""The hotlist 黑名单 made from the books: every card that the ledger refuses, and which generations name which card.

Each issuer's bitmap has room for all cards of the registry, so that a page stays where it is. A card is in it by its
dense number where the bitmap has that, else, as one of another campus, by its id.
"""

from collections.abc import Sequence
from typing import NamedTuple

from cloud.store.db import Database
from shared.fleet.hotlist import INDEX_MAX, hotlist_body
from shared.ids import CardId, hotlist_index, issuer

_NAMED = "SELECT card, since FROM hotlist_named WHERE until IS NULL"


class Listing(NamedTuple):
    """All cards that are to be refused, and the bytes that say so."""

    cards: frozenset[bytes]
    body: bytes


def listing(db: Database) -> Listing:
    """As of this transaction. WireFault where they do not fit."""
    cards = {CardId(bytes(card)) for (card,) in db.run("SELECT card FROM hotlisted")}
    room = _room(db)
    dense = {card for card in cards if hotlist_index(card) < room.get(issuer(card), 0)}
    return Listing(frozenset(map(bytes, cards)), hotlist_body(dense, cards - dense, room))


def _room(db: Database) -> dict[bytes, int]:
    """Issuer → cards that its bitmap has room for."""
    rows = db.run("SELECT substr(card, 1, 2), MAX(hotlist_index) FROM card GROUP BY substr(card, 1, 2)")
    return {bytes(whose): min(int(last) + 1, INDEX_MAX) for whose, last in rows}


def note_named(db: Database, generation: int, cards: frozenset[bytes]) -> None:
    """This generation names these cards, and nobody else."""
    open_now = {bytes(card): since for card, since in db.run(_NAMED)}
    for card in open_now.keys() - cards:
        db.run(
            "UPDATE hotlist_named SET until = ? WHERE card = ? AND since = ?", (generation, card, open_now[card])
        )
    fresh = [(card, generation, None) for card in sorted(cards - open_now.keys())]
    db.insert("hotlist_named", "card, since, until", fresh)


def named_since(db: Database, cards: Sequence[bytes]) -> dict[bytes, int]:
    """Of those of these cards that the newest hotlist names: the generation from which on every one has."""
    rows = db.find("SELECT since, card FROM hotlist_named WHERE until IS NULL AND card", cards)
    return {bytes(card): int(since) for since, card in rows}
