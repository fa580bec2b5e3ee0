"""What a ledger keeps in memory between transactions, and how it knows that it is still true.

The registry, the purses that have grey records, the purchases with an open void, and which devices each store is known
to bring. Another process may have changed them: their versions are looked at, with the last numbers of the books, at
the beginning of each writing.
"""

from collections.abc import Iterable
from typing import NamedTuple

from cloud.ledger.journal.book_chain import NO_HEAD, Head
from cloud.ledger.journal.mark_rows import BoxKey
from cloud.ledger.journal.registry import CHANGES_MAX, Registry, hotlist_changes, read_registry, read_version
from cloud.ledger.journal.witnessed import PutBack, put_backs
from cloud.store.db import Database, Question, Rows

DEVICES_MAX = 65_536
"""Known (box, store, device, epoch); at the bound they are forgotten, and written once more when they come."""
_LOOK = (
    "SELECT (SELECT COALESCE(MAX(id), 0) FROM record), (SELECT COALESCE(MAX(entry), 0) FROM posting), "
    "(SELECT value FROM watermark WHERE name = 'registry'), (SELECT value FROM watermark WHERE name = 'grey'), "
    "(SELECT value FROM watermark WHERE name = 'voids'), (SELECT value FROM watermark WHERE name = 'put-back'), "
    "(SELECT value FROM watermark WHERE name = 'hotlist'), "
    "(SELECT MAX(number) FROM book_chain), "
    "(SELECT hash FROM book_chain ORDER BY number DESC LIMIT 1)"
)

Bringing = tuple[str, bytes, bytes, int]
"""box, store, device, epoch."""
DoubtfulClock = tuple[bytes, int]
"""device, day on which its times were doubted."""


class Last(NamedTuple):
    """The highest numbers in the books, and the newest link of the book-only chain."""

    record: int
    entry: int
    book_only: Head


class Picture:
    """Belongs to one Ledger."""

    def __init__(self, db: Database) -> None:
        self.registry: Registry = read_registry(db)
        self.grey_purses: frozenset[bytes] = frozenset()
        self.void_targets: frozenset[bytes] = frozenset()
        """Purchases about which a void case is open."""
        self.recovering: dict[BoxKey, PutBack] = {}
        """Stores whose rows were here before the ledger was put back, and are not all here again."""
        self._grey_version = self._void_version = self._back_version = self._hotlist_version = -1
        self._listed: set[bytes] = set()
        """Cards on the hotlist, of this campus or another one."""
        self._devices: set[Bringing] = set()
        self._told: set[tuple[str, bytes]] = set()
        self._clocks: set[DoubtfulClock] = set()

    def look(self, db: Database) -> Last:
        """Read anew what another process has changed. Inside of a writing transaction, at its beginning."""
        return self.look_and_ask(db)[0]

    def look_and_ask(self, db: Database, *questions: Question) -> tuple[Last, list[Rows]]:
        """As `look`, with other questions in the same go; the rows of each."""
        (row,), *found = db.ask(Question(_LOOK), *questions)
        record, entry, registry, grey, voids, back, hotlist, number, sealed = row
        self._know_registry(db, registry)
        self._know_hotlist(db, hotlist)
        if grey != self._grey_version:
            rows = db.run("SELECT DISTINCT purse FROM suspense WHERE load IS NULL")
            self.grey_purses, self._grey_version = frozenset(purse for (purse,) in rows), grey
        if voids != self._void_version:
            rows = db.run("SELECT DISTINCT target FROM void_case WHERE entry IS NULL")
            self.void_targets, self._void_version = frozenset(target for (target,) in rows), voids
        if back != self._back_version:
            self.recovering, self._back_version = _recovering(db), back
        return Last(record, entry, (number, bytes(sealed)) if number else NO_HEAD), found

    def look_at_registry(self, db: Database) -> None:
        """As `look`, for who wants to know of nothing else."""
        self._know_registry(db, read_version(db))

    def is_first(self, box: str, device: bytes) -> bool:
        """Is it the first time that this box speaks for this body? So that a flood is told once."""
        told = (box, device)
        if told in self._told:
            return False
        if len(self._told) > DEVICES_MAX:
            self._told.clear()
        self._told.add(told)
        return True

    def doubt(self) -> None:
        """A transaction in which this was looked at is undone: what was seen then is read anew, and what was told is
        told again, for it may be what is undone."""
        self._grey_version = self._void_version = self._back_version = self._hotlist_version = -1
        self.registry.version = -1
        self._told.clear()

    def clock_is_told(self, clock: DoubtfulClock) -> bool:
        """Has this clock its fact of this day? One for a clock, not one for each of its records."""
        return clock in self._clocks

    def clocks_told(self, clocks: set[DoubtfulClock]) -> None:
        """Their facts are committed."""
        if len(self._clocks) > DEVICES_MAX:
            self._clocks.clear()
        self._clocks |= clocks

    def unknown(self, brought: Iterable[Bringing]) -> list[Bringing]:
        """Those that are not known to be in the books."""
        return sorted(set(brought) - self._devices)

    def remember(self, brought: Iterable[Bringing]) -> None:
        """They are committed."""
        if len(self._devices) > DEVICES_MAX:
            self._devices.clear()
        self._devices.update(brought)

    def _know_hotlist(self, db: Database, version: int) -> None:
        """Apart from the registry, which takes long to read and changes seldom."""
        if version == self._hotlist_version:
            return
        cards, changed = self.registry.cards, hotlist_changes(db, self._hotlist_version)
        if self._hotlist_version < 0 or len(changed) > CHANGES_MAX:
            listed = {bytes(card) for (card,) in db.run("SELECT DISTINCT card FROM hotlisted")}
        else:
            now = {bytes(card) for (card,) in db.find("SELECT card FROM hotlisted WHERE card", changed)}
            listed = self._listed - {*changed} | now
        for card in (listed ^ self._listed) & cards.keys():
            cards[card] = cards[card]._replace(hotlisted=card in listed)
        self._listed, self._hotlist_version = listed, version

    def _know_registry(self, db: Database, version: int) -> None:
        if version != self.registry.version:
            self.registry = read_registry(db)


def _recovering(db: Database) -> dict[BoxKey, PutBack]:
    held = {(box, bytes(store)): n for box, store, n in db.run("SELECT box, store, cumulative FROM box_mark")}
    return {
        (one.box, bytes(one.store)): one for one in put_backs(db)
        if one.row_shown > held.get((one.box, bytes(one.store)), 0)
    }  # fmt: skip


def grey_changed(db: Database) -> None:
    """Tell every process that a purse has a grey record."""
    db.run("UPDATE watermark SET value = value + 1 WHERE name = 'grey'")
