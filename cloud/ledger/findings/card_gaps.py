"""Purchases that a card has counted and no record here says, by the newest that the books hold. Inside of a snapshot.

A bounded piece of records names the purses; their steps come by the index of proofs. Nothing is said of a purse in
which something is not decided yet, nor of what lies before its newest NEWEST purchases; where a hole is known already
it is looked for among DEEP of them.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from cloud.ledger.findings.purses import Whose, purchases_of
from cloud.ledger.records.arrival import arrive
from cloud.store.db import Database
from shared.records import PurchaseRecord, application_of

RECORDS_MAX = 500
"""Of a look."""
BEGIN = 20_000
"""Who asks for the first time is told from so many records before the last on."""
NEWEST, DEEP = 16, 256
"""Purchases of a purse: of many purses, and of the few in which something was missing."""


class Touched(NamedTuple):
    """Purses that purchases up to this record were of. upto: to be asked from next."""

    upto: int
    purses: list[Whose]


def touched(db: Database, after: int | None) -> Touched:
    """By the records behind this one; None: by what is newest. A ledger that was put back is begun anew."""
    (last,) = db.run("SELECT COALESCE(MAX(id), 0) FROM record")[0]
    low = after if after is not None and after <= last else max(0, last - BEGIN)
    high = min(last, low + RECORDS_MAX)
    rows = db.run("SELECT stored FROM record WHERE id > ? AND id <= ?", (low, high))
    said = (arrive(bytes(stored)).record for (stored,) in rows)
    found = {(bytes(one.card), application_of(one.purse)) for one in said if isinstance(one, PurchaseRecord)}
    return Touched(high, sorted(found))


def missing(db: Database, whose: Sequence[Whose], most: int) -> dict[Whose, list[int]]:
    """Counters that were taken, for later ones were, and of which no purchase stands; only of purses that have some."""
    found = purchases_of(db, whose, most)
    there = {one: _between(counters) for one, counters in found.items()}
    return {one: counters for one, counters in there.items() if counters}


def _between(counters: Sequence[int]) -> list[int]:
    """A wide hole is its first and its last."""
    holes = ((low + 1, high - 1) for low, high in pairwise(counters) if high - low > 1)
    return sorted({end for hole in holes for end in hole})
