"""What is durable where, read from the databases themselves after each commit: never from what a core says of it."""

import sqlite3
from collections import Counter

from shared.records import LOAD_SIZE, STORED_HEAD
from tests.sim.disk import deed_of
from tests.sim.truth import Deed

Stream = bytes
Key = bytes
"""device 6 ‖ epoch 2 ‖ seq 4 ‖ digest 8: names the bytes of a record."""


class Seqs:
    """Sequence numbers of one stream, and how far they go without a hole."""

    __slots__ = ("cover", "there")

    def __init__(self) -> None:
        self.there: set[int] = set()
        self.cover = 0


class Held:
    """The records of one store."""

    def __init__(self) -> None:
        self.keys: set[Key] = set()
        self.streams: dict[Stream, Seqs] = {}
        self.deeds: Counter[Deed] = Counter()

    def add(self, key: Key, stored: bytes) -> None:
        """A record is durable here. Unreadable bytes count as a key without a deed."""
        if key in self.keys:
            return
        self.keys.add(key)
        self.streams.setdefault(key[:8], Seqs()).there.add(int.from_bytes(key[8:12], "big"))
        deed = _deed(stored)
        if deed is not None:
            self.deeds[deed] += 1

    def remove(self, key: Key, stored: bytes) -> None:
        """It is gone. Only for stores that may drop."""
        self.keys.discard(key)
        deed = _deed(stored)
        if deed is not None:
            self.deeds[deed] -= 1

    def seqs(self, stream: Stream) -> set[int]:
        """Of one stream."""
        found = self.streams.get(stream)
        return found.there if found else set()


class OutboxMirror:
    """One outbox: its rows as committed."""

    def __init__(self, box: str) -> None:
        self.held = Held()
        self.rows: dict[int, tuple[Key, bytes]] = {}
        """Every row that ever was; `there`: those that are."""
        self.there: set[int] = set()
        self.box = box
        self.store = b""
        self.settled = Held()
        self._upto = 0
        self._last = 0

    def committed(self, database: sqlite3.Connection) -> list[Key]:
        """Look for new rows."""
        if not self.store:
            found = database.execute("SELECT value FROM about WHERE name = 'store'").fetchone()
            self.store = found[0] if found else b""
        fresh = []
        for row, key, body in database.execute("SELECT row, key, body FROM record WHERE row > ?", (self._last,)):
            stored = key[:8] + body
            self.rows[row] = key, stored
            self.there.add(row)
            self.held.add(key, stored)
            self._last = row
            fresh.append(key)
        return fresh

    def look_settled(self, database: sqlite3.Connection) -> None:
        """Look at which rows are marked as committed by the ledger; once marked counts for ever."""
        for low, high in database.execute("SELECT low, high FROM settled"):
            for row in range(max(low, self._upto + 1) if low <= self._upto + 1 else low, high + 1):
                if row in self.rows:
                    self.settled.add(*self.rows[row])
            if low <= self._upto + 1:
                self._upto = max(self._upto, high)

    def dropped(self, database: sqlite3.Connection) -> list[tuple[Key, bytes]]:
        """Look for rows that are not there any more."""
        left = {row for (row,) in database.execute("SELECT row FROM record")}
        lost = [self.rows[row] for row in sorted(self.there - left)]
        self.there &= left
        for key, stored in lost:
            self.held.remove(key, stored)
        return lost


class LedgerMirror:
    """The ledger: `now` is what it holds, `ever` what it has held before it was put back as well."""

    def __init__(self) -> None:
        self.now = Held()
        self.ever = Held()
        self._last = 0

    def committed(self, database: sqlite3.Connection) -> None:
        """Look for new records."""
        query = "SELECT id, key, digest, stored FROM record WHERE id > ? ORDER BY id"
        for number, key, digest, stored in database.execute(query, (self._last,)):
            self._last = number
            self.now.add(key + digest, stored)
            self.ever.add(key + digest, stored)

    def put_back(self, database: sqlite3.Connection) -> None:
        """It is an older copy now."""
        self.now = Held()
        self._last = 0
        self.committed(database)


def _deed(stored: bytes) -> Deed | None:
    wire = stored[STORED_HEAD:]
    return deed_of(wire) if len(wire) >= LOAD_SIZE else None
