"""What hand-overs leave behind, in the console's file: notes of a shift, who left and who took over. Append-only.

Pattern of access/audit.py: each call opens the file, so any thread may.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from cloud.store.db import Database
from cloud.store.own_tables import OwnTables
from shared.errors import ConfigFault
from shared.words.voice import Text

FILE = "console.db"
TEXT_MAX = 500
LISTED_MAX = 50
_TABLES = {
    "shift_note": "number INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, who TEXT NOT NULL, text TEXT NOT NULL",
    "shift_left": "number INTEGER PRIMARY KEY, from_ms INTEGER NOT NULL, at_ms INTEGER NOT NULL, who TEXT NOT NULL, "
    "note TEXT NOT NULL, stands TEXT NOT NULL",
    "shift_taken": "number INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, who TEXT NOT NULL, note TEXT NOT NULL",
}


class ShiftRefused(ConfigFault):
    """Happens when a hand-over cannot be signed so. Nothing was changed."""


class Note(NamedTuple):
    """Something that somebody has written down for the next one."""

    at_ms: int
    who: str
    text: str


class Left(NamedTuple):
    """One that was signed by who leaves. from_ms: since when it tells, 0: from the beginning. stands: rule and source
    of each alarm that stood then. taken_ms 0: nobody has taken over yet."""

    number: int
    from_ms: int
    at_ms: int
    who: str
    note: str
    stands: tuple[tuple[str, str], ...]
    taken_ms: int = 0
    taken_by: str = ""
    taken_note: str = ""


class Shifts:
    """Over the console's file in this folder."""

    def __init__(self, folder: Path) -> None:
        self._tables = OwnTables(folder / FILE, *_schema())

    def add_note(self, note: Note) -> None:
        """ShiftRefused: there is nothing in it."""
        text = _text(note.text)
        if not text:
            raise ShiftRefused(Text("备注是空的", "the note is empty"))
        with self._tables.writing() as db:
            db.insert("shift_note", "at_ms, who, text", [(note.at_ms, note.who, text)])

    def notes(self, from_ms: int) -> list[Note]:
        """Since then, oldest first; the last LISTED_MAX."""
        sql = "SELECT at_ms, who, text FROM shift_note WHERE at_ms >= ? ORDER BY number DESC LIMIT ?"
        with self._tables.reading() as db:
            return [Note(*row) for row in reversed(db.run(sql, (from_ms, LISTED_MAX)))]

    def leave(self, at_ms: int, who: str, note: str, stands: Sequence[tuple[str, str]]) -> int:
        """Who leaves signs; its number. ShiftRefused: the one before was not taken yet."""
        with self._tables.writing() as db:
            last = _newest(db, 1)
            if last and not last[0].taken_ms:
                raise ShiftRefused(Text("上一次交班还没有人接", "nobody has taken over the one before yet"))
            from_ms = last[0].at_ms if last else 0
            number = last[0].number + 1 if last else 1
            row = (number, from_ms, at_ms, who, _text(note), json.dumps(list(stands), ensure_ascii=False))
            db.insert("shift_left", "number, from_ms, at_ms, who, note, stands", [row])
        return number

    def take(self, number: int, at_ms: int, who: str, note: str) -> None:
        """Who comes signs. ShiftRefused: there is none that waits, or it is his own."""
        with self._tables.writing() as db:
            found = next((one for one in _newest(db, 1) if one.number == number and not one.taken_ms), None)
            if found is None:
                raise ShiftRefused(Text("没有等着接的交班", "no hand-over waits to be taken"))
            if found.who == who:
                raise ShiftRefused(Text("自己交的班由别人接", "somebody else takes over what one leaves"))
            db.insert("shift_taken", "number, at_ms, who, note", [(number, at_ms, who, _text(note))])

    def listed(self) -> list[Left]:
        """The newest first, LISTED_MAX at most."""
        with self._tables.reading() as db:
            return _newest(db, LISTED_MAX)


def _newest(db: Database, most: int) -> list[Left]:
    sql = (
        "SELECT l.number, from_ms, l.at_ms, l.who, l.note, stands, coalesce(t.at_ms, 0), coalesce(t.who, ''), "
        "coalesce(t.note, '') FROM shift_left l LEFT JOIN shift_taken t ON t.number = l.number "
        "ORDER BY l.number DESC LIMIT ?"
    )
    return [_left(*row) for row in db.run(sql, (most,))]


def _left(
    number: int, from_ms: int, at_ms: int, who: str, note: str, stands: str, taken_ms: int, taken_by: str,
    taken_note: str,
) -> Left:  # fmt: skip  # a row
    stood = tuple((rule, source) for rule, source in json.loads(stands))
    return Left(number, from_ms, at_ms, who, note, stood, taken_ms, taken_by, taken_note)


def _text(text: str) -> str:
    """As it was written, without what is not printed; ShiftRefused for one that would be cut."""
    kept = "\n".join(" ".join(line.split()) for line in text.strip().splitlines())
    if len(kept) > TEXT_MAX:
        raise ShiftRefused(Text(f"至多 {TEXT_MAX} 字", f"{TEXT_MAX} characters at most"))
    return kept


def _schema() -> Iterator[str]:
    for name, columns in _TABLES.items():
        yield f"CREATE TABLE IF NOT EXISTS {name} ({columns}) STRICT"
        for deed in ("UPDATE", "DELETE"):
            yield (
                f"CREATE TRIGGER IF NOT EXISTS {name}_{deed.lower()} BEFORE {deed} ON {name} "
                f"BEGIN SELECT RAISE(ABORT, '{name} is append-only'); END"
            )
