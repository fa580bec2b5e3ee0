"""One check's result, and how a check walks a table that may be long."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from cloud.ledger.journal.booking import CHUNK, POSTING_COLUMNS
from cloud.store.db import Database, Row
from shared.words.voice import Text


@dataclass(frozen=True, slots=True)
class Check:
    """checked: how many things. broken: the first that is wrong, named; empty if none. note: for people.

    warns: true, and yet not as it should be, as the note says.
    """

    name: str
    checked: int
    broken: str = ""
    note: Text | None = None
    warns: bool = False


class Line(NamedTuple):
    """A row of posting, its columns in the order of books.POSTING_COLUMNS."""

    entry: int
    line: int
    debit: int
    credit: int
    fen: int
    book: int
    kind: int
    effective_day: int
    booked_at_ms: int
    flags: int
    partition: int
    number: int
    key: bytes | None
    input_hash: bytes | None
    record: int | None
    document: bytes | None
    reverses: int | None

    @property
    def every(self) -> tuple[int, ...]:
        """What all lines of an entry have in common."""
        return self[5:12]


def walk_entries(db: Database) -> Iterator[tuple[int, list[Line]]]:
    """Every entry's number and its lines in order, at least one; in bounded steps."""
    for number, lines in groupby(_lines(db), attrgetter("entry")):
        yield number, list(lines)


def _lines(db: Database) -> Iterator[Line]:
    last = (0, -1)
    sql = f"SELECT {POSTING_COLUMNS} FROM posting WHERE (entry, line) > (?, ?) ORDER BY entry, line LIMIT ?"  # noqa: S608  # our own names
    while True:
        rows = db.run(sql, (*last, CHUNK))
        yield from map(Line._make, rows)
        if len(rows) < CHUNK:
            return
        last = rows[-1][:2]


def walk(db: Database, columns: str, table: str) -> Iterator[Row]:
    """Rows by id, in bounded steps. The first column must be the id."""
    last = 0
    sql = f"SELECT {columns} FROM {table} WHERE id > ? ORDER BY id LIMIT ?"  # noqa: S608  # our own names
    while True:
        rows = db.run(sql, (last, CHUNK))
        yield from rows
        if len(rows) < CHUNK:
            return
        last = rows[-1][0]


def proven(db: Database) -> Iterator[tuple[bytes, bytes | None, bytes | None, bytes | None]]:
    """(card key, slot, claim, stored bytes of the record that proves it or None if there is none), by card."""
    last = b""
    while True:
        rows = db.run(
            "SELECT p.card_key, p.slot, p.claim, r.stored FROM proof p LEFT JOIN record r ON r.id = p.record "
            "WHERE p.card_key > ? ORDER BY p.card_key LIMIT ?",
            (last, CHUNK),
        )
        yield from ((key, slot, claim, stored) for key, slot, claim, stored in rows)
        if len(rows) < CHUNK:
            return
        last = rows[-1][0]
