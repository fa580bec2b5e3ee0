"""What somebody has chosen of a list, as it was when he chose: named once, kept on the server, and acted on as such.

In the console's file. A choice is one person's, of one kind, and ends.
"""

import json
import secrets
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from cloud.store.own_tables import OwnTables

FROZEN_MS = 600_000
"""So long it may be acted on: then the list is another one."""
KEPT_MAX = 200
"""Of all persons; the oldest go."""
_SCHEMA = """CREATE TABLE IF NOT EXISTS frozen (
  number INTEGER PRIMARY KEY, token TEXT NOT NULL UNIQUE, who TEXT NOT NULL, kind TEXT NOT NULL,
  at_ms INTEGER NOT NULL, items TEXT NOT NULL) STRICT"""


class Frozen:
    """Over the console's file. Each call opens it, so any thread may."""

    def __init__(self, path: Path) -> None:
        self._tables = OwnTables(path, _SCHEMA)

    def freeze(self, who: str, kind: str, items: Sequence[str], now_ms: int) -> str:
        """Its name."""
        token = secrets.token_urlsafe(12)
        with self._tables.writing() as db:
            db.run("DELETE FROM frozen WHERE at_ms < ?", (now_ms - FROZEN_MS,))
            db.run("DELETE FROM frozen WHERE number <= (SELECT MAX(number) FROM frozen) - ?", (KEPT_MAX - 1,))
            db.insert("frozen", "token, who, kind, at_ms, items", [(token, who, kind, now_ms, json.dumps([*items]))])
        return token

    def of(self, token: str, who: str, kind: str, now_ms: int) -> list[str] | None:
        """In his order. None: there is none of his, or its time is over."""
        sql = "SELECT items FROM frozen WHERE token = ? AND who = ? AND kind = ? AND at_ms >= ?"
        with self._tables.reading() as db:
            rows = db.run(sql, (token, who, kind, now_ms - FROZEN_MS))
        return json.loads(rows[0][0]) if rows else None


@cache
def frozen(path: Path) -> Frozen:
    """In this file."""
    return Frozen(path)
