"""The audit list 审计: who did what, when, from where, to which object, and how it ended. Append-only, chained.

Each row's hash is over the row and the hash before it, so a row that was changed or taken out is seen by `look`.
No row holds a secret: a page tells in words what it has done, forms are not copied.
"""

import hashlib
import json
from pathlib import Path
from typing import NamedTuple

from cloud.console.access.chain import LOOK_ROWS, Chain, Listed, Looked
from cloud.store.db import Database
from cloud.store.own_tables import OwnTables
from shared.words.voice import Text

_SCHEMA = (
    """CREATE TABLE IF NOT EXISTS audit (
      number INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, who TEXT NOT NULL, address TEXT NOT NULL, act TEXT NOT NULL,
      object TEXT NOT NULL, zh TEXT NOT NULL, en TEXT NOT NULL, status INTEGER NOT NULL, hash BLOB NOT NULL) STRICT""",
    """CREATE TRIGGER IF NOT EXISTS audit_kept BEFORE UPDATE ON audit
      BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END""",
    """CREATE TRIGGER IF NOT EXISTS audit_stays BEFORE DELETE ON audit
      BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END""",
)
_COLUMNS = "number, at_ms, who, address, act, object, zh, en, status, hash"
ROWS_MAX = 500
"""Most rows of one question."""
TEXT_MAX = 500
"""Characters of each text that are kept."""


STRANGERS_MAX = 200
"""Rows of an hour about whoever has not signed in: he could fill the disk otherwise, and drown what others do."""
HOUR_MS = 3_600_000
_LOOKED = 2_000
"""The newest rows, among which strangers' are counted."""
_NO_MORE = Text(
    "未登录者的尝试过多，本小时不再逐条记录", "too many tries of strangers: no more of this hour are listed"
)


class Deed(NamedTuple):
    """at_ms: Unix milliseconds. who: '' for a stranger. address: the caller's. act: the page's name. object: 'kind:id',
    or ''. zh, en: what was done, in words. status: the answer's; 400 and above: nothing was changed."""

    at_ms: int
    who: str
    address: str
    act: str
    object: str
    zh: str
    en: str
    status: int


class Row(NamedTuple):
    """A deed and its number, from 1 without gaps."""

    number: int
    deed: Deed


class Question(NamedTuple):
    """What is looked for; '' and 0 do not choose. before: rows with lower numbers. find: in object and words."""

    who: str = ""
    act: str = ""
    object: str = ""
    find: str = ""
    before: int = 0


class Audit:
    """Over the console's file. Each call opens it, so any thread may."""

    def __init__(self, path: Path) -> None:
        self._chain = Chain(_hash)
        self._tables = OwnTables(path, *_SCHEMA)

    def write(self, deed: Deed) -> None:
        """Add one. StoreFault: it is not there. Of strangers so many are kept an hour, and the last says so."""
        kept = deed._replace(**{name: getattr(deed, name)[:TEXT_MAX] for name in ("who", "object", "zh", "en")})
        with self._tables.writing() as db:
            if not kept.who:
                others = _strangers(db, kept.at_ms)
                if others >= STRANGERS_MAX:
                    return
                if others == STRANGERS_MAX - 1:
                    kept = kept._replace(zh=_NO_MORE.zh, en=_NO_MORE.en)
            rows = db.run("SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1")
            number, before = (rows[0][0] + 1, bytes(rows[0][1])) if rows else (1, b"")
            db.insert("audit", _COLUMNS, [(number, *kept, _hash(before, number, kept))])

    def rows(self, question: Question, most: int = ROWS_MAX) -> list[Row]:
        """The newest first."""
        asked, values = _where(question)
        sql = f"SELECT {_COLUMNS} FROM audit WHERE {asked} ORDER BY number DESC LIMIT ?"  # noqa: S608  # our own names
        with self._tables.reading() as db:
            return [Row(row[0], Deed(*row[1:9])) for row in db.run(sql, (*values, min(most, ROWS_MAX)))]

    def look(self, now_ms: int, most: int = LOOK_ROWS) -> Looked:
        """Prove a piece of the chain more: what is new, and again a piece of what is old. StoreFault."""
        with self._tables.reading() as db:
            last: int = db.run("SELECT COALESCE(MAX(number), 0) FROM audit")[0][0]
            return self._chain.look(lambda after, rows: _listed(db, after, rows), last, now_ms, most)


def _listed(db: Database, after: int, most: int) -> list[Listed[Deed]]:
    sql = f"SELECT {_COLUMNS} FROM audit WHERE number > ? ORDER BY number LIMIT ?"  # noqa: S608  # our own names
    return [Listed(row[0], Deed(*row[1:9]), bytes(row[9])) for row in db.run(sql, (after, most))]


def _strangers(db: Database, now_ms: int) -> int:
    newest = "SELECT who, at_ms FROM audit ORDER BY number DESC LIMIT ?"
    found: int = db.run(
        f"SELECT COUNT(*) FROM ({newest}) WHERE who = '' AND at_ms > ?",  # noqa: S608  # our own names
        (_LOOKED, now_ms - HOUR_MS),
    )[0][0]
    return found


def _where(question: Question) -> tuple[str, list[object]]:
    parts, values = ["1 = 1"], list[object]()
    for column in ("who", "act", "object"):
        if wanted := getattr(question, column):
            parts.append(f"{column} = ?")
            values.append(wanted)
    if question.find:
        parts.append("(instr(object, ?) OR instr(zh, ?) OR instr(en, ?))")
        values += [question.find] * 3
    if question.before:
        parts.append("number < ?")
        values.append(question.before)
    return " AND ".join(parts), values


def _hash(before: bytes, number: int, deed: Deed) -> bytes:
    said = json.dumps([number, *deed], ensure_ascii=False, separators=(",", ":")).encode()
    return hashlib.sha256(before + said).digest()
