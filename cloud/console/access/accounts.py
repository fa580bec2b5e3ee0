"""Who may sign in: operators, their roles, sessions and one-time links, in the console's own small file.

Passwords are argon2id; tokens are kept only as SHA-256. A one-time link is the only secret that a URL may hold.
Bounds: 5 wrong passwords lock the name for 5 minutes; 1,000 sessions, the oldest goes.
"""

import secrets
import sqlite3
from collections.abc import Collection
from pathlib import Path
from typing import Any, NamedTuple

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from cloud.console.access.factors import Factors
from cloud.console.access.file import AccountsFile, digest
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
        self._file = AccountsFile(path)
        self.factors = Factors(self._file)
        self._hasher = PasswordHasher()
        # a password of nobody: a wrong name must cost as much time as a wrong password
        self._nobody = self._hasher.hash(secrets.token_urlsafe())

    def has_operator(self) -> bool:
        """Whether anyone has set a password yet."""
        return self._file.one("SELECT 1 FROM operator LIMIT 1") is not None

    def make_link(self, name: str, now: int) -> str:
        """A fresh one-time token for `name`; earlier ones of that name die."""
        token = secrets.token_urlsafe(24)
        with self._file.transaction() as db:
            db.execute("DELETE FROM link WHERE name = ? OR until <= ?", (name, now))
            db.execute("INSERT INTO link VALUES (?, ?, ?)", (digest(token), name, now + LINK_S))
        return token

    def link_name(self, token: str, now: int) -> str | None:
        """Whose link this is, or None when used or expired."""
        row = self._file.one("SELECT name FROM link WHERE token = ? AND until > ?", digest(token), now)
        return None if row is None else str(row[0])

    def use_link(self, token: str, password: str, now: int) -> str | None:
        """Set the password of the link's owner, end the owner's sessions and burn the link; the name, or None when it
        was not valid."""
        hashed = self._hasher.hash(password)
        with self._file.transaction() as db:
            row = db.execute(
                "DELETE FROM link WHERE token = ? AND until > ? RETURNING name", (digest(token), now)
            ).fetchone()
            if row is None:
                return None
            db.execute("INSERT OR REPLACE INTO operator VALUES (?, ?)", (row[0], hashed))
            if not _has_admin(db):
                db.execute("INSERT INTO role VALUES (?, ?, '', '', '')", (row[0], Role.ADMIN))
            db.execute("DELETE FROM session WHERE name = ?", (row[0],))
            db.execute("DELETE FROM try WHERE name = ?", (row[0],))
        return str(row[0])

    def set_password(self, name: str, password: str, kept: bytes) -> None:
        """Another password for an operator; his sessions end but for the one with this key."""
        hashed = self._hasher.hash(password)
        with self._file.transaction() as db:
            db.execute("UPDATE operator SET hash = ? WHERE name = ?", (hashed, name))
            db.execute("DELETE FROM session WHERE name = ? AND token <> ?", (name, kept))

    def locked(self, name: str, now: int) -> bool:
        """Whether this name must wait."""
        row = self._file.one("SELECT count, since FROM try WHERE name = ?", name[:NAME_MAX])
        return row is not None and row[0] >= TRIES_MAX and now < row[1] + LOCK_S

    def check(self, name: str, password: str, now: int) -> bool:
        """Whether name and password fit. The try is counted before it is judged, so that of any number at once no more
        than TRIES_MAX are."""
        row = self._file.one("SELECT hash FROM operator WHERE name = ?", name[:NAME_MAX])
        if not self.begin_try(name, now):
            return False
        right = self._verify(row[0] if row else self._nobody, password[:PASSWORD_MAX]) and row is not None
        if right:
            self.forget_tries(name)
        return right

    def begin_try(self, name: str, now: int) -> bool:
        """Count one more try of this name; False: it must wait."""
        with self._file.transaction() as db:
            db.execute("DELETE FROM try WHERE since + ? <= ?", (LOCK_S, now))
            found = db.execute("SELECT count FROM try WHERE name = ?", (name[:NAME_MAX],)).fetchone()
            if found and found[0] >= TRIES_MAX:
                return False
            db.execute(
                "INSERT INTO try VALUES (?, 1, ?) ON CONFLICT (name) DO UPDATE SET count = count + 1, since = ?",
                (name[:NAME_MAX], now, now),
            )
        return True

    def forget_tries(self, name: str) -> None:
        """It was he."""
        with self._file.transaction() as db:
            db.execute("DELETE FROM try WHERE name = ?", (name[:NAME_MAX],))

    def open_session(self, name: str, now: int, caller: Caller = NOBODY) -> str:
        """A new session's token."""
        token, csrf = secrets.token_urlsafe(24), secrets.token_urlsafe(16)
        with self._file.transaction() as db:
            db.execute("DELETE FROM session WHERE until <= ?", (now,))
            db.execute(
                "DELETE FROM session WHERE token IN (SELECT token FROM session ORDER BY until DESC LIMIT -1 OFFSET ?)",
                (SESSIONS_MAX - 1,),
            )
            key = digest(token)
            db.execute("INSERT INTO session VALUES (?, ?, ?, ?)", (key, name, csrf, now + SESSION_S))
            db.execute("DELETE FROM session_from WHERE token NOT IN (SELECT token FROM session)")
            db.execute(
                "INSERT INTO session_from VALUES (?, ?, ?, ?)", (key, now, caller.address, caller.agent[:AGENT_MAX])
            )
        return token

    def session(self, token: str, now: int) -> Signed | None:
        """Who has it, with his grants as they are now; None for a session that is over."""
        row = self._file.one("SELECT name, csrf, token FROM session WHERE token = ? AND until > ?", digest(token), now)
        return None if row is None else Signed(str(row[0]), str(row[1]), self.grants(str(row[0])), bytes(row[2]))

    def grants(self, name: str) -> tuple[Grant, ...]:
        """What somebody is, and where."""
        return grants_of(self._file.rows("SELECT role, box, merchant, people FROM role WHERE name = ?", name))

    def set_grants(self, name: str, grants: Collection[Grant]) -> None:
        """All that somebody is from now on; his open pages obey with their next request."""
        with self._file.transaction() as db:
            db.execute("DELETE FROM role WHERE name = ?", (name,))
            db.executemany("INSERT INTO role VALUES (?, ?, ?, ?, ?)", [(name, g.role, *g.scope) for g in grants])

    def close_session(self, token: str) -> None:
        """End a session on the server's side."""
        with self._file.transaction() as db:
            db.execute("DELETE FROM session WHERE token = ?", (digest(token),))

    def sessions(self, now: int, name: str = "") -> list[Session]:
        """Open ones, the newest first; of one operator, or of all."""
        rows = self._file.rows(
            "SELECT token, name, at, until, address, agent FROM session LEFT JOIN session_from USING (token) "
            "WHERE until > ? AND (? = '' OR name = ?) ORDER BY at DESC, token",
            now, name, name,
        )  # fmt: skip
        return [
            Session(bytes(key), owner, at or 0, until, Caller(address or "", agent or ""))
            for key, owner, at, until, address, agent in rows
        ]

    def end_session(self, key: bytes, name: str = "") -> bool:
        """End one by its key; with a name, only if it is his. Whether there was such a one."""
        with self._file.transaction() as db:
            done = db.execute("DELETE FROM session WHERE token = ? AND (? = '' OR name = ?)", (key, name, name))
            return done.rowcount > 0

    def operators(self, now: int) -> list[Operator]:
        """All who may or could sign in, by name."""
        rows = self._file.rows(
            "SELECT name FROM operator UNION SELECT name FROM role "
            "UNION SELECT name FROM link WHERE until > ? ORDER BY 1",
            now,
        )
        roles: dict[str, list[tuple[Any, ...]]] = {}
        for name, *role in self._file.rows("SELECT name, role, box, merchant, people FROM role"):
            roles.setdefault(name, []).append(tuple(role))
        with_password = {name for (name,) in self._file.rows("SELECT name FROM operator")}
        links = dict(self._file.rows("SELECT name, MAX(until) FROM link WHERE until > ? GROUP BY name", now))
        open_ones = dict(self._file.rows("SELECT name, COUNT(*) FROM session WHERE until > ? GROUP BY name", now))
        return [
            Operator(
                name, grants_of(roles.get(name, [])), name in with_password, links.get(name, 0), open_ones.get(name, 0)
            )
            for (name,) in rows
        ]

    def invite(self, name: str, grants: Collection[Grant], now: int) -> str:
        """A new operator with these roles, and the token of his one-time link."""
        self.set_grants(name, grants)
        return self.make_link(name, now)

    def remove(self, name: str) -> None:
        """He signs in no more, and what he has open ends; the audit list keeps what he did."""
        with self._file.transaction() as db:
            for table in ("operator", "role", "link", "session", "try", "factor", "recovery", "passkey"):
                db.execute(f"DELETE FROM {table} WHERE name = ?", (name,))  # noqa: S608  # our own names

    def admins(self) -> list[str]:
        """Who can give rights everywhere; the last of them must stay."""
        rows = self._file.rows("SELECT name FROM role WHERE role = ? ORDER BY name", Role.ADMIN)
        return [str(name) for (name,) in rows]

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _verify(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except (VerificationError, InvalidHashError):
            return False


def _has_admin(db: sqlite3.Connection) -> bool:
    """Within a transaction."""
    return db.execute("SELECT 1 FROM role WHERE role = ?", (Role.ADMIN,)).fetchone() is not None
