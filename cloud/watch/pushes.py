"""Texts as they were pushed (who is told, operators' rules, groups): kept, numbered, never edited.

The newest is in force. Inside of transactions of the watch's file.
"""

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


class Pushes:
    """Of one table: `policy`, `ruleset` or `grouping`, and of docking's file `template`."""

    def __init__(self, table: str) -> None:
        self._table = table

    def push(self, db: Database, at_ms: int, who: str, why: str, text: str) -> int:
        """Put a text in force that was checked; its number. The same text again is the same push."""
        rows = db.run(f"SELECT number, text FROM {self._table} ORDER BY number DESC LIMIT 1")  # noqa: S608  # our own names
        last, newest = rows[0] if rows else (0, None)
        if text == newest:
            return int(last)
        db.insert(self._table, "number, at_ms, who, why, text", [(last + 1, at_ms, who, why, text)])
        return int(last) + 1

    def in_force(self, db: Database) -> str:
        """The newest text; empty: there was none."""
        rows = db.run(f"SELECT text FROM {self._table} ORDER BY number DESC LIMIT 1")  # noqa: S608  # our own names
        return rows[0][0] if rows else ""

    def text_of(self, db: Database, number: int) -> str:
        """That one's. ConfigFault: there is none of that number."""
        rows = db.run(f"SELECT text FROM {self._table} WHERE number = ?", (number,))  # noqa: S608  # our own names
        if not rows:
            raise ConfigFault(Text(f"没有第 {number} 次推送", f"there is no push {number}"))
        text: str = rows[0][0]
        return text

    def history(self, db: Database) -> list[Push]:
        """The newest first."""
        sql = f"SELECT number, at_ms, who, why FROM {self._table} ORDER BY number DESC LIMIT ?"  # noqa: S608  # our own names
        return [Push(*row) for row in db.run(sql, (HISTORY_MAX,))]


POLICIES, RULESETS, GROUPINGS = Pushes("policy"), Pushes("ruleset"), Pushes("grouping")
TEMPLATES = Pushes("template")
"""Of docking's file."""
