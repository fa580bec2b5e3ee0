"""Posting into a ledger that holds nothing yet, a million and three million records, beside itself when it was empty.

What fills it are rows as the ledger writes them, under numbers of their own and keys as scattered as cards are; they
are written in bulk, for they are the weight and not what is measured.
"""

import statistics
import tempfile
from collections.abc import Iterator
from secrets import token_hex

from cloud.ledger.ledger import open_ledger
from cloud.store.db import Database
from tests.bench.ledger import BATCH, BATCHES, Ingest, Source, inventory, server
from tests.bench.row import Row
from tests.cloud.ledger import campus

SIZES = 0, 1_000_000, 3_000_000
ROUNDS, WARM = 7, 1
PIECE = 250_000
"""Rows of a statement: far below what PostgreSQL may be silent for."""
NUMBERED = {"record": "id", "proof": "record", "posting": "entry"}
"""Tables that get one row for each purchase, and the column of its number."""
SCATTERED = {"record": {"key": 12}, "proof": {"card_key": 14, "slot": 10, "claim": 14}, "posting": {"key": 20}}
"""Their unique keys, and how long these are."""
_SERIES = {
    "postgresql": "generate_series(?, ?) AS series(n)",
    "sqlite": "(WITH RECURSIVE s(n) AS (VALUES (?) UNION ALL SELECT n + 1 FROM s WHERE n < ?) SELECT n FROM s)",
}
"""Numbers from the first to the last."""


def rows() -> Iterator[Row]:
    """On PostgreSQL, then on SQLite."""
    with server() as cluster:
        yield from _rows("PostgreSQL", cluster.create_database(f"bench_{token_hex(4)}"))
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        yield from _rows("SQLite", f"{folder}/ledger.db")


def _rows(name: str, dsn: str) -> Iterator[Row]:
    source, empty = Source(), 0.0
    for size in SIZES:
        ledger = open_ledger(dsn, campus.LEDGER_ID)
        try:
            ledger.import_inventory(inventory(), campus.NOW)
            ingest = Ingest(ledger)
            ingest.round(source.messages(WARM))
            _fill(ledger.database, size)
            found = [ingest.round(source.messages(BATCHES))["per_s"] for _ in range(ROUNDS)]
        finally:
            ledger.close()
        per_s, spread = statistics.median(found), f"{min(found):,.0f} … {max(found):,.0f}"
        empty = empty or per_s
        title = f"posting, {name}, {size / 1e6:g} million rows"
        yield Row(title, per_s, "records/s", "the same ledger, empty", empty, spread=spread)


def _fill(database: Database, size: int) -> None:
    """Up to about so many rows of each table, and nothing of them to be folded or looked at."""
    with database.reading():
        ((last,),) = database.run("SELECT MAX(entry) FROM posting")  # openings have no record
    for first in range(last + BATCH, size, PIECE):
        for table, number in NUMBERED.items():
            with database.writing():
                _insert(database, table, number, first, min(first + PIECE, size))
    with database.writing():
        database.run("UPDATE watermark SET value = (SELECT MAX(entry) FROM posting)")
    if database.dialect == "postgresql":
        with database.writing():
            database.run("ANALYZE")


def _insert(database: Database, table: str, number: str, first: int, end: int) -> None:
    """Rows like the newest one."""
    columns = _columns(database, table)
    newest = f"SELECT {', '.join(columns)} FROM {table} ORDER BY {number} DESC LIMIT 1"  # noqa: S608  # names of ours
    (like,) = database.run(newest)
    said = dict.fromkeys(columns, "?") | {number: "n"} | ({"record": "n"} if "record" in columns else {})
    said |= {column: _scattered(database, size) for column, size in SCATTERED[table].items()}
    said |= {column: "NULL" for column, value in zip(columns, like, strict=True) if value is None}
    values = [value for column, value in zip(columns, like, strict=True) if said[column] == "?"]
    names, words = ", ".join(columns), ", ".join(said.values())
    sql = f"INSERT INTO {table} ({names}) SELECT {words} FROM {_SERIES[database.dialect]}"  # noqa: S608  # as above
    database.run(sql, (*values, first, end - 1))


def _columns(database: Database, table: str) -> list[str]:
    if database.dialect == "postgresql":
        sql = "SELECT attname FROM pg_attribute WHERE attrelid = ?::text::regclass AND attnum > 0 ORDER BY attnum"
        return [name for (name,) in database.run(sql, (table,))]
    return [name for (name,) in database.run("SELECT name FROM pragma_table_info(?)", (table,))]


def _scattered(database: Database, size: int) -> str:
    if database.dialect != "postgresql":
        return f"randomblob({size})"
    return f"substring(decode(md5(n::text) || md5((-n)::text), 'hex') FROM 1 FOR {size})"
