"""Erasure 注销 of who has left: asked for by himself, done after WAIT_DAYS, and after RECORDS_DAYS of the rest.

First go name, birth, class, phone, password, devices, passkeys, marks, grants and the tie between number and card. What
was consented, disputed and reported stays under the bare number as long as somebody may sue over it, then goes as well.
The books have no names: entries of a card stay, and tell nobody whose it was. Inside of a transaction.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from cloud.store.db import Database
from cloud.wallet.claims import end_asks
from cloud.wallet.people.records.sign_ons import OF_GUARDIAN

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
OF_PERSON = (
    ("session", "person"), ("link", "person"), ("passkey", "person"), ("challenge", "person"), ("read_mark", "person"),
    ("told_above", "person"), ("told_below", "person"), ("device_seen", "person"), ("granted", "person"),
    ("guardian", "person"), ("weak_password", "person"), ("person", "id"),
)  # fmt: skip
OF_HOLDER = (
    ("holder", "number"), ("roster_guardian", "holder"), ("guardian", "holder"), ("granted", "holder"),
    ("read_mark", "holder"), ("told_above", "holder"), ("told_below", "holder"), ("phone", "holder"),
    ("subject", "number"),
    ("letter", "number"),
)  # fmt: skip
OF_PHONE = (("code", "phone"), ("sms", "phone"))
LATER = (
    ("dispute", "holder"), ("word", "holder"), ("block", "holder"), ("night", "number"),
    ("ask", "holder"),
)  # fmt: skip
BESIDE = (("dispute_answer", "dispute"), ("block_from", "block"), ("lifted", "block"))
"""Rows of a dispute or a report, which go with it."""


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


def erase_due(db: Database, now_ms: int, waits: Callable[[str], bool]) -> int:
    """What is due now; so many. Who is on the roster again is not erased, and his wish is void. waits: has this number
    come into something since, as money that a provider refused to take? Then he is asked about again in a day."""
    due = [Erasure(*row) for row in db.run(f"{_ASKED} AND erased_ms = 0 AND due_ms <= ? LIMIT ?", (now_ms, SWEPT_MAX))]
    for one in due:
        if one.holder and is_on_roster(db, one.holder):
            call_off(db, one.person, now_ms)
        elif one.holder and waits(one.holder):
            db.run("UPDATE erasure SET due_ms = ? WHERE id = ?", (now_ms + DAY_MS, one.id))
        else:
            _erase(db, one, now_ms)
    last_ms = now_ms - RECORDS_DAYS * DAY_MS
    old = db.run(f"{_ASKED} AND erased_ms > 0 AND erased_ms <= ? AND cleared_ms = 0 LIMIT ?", (last_ms, SWEPT_MAX))
    for one in (Erasure(*row) for row in old):
        _clear(db, one, now_ms)
    return len(due) + len(old)


def _erase(db: Database, one: Erasure, now_ms: int) -> None:
    for (phone,) in db.run("SELECT phone FROM person WHERE id = ? AND phone <> ''", (one.person,)):
        _delete(db, OF_PHONE, phone)
        _delete(db, (("subject", "number"),), f"{OF_GUARDIAN}{phone}")
    if one.holder:
        _delete(db, OF_HOLDER, one.holder)
        end_asks(db, one.holder, now_ms)
    if is_needed(db, one.person):
        db.run("UPDATE person SET holder = '' WHERE id = ?", (one.person,))
    else:
        db.run("DELETE FROM strong WHERE token IN (SELECT token FROM session WHERE person = ?)", (one.person,))
        _delete(db, OF_PERSON, one.person)
    db.run("UPDATE erasure SET erased_ms = ? WHERE id = ?", (now_ms, one.id))


def _delete(db: Database, columns: Iterable[tuple[str, str]], value: object) -> None:
    for table, column in columns:
        db.run(f"DELETE FROM {table} WHERE {column} = ?", (value,))  # noqa: S608  # our own names


def is_needed(db: Database, person: int) -> bool:
    """He is somebody's guardian, a teacher, or keeps a stall: what that takes of him stays."""
    asked = (
        "SELECT 1 FROM guardian WHERE person = ?", "SELECT 1 FROM stall WHERE person = ? AND ended_ms = 0",
        "SELECT 1 FROM roster_teacher t JOIN person p ON p.phone = t.phone WHERE p.id = ?",
    )  # fmt: skip
    return any(db.run(f"{sql} LIMIT 1", (person,)) for sql in asked)


def _clear(db: Database, one: Erasure, now_ms: int) -> None:
    for table, column in BESIDE:
        of, key = ("dispute", "id") if table == "dispute_answer" else ("block", "id")
        db.run(f"DELETE FROM {table} WHERE {column} IN (SELECT {key} FROM {of} WHERE holder = ?)", (one.holder,))  # noqa: S608  # ours
    if one.holder:
        _delete(db, LATER, one.holder)
    db.run("UPDATE night SET by_name = '', address = '', agent = '' WHERE person = ?", (one.person,))
    db.run("DELETE FROM stall WHERE person = ?", (one.person,))
    db.run("UPDATE erasure SET cleared_ms = ?, holder = '' WHERE id = ?", (now_ms, one.id))
