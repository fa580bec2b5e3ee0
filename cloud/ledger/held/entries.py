"""What is held 待核: entries whose card side is posted and whose merchant side waits for two persons.

An entry waits until it was withdrawn (evidence decided anew), made void, released to its merchant or returned to the
card's holder. Inside of a transaction.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from cloud.ledger.books.entry import EntryFlag, EntryKind
from cloud.ledger.books.keys import release_key, void_key, withdrawal_key
from cloud.ledger.journal.theft_rows import read_thefts
from cloud.ledger.records.arrival import Arrival, arrive
from cloud.ledger.records.judge import Reason
from cloud.store.db import Database, Row
from shared.errors import RuleBroken
from shared.records import PurselessRecord

CHUNK = 2000
_KINDS = int(EntryKind.PURCHASE), int(EntryKind.EVIDENCE)
_ENTRIES = (
    "SELECT p.entry, p.key, p.credit, p.fen, p.effective_day, r.reason, r.stored, p.kind, p.flags FROM posting p "
    "JOIN record r ON r.id = p.record WHERE p.line = 0 AND p.entry"
)
_NEXT = (
    "SELECT entry FROM posting WHERE entry > ? AND line = 0 AND kind IN (?, ?) "  # noqa: S608  # our own number
    f"AND (flags & {int(EntryFlag.MERCHANT_HELD)}) > 0 ORDER BY entry LIMIT ?"
)
"""In the words of the index ix_posting_held, which serves it by them."""


class Held(NamedTuple):
    """An entry that waits. account: the held one that has its sum. day: effective. reason: of the record's verdict."""

    entry: int
    key: bytes
    account: int
    fen: int
    day: int
    reason: Reason
    arrival: Arrival

    @property
    def purse(self) -> int:
        """The purse/key byte of the record: which purse paid."""
        record = self.arrival.record
        if record is None or isinstance(record, PurselessRecord):
            raise RuleBroken("a held entry comes from a record of a purse")
        return record.purse


def held_among(db: Database, entries: Sequence[int]) -> list[Held]:
    """Those of these entries that wait, by their numbers."""
    rows = sorted(db.find(_ENTRIES, list(dict.fromkeys(entries))))
    rows = [row for row in rows if row[-2] in _KINDS and row[-1] & EntryFlag.MERCHANT_HELD]
    ended = _ended(db, rows)
    return [
        Held(entry, key, account, fen, day, Reason(reason), arrive(stored))
        for entry, key, account, fen, day, reason, stored, _, _ in rows if entry not in ended
    ]  # fmt: skip


def all_held(db: Database) -> Iterator[Held]:
    """Every entry that waits, oldest first. Walks the journal: for a command, not for every second."""
    last = 0
    while True:
        found, last = held_after(db, last)
        yield from found
        if not last:
            return


def held_after(db: Database, entry: int) -> tuple[list[Held], int]:
    """Those that wait of the next CHUNK entries that were ever held, and where to go on; 0: these were the last."""
    found = [number for (number,) in db.run(_NEXT, (entry, *_KINDS, CHUNK))]
    return held_among(db, found), found[-1] if len(found) == CHUNK else 0


def held_of_psam(db: Database, psam: bytes) -> list[Held]:
    """What waits of this PSAM, and of a body that was stolen with it."""
    thefts = [theft for theft in read_thefts(db) if theft.psam == psam]
    return [
        one for one in all_held(db)
        if one.arrival.psam == psam or any(theft.concerns(one.arrival) and one.entry > theft.entry for theft in thefts)
    ]  # fmt: skip


def _ended(db: Database, rows: Sequence[Row]) -> set[int]:
    ends: dict[bytes, int] = {}
    for entry, key, *_ in rows:
        ends |= {void_key(key): entry, withdrawal_key(entry): entry, release_key(entry): entry}
    return {ends[bytes(key)] for (key,) in db.find("SELECT key FROM posting WHERE key", list(ends))}
