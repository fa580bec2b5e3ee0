"""Sessions and one-time links. Opaque tokens, of which the digest is kept; ended here, at once.

Bounds: a session ends after IDLE_MS without a call and MOST_MS after its beginning; a person has SESSIONS_MAX, the
oldest goes; a proof of who it is counts as fresh for FRESH_MS.
"""

import hashlib
import secrets
from enum import StrEnum
from typing import NamedTuple

from cloud.store.db import Database
from cloud.wallet.people.persons import knows_alone
from cloud.wallet.people.records.devices import note_device

MINUTE_MS = 60_000
DAY_MS = 24 * 60 * MINUTE_MS
IDLE_MS = 14 * DAY_MS
MOST_MS = 60 * DAY_MS
FRESH_MS = 5 * MINUTE_MS
LINK_MS = DAY_MS
SEEN_MS = 5 * MINUTE_MS
"""A call is noted in the session's row no more often."""
KIOSK_MS = 10 * MINUTE_MS
"""A session at a shared terminal is over by then; its page signs out after a minute without a touch."""
SESSIONS_MAX = 10
TOKEN_SIZE = 24


class Way(StrEnum):
    """How somebody signed in."""

    LINK = "link"
    KNOWN = "password"
    """What he knows, and nobody else."""
    CODE = "code"
    PASSKEY = "passkey"
    CAMPUS = "campus"
    """The campus' own sign-on."""
    BOUND = "bound"
    """The first time."""


STRONG = frozenset((Way.LINK, Way.KNOWN))
"""By what he alone knows (`knows_alone`), or by the desk's link, and not by what may lie in a phone that is lost."""


class Session(NamedTuple):
    """key: tells it from others and opens nothing. way: '' where it was not noted, or not asked for."""

    key: bytes
    person: int
    made_ms: int
    seen_ms: int
    proven_ms: int
    address: str
    agent: str
    way: str = ""

    def is_fresh(self, now_ms: int) -> bool:
        """Was it proven a moment ago who it is?"""
        return now_ms - self.proven_ms < FRESH_MS

    @property
    def is_brief(self) -> bool:
        """Was it opened at a shared terminal? So is one of anybody's that is over within as little time."""
        return self.made_ms + MOST_MS - self.proven_ms <= KIOSK_MS


_SESSION = "SELECT token, person, made_ms, seen_ms, proven_ms, address, agent FROM session"
_WITH_WAY = (
    "SELECT s.token, person, made_ms, seen_ms, proven_ms, address, agent, COALESCE(way, '') "
    "FROM session s LEFT JOIN signed_by b ON b.token = s.token"
)
_COLUMNS = "token, person, made_ms, seen_ms, proven_ms, address, agent"


def digest(token: str) -> bytes:
    """What is kept of a token."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def make_link(db: Database, person: int, now_ms: int) -> str:
    """A one-time token; earlier ones of this person die."""
    token = secrets.token_urlsafe(TOKEN_SIZE)
    db.run("DELETE FROM link WHERE person = ? OR until_ms <= ?", (person, now_ms))
    db.insert("link", "token, person, until_ms", [(digest(token), person, now_ms + LINK_MS)])
    return token


def use_link(db: Database, token: str, now_ms: int) -> int | None:
    """Whose it is; it is burnt. None: used, expired or nobody's."""
    key = digest(token)
    rows = db.run("SELECT person FROM link WHERE token = ? AND until_ms > ?", (key, now_ms))
    db.run("DELETE FROM link WHERE token = ?", (key,))
    return int(rows[0][0]) if rows else None


def open_session(
    db: Database, person: int, address: str, agent: str, now_ms: int, *, way: Way, brief: bool = False
) -> str:  # fmt: skip
    """Its token. brief: on a shared device, over after KIOSK_MS whatever happens."""
    token = secrets.token_urlsafe(TOKEN_SIZE)
    note_device(db, person, address, agent, now_ms)
    end_old(db, now_ms)
    db.run(
        "DELETE FROM session WHERE token IN "
        "(SELECT token FROM session WHERE person = ? ORDER BY seen_ms DESC LIMIT -1 OFFSET ?)",
        (person, SESSIONS_MAX - 1),
    )
    made_ms = now_ms + KIOSK_MS - MOST_MS if brief else now_ms
    db.insert("session", _COLUMNS, [(digest(token), person, made_ms, now_ms, now_ms, address, agent)])
    db.insert("signed_by", "token, way", [(digest(token), way.value)])
    if way in STRONG and (way is Way.LINK or knows_alone(db, person, now_ms)):
        note_strong(db, digest(token), now_ms)
    return token


def note_strong(db: Database, key: bytes, now_ms: int) -> None:
    """Who it is was proven just now, and not by what may lie in a lost phone."""
    db.run("DELETE FROM strong WHERE at_ms <= ?", (now_ms - FRESH_MS,))
    db.upsert("strong", "token, at_ms", "token", [(key, now_ms)])


def is_strong(db: Database, key: bytes, now_ms: int) -> bool:
    """Was that a moment ago?"""
    return bool(db.run("SELECT 1 FROM strong WHERE token = ? AND at_ms > ?", (key, now_ms - FRESH_MS)))


def session_of(db: Database, token: str, now_ms: int) -> Session | None:
    """None: over, or nobody's."""
    rows = db.run(f"{_SESSION} WHERE token = ?", (digest(token),)) if token else []
    found = Session(*rows[0]) if rows else None
    return found if found and now_ms < _ends(found) else None


def _ends(session: Session) -> int:
    return min(session.seen_ms + IDLE_MS, session.made_ms + MOST_MS)


def note_seen(db: Database, session: Session, now_ms: int) -> None:
    """It asked; written down at most each SEEN_MS."""
    if now_ms - session.seen_ms >= SEEN_MS:
        db.run("UPDATE session SET seen_ms = ? WHERE token = ?", (now_ms, session.key))


def sessions_of(db: Database, person: int, now_ms: int) -> list[Session]:
    """His open ones, the newest first."""
    rows = db.run(f"{_WITH_WAY} WHERE person = ? ORDER BY seen_ms DESC", (person,))
    return [one for one in (Session(*row) for row in rows) if now_ms < _ends(one)]


def end_session(db: Database, key: bytes, person: int) -> bool:
    """One of his. Was there such a one?"""
    there = db.run("SELECT 1 FROM session WHERE token = ? AND person = ?", (key, person))
    db.run("DELETE FROM session WHERE token = ? AND person = ?", (key, person))
    return bool(there)


def end_sessions(db: Database, person: int, kept: bytes = b"") -> None:
    """All of his but this one."""
    db.run("DELETE FROM session WHERE person = ? AND token <> ?", (person, kept))


def end_old(db: Database, now_ms: int) -> None:
    """Those that are over."""
    db.run("DELETE FROM session WHERE seen_ms <= ? OR made_ms <= ?", (now_ms - IDLE_MS, now_ms - MOST_MS))


def prove_again(db: Database, key: bytes, now_ms: int) -> None:
    """Who it is was proven just now."""
    db.run("UPDATE session SET proven_ms = ? WHERE token = ?", (now_ms, key))
