"""Rows answered without their device: what proves nothing and comes from a box that its device is not at.

Such a row is in the books under a key of its own (box, store, row) and in quarantine, and that is all: no mark of the
device moves, no last sequence, no highest epoch, no key of it is claimed. So a box can say what it likes about another
box's terminals, and the same bytes from the device's own box are judged as if nobody had ever sent them.

A row of the device's own box whose sequence number has no room in the mark, for its terminal leaves hole after hole, is
answered in the same way, though it is in the books as any other: else it would stand before everybody else's rows for
ever. Its terminal, which hears no SETTLED, keeps it and may bring it again when a hole has closed. So is a row above
the quarantine's cap whose sequence has no room among the remembered holes: count and digest are all that is kept of it.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from cloud.ledger.journal.mark_rows import BoxKey
from cloud.ledger.records.arrival import Arrival, apart_key, is_apart
from cloud.ledger.records.marks import runs
from cloud.store.db import Database
from shared.ids import BoxId, StoreId
from shared.wire.messages import RANGES_MAX, Range


class Row(NamedTuple):
    """Of which outbox a record is which row."""

    box: BoxId
    store: StoreId
    number: int

    @property
    def key(self) -> bytes:
        """Its own, in the books."""
        return apart_key(self.box, self.store, self.number)


class ApartRows:
    """Those of one transaction."""

    def __init__(self) -> None:
        self._held: set[tuple[bytes, int]] = set()
        self._rows: defaultdict[BoxKey, list[int]] = defaultdict(list)

    def look(self, db: Database, rows: Sequence[Row]) -> None:
        """Which of these rows are in the books already; asked before any of them is taken."""
        if rows:
            found = db.find("SELECT key, fork FROM record WHERE key", [row.key for row in rows])
            self._held.update((bytes(key), fork) for key, fork in found)

    def take(self, row: Row, a: Arrival) -> bool:
        """It is one of them. False: these very bytes came in this row before."""
        self._rows[row.box, row.store].append(row.number)
        name = row.key, a.fork_number
        is_new = name not in self._held
        self._held.add(name)
        return is_new

    def leave(self, box: str, store: bytes, rows: Iterable[int]) -> None:
        """A mark of their device has no room for these: they settle by themselves, and their terminal hears nothing."""
        self._rows[box, store].extend(rows)

    def of(self, box: str, store: bytes) -> frozenset[int]:
        """Row numbers."""
        return frozenset(self._rows.get((box, store), ()))

    def named(self, box: str, store: bytes) -> tuple[Range, ...]:
        """As an ack names them: those that it has no room for come again, and are named when the others are settled."""
        return tuple(runs(self._rows.get((box, store), ()))[:RANGES_MAX])


def without(arrivals: Sequence[Arrival], first_row: int, rows: frozenset[int]) -> Iterable[Arrival]:
    """What is left of a batch."""
    return (a for number, a in enumerate(arrivals, first_row) if number not in rows)


def is_posted_apart(db: Database, a: Arrival) -> bool:
    """Were these very bytes posted as such a row, when a registration or a key fix made them valid?"""
    sql = "SELECT r.key, r.digest FROM proof p JOIN record r ON r.id = p.record WHERE p.card_key = ?"
    return any(is_apart(key) and digest == a.digest for key, digest in db.run(sql, (a.card_key,)))
