"""Disputes 异议 of entries: who says what of which, when. Inside of a transaction."""

from typing import NamedTuple

from cloud.store.db import Database


class Dispute(NamedTuple):
    """entry: of the ledger, as the statement showed it."""

    id: int
    holder: str
    person: int
    entry: int
    why: str
    at_ms: int


_DISPUTE = "SELECT id, holder, person, entry, why, at_ms FROM dispute"


def add_dispute(db: Database, key: bytes, holder: str, person: int, entry: int, why: str, at_ms: int) -> bool:
    """The same key is the same act; one of an entry is open at a time. False: the key was used for another."""
    used = db.run("SELECT holder, entry, why FROM dispute WHERE key = ?", (key,))
    if used:
        return tuple(used[0]) == (holder, entry, why)
    if not db.run("SELECT 1 FROM dispute WHERE holder = ? AND entry = ? AND closed_ms = 0", (holder, entry)):
        columns = "key, holder, person, entry, why, at_ms, closed_ms"
        db.insert("dispute", columns, [(key, holder, person, entry, why, at_ms, 0)])
    return True


def open_disputes(db: Database, holder: str | None = None) -> list[Dispute]:
    """Oldest first; of all holders where none is named."""
    only, given = (" AND holder = ?", (holder,)) if holder is not None else ("", ())
    return [Dispute(*row) for row in db.run(f"{_DISPUTE} WHERE closed_ms = 0{only} ORDER BY id LIMIT 1000", given)]
