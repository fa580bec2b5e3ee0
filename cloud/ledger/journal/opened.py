"""An opened ledger: a prepared database, what is kept of it in memory, and transactions over both.

Every door of the ledger (ingest, card desk, what is held) takes one, and adds what can be asked of it there. Holds a
picture of the registry in memory and nothing else, so a new one over the same database goes on where the last ended.
Whoever comes for one request takes it lazily: the registry, which is every card, is read when something is written.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from cloud.ledger.journal.book_chain import book_head
from cloud.ledger.journal.booking import Booking
from cloud.ledger.journal.picture import Picture
from cloud.ledger.journal.registry import make_ledger
from cloud.ledger.journal.writing import Writing
from cloud.ledger.records.values import Now
from cloud.ledger.schema.migrate import migrate
from cloud.store.db import Database, Question, Rows, open_database
from shared.ids import LedgerId


def open_prepared(dsn: str, ledger_id: LedgerId | None = None, *, lazily: bool = False) -> "OpenedLedger":
    """Open, migrate, and make it if it is new (with this id, else a random one). StoreFault, ConfigFault."""
    database = open_database(dsn)
    try:
        prepare_database(database, ledger_id)
        return OpenedLedger(database, lazily=lazily)
    except BaseException:
        database.close()
        raise


def prepare_database(database: Database, ledger_id: LedgerId | None = None) -> None:
    """Newest schema, and the first rows if it has none."""
    migrate(database)
    with database.writing():
        if not database.run("SELECT 1 FROM meta WHERE name = 'ledger'"):
            make_ledger(database, ledger_id or secrets.token_bytes(8))


class OpenedLedger:
    """Over a prepared database. Belongs to one thread at a time."""

    def __init__(self, database: Database, *, lazily: bool = False) -> None:
        self.database = database
        self._picture: Picture | None = None
        if not lazily:
            self.renew()
        with database.reading():
            self.began = self._newest = book_head(database)[0]
            """Number of the book-only head when this process first saw these books: what it has booked since then is
            not taken for what was there before they were put back (receive.put_back)."""

    @property
    def picture(self) -> Picture:
        """Of the registry; outside of a transaction it is made where it is not there yet."""
        return self.renew() if self._picture is None else self._picture

    def renew(self) -> Picture:
        """Look at everything anew: this process has changed the registry."""
        with self.database.reading():
            self._picture = made = Picture(self.database)
        return made

    @contextmanager
    def writing(self, now: Now) -> Iterator[Writing]:
        """A transaction whose books are sealed at its end."""
        with self.database.writing():
            writing = self.begin(now)
            yield writing
            writing.close()
        self.picture.clocks_told(writing.clocks)

    def begin(self, now: Now) -> Writing:
        """Inside of a writing transaction, at its beginning."""
        return self.begin_with(now)[0]

    def begin_with(self, now: Now, *questions: Question) -> tuple[Writing, list[Rows]]:
        """And the answers to questions that can be asked in the same go."""
        if self._picture is None:
            self._picture = Picture(self.database)
        last, answers = self._picture.look_and_ask(self.database, *questions)
        number, _ = last.book_only
        if number < self._newest:  # put back while we had them open
            self.began = number
        self._newest = number
        booking = Booking(self.database, now, self._picture.registry.campus, *last)
        return Writing(self.database, self._picture, booking, now), answers

    def drawn(self, below: int) -> int:
        """A number that nobody can foretell, from 0."""
        return secrets.randbelow(below)

    def close(self) -> None:
        """Let the database go."""
        self.database.close()
