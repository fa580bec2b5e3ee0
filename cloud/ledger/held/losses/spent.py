"""What a card has spent, purchase by purchase, and which of it the school bears. Inside of a transaction.

For the few cards that are lost, or kept by the desk: all purchases of the card are read. A purchase that was given back
(void, returned by two persons, withdrawn) is no loss of anybody's.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from cloud.ledger.books.entry import EntryKind
from cloud.ledger.books.keys import void_key
from cloud.ledger.cards.life import DeedKind
from cloud.ledger.funds.documents import kept_back_fen
from cloud.ledger.held.losses.reports import Report
from cloud.ledger.journal.writing import first_verdict_key, is_half
from cloud.ledger.records.arrival import Arrival, arrive
from cloud.ledger.records.grey import STANDS
from cloud.store.db import Database
from shared.records import CounterKind, PurchaseRecord

PURSES = (0b0010, 0b0110)
"""EP of the main and of the subsidy application (records.purse_of)."""
_PROVEN = (
    "SELECT p.record, r.stored, r.fork FROM proof p JOIN record r ON r.id = p.record "
    "WHERE p.card_key >= ? AND p.card_key <= ? ORDER BY p.card_key"
)
_GREY = (
    "SELECT s.record, r.stored, s.entry FROM suspense s JOIN record r ON r.id = s.record "
    "WHERE s.purse = ? AND s.load IS NULL AND s.state IN (?, ?)"
)


class Spent(NamedTuple):
    """A purchase that stands in the books. entry: that made it."""

    record: int
    device: bytes
    epoch: int
    application: int
    said: PurchaseRecord
    entry: int


def spent(db: Database, card: bytes) -> list[Spent]:
    """All that stands, of both purses."""
    return sorted(one for application in range(len(PURSES)) for one in _spent(db, card, application))


def borne(found: Iterable[Spent], report: Report | None, released: int | None) -> list[Spent]:
    """What of it the school bears: after the report, and whatever came when the whole purse was released.

    released: the entry that did it (released_at).
    """
    return [one for one in found if one.said.amount_fen and _is_borne(one, report, released)]


def released_at(db: Database, card: bytes) -> int | None:
    """The entry that released all that was left in the purse of a card; None while none has, or kept something back.

    What a card that could be read has proven, and was moved when it was replaced, is not all: records may be late.
    """
    rows = db.run("SELECT key, kind FROM card_deed WHERE card = ? ORDER BY id", (card,))
    keys = [bytes((made,)) + key for key, kind in rows if kind in _MOVING for made in _MOVED]
    purse = f"purse:{card.hex()}"
    entries = db.find("SELECT entry, debit, document FROM posting WHERE key", keys)
    ((account,),) = db.run("SELECT id FROM account WHERE code = ?", (purse,)) or [(None,)]
    whole = (entry for entry, debit, document in entries if debit == account and not kept_back_fen(document))
    return min(whole, default=None)


_MOVING = frozenset({DeedKind.REISSUED, DeedKind.KEPT, DeedKind.RELEASED})
_MOVED = (int(EntryKind.CARD_REPLACED), int(EntryKind.LOSS_RELEASED))


def _is_borne(one: Spent, report: Report | None, released: int | None) -> bool:
    after = report is not None and report.is_after(one.device, one.epoch, one.said)
    return after or (released is not None and one.entry > released)


def _spent(db: Database, card: bytes, application: int) -> Iterator[Spent]:
    """Of one purse. Its proven purchases by their keys, its grey ones by their cases."""
    purse = card + bytes((PURSES[application],))
    key = purse + bytes((CounterKind.OFFLINE,))
    keys: dict[bytes, tuple[int, Arrival]] = {}
    for record, stored, fork in db.run(_PROVEN, (key + b"\0\0", key + b"\xff\xff")):
        a = arrive(stored)
        keys[first_verdict_key(EntryKind.PURCHASE, a, fork)] = record, a
    made: dict[bytes, int] = dict(db.find("SELECT key, entry FROM posting WHERE key", list(keys)))
    given_back = _given_back(db, made)
    for entry_key, (record, a) in keys.items():
        entry = made.get(entry_key)
        if entry is not None and entry not in given_back and isinstance(a.record, PurchaseRecord):
            yield Spent(record, a.device, a.epoch, application, a.record, entry)
    for record, stored, entry in db.run(_GREY, (purse, *sorted(map(int, STANDS)))):
        a = arrive(stored)
        if entry is None or not isinstance(a.record, PurchaseRecord) or is_half(a):
            continue  # what evidence says of half a payment has gone to the card's pending load
        if not _given_back(db, {b"": entry}):
            yield Spent(record, a.device, a.epoch, application, a.record, entry)


def _given_back(db: Database, made: dict[bytes, int]) -> set[int]:
    """Which of these entries were void, or returned to the holder."""
    voids = {void_key(key): entry for key, entry in made.items() if key}
    gone = {voids[bytes(key)] for (key,) in db.find("SELECT key FROM posting WHERE key", list(voids))}
    released = db.find("SELECT held, kind, undone FROM held_release WHERE held", list(made.values()))
    return gone | {held for held, kind, undone in released if kind == EntryKind.HELD_RETURNED and undone is None}
