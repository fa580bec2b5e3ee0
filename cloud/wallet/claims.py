"""What applications of third parties ask a holder about himself 授权信息, and his word on it. Inside of a transaction.

An application asks for claims by their names and is given a token; the holder reads in his wallet who asks what and
why, and agrees or declines. What he agreed to is laid down then, and is all that the application ever reads: the
roster is never open to it. Taken back, it is removed. Whose it was an application sees as a subject of its own.
"""

import json
from collections.abc import Mapping
from enum import IntEnum
from typing import NamedTuple

from cloud.store.db import Database

CLAIMS = ("name", "number", "class", "of_age")
ASK_MS = 900_000
"""Somebody may agree for so long."""
ASKS_OPEN_MAX = 200
"""Open at once of one application."""
WHY_MAX = 80
TOKEN_SIZE = 16
TABLES = (
    """CREATE TABLE IF NOT EXISTS ask (id INTEGER PRIMARY KEY, token BLOB NOT NULL UNIQUE, app TEXT NOT NULL,
    key TEXT NOT NULL, app_name TEXT NOT NULL, merchant TEXT NOT NULL, claims TEXT NOT NULL, why TEXT NOT NULL,
    is_sandbox INTEGER NOT NULL, state INTEGER NOT NULL, holder TEXT NOT NULL, told TEXT NOT NULL,
    made_ms INTEGER NOT NULL, until_ms INTEGER NOT NULL, said_ms INTEGER NOT NULL, UNIQUE (app, key))""",
    "CREATE INDEX IF NOT EXISTS ix_ask_holder ON ask (holder)",
    "CREATE INDEX IF NOT EXISTS ix_ask_said ON ask (state, said_ms)",
)


class AskState(IntEnum):
    """Frozen numbers: they are kept."""

    OPEN = 0
    AGREED = 1
    DECLINED = 2
    WITHDRAWN = 3


class Ask(NamedTuple):
    """holder: whose word it was, '' while it is open. told: JSON of what he agreed to, '' else."""

    id: int
    token: bytes
    app: str
    key: str
    app_name: str
    merchant: str
    claims: str
    why: str
    is_sandbox: int
    state: int
    holder: str
    told: str
    made_ms: int
    until_ms: int
    said_ms: int

    @property
    def names(self) -> tuple[str, ...]:
        """Of the claims; none: his subject alone."""
        return tuple(self.claims.split(",")) if self.claims else ()

    def is_open(self, now_ms: int) -> bool:
        """May somebody still agree?"""
        return self.state == AskState.OPEN and now_ms < self.until_ms


COLUMNS = ", ".join(Ask._fields)


def ask_under(db: Database, app: str, key: str) -> Ask | None:
    """What this application has asked under this key."""
    rows = db.run(f"SELECT {COLUMNS} FROM ask WHERE app = ? AND key = ?", (app, key))  # noqa: S608  # our own names
    return Ask(*rows[0]) if rows else None


def token_of_code(digest: bytes) -> bytes:
    """What stands for an ask's token where a code 付款码 that was shown is the word."""
    return digest[:TOKEN_SIZE]


def shown_to(db: Database, digest: bytes, holder: str) -> str:
    """The application to which this holder has shown his code; '': to none."""
    sql = "SELECT app_name FROM ask WHERE token = ? AND holder = ?"
    rows = db.run(sql, (token_of_code(digest), holder))
    return str(rows[0][0]) if rows else ""


def keep_ask(db: Database, ask: Ask) -> Ask:
    """With a number of its own. RuleBroken: its key was used."""
    ((number,),) = db.run("SELECT COALESCE(MAX(id), 0) + 1 FROM ask")
    made = ask._replace(id=number)
    db.insert("ask", COLUMNS, [tuple(made)])
    return made


def open_asks(db: Database, app: str, now_ms: int) -> int:
    """How many wait for a word."""
    sql = "SELECT COUNT(*) FROM ask WHERE app = ? AND state = ? AND until_ms > ?"
    return int(db.run(sql, (app, int(AskState.OPEN), now_ms))[0][0])


def ask_with(db: Database, token: bytes) -> Ask | None:
    """By what its code holds."""
    rows = db.run(f"SELECT {COLUMNS} FROM ask WHERE token = ?", (token,))  # noqa: S608  # our own names
    return Ask(*rows[0]) if rows else None


def ask_by_id(db: Database, number: int) -> Ask | None:
    """By its number."""
    rows = db.run(f"SELECT {COLUMNS} FROM ask WHERE id = ?", (number,))  # noqa: S608  # our own names
    return Ask(*rows[0]) if rows else None


def asks_of(db: Database, holder: str) -> list[Ask]:
    """Those that he agreed to, and has not taken back, newest first."""
    sql = f"SELECT {COLUMNS} FROM ask WHERE holder = ? AND state = ? ORDER BY id DESC"  # noqa: S608  # our own names
    return [Ask(*row) for row in db.run(sql, (holder, int(AskState.AGREED)))]


def agree(db: Database, ask: Ask, holder: str, claims: Mapping[str, object], now_ms: int) -> Ask:
    """Exactly what was asked for is laid down, whatever else there is in `claims`."""
    told = json.dumps({name: claims[name] for name in ask.names}, ensure_ascii=False)
    return _keep(db, ask._replace(state=int(AskState.AGREED), holder=holder, told=told, said_ms=now_ms))


def decline(db: Database, ask: Ask, holder: str, now_ms: int) -> Ask:
    """Nothing is told."""
    return _keep(db, ask._replace(state=int(AskState.DECLINED), holder=holder, said_ms=now_ms))


def withdraw(db: Database, ask: Ask, now_ms: int) -> Ask:
    """What was told is removed."""
    return _keep(db, ask._replace(state=int(AskState.WITHDRAWN), told="", said_ms=now_ms))


def taken_back(db: Database, from_ms: int) -> list[Ask]:
    """Of all holders, taken back since then, in that order."""
    sql = f"SELECT {COLUMNS} FROM ask WHERE state = ? AND said_ms >= ? ORDER BY said_ms, id"  # noqa: S608  # our own names
    return [Ask(*row) for row in db.run(sql, (int(AskState.WITHDRAWN), from_ms))]


def end_asks(db: Database, holder: str, now_ms: int) -> None:
    """All that he agreed to is taken back."""
    for ask in asks_of(db, holder):
        withdraw(db, ask, now_ms)


def _keep(db: Database, ask: Ask) -> Ask:
    db.upsert("ask", COLUMNS, "id", [tuple(ask)])
    return ask
