"""What somebody may take back 撤消: for ten seconds on his screen, for a minute at the server, and once. In the
console's file.

An act that can be undone keeps what it takes to do so under a name that is nobody else's; the next page offers it, with
and without a script. Money, keys and orders are not undone: they are confirmed by a second person.
"""

import json
import secrets
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

from cloud.store.db import Database
from cloud.store.own_tables import OwnTables
from shared.words.voice import Text

UNDO_MS = 60_000
"""Whoever reads slowly, or has no script, has more than the ten seconds of the screen."""
KEPT_MAX = 500
"""Of all; the oldest go."""
_SCHEMA = """CREATE TABLE IF NOT EXISTS undo (
  number INTEGER PRIMARY KEY, token TEXT NOT NULL UNIQUE, who TEXT NOT NULL, at_ms INTEGER NOT NULL,
  kind TEXT NOT NULL, zh TEXT NOT NULL, en TEXT NOT NULL, payload TEXT NOT NULL, back TEXT NOT NULL) STRICT"""


class Undoable(NamedTuple):
    """kind: whose payload it is. said: what was done. back: the page on which it was, a path of ours."""

    kind: str
    said: Text
    payload: Any
    back: str


class Undos:
    """Over the console's file. Each call opens it, so any thread may."""

    def __init__(self, path: Path) -> None:
        self._tables = OwnTables(path, _SCHEMA)

    def keep(self, who: str, one: Undoable, now_ms: int) -> str:
        """Its token."""
        token = secrets.token_urlsafe(12)
        row = (token, who, now_ms, one.kind, one.said.zh, one.said.en, json.dumps(one.payload), one.back)
        with self._tables.writing() as db:
            db.run("DELETE FROM undo WHERE at_ms < ?", (now_ms - UNDO_MS,))
            db.run("DELETE FROM undo WHERE number <= (SELECT MAX(number) FROM undo) - ?", (KEPT_MAX - 1,))
            db.insert("undo", "token, who, at_ms, kind, zh, en, payload, back", [row])
        return token

    def of(self, token: str, who: str, now_ms: int) -> Undoable | None:
        """None: there is none of his, or its time is over."""
        with self._tables.reading() as db:
            return _of(db, token, who, now_ms)

    def take(self, token: str, who: str, now_ms: int) -> Undoable | None:
        """Once."""
        with self._tables.writing() as db:
            found = _of(db, token, who, now_ms)
            db.run("DELETE FROM undo WHERE token = ? AND who = ?", (token, who))
        return found


def _of(db: Database, token: str, who: str, now_ms: int) -> Undoable | None:
    sql = "SELECT kind, zh, en, payload, back FROM undo WHERE token = ? AND who = ? AND at_ms >= ?"
    rows = db.run(sql, (token, who, now_ms - UNDO_MS))
    return Undoable(rows[0][0], Text(*rows[0][1:3]), json.loads(rows[0][3]), rows[0][4]) if rows else None


@cache
def undos(path: Path) -> Undos:
    """In this file."""
    return Undos(path)


def offered(address: str, token: str) -> str:
    """The next page's address, which offers it."""
    plain, hash_, anchor = address.partition("#")
    return f"{plain}{'&' if '?' in plain else '?'}{urlencode({'undo': token})}{hash_}{anchor}"
