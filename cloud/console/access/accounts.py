"""Who may sign in: operators, their roles, sessions and one-time links, in the console's own small file.

Passwords are argon2id; tokens are kept only as SHA-256. A one-time link is the only secret that a URL may hold.
Bounds: 5 wrong passwords lock the name for 5 minutes; 1,000 sessions, the oldest goes.
"""

import hashlib
import secrets
import sqlite3
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from cloud.console.access.rights import Grant, Role, Signed, grants_of

PASSWORD_MIN = 10
PASSWORD_MAX = 200
TRIES_MAX = 5
LOCK_S = 300
SESSION_S = 12 * 3600
LINK_S = 24 * 3600
SESSIONS_MAX = 1_000
NAME_MAX = 64
AGENT_MAX = 200

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
CREATE TABLE IF NOT EXISTS try (name TEXT PRIMARY KEY, count INTEGER NOT NULL, since INTEGER NOT NULL) STRICT;
"""
_OF_BEFORE = "INSERT OR IGNORE INTO role SELECT name, 'admin', '', '', '' FROM operator"
"""Release 0.1 had one kind of operator, who could do all that there was."""


class Caller(NamedTuple):
    """Where a session was opened: an address, and what the browser calls itself."""

    address: str = ""
    agent: str = ""


NOBODY = Caller()


class Session(NamedTuple):
    """An open one. key: tells it from others and opens nothing. at, until: unix seconds."""

    key: bytes
    name: str
    at: int
    until: int
    caller: Caller


class Operator(NamedTuple):
    """link_until: unix seconds until which his one-time link is good; 0: there is none."""

    name: str
    grants: tuple[Grant, ...]
    has_password: bool
    link_until: int
    sessions: int


class Accounts:
    """Operators of one console. Every method takes `now` in unix seconds; safe to call from any thread."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._lock = threading.Lock()
        self._hasher = PasswordHasher()
        # a password of nobody: a wrong name must cost as much time as a wrong password
        self._nobody = self._hasher.hash(secrets.token_urlsafe())
        self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL")
        has_roles = self._one("SELECT 1 FROM sqlite_master WHERE name = 'role'") is not None
        self._db.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} {'' if has_roles else _OF_BEFORE}; COMMIT")

    def has_operator(self) -> bool:
        """Whether anyone has set a password yet."""
        return self._one("SELECT 1 FROM operator LIMIT 1") is not None

    def make_link(self, name: str, now: int) -> str:
        """A fresh one-time token for `name`; earlier ones of that name die."""
        token = secrets.token_urlsafe(24)
        with self._transaction():
            self._db.execute("DELETE FROM link WHERE name = ? OR until <= ?", (name, now))
            self._db.execute("INSERT INTO link VALUES (?, ?, ?)", (_digest(token), name, now + LINK_S))
        return token

    def link_name(self, token: str, now: int) -> str | None:
        """Whose link this is, or None when used or expired."""
        row = self._one("SELECT name FROM link WHERE token = ? AND until > ?", _digest(token), now)
        return None if row is None else str(row[0])

    def use_link(self, token: str, password: str, now: int) -> str | None:
        """Set the password of the link's owner, end the owner's sessions and burn the link; the name, or None when it
        was not valid."""
        hashed = self._hasher.hash(password)
        with self._transaction():
            row = self._db.execute(
                "DELETE FROM link WHERE token = ? AND until > ? RETURNING name", (_digest(token), now)
            ).fetchone()
            if row is None:
                return None
            self._db.execute("INSERT OR REPLACE INTO operator VALUES (?, ?)", (row[0], hashed))
            if not self._has_admin():
                self._db.execute("INSERT INTO role VALUES (?, ?, '', '', '')", (row[0], Role.ADMIN))
            self._db.execute("DELETE FROM session WHERE name = ?", (row[0],))
            self._db.execute("DELETE FROM try WHERE name = ?", (row[0],))
        return str(row[0])

    def set_password(self, name: str, password: str, kept: bytes) -> None:
        """Another password for an operator; his sessions end but for the one with this key."""
        hashed = self._hasher.hash(password)
        with self._transaction():
            self._db.execute("UPDATE operator SET hash = ? WHERE name = ?", (hashed, name))
            self._db.execute("DELETE FROM session WHERE name = ? AND token <> ?", (name, kept))

    def locked(self, name: str, now: int) -> bool:
        """Whether this name must wait."""
        row = self._one("SELECT count, since FROM try WHERE name = ?", name[:NAME_MAX])
        return row is not None and row[0] >= TRIES_MAX and now < row[1] + LOCK_S

    def check(self, name: str, password: str, now: int) -> bool:
        """Whether name and password fit; a wrong one is counted."""
        row = self._one("SELECT hash FROM operator WHERE name = ?", name[:NAME_MAX])
        right = self._verify(row[0] if row else self._nobody, password[:PASSWORD_MAX]) and row is not None
        self._count(name[:NAME_MAX], right, now)
        return right

    def open_session(self, name: str, now: int, caller: Caller = NOBODY) -> str:
        """A new session's token."""
        token, csrf = secrets.token_urlsafe(24), secrets.token_urlsafe(16)
        with self._transaction():
            self._db.execute("DELETE FROM session WHERE until <= ?", (now,))
            self._db.execute(
                "DELETE FROM session WHERE token IN (SELECT token FROM session ORDER BY until DESC LIMIT -1 OFFSET ?)",
                (SESSIONS_MAX - 1,),
            )
            key = _digest(token)
            self._db.execute("INSERT INTO session VALUES (?, ?, ?, ?)", (key, name, csrf, now + SESSION_S))
            self._db.execute("DELETE FROM session_from WHERE token NOT IN (SELECT token FROM session)")
            self._db.execute(
                "INSERT INTO session_from VALUES (?, ?, ?, ?)", (key, now, caller.address, caller.agent[:AGENT_MAX])
            )
        return token

    def session(self, token: str, now: int) -> Signed | None:
        """Who has it, with his grants as they are now; None for a session that is over."""
        row = self._one("SELECT name, csrf, token FROM session WHERE token = ? AND until > ?", _digest(token), now)
        return None if row is None else Signed(str(row[0]), str(row[1]), self.grants(str(row[0])), bytes(row[2]))

    def grants(self, name: str) -> tuple[Grant, ...]:
        """What somebody is, and where."""
        with self._lock:
            return grants_of(
                self._db.execute("SELECT role, box, merchant, people FROM role WHERE name = ?", (name,)).fetchall()
            )

    def set_grants(self, name: str, grants: Collection[Grant]) -> None:
        """All that somebody is from now on; his open pages obey with their next request."""
        with self._transaction():
            self._db.execute("DELETE FROM role WHERE name = ?", (name,))
            self._db.executemany("INSERT INTO role VALUES (?, ?, ?, ?, ?)", [(name, g.role, *g.scope) for g in grants])

    def close_session(self, token: str) -> None:
        """End a session on the server's side."""
        with self._transaction():
            self._db.execute("DELETE FROM session WHERE token = ?", (_digest(token),))

    def sessions(self, now: int, name: str = "") -> list[Session]:
        """Open ones, the newest first; of one operator, or of all."""
        with self._lock:
            rows = self._db.execute(
                "SELECT token, name, at, until, address, agent FROM session LEFT JOIN session_from USING (token) "
                "WHERE until > ? AND (? = '' OR name = ?) ORDER BY at DESC, token",
                (now, name, name),
            ).fetchall()
        return [
            Session(bytes(key), owner, at or 0, until, Caller(address or "", agent or ""))
            for key, owner, at, until, address, agent in rows
        ]

    def end_session(self, key: bytes, name: str = "") -> bool:
        """End one by its key; with a name, only if it is his. Whether there was such a one."""
        with self._transaction():
            done = self._db.execute("DELETE FROM session WHERE token = ? AND (? = '' OR name = ?)", (key, name, name))
            return done.rowcount > 0

    def operators(self, now: int) -> list[Operator]:
        """All who may or could sign in, by name."""
        with self._lock:
            rows = self._db.execute(
                "SELECT name FROM operator UNION SELECT name FROM role "
                "UNION SELECT name FROM link WHERE until > ? ORDER BY 1",
                (now,),
            ).fetchall()
        return [self._operator(str(name), now) for (name,) in rows]

    def invite(self, name: str, grants: Collection[Grant], now: int) -> str:
        """A new operator with these roles, and the token of his one-time link."""
        self.set_grants(name, grants)
        return self.make_link(name, now)

    def remove(self, name: str) -> None:
        """He signs in no more, and what he has open ends; the audit list keeps what he did."""
        with self._transaction():
            for table in ("operator", "role", "link", "session", "try"):
                self._db.execute(f"DELETE FROM {table} WHERE name = ?", (name,))  # noqa: S608  # our own names

    def admins(self) -> list[str]:
        """Who can give rights everywhere; the last of them must stay."""
        with self._lock:
            rows = self._db.execute("SELECT name FROM role WHERE role = ? ORDER BY name", (Role.ADMIN,)).fetchall()
        return [str(name) for (name,) in rows]

    def _operator(self, name: str, now: int) -> Operator:
        has_password = self._one("SELECT 1 FROM operator WHERE name = ?", name) is not None
        link = self._one("SELECT until FROM link WHERE name = ? AND until > ?", name, now)
        return Operator(
            name, self.grants(name), has_password, int(link[0]) if link else 0, len(self.sessions(now, name))
        )

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _verify(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except (VerificationError, InvalidHashError):
            return False

    def _count(self, name: str, right: bool, now: int) -> None:
        with self._transaction():
            self._db.execute("DELETE FROM try WHERE since + ? <= ? OR (name = ? AND ?)", (LOCK_S, now, name, right))
            if not right:
                self._db.execute(
                    "INSERT INTO try VALUES (?, 1, ?) ON CONFLICT (name) DO UPDATE SET count = count + 1, since = ?",
                    (name, now, now),
                )

    def _has_admin(self) -> bool:
        """Within a transaction."""
        return self._db.execute("SELECT 1 FROM role WHERE role = ?", (Role.ADMIN,)).fetchone() is not None

    def _one(self, query: str, *values: object) -> tuple[Any, ...] | None:
        with self._lock:
            row: tuple[Any, ...] | None = self._db.execute(query, values).fetchone()
            return row

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
