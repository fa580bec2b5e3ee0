"""Batches of aid as people propose and approve them: what was sent, by whom, and who has decided.

Rows are never edited. The file itself refuses a decision by the one who has proposed it. Each call opens the file.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from cloud.ledger.funds.batch import Line
from cloud.store.db import Row
from cloud.store.own_tables import OwnTables
from shared.errors import ConfigFault
from shared.words.voice import Text

_SCHEMA = (
    """CREATE TABLE IF NOT EXISTS aid_batch (
      number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, payer TEXT NOT NULL, maker TEXT NOT NULL,
      at_ms INTEGER NOT NULL, lines TEXT NOT NULL) STRICT""",
    """CREATE TABLE IF NOT EXISTS aid_decision (
      batch INTEGER PRIMARY KEY, is_confirmed INTEGER NOT NULL, checker TEXT NOT NULL,
      at_ms INTEGER NOT NULL) STRICT""",
    """CREATE TRIGGER IF NOT EXISTS aid_two_persons BEFORE INSERT ON aid_decision
      WHEN NEW.is_confirmed = 1 AND NEW.checker = (SELECT maker FROM aid_batch WHERE number = NEW.batch)
      BEGIN SELECT RAISE(ABORT, 'two persons'); END""",
    *(
        f"""CREATE TRIGGER IF NOT EXISTS {table}_{what.lower()} BEFORE {what} ON {table}
      BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"""
        for table in ("aid_batch", "aid_decision")
        for what in ("UPDATE", "DELETE")
    ),
)
_SELECT = (
    "SELECT b.number, b.name, b.payer, b.maker, b.at_ms, b.lines, d.is_confirmed, d.checker, d.at_ms FROM aid_batch b "
    "LEFT JOIN aid_decision d ON d.batch = b.number"
)
BATCHES_MAX = 500


class BatchRefused(ConfigFault):
    """Happens when a batch cannot be proposed or decided so. Nothing was changed."""


class Batch(NamedTuple):
    """is_confirmed: None while it waits."""

    number: int
    name: str
    payer: str
    maker: str
    at_ms: int
    lines: tuple[Line, ...]
    is_confirmed: bool | None
    checker: str
    decided_ms: int

    @property
    def planned_fen(self) -> int:
        """What all its lines are."""
        return sum(line.fen for line in self.lines)


class Batches:
    """Over the console's file."""

    def __init__(self, path: Path) -> None:
        self._tables = OwnTables(path, *_SCHEMA)

    def propose(self, name: str, payer: str, maker: str, lines: Sequence[Line], at_ms: int) -> int:
        """Its number. BatchRefused: the name is taken."""
        kept = json.dumps([[one.number, one.label, one.fen, one.reason, one.key] for one in lines], ensure_ascii=False)
        with self._tables.writing() as db:
            if db.run("SELECT 1 FROM aid_batch WHERE name = ?", (name,)):
                raise BatchRefused(Text(f"已有批次 {name}", f"there is a batch {name} already"))
            number = 1 + int(db.run("SELECT COALESCE(MAX(number), 0) FROM aid_batch")[0][0])
            row = (number, name, payer, maker, at_ms, kept)
            db.insert("aid_batch", "number, name, payer, maker, at_ms, lines", [row])
            return number

    def decide(self, number: int, checker: str, at_ms: int, *, is_confirmed: bool) -> None:
        """Once; the same decision again is success. BatchRefused."""
        with self._tables.writing() as db:
            known = db.run("SELECT is_confirmed FROM aid_decision WHERE batch = ?", (number,))
            if known and bool(known[0][0]) == is_confirmed:
                return
            if known:
                raise BatchRefused(Text("这一批已有决定", "this batch was decided before"))
            ((maker,),) = db.run("SELECT maker FROM aid_batch WHERE number = ?", (number,))
            if is_confirmed and maker == checker:
                raise BatchRefused(Text("须由提出人以外的人批准", "somebody else than the proposer approves it"))
            row = (number, int(is_confirmed), checker, at_ms)
            db.insert("aid_decision", "batch, is_confirmed, checker, at_ms", [row])

    def batch(self, number: int) -> Batch | None:
        """One of them."""
        with self._tables.reading() as db:
            rows = db.run(f"{_SELECT} WHERE b.number = ?", (number,))
        return _batch(rows[0]) if rows else None

    def batches(self) -> list[Batch]:
        """The newest first."""
        with self._tables.reading() as db:
            return [_batch(row) for row in db.run(f"{_SELECT} ORDER BY b.number DESC LIMIT ?", (BATCHES_MAX,))]


def _batch(row: Row) -> Batch:
    number, name, payer, maker, at_ms, lines, is_confirmed, checker, decided_ms = row
    kept = tuple(Line(*line) for line in json.loads(lines))
    decided = None if is_confirmed is None else bool(is_confirmed)
    return Batch(number, name, payer, maker, at_ms, kept, decided, checker or "", decided_ms or 0)
