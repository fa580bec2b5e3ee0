"""One check's result, and how a check walks a table that may be long."""

from collections.abc import Iterator
from dataclasses import dataclass

from cloud.db import Database, Row

CHUNK = 5000


@dataclass(frozen=True, slots=True)
class Check:
    """checked: how many things. broken: the first that is wrong, named; empty if none. note: for people."""

    name: str
    checked: int
    broken: str = ""
    note: str = ""


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
