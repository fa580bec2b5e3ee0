"""What is durable where, read from the databases themselves after each commit: never from what a core says of it."""

import sqlite3

from shared.records import LOAD_SIZE, STORED_HEAD
from tests.sim.disk import DEEDS, deed_of
from tests.sim.truth import Deed

KEY_SIZE = 12
"""Of a record's key in the ledger; that of a row which was answered without its device is longer."""
Stream = bytes
Key = bytes
"""device 6 ‖ epoch 2 ‖ seq 4 ‖ digest 8: names the bytes of a record."""


class Seqs:
    """Sequence numbers of one stream, and how far they go without a hole: none ever goes."""

    __slots__ = ("_cover", "there")

    def __init__(self) -> None:
        self.there: set[int] = set()
        self._cover = 0

    def reaches(self, seq: int) -> bool:
        """Are all up to seq there?"""
        while self._cover < seq and self._cover + 1 in self.there:
            self._cover += 1
        return self._cover >= seq


class Held:
    """The records of one store."""

    def __init__(self) -> None:
        self.keys: set[Key] = set()
        self.streams: dict[bytes, dict[Stream, Seqs]] = {}
        """By device."""
        self.deeds: dict[Deed, int] = {}

    def add(self, key: Key, deed: Deed | None) -> None:
        """A record is durable here. Unreadable bytes count as a key without a deed."""
        if key in self.keys:
            return
        self.keys.add(key)
        seqs = self.seqs(key[:8])
        if seqs is None:
            seqs = self.streams.setdefault(key[:6], {})[key[:8]] = Seqs()
        seqs.there.add(int.from_bytes(key[8:12], "big"))
        if deed is not None:
            self.deeds[deed] = self.deeds.get(deed, 0) + 1

    def remove(self, key: Key, deed: Deed | None) -> None:
        """It is gone. Only for stores that may drop."""
        self.keys.discard(key)
        if deed is not None:
            self.deeds[deed] -= 1

    def has(self, deed: Deed) -> bool:
        """Is a record of it here?"""
        return self.deeds.get(deed, 0) > 0

    def seqs(self, stream: Stream) -> Seqs | None:
        """Of one stream."""
        of_device = self.streams.get(stream[:6])
        return of_device.get(stream) if of_device else None


class OutboxMirror:
    """One outbox: its rows as committed."""

    def __init__(self, box: str) -> None:
        self.held = Held()
        self.rows: dict[int, tuple[Key, bytes, Deed | None]] = {}
        """Every row that ever was, with what it tells of; `there`: those that are."""
        self.there: set[int] = set()
        self.rotten: set[Key] = set()
        """Of rows that were damaged: a box puts them aside."""
        self.box = box
        self.store = b""
        self.settled = Held()
        self._upto = 0
        self._last = 0

    def committed(self, database: sqlite3.Connection) -> None:
        """Look for new rows."""
        if not self.store:
            found = database.execute("SELECT value FROM about WHERE name = 'store'").fetchone()
            self.store = found[0] if found else b""
        for row, key, body in database.execute("SELECT row, key, body FROM record WHERE row > ?", (self._last,)):
            stored = key[:8] + body
            deed = _deed(stored)
            self.rows[row] = key, stored, deed
            self.there.add(row)
            self.held.add(key, deed)
            self._last = row

    def look_settled(self, database: sqlite3.Connection) -> None:
        """Look at which rows are marked as committed by the ledger; once marked counts for ever."""
        for low, high in database.execute("SELECT low, high FROM settled"):
            for row in range(max(low, self._upto + 1) if low <= self._upto + 1 else low, high + 1):
                if row in self.rows:
                    key, _, deed = self.rows[row]
                    self.settled.add(key, deed)
            if low <= self._upto + 1:
                self._upto = max(self._upto, high)

    def dropped(self, database: sqlite3.Connection) -> list[Key]:
        """Look for rows that are not there any more."""
        left = {row for (row,) in database.execute("SELECT row FROM record")}
        lost = [self.rows[row] for row in sorted(self.there - left)]
        self.there &= left
        for key, _, deed in lost:
            self.held.remove(key, deed)
        return [key for key, _, _ in lost]


def held_in(database: sqlite3.Connection) -> Held:
    """What a copy of the ledger holds."""
    mirror = LedgerMirror()
    mirror.committed(database)
    return mirror.now


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
            deed = _deed(stored) if len(key) == KEY_SIZE else None  # what was answered apart is nobody's deed
            self.now.add(key + digest, deed)
            self.ever.add(key + digest, deed)

    def put_back(self, database: sqlite3.Connection) -> None:
        """It is an older copy now."""
        self.now = Held()
        self._last = 0
        self.committed(database)


def _deed(stored: bytes) -> Deed | None:
    wire = stored[STORED_HEAD:]
    return deed_of(wire) if len(wire) >= LOAD_SIZE and wire[1] in DEEDS else None
