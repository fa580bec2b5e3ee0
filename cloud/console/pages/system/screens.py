"""Wall screens 大屏: which there are, of which view, and who made them; in the console's own file.

A screen is opened by a one-time link, which gives the browser a cookie of its own that opens the wall and nothing else.
Of both only SHA-256 is kept. A screen that is taken away is dark at its next look.
"""

import hashlib
import secrets
from pathlib import Path
from typing import NamedTuple

from cloud.store.db import Database
from cloud.store.own_tables import OwnTables
from shared.errors import ConfigFault
from shared.words.voice import Text

_SCHEMA = """CREATE TABLE IF NOT EXISTS wall_screen (
  number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, view TEXT NOT NULL, who TEXT NOT NULL,
  made_at INTEGER NOT NULL, link BLOB UNIQUE, link_until INTEGER NOT NULL, token BLOB UNIQUE,
  seen_at INTEGER NOT NULL) STRICT"""
_COLUMNS = "number, name, view, who, made_at, link IS NOT NULL, link_until, token IS NOT NULL, seen_at"
SCREENS_MAX = 50
NAME_MAX = 40
LINK_S = 24 * 3600
SEEN_S = 60
"""A look is noted so often at most: a wall asks every two seconds."""


class Screen(NamedTuple):
    """One. view: what it shows. has_link: nobody has opened it yet; is_open: a browser has it. Times: unix seconds, 0:
    never."""

    number: int
    name: str
    view: str
    who: str
    made_at: int
    has_link: bool
    link_until: int
    is_open: bool
    seen_at: int


class Screens:
    """Over the console's file. Each call opens it, so any thread may."""

    def __init__(self, path: Path) -> None:
        self._tables = OwnTables(path, _SCHEMA)

    def listed(self) -> list[Screen]:
        """All, in the order in which they were made."""
        with self._tables.reading() as db:
            return [_screen(*row) for row in db.run(f"SELECT {_COLUMNS} FROM wall_screen ORDER BY number")]  # noqa: S608

    def make(self, name: str, view: str, who: str, now: int) -> str:
        """A new one; its one-time link's secret. ConfigFault: no name, one of that name, or too many."""
        if not name.strip() or len(name) > NAME_MAX or not name.isprintable():
            raise ConfigFault(Text(f"名称：1 至 {NAME_MAX} 个字符", f"a name has 1 to {NAME_MAX} characters"))
        secret = secrets.token_urlsafe(24)
        with self._tables.writing() as db:
            known = [one for (one,) in db.run("SELECT name FROM wall_screen")]
            if name in known:
                raise ConfigFault(Text(f"已有此大屏：{name}", f"there is a screen of that name: {name}"))
            if len(known) >= SCREENS_MAX:
                raise ConfigFault(Text(f"最多 {SCREENS_MAX} 块大屏", f"at most {SCREENS_MAX} screens"))
            row = (name, view, who, now, _digest(secret), now + LINK_S, 0)
            db.insert("wall_screen", "name, view, who, made_at, link, link_until, seen_at", [row])
        return secret

    def link_again(self, number: int, now: int) -> str:
        """Another link for it; who has it open loses it when the link is used. ConfigFault: there is none."""
        secret = secrets.token_urlsafe(24)
        with self._tables.writing() as db:
            self._require(db, number)
            sql = "UPDATE wall_screen SET link = ?, link_until = ? WHERE number = ?"
            db.run(sql, (_digest(secret), now + LINK_S, number))
        return secret

    def take_away(self, number: int) -> str:
        """Its link and its browser open nothing any more; its name. ConfigFault: there is none."""
        with self._tables.writing() as db:
            name = self._require(db, number)
            db.run("DELETE FROM wall_screen WHERE number = ?", (number,))
        return name

    def by_link(self, secret: str, now: int) -> Screen | None:
        """Whose link this is; None: it was used, or has run out."""
        return self._found("link = ? AND link_until > ?", _digest(secret), now)

    def open(self, secret: str, now: int) -> str | None:
        """Burn the link; the secret that its browser keeps. None: there is no such link any more."""
        kept = secrets.token_urlsafe(32)
        set_ = "link = NULL, token = ?, seen_at = ?"
        sql = f"UPDATE wall_screen SET {set_} WHERE link = ? AND link_until > ? RETURNING name"  # noqa: S608  # our own
        with self._tables.writing() as db:
            rows = db.run(sql, (_digest(kept), now, _digest(secret), now))
        return kept if rows else None

    def by_token(self, kept: str, now: int) -> Screen | None:
        """Whose browser this is; that it looks is noted."""
        found = self._found("token = ?", _digest(kept)) if kept else None
        if found is not None and abs(now - found.seen_at) >= SEEN_S:
            with self._tables.writing() as db:
                db.run("UPDATE wall_screen SET seen_at = ? WHERE number = ?", (now, found.number))
        return found

    def _found(self, where: str, *values: object) -> Screen | None:
        with self._tables.reading() as db:
            rows = db.run(f"SELECT {_COLUMNS} FROM wall_screen WHERE {where}", values)  # noqa: S608  # our own words
        return _screen(*rows[0]) if rows else None

    def _require(self, db: Database, number: int) -> str:
        rows = db.run("SELECT name FROM wall_screen WHERE number = ?", (number,))
        if not rows:
            raise ConfigFault(Text("没有这块大屏", "there is no such screen"))
        return str(rows[0][0])


def _screen(number: int, name: str, view: str, who: str, made_at: int, *rest: int) -> Screen:
    has_link, link_until, is_open, seen_at = rest
    return Screen(number, name, view, who, made_at, bool(has_link), link_until, bool(is_open), seen_at)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()
