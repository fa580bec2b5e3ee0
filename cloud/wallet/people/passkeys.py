"""Passkeys 通行密钥 of persons, and challenges that wait for one answer. Inside of a transaction.

Bounds: a person has PASSKEYS_MAX; CHALLENGES_MAX wait at once, the oldest goes; one is good once, for CHALLENGE_MS.
"""

import hashlib
import secrets
from typing import NamedTuple

from cloud.process.passkeys import Passkey
from cloud.store.db import Database

PASSKEYS_MAX = 10
CHALLENGES_MAX = 5_000
CHALLENGE_MS = 5 * 60_000
CHALLENGE_SIZE = 32
USER_SIZE = 16


class KeptPasskey(NamedTuple):
    """label: what he calls it."""

    key: Passkey
    person: int
    label: str
    at_ms: int


_PASSKEY = "SELECT id, public, uses, person, label, at_ms FROM passkey"


def new_challenge(db: Database, person: int, now_ms: int) -> bytes:
    """person 0: of whoever signs in."""
    made = secrets.token_bytes(CHALLENGE_SIZE)
    db.run("DELETE FROM challenge WHERE until_ms <= ?", (now_ms,))
    db.run(
        "DELETE FROM challenge WHERE digest IN (SELECT digest FROM challenge ORDER BY until_ms DESC LIMIT -1 OFFSET ?)",
        (CHALLENGES_MAX - 1,),
    )
    db.insert("challenge", "digest, person, until_ms", [(_digest(made), person, now_ms + CHALLENGE_MS)])
    return made


def use_challenge(db: Database, challenge: bytes, person: int, now_ms: int) -> bool:
    """Was it asked of him, a moment ago? It is burnt."""
    key = _digest(challenge)
    rows = db.run("SELECT 1 FROM challenge WHERE digest = ? AND person = ? AND until_ms > ?", (key, person, now_ms))
    db.run("DELETE FROM challenge WHERE digest = ?", (key,))
    return bool(rows)


def passkey_of(db: Database, key: bytes) -> KeptPasskey | None:
    """By the id that the browser says."""
    rows = db.run(f"{_PASSKEY} WHERE id = ?", (key,))
    return _kept(rows[0]) if rows else None


def passkeys_of(db: Database, person: int) -> list[KeptPasskey]:
    """The oldest first."""
    return [_kept(row) for row in db.run(f"{_PASSKEY} WHERE person = ? ORDER BY at_ms, id", (person,))]


def keep_passkey(db: Database, kept: KeptPasskey) -> bool:
    """One more; False: it is there already, or he has PASSKEYS_MAX."""
    if passkey_of(db, kept.key.id) is not None or len(passkeys_of(db, kept.person)) >= PASSKEYS_MAX:
        return False
    row = (kept.key.id, kept.key.public, kept.key.uses, kept.person, kept.label, kept.at_ms)
    db.insert("passkey", "id, public, uses, person, label, at_ms", [row])
    return True


def note_uses(db: Database, key: bytes, uses: int) -> None:
    """The device's count."""
    db.run("UPDATE passkey SET uses = ? WHERE id = ?", (uses, key))


def end_passkey(db: Database, key: bytes, person: int) -> bool:
    """One of his. Was there such a one?"""
    there = db.run("SELECT 1 FROM passkey WHERE id = ? AND person = ?", (key, person))
    db.run("DELETE FROM passkey WHERE id = ? AND person = ?", (key, person))
    return bool(there)


def user_handle(person: int) -> bytes:
    """Tells him from others on a device that several use; says nothing of him."""
    return hashlib.sha256(f"openykt wallet person {person}".encode()).digest()[:USER_SIZE]


def _kept(row: tuple) -> KeptPasskey:  # type: ignore[type-arg]  # a row of ours
    return KeptPasskey(Passkey(bytes(row[0]), bytes(row[1]), row[2]), *row[3:])


def _digest(challenge: bytes) -> bytes:
    return hashlib.sha256(challenge).digest()
