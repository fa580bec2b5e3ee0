"""The console's own small file of accounts: its tables, and one connection that threads share by a lock."""

import hashlib
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS operator (name TEXT PRIMARY KEY, hash TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS session
  (token BLOB PRIMARY KEY, name TEXT NOT NULL, csrf TEXT NOT NULL, until INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS link (token BLOB PRIMARY KEY, name TEXT NOT NULL, until INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS role
  (name TEXT NOT NULL, role TEXT NOT NULL, box TEXT NOT NULL, merchant TEXT NOT NULL, people TEXT NOT NULL,
   PRIMARY KEY (name, role, box, merchant, people)) STRICT;
CREATE TABLE IF NOT EXISTS session_from
  (token BLOB PRIMARY KEY, at INTEGER NOT NULL, address TEXT NOT NULL, agent TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS factor
  (name TEXT PRIMARY KEY, secret TEXT NOT NULL, step INTEGER NOT NULL, is_on INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS recovery (mark BLOB PRIMARY KEY, name TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS passkey
  (id BLOB PRIMARY KEY, name TEXT NOT NULL, public BLOB NOT NULL, uses INTEGER NOT NULL, at INTEGER NOT NULL,
   label TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS half
  (token BLOB PRIMARY KEY, name TEXT NOT NULL, challenge BLOB NOT NULL, until INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS try (name TEXT PRIMARY KEY, count INTEGER NOT NULL, since INTEGER NOT NULL) STRICT;
"""
_OF_BEFORE = "INSERT OR IGNORE INTO role SELECT name, 'admin', '', '', '' FROM operator"
"""Release 0.1 had one kind of operator, who could do all that there was."""


class AccountsFile:
    """Safe to call from any thread."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._lock = threading.Lock()
        self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL")
        has_roles = self.one("SELECT 1 FROM sqlite_master WHERE name = 'role'") is not None
        self._db.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} {'' if has_roles else _OF_BEFORE}; COMMIT")

    def one(self, query: str, *values: object) -> tuple[Any, ...] | None:
        """The first row."""
        with self._lock:
            row: tuple[Any, ...] | None = self._db.execute(query, values).fetchone()
            return row

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """All rows."""
        with self._lock:
            return self._db.execute(query, values).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Written whole or not at all."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def close(self) -> None:
        """Let it go."""
        self._db.close()


def digest(token: str) -> bytes:
    """What is kept of a token."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
