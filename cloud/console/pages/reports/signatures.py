"""Signed mornings: append-only, in the console's file.

Each call opens the file, so any thread may. A morning keeps what it showed to whoever signed it.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from cloud.store.own_tables import OwnTables

_SCHEMA = (
    """CREATE TABLE IF NOT EXISTS morning_sign (
      day INTEGER NOT NULL, who TEXT NOT NULL, at_ms INTEGER NOT NULL, note TEXT NOT NULL, shown TEXT NOT NULL,
      PRIMARY KEY (day, who)) STRICT""",
    *(
        f"""CREATE TRIGGER IF NOT EXISTS morning_sign_{what.lower()} BEFORE {what} ON morning_sign
      BEGIN SELECT RAISE(ABORT, 'morning_sign is append-only'); END"""
        for what in ("UPDATE", "DELETE")
    ),
)
DAYS_MAX = 400


class Signature(NamedTuple):
    """day: campus days. shown: what the page said, line by line, in both languages."""

    day: int
    who: str
    at_ms: int
    note: str
    shown: Sequence[Mapping[str, Any]]


class Mornings:
    """Over the console's file."""

    def __init__(self, path: Path) -> None:
        self._tables = OwnTables(path, *_SCHEMA)

    def sign(self, one: Signature) -> bool:
        """False: he has signed this day before, and that stands."""
        with self._tables.writing() as db:
            if db.run("SELECT 1 FROM morning_sign WHERE day = ? AND who = ?", (one.day, one.who)):
                return False
            row = (one.day, one.who, one.at_ms, one.note, json.dumps(one.shown, ensure_ascii=False))
            db.insert("morning_sign", "day, who, at_ms, note, shown", [row])
            return True

    def signatures(self, most: int = DAYS_MAX) -> list[Signature]:
        """The newest first."""
        sql = "SELECT day, who, at_ms, note, shown FROM morning_sign ORDER BY day DESC, at_ms DESC LIMIT ?"
        with self._tables.reading() as db:
            return [
                Signature(day, who, at_ms, note, json.loads(shown))
                for day, who, at_ms, note, shown in db.run(sql, (most,))
            ]
