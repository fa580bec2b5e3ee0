"""Sign-ons by the campus 统一身份认证: those under way, and whose number each of a provider's subjects is.

Inside of a transaction. A sign-on under way is good once, for BEGUN_MS, and only with what the browser that began it
has kept; BEGUN_MAX wait at once, the oldest goes. A subject is one number's for good, and a number one subject's of
each provider: who gives a number to somebody else is not believed before a person has seen to it.
"""

import hashlib
import secrets
from typing import NamedTuple

from cloud.store.db import Database

BEGUN_MAX = 5_000
OF_GUARDIAN = "tel:"
"""So begins what stands in the place of a number: the phone of one who is a guardian alone."""
BEGUN_MS = 10 * 60_000
TABLES = (
    """CREATE TABLE IF NOT EXISTS sign_on (state BLOB PRIMARY KEY, provider TEXT NOT NULL, kept BLOB NOT NULL,
    nonce TEXT NOT NULL, verifier TEXT NOT NULL, until_ms INTEGER NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS subject (provider TEXT NOT NULL, subject TEXT NOT NULL, number TEXT NOT NULL,
    at_ms INTEGER NOT NULL, PRIMARY KEY (provider, subject), UNIQUE (provider, number))""",
)


class Waiting(NamedTuple):
    """One under way."""

    provider: str
    nonce: str
    verifier: str


def new_secret() -> str:
    """43 characters: a state, a nonce, a verifier of PKCE."""
    return secrets.token_urlsafe(32)


def keep_begun(db: Database, state: str, kept: str, waiting: Waiting, now_ms: int) -> None:
    """kept: what the browser that began it holds."""
    db.run("DELETE FROM sign_on WHERE until_ms <= ?", (now_ms,))
    db.run(
        "DELETE FROM sign_on WHERE state IN (SELECT state FROM sign_on ORDER BY until_ms DESC LIMIT -1 OFFSET ?)",
        (BEGUN_MAX - 1,),
    )
    row = (_digest(state), waiting.provider, _digest(kept), waiting.nonce, waiting.verifier, now_ms + BEGUN_MS)
    db.insert("sign_on", "state, provider, kept, nonce, verifier, until_ms", [row])


def use_begun(db: Database, state: str, kept: str, now_ms: int) -> Waiting | None:
    """It is burnt by whoever names its state; None: over, nobody's, or another browser began it."""
    key = _digest(state)
    rows = db.run("SELECT provider, nonce, verifier, kept FROM sign_on WHERE state = ? AND until_ms > ?", (key, now_ms))
    db.run("DELETE FROM sign_on WHERE state = ?", (key,))
    return Waiting(*rows[0][:3]) if rows and secrets.compare_digest(bytes(rows[0][3]), _digest(kept)) else None


def number_of(db: Database, provider: str, subject: str, said: str, now_ms: int) -> str:
    """The number that this subject is, bound the first time; '': it says none, or one that is somebody else's."""
    rows = db.run("SELECT number FROM subject WHERE provider = ? AND subject = ?", (provider, subject))
    if rows:
        return str(rows[0][0]) if said in ("", rows[0][0]) else ""
    if not said or db.run("SELECT 1 FROM subject WHERE provider = ? AND number = ?", (provider, said)):
        return ""
    db.insert("subject", "provider, subject, number, at_ms", [(provider, subject, said, now_ms)])
    return said


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()
