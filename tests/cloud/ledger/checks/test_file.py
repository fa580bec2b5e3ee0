"""A page of the ledger's file that no row is read from is damage all the same."""

import sqlite3
from contextlib import closing
from pathlib import Path

from cloud.ledger.checks.verify import verify
from cloud.ledger.ledger import open_ledger
from cloud.ledger.read.reader import open_reader
from tests.cloud.ledger import campus as c
from tests.cloud.ledger.campus import Box


def test_a_damaged_index_is_named_though_every_row_reads_right(tmp_path: Path) -> None:
    file = tmp_path / "ledger.db"
    with closing(open_ledger(str(file))) as ledger:
        ledger.import_inventory(c.inventory(), c.NOW)
        Box(ledger).send(c.stored(c.purchase(1, c.card(1), 7, 900, c.OPENING)))
    with closing(sqlite3.connect(file)) as plain:
        ((root,),) = plain.execute("SELECT rootpage FROM sqlite_master WHERE name = 'sqlite_autoindex_record_1'")
        ((size,),) = plain.execute("PRAGMA page_size")
        plain.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with file.open("r+b") as raw:
        raw.seek((root - 1) * size + size // 2)
        rest = raw.read(size // 2)
        raw.seek((root - 1) * size + size // 2)
        raw.write(bytes(len(rest)))
    with closing(open_reader(str(file))) as reader:
        report = verify(reader, c.check_tac)
    assert report.first_broken.startswith("file: damaged file: ")
