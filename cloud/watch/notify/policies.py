"""Policies as they were pushed: kept, numbered, never edited; the newest is in force. Inside of transactions."""

from typing import NamedTuple

from cloud.store.db import Database
from shared.errors import ConfigFault
from shared.words.voice import Text

HISTORY_MAX = 200


class Push(NamedTuple):
    """One of them, without its text."""

    number: int
    at_ms: int
    who: str
    why: str


def push(db: Database, at_ms: int, who: str, why: str, text: str) -> int:
    """Put a text in force that was checked; its number. The same text again is the same push."""
    rows = db.run("SELECT number, text FROM policy ORDER BY number DESC LIMIT 1")
    last, newest = rows[0] if rows else (0, None)
    if text == newest:
        return int(last)
    db.insert("policy", "number, at_ms, who, why, text", [(last + 1, at_ms, who, why, text)])
    return int(last) + 1


def in_force(db: Database) -> str:
    """The newest text; empty: there was none."""
    rows = db.run("SELECT text FROM policy ORDER BY number DESC LIMIT 1")
    return rows[0][0] if rows else ""


def text_of(db: Database, number: int) -> str:
    """That one's. ConfigFault: there is none of that number."""
    rows = db.run("SELECT text FROM policy WHERE number = ?", (number,))
    if not rows:
        raise ConfigFault(Text(f"没有第 {number} 次推送", f"there is no push {number}"))
    text: str = rows[0][0]
    return text


def history(db: Database) -> list[Push]:
    """The newest first."""
    sql = "SELECT number, at_ms, who, why FROM policy ORDER BY number DESC LIMIT ?"
    return [Push(*row) for row in db.run(sql, (HISTORY_MAX,))]
