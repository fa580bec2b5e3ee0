"""Activation letters 激活信: a one-time code for each holder, on paper; its digest is kept. Inside of a transaction.

Eleven random characters and a check character. Good for LETTER_MS; a new letter kills the one before, and whoever binds
himself by one uses it up.
"""

import hashlib
import hmac
import secrets

from cloud.store.db import Database
from shared.keys import paper_text

DRAWN, GROUP = 11, 4
LETTER_DAYS = 30
LETTER_MS = LETTER_DAYS * 86_400_000
NO_LETTER = b""
TABLES = (
    """CREATE TABLE IF NOT EXISTS letter (number TEXT PRIMARY KEY, digest BLOB NOT NULL, until_ms INTEGER NOT NULL)""",
)


def make_letter(db: Database, number: str, now_ms: int) -> str:
    """The code as the paper has it."""
    code = paper_text.written(secrets.token_bytes(DRAWN), GROUP)
    row = (number, _digest(number, plain(code)), now_ms + LETTER_MS)
    db.run("DELETE FROM letter WHERE until_ms <= ?", (now_ms,))
    db.upsert("letter", "number, digest, until_ms", "number", [row])
    return code


def plain(typed: str) -> str:
    """The code, however it was typed. WireFault: a character is wrong, whoever's it were."""
    return paper_text.typed(typed, DRAWN)


def letter_of(db: Database, number: str, now_ms: int) -> bytes:
    """The digest of the one that is good; NO_LETTER: there is none."""
    rows = db.run("SELECT digest FROM letter WHERE number = ? AND until_ms > ?", (number, now_ms))
    return bytes(rows[0][0]) if rows else NO_LETTER


def is_of(letter: bytes, number: str, code: str) -> bool:
    """Is that its code? code: as `plain` gives it."""
    return hmac.compare_digest(letter, _digest(number, code))


def end_letter(db: Database, number: str) -> None:
    """It is used up."""
    db.run("DELETE FROM letter WHERE number = ?", (number,))


def _digest(number: str, code: str) -> bytes:
    return hashlib.sha256(f"{number}\0{code}".encode()).digest()
