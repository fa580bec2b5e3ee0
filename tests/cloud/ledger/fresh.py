"""A ledger of SQLite as it is at its first start, with the small campus or without: made once per process, then copied.

Making one runs every statement of the schema, which takes longer than most of the tests that want it.
"""

from contextlib import closing
from functools import cache
from pathlib import Path

from cloud.ledger.journal.opened import OpenedLedger, open_prepared
from cloud.ledger.ledger import Ledger, open_ledger
from cloud.store.db import SqliteDatabase
from tests.cloud.ledger.campus import LEDGER_ID, NOW, inventory


@cache
def _image(*, imported: bool) -> bytes:
    """What its file holds."""
    with closing(open_prepared(":memory:", LEDGER_ID)) as opened:
        if imported:
            Ledger(opened).import_inventory(inventory(), NOW)
        database = opened.database
        if not isinstance(database, SqliteDatabase):
            raise TypeError("a ledger in memory is SQLite's")
        return database.connection.serialize()


def in_memory() -> Ledger:
    """With the small campus, for a test that opens it once."""
    database = SqliteDatabase(":memory:")
    database.connection.deserialize(_image(imported=True))
    return Ledger(OpenedLedger(database))


def lay(file: Path, *, imported: bool = True) -> Path:
    """Write it there, where nothing is, for whoever opens it."""
    file.touch(mode=0o600, exist_ok=False)
    file.write_bytes(_image(imported=imported))
    return file


def in_file(file: Path, *, imported: bool = True) -> Ledger:
    """In a file of its own, which others may open, too."""
    return open_ledger(str(lay(file, imported=imported)))
