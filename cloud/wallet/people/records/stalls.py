"""Stalls 档口 and who keeps them: bound by the school, taken back by it, never forgotten. Inside of a transaction."""

from typing import NamedTuple

from cloud.store.db import Database

TABLES = (
    """CREATE TABLE IF NOT EXISTS stall (id INTEGER PRIMARY KEY, person INTEGER NOT NULL, merchant TEXT NOT NULL,
    who TEXT NOT NULL, from_ms INTEGER NOT NULL, ended_ms INTEGER NOT NULL, ended_by TEXT NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS ix_stall_person ON stall (person)",
)


class Keeper(NamedTuple):
    """Who keeps which, since when, and who has said so."""

    person: int
    name: str
    phone: str
    merchant: str
    who: str
    from_ms: int


def bind_stall(db: Database, person: int, merchant: str, who: str, now_ms: int) -> None:
    """Idempotent."""
    if merchant not in stalls_of(db, person):
        row = (person, merchant, who, now_ms, 0, "")
        db.insert("stall", "person, merchant, who, from_ms, ended_ms, ended_by", [row])


def end_stall(db: Database, person: int, merchant: str, who: str, now_ms: int) -> bool:
    """From his next call on. Did he keep it?"""
    was = merchant in stalls_of(db, person)
    db.run(
        "UPDATE stall SET ended_ms = ?, ended_by = ? WHERE person = ? AND merchant = ? AND ended_ms = 0",
        (now_ms, who, person, merchant),
    )
    return was


def stalls_of(db: Database, person: int) -> list[str]:
    """Merchants that he keeps now, by name."""
    rows = db.run("SELECT merchant FROM stall WHERE person = ? AND ended_ms = 0 ORDER BY merchant", (person,))
    return [merchant for (merchant,) in rows]


def keepers(db: Database) -> list[Keeper]:
    """All of now, by merchant."""
    rows = db.run(
        "SELECT s.person, p.name, p.phone, s.merchant, s.who, s.from_ms FROM stall s JOIN person p ON p.id = s.person "
        "WHERE s.ended_ms = 0 ORDER BY s.merchant, s.id"
    )
    return [Keeper(*row) for row in rows]
