"""Deeds about a card's PIN 口令 that a paired desk has done: written by the console or the desk's centre, told to
holders by the wallet.

They stand in the file of people, where both reach them: no money moves by them. Never a PIN, only that there is another
one, or that it has its tries again. Known are deeds that the console ordered, and those of a desk's own command that
has a line to the centre.
"""

from contextlib import closing
from pathlib import Path

from cloud.process.settings import PEOPLE_FILE
from cloud.store.db import Database, open_database
from shared.wire.desk.line import Deed

TABLES = (
    """CREATE TABLE IF NOT EXISTS pin_deed (id BLOB PRIMARY KEY, card BLOB NOT NULL, deed TEXT NOT NULL,
    at_ms INTEGER NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS ix_pin_deed_card ON pin_deed (card, at_ms)",
)
DEEDS = frozenset((Deed.PIN_RELOAD.value, Deed.PIN_UNBLOCK.value))


def keep_pin_deed(folder: Path, order: bytes, card: bytes, deed: str, at_ms: int) -> None:
    """Once by the order's id; nothing where no wallet is. folder: of the cloud's files. StoreFault."""
    path = folder / PEOPLE_FILE
    if not path.exists():
        return
    with closing(open_database(str(path))) as people, people.writing():
        for statement in TABLES:
            people.run(statement)
        if not people.run("SELECT 1 FROM pin_deed WHERE id = ?", (order,)):
            people.insert("pin_deed", "id, card, deed, at_ms", [(order, card, deed, at_ms)])


def pin_deeds(db: Database, card: bytes, most: int) -> list[tuple[int, str]]:
    """(at_ms, deed), newest first. Inside of a transaction."""
    sql = "SELECT at_ms, deed FROM pin_deed WHERE card = ? ORDER BY at_ms DESC LIMIT ?"
    return [(int(at_ms), str(deed)) for at_ms, deed in db.run(sql, (card, most))]
