"""What a provider gives back by itself of money that is unclear: out of 渠道待查款 first, and only then a card's.

A payment that was far too much is a card's up to the order, and unclear above it. Whoever gives some of it back at the
provider means what was too much; so that goes first, the item is less by it, and a card pays only for what is beyond.
"""

from cloud.ledger.books.entry import EntryKind
from cloud.ledger.funds.providers.items import Item, ItemKind, items
from cloud.ledger.funds.providers.posting import booked_fen, refund
from cloud.ledger.funds.providers.terms import RefundState
from cloud.ledger.journal.book_chain import BookLinkKind, digest_of
from cloud.ledger.journal.writing import Writing
from cloud.store.db import Database

COLUMNS = "id, item, refund, fen, at_ms"
REST = "rest"
"""Ends of keys: of what was paid above an order, and of what goes back of that together with a card's part."""
_KINDS = (ItemKind.UNKNOWN, ItemKind.LONG, ItemKind.UNCLEAR)


def given_back_fen(db: Database, provider: str, ident: str) -> int:
    """What stands in the books as given back by the provider itself under this refund number, of whomever."""
    kind = EntryKind.DEPOSIT_REFUNDED
    return booked_fen(db, kind, provider, ident) + booked_fen(db, kind, provider, f"{ident}:{REST}")


def give_back(writing: Writing, card: bytes, provider: str, txn: str, ident: str, fen: int) -> bool:
    """Inside of a transaction: of this payment, first what of it is unclear, then out of the account of the card; card
    empty: all out of 渠道待查款. False: booked before."""
    writing.booking.flush()
    if given_back_fen(writing.db, provider, ident):
        return False
    left = fen
    for item in items(writing.db):
        if item.provider == provider and item.txn == txn and item.kind in _KINDS and left:
            part = min(left, _left_fen(writing.db, item))
            left -= part
            if part:
                _note(writing, item, ident, part)
    if not card or left == fen:
        return refund(writing, card, fen, provider, ident)
    if not left:
        return refund(writing, b"", fen, provider, ident)
    refund(writing, b"", fen - left, provider, f"{ident}:{REST}")
    return refund(writing, card, left, provider, ident)


def _left_fen(db: Database, item: Item) -> int:
    """What of an item is nobody's still, and not on its way back by our own asking."""
    is_asked = db.run(
        "SELECT 1 FROM deposit_refund WHERE item = ? AND state <> ?", (item.ident, int(RefundState.REFUSED))
    )
    key = bytes((EntryKind.DEPOSIT_ASSIGNED,)) + f"item:{item.ident}".encode()
    is_given = db.run("SELECT 1 FROM posting WHERE key = ?", (key,))
    return 0 if is_asked or is_given else max(0, item.unclear_fen)


def _note(writing: Writing, item: Item, ident: str, fen: int) -> None:
    last = int(writing.db.run("SELECT COALESCE(MAX(id), 0) FROM deposit_item_back")[0][0])
    row = (last + 1, item.ident, ident, fen, writing.now.unix_ms)
    writing.db.insert("deposit_item_back", COLUMNS, [row])
    writing.booking.link(BookLinkKind.ITEM_BACK, last + 1, digest_of(row))
