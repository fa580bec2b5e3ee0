"""What a person has read of a holder's messages, and of which payments and balances he wants one. In a transaction."""

from cloud.store.db import Database

TABLES = (
    """CREATE TABLE IF NOT EXISTS read_mark (person INTEGER NOT NULL, holder TEXT NOT NULL, upto_ms INTEGER NOT NULL,
    PRIMARY KEY (person, holder))""",
    """CREATE TABLE IF NOT EXISTS told_above (person INTEGER NOT NULL, holder TEXT NOT NULL, fen INTEGER NOT NULL,
    PRIMARY KEY (person, holder))""",
    """CREATE TABLE IF NOT EXISTS told_below (person INTEGER NOT NULL, holder TEXT NOT NULL, fen INTEGER NOT NULL,
    at_ms INTEGER NOT NULL, PRIMARY KEY (person, holder))""",
)


def read_upto(db: Database, person: int, holder: str) -> int:
    """Unix ms; 0: he has read none."""
    rows = db.run("SELECT upto_ms FROM read_mark WHERE person = ? AND holder = ?", (person, holder))
    return int(rows[0][0]) if rows else 0


def note_read(db: Database, person: int, holder: str, upto_ms: int) -> None:
    """Never back."""
    if upto_ms > read_upto(db, person, holder):
        db.upsert("read_mark", "person, holder, upto_ms", "person, holder", [(person, holder, upto_ms)])


def told_above(db: Database, person: int, holder: str) -> int:
    """Payments from this sum on are told to him; 0: none."""
    rows = db.run("SELECT fen FROM told_above WHERE person = ? AND holder = ?", (person, holder))
    return int(rows[0][0]) if rows else 0


def tell_above(db: Database, person: int, holder: str, fen: int) -> None:
    """0: none any more."""
    db.upsert("told_above", "person, holder, fen", "person, holder", [(person, holder, fen)])


def told_below(db: Database, person: int, holder: str) -> tuple[int, int]:
    """When the online account falls below this sum he is told, from this moment on (fen, at_ms); 0 fen: not."""
    rows = db.run("SELECT fen, at_ms FROM told_below WHERE person = ? AND holder = ?", (person, holder))
    return (int(rows[0][0]), int(rows[0][1])) if rows else (0, 0)


def tell_below(db: Database, person: int, holder: str, fen: int, now_ms: int) -> None:
    """0: not any more. The same sum again changes nothing."""
    if told_below(db, person, holder)[0] != fen:
        db.upsert("told_below", "person, holder, fen, at_ms", "person, holder", [(person, holder, fen, now_ms)])
