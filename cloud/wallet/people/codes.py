"""Codes by SMS: six figures, one use, CODE_MS; and what is still to be sent. Inside of a transaction.

Wrong tries are bounded by throttle.CODE, so that guesses have ten chances in a million. The text waits in the file of
people until a door of SMS has taken it, or it is too old to be of use.
"""

import hashlib
import hmac
import secrets
from typing import NamedTuple

from cloud.store.db import Database
from cloud.wallet.people.throttle import CODES_OF_ALL, note_try
from shared.words.voice import Text

SMS = "sms"
"""As the throttle knows them."""
CODE_MS = 10 * 60_000
TEXT_MS = 24 * 3_600_000
SENT_MAX = 20
"""Looked at in one turn."""


class Sms(NamedTuple):
    """One that waits."""

    id: int
    phone: str
    text: str


def send_code(db: Database, use: str, phone: str, now_ms: int, *, really: bool) -> None:
    """A fresh code; the one before dies. really False: the same work, for nobody's row, and nothing is sent."""
    code = f"{secrets.randbelow(1_000_000):06d}"
    kept = _digest(use, phone, code)
    db.run("DELETE FROM code WHERE until_ms <= ?", (now_ms,))
    row = (use, phone, kept, now_ms + CODE_MS) if really else ("", "", kept, now_ms)
    db.upsert("code", "use, phone, digest, until_ms", "use, phone", [row])
    if not really:
        return
    note_try(db, CODES_OF_ALL, SMS, now_ms)
    text = Text(f"验证码 {code}，十分钟内有效，勿告诉他人。", f"Code {code}, good for ten minutes. Tell nobody.")
    _queue(db, phone, text, now_ms + CODE_MS)


def send_text(db: Database, phone: str, text: Text, now_ms: int) -> None:
    """Of something that has happened; it is of use for TEXT_MS. How often, the caller bounds."""
    _queue(db, phone, text, now_ms + TEXT_MS)


def _queue(db: Database, phone: str, text: Text, until_ms: int) -> None:
    ((number,),) = db.run("SELECT COALESCE(MAX(id), 0) + 1 FROM sms")
    db.insert("sms", "id, phone, text, until_ms", [(number, phone, text.zh, until_ms)])


def use_code(db: Database, use: str, phone: str, code: str, now_ms: int) -> bool:
    """Is it the one? Then it is used."""
    rows = db.run("SELECT digest FROM code WHERE use = ? AND phone = ? AND until_ms > ?", (use, phone, now_ms))
    right = hmac.compare_digest(bytes(rows[0][0]) if rows else b"", _digest(use, phone, code))
    if right:
        db.run("DELETE FROM code WHERE use = ? AND phone = ?", (use, phone))
    return right


def unsent(db: Database, now_ms: int) -> list[Sms]:
    """Those that are over soonest, so codes before texts; those that came too late are gone."""
    db.run("DELETE FROM sms WHERE until_ms <= ?", (now_ms,))
    return [Sms(*row) for row in db.run("SELECT id, phone, text FROM sms ORDER BY until_ms, id LIMIT ?", (SENT_MAX,))]


def note_sent(db: Database, number: int) -> None:
    """A door has taken it."""
    db.run("DELETE FROM sms WHERE id = ?", (number,))


def _digest(use: str, phone: str, code: str) -> bytes:
    return hashlib.sha256(f"{use}\0{phone}\0{code}".encode()).digest()
