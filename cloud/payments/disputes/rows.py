"""Disputes 异议 of entries and their answers: who says what of which, when; in the file of people, never edited.

An answer is a person's word. Where money is due it names the way on which it goes back: that way has its own rules and
its own two persons, and nothing moves from here. Inside of a transaction.
"""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from cloud.process.settings import FOLDER, PEOPLE_FILE
from cloud.store.db import Database, open_database
from shared.errors import ConfigFault
from shared.words.voice import Text

TABLES = (
    """CREATE TABLE IF NOT EXISTS dispute (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, holder TEXT NOT NULL,
    person INTEGER NOT NULL, entry INTEGER NOT NULL, why TEXT NOT NULL, at_ms INTEGER NOT NULL,
    closed_ms INTEGER NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS dispute_answer (dispute INTEGER PRIMARY KEY, way TEXT NOT NULL, word TEXT NOT NULL,
    who TEXT NOT NULL, at_ms INTEGER NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS ix_dispute_holder ON dispute (holder)",
)
WAYS: Mapping[str, Text] = {
    "none": Text("不涉及退款", "no money is due"),
    "held": Text("待核：两人放行或退还", "held: two persons release or return it"),
    "void": Text("在原终端撤销", "a void at the same terminal"),
    "refund": Text("商户退款到在线账户", "the merchant refunds to the online account"),
    "meals": Text("应急餐更正", "a correction of emergency meals"),
    "desk": Text("卡务窗口现金办理", "cash at the card desk"),
    "provider": Text("支付渠道退回", "given back by the provider"),
}
"""How money goes back, by the word that a command takes."""
WORD_MAX, WHO_MAX, OPEN_MAX = 500, 64, 1000


class Dispute(NamedTuple):
    """entry: of the ledger, as the statement showed it."""

    id: int
    holder: str
    person: int
    entry: int
    why: str
    at_ms: int


class Answered(NamedTuple):
    """A dispute and what the school has said. way: of WAYS."""

    dispute: Dispute
    way: str
    word: str
    who: str
    at_ms: int


class DisputeRefused(ConfigFault):
    """Happens when there is no such dispute, or it has another answer. Nothing was changed."""


_DISPUTE = "SELECT id, holder, person, entry, why, at_ms FROM dispute"
_ANSWERED = (
    "SELECT d.id, d.holder, d.person, d.entry, d.why, d.at_ms, a.way, a.word, a.who, a.at_ms FROM dispute_answer a "
    "JOIN dispute d ON d.id = a.dispute"
)


@contextmanager
def disputes_file(data: Path) -> Iterator[Database | None]:
    """The file of people, for whoever answers beside the accounts service; None: no wallet is here. StoreFault."""
    path = data / FOLDER / PEOPLE_FILE
    if not path.exists():
        yield None
        return
    with closing(open_database(str(path))) as db:
        _make_tables(db)
        yield db


def _make_tables(db: Database) -> None:
    """A file of before has none of answers, until its own service has run."""
    with db.reading():
        is_there = db.run("SELECT 1 FROM sqlite_master WHERE name = 'dispute_answer'")
    if not is_there:
        with db.writing():
            for statement in TABLES:
                db.run(statement)


def add_dispute(db: Database, key: bytes, holder: str, person: int, entry: int, why: str, at_ms: int) -> bool:
    """The same key is the same act; one of an entry is open at a time. False: the key was used for another."""
    used = db.run("SELECT holder, entry, why FROM dispute WHERE key = ?", (key,))
    if used:
        return tuple(used[0]) == (holder, entry, why)
    if not db.run("SELECT 1 FROM dispute WHERE holder = ? AND entry = ? AND closed_ms = 0", (holder, entry)):
        columns = "key, holder, person, entry, why, at_ms, closed_ms"
        db.insert("dispute", columns, [(key, holder, person, entry, why, at_ms, 0)])
    return True


def open_disputes(db: Database, holder: str | None = None) -> list[Dispute]:
    """Oldest first; of all holders where none is named."""
    only, given = (" AND holder = ?", (holder,)) if holder is not None else ("", ())
    return [
        Dispute(*row) for row in db.run(f"{_DISPUTE} WHERE closed_ms = 0{only} ORDER BY id LIMIT ?", (*given, OPEN_MAX))
    ]


def answered(db: Database, holder: str | None = None, most: int = OPEN_MAX) -> list[Answered]:
    """Newest first; of all holders where none is named."""
    only, given = (" WHERE d.holder = ?", (holder,)) if holder is not None else ("", ())
    rows = db.run(f"{_ANSWERED}{only} ORDER BY a.at_ms DESC, d.id DESC LIMIT ?", (*given, most))
    return [Answered(Dispute(*row[:6]), *row[6:]) for row in rows]


def answer(db: Database, number: int, way: str, word: str, who: str, now_ms: int) -> Dispute:
    """Closes it; said again in the same words it is the same answer. DisputeRefused."""
    word, who = " ".join(word.split())[:WORD_MAX], " ".join(who.split())[:WHO_MAX]
    if way not in WAYS or not word or not who:
        raise DisputeRefused(Text("须有答复、办理途径和答复人", "a word, a way and who says it are needed"))
    rows = db.run(f"{_DISPUTE} WHERE id = ?", (number,))
    if not rows:
        raise DisputeRefused(Text(f"没有第 {number} 号异议", f"there is no dispute {number}"))
    known = db.run("SELECT way, word FROM dispute_answer WHERE dispute = ?", (number,))
    if known and tuple(known[0]) != (way, word):
        raise DisputeRefused(Text(f"第 {number} 号异议已答复", f"dispute {number} has an answer"))
    if not known:
        db.insert("dispute_answer", "dispute, way, word, who, at_ms", [(number, way, word, who, now_ms)])
        db.run("UPDATE dispute SET closed_ms = ? WHERE id = ?", (now_ms, number))
    return Dispute(*rows[0])


def mark(db: Database) -> tuple[int, int]:
    """Another one than before where somebody has disputed or answered."""
    ((last, closed),) = db.run("SELECT COALESCE(MAX(id), 0), COALESCE(MAX(closed_ms), 0) FROM dispute")
    return int(last), int(closed)
