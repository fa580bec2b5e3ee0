"""Erasure 注销 of who has left: asked for by himself, done after WAIT_DAYS, and after RECORDS_DAYS of the rest.

First go name, birth, class, phone, password, devices, passkeys, marks, grants and the tie between number and card. What
was consented, disputed and reported stays under the bare number as long as somebody may sue over it, then goes as well.
The books have no names: entries of a card stay, and tell nobody whose it was. Inside of a transaction.
"""

from typing import NamedTuple

from cloud.store.db import Database
from cloud.wallet.claims import end_asks

DAY_MS = 86_400_000
WAIT_DAYS = 30
"""In which he may call it off."""
RECORDS_DAYS = 3 * 365
"""Words, disputes and reports: what is owed may be sued for as long."""
SWEPT_MAX = 20
"""Done in one turn; the next goes on."""
TABLES = (
    """CREATE TABLE IF NOT EXISTS erasure (id INTEGER PRIMARY KEY, holder TEXT NOT NULL, person INTEGER NOT NULL,
    asked_ms INTEGER NOT NULL, due_ms INTEGER NOT NULL, off_ms INTEGER NOT NULL, erased_ms INTEGER NOT NULL,
    cleared_ms INTEGER NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS ix_erasure_due ON erasure (due_ms) WHERE cleared_ms = 0 AND off_ms = 0",
)
_OF_PERSON = ("session", "link", "passkey", "challenge", "read_mark", "told_above", "granted", "guardian")


class Erasure(NamedTuple):
    """What was asked for and is not done. holder: '' of one who was a guardian alone."""

    id: int
    holder: str
    person: int
    asked_ms: int
    due_ms: int


_ASKED = "SELECT id, holder, person, asked_ms, due_ms FROM erasure WHERE off_ms = 0"


def erasure_of(db: Database, person: int) -> Erasure | None:
    """That waits."""
    rows = db.run(f"{_ASKED} AND erased_ms = 0 AND person = ? ORDER BY id DESC LIMIT 1", (person,))
    return Erasure(*rows[0]) if rows else None


def ask_erasure(db: Database, holder: str, person: int, now_ms: int) -> None:
    """Once; a second time it is the same."""
    if erasure_of(db, person) is None:
        row = (holder, person, now_ms, now_ms + WAIT_DAYS * DAY_MS, 0, 0, 0)
        db.insert("erasure", "holder, person, asked_ms, due_ms, off_ms, erased_ms, cleared_ms", [row])


def call_off(db: Database, person: int, now_ms: int) -> None:
    """Before it is done."""
    db.run("UPDATE erasure SET off_ms = ? WHERE person = ? AND erased_ms = 0 AND off_ms = 0", (now_ms, person))


def is_on_roster(db: Database, holder: str) -> bool:
    """Is he here still?"""
    return bool(db.run("SELECT 1 FROM holder WHERE number = ? AND is_here = 1", (holder,)))


def erase_due(db: Database, now_ms: int) -> int:
    """What is due now; so many. Who is on the roster again is not erased, and his wish is void."""
    due = [Erasure(*row) for row in db.run(f"{_ASKED} AND erased_ms = 0 AND due_ms <= ? LIMIT ?", (now_ms, SWEPT_MAX))]
    for one in due:
        if one.holder and is_on_roster(db, one.holder):
            call_off(db, one.person, now_ms)
        else:
            _erase(db, one, now_ms)
    last_ms = now_ms - RECORDS_DAYS * DAY_MS
    old = db.run(f"{_ASKED} AND erased_ms > 0 AND erased_ms <= ? AND cleared_ms = 0 LIMIT ?", (last_ms, SWEPT_MAX))
    for one in (Erasure(*row) for row in old):
        _clear(db, one, now_ms)
    return len(due) + len(old)


def _erase(db: Database, one: Erasure, now_ms: int) -> None:
    phones = db.run("SELECT phone FROM person WHERE id = ? AND phone <> ''", (one.person,))
    for (phone,) in phones:
        for table in ("code", "sms"):
            db.run(f"DELETE FROM {table} WHERE phone = ?", (phone,))  # noqa: S608  # our own names
    if one.holder:
        for sql in (
            "DELETE FROM holder WHERE number = ?", "DELETE FROM roster_guardian WHERE holder = ?",
            "DELETE FROM guardian WHERE holder = ?", "DELETE FROM granted WHERE holder = ?",
            "DELETE FROM read_mark WHERE holder = ?", "DELETE FROM told_above WHERE holder = ?",
            "DELETE FROM subject WHERE number = ?", "DELETE FROM night WHERE number = ?",
        ):  # fmt: skip
            db.run(sql, (one.holder,))
        end_asks(db, one.holder, now_ms)
    if _is_needed(db, one.person):
        db.run("UPDATE person SET holder = '' WHERE id = ?", (one.person,))
    else:
        for table in _OF_PERSON:
            db.run(f"DELETE FROM {table} WHERE person = ?", (one.person,))  # noqa: S608  # our own names
        db.run("DELETE FROM person WHERE id = ?", (one.person,))
    db.run("UPDATE erasure SET erased_ms = ? WHERE id = ?", (now_ms, one.id))


def _is_needed(db: Database, person: int) -> bool:
    """He is somebody's guardian, or keeps a stall: what that takes of him stays."""
    guards = db.run("SELECT 1 FROM guardian WHERE person = ?", (person,))
    return bool(guards or db.run("SELECT 1 FROM stall WHERE person = ? AND ended_ms = 0", (person,)))


def _clear(db: Database, one: Erasure, now_ms: int) -> None:
    if one.holder:
        db.run("DELETE FROM dispute_answer WHERE dispute IN (SELECT id FROM dispute WHERE holder = ?)", (one.holder,))
        for table in ("block_from", "lifted"):
            of_his = f"DELETE FROM {table} WHERE block IN (SELECT id FROM block WHERE holder = ?)"  # noqa: S608  # our own
            db.run(of_his, (one.holder,))
        for table in ("dispute", "word", "block", "ask"):
            db.run(f"DELETE FROM {table} WHERE holder = ?", (one.holder,))  # noqa: S608  # our own names
    db.run("UPDATE erasure SET cleared_ms = ?, holder = '' WHERE id = ?", (now_ms, one.id))
