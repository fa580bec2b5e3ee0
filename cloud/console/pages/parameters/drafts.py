"""Campus files that are about to be pushed, and those that wait for a second person: tables of the console's own file.

A draft is one person's, for a frozen list of terminals, and is used once: what is pushed is what was compared. A
proposal is confirmed by another name than its maker's, and while it lasts: the database refuses both as well. Both say
behind which push they were made; another one since makes them void.
"""

import json
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from cloud.ledger.fleet.parameters.rows import PushKind
from cloud.store.db import Database, Row
from cloud.store.own_tables import OwnTables

DRAFT_MS = 12 * 3_600_000
DRAFTS_MAX = 50
"""Most that are kept; the oldest go."""
WAIT_MS = 3 * 86_400_000
"""So long a proposal waits."""
WAITING_MAX = 20
_SCHEMA = (
    """CREATE TABLE IF NOT EXISTS parameter_draft (
      number TEXT PRIMARY KEY, who TEXT NOT NULL, text TEXT NOT NULL, kind INTEGER NOT NULL, targets TEXT NOT NULL,
      behind INTEGER NOT NULL, made_ms INTEGER NOT NULL, is_used INTEGER NOT NULL) STRICT""",
    """CREATE TABLE IF NOT EXISTS parameter_proposal (
      number INTEGER PRIMARY KEY, maker TEXT NOT NULL, text TEXT NOT NULL, kind INTEGER NOT NULL, targets TEXT NOT NULL,
      canary TEXT NOT NULL, is_by_hand INTEGER NOT NULL, behind INTEGER NOT NULL, reason TEXT NOT NULL,
      made_ms INTEGER NOT NULL, until_ms INTEGER NOT NULL) STRICT""",
    """CREATE TABLE IF NOT EXISTS parameter_decision (
      proposal INTEGER PRIMARY KEY REFERENCES parameter_proposal (number), is_confirmed INTEGER NOT NULL,
      checker TEXT NOT NULL, at_ms INTEGER NOT NULL, push INTEGER NOT NULL) STRICT""",
    """CREATE TRIGGER IF NOT EXISTS parameter_two_persons BEFORE INSERT ON parameter_decision WHEN NEW.is_confirmed = 1
      AND lower(NEW.checker) = (SELECT lower(maker) FROM parameter_proposal WHERE number = NEW.proposal)
      BEGIN SELECT RAISE(ABORT, 'maker and checker are one person'); END""",
    """CREATE TRIGGER IF NOT EXISTS parameter_in_time BEFORE INSERT ON parameter_decision WHEN NEW.is_confirmed = 1 AND
      NEW.at_ms > (SELECT until_ms FROM parameter_proposal WHERE number = NEW.proposal)
      BEGIN SELECT RAISE(ABORT, 'the proposal has expired'); END""",
)
_DRAFT = "number, who, text, kind, targets, behind, made_ms, is_used"
_PROPOSAL = "number, maker, text, kind, targets, canary, is_by_hand, behind, reason, made_ms, until_ms"


class Draft(NamedTuple):
    """number: known to its maker alone. kind: PUSH, CONTINUE or ROLLBACK. behind: the newest push when it was made."""

    number: str
    who: str
    text: str
    kind: PushKind
    targets: tuple[bytes, ...]
    behind: int
    made_ms: int
    is_used: bool = False


class Waiting(NamedTuple):
    """A push that waits for its second person. canary: those that get it first."""

    number: int
    maker: str
    text: str
    kind: PushKind
    targets: tuple[bytes, ...]
    canary: tuple[bytes, ...]
    is_by_hand: bool
    behind: int
    reason: str
    made_ms: int
    until_ms: int


class Drafts:
    """Over the console's file. Each call opens it, so any thread may."""

    def __init__(self, path: Path) -> None:
        self._tables = OwnTables(path, *_SCHEMA)

    def keep(self, who: str, text: str, kind: PushKind, targets: Sequence[bytes], behind: int, now_ms: int) -> str:
        """A new draft; its number."""
        number = secrets.token_urlsafe(12)
        with self._tables.writing() as db:
            db.run(
                "DELETE FROM parameter_draft WHERE number IN "
                "(SELECT number FROM parameter_draft ORDER BY made_ms DESC LIMIT -1 OFFSET ?)",
                (DRAFTS_MAX - 1,),
            )
            row = (number, who, text, int(kind), _written(targets), behind, now_ms, 0)
            db.insert("parameter_draft", _DRAFT, [row])
        return number

    def draft(self, number: str, who: str, now_ms: int) -> Draft | None:
        """None: there is none, it is somebody else's, or it is too old."""
        sql = f"SELECT {_DRAFT} FROM parameter_draft WHERE number = ? AND who = ? AND made_ms >= ?"  # noqa: S608  # ours
        with self._tables.reading() as db:
            rows = db.run(sql, (number, who, now_ms - DRAFT_MS))
        return _draft(rows[0]) if rows else None

    def use(self, number: str) -> bool:
        """False: it was used."""
        with self._tables.writing() as db:
            if not db.run("SELECT 1 FROM parameter_draft WHERE number = ? AND is_used = 0", (number,)):
                return False
            db.run("UPDATE parameter_draft SET is_used = 1 WHERE number = ?", (number,))
            return True

    def unuse(self, number: str) -> None:
        """Nothing came of it: it may be used again."""
        with self._tables.writing() as db:
            db.run("UPDATE parameter_draft SET is_used = 0 WHERE number = ?", (number,))

    # --- two persons ---------------------------------------------------------------------------------------------

    def propose(self, one: Draft, canary: Sequence[bytes], reason: str, now_ms: int, *, by_hand: bool) -> int:
        """Its number; 0: too many wait already."""
        with self._tables.writing() as db:
            if len(_waiting(db, now_ms)) >= WAITING_MAX:
                return 0
            number = int(db.run("SELECT COALESCE(MAX(number), 0) + 1 FROM parameter_proposal")[0][0])
            row = (
                number, one.who, one.text, int(one.kind), _written(one.targets), _written(canary), int(by_hand),
                one.behind, reason, now_ms, now_ms + WAIT_MS,
            )  # fmt: skip
            db.insert("parameter_proposal", _PROPOSAL, [row])
            return number

    def waiting(self, now_ms: int) -> list[Waiting]:
        """Those that nobody has decided, and that last; the oldest first."""
        with self._tables.reading() as db:
            return _waiting(db, now_ms)

    def decide(self, number: int, checker: str, now_ms: int, *, is_confirmed: bool) -> bool:
        """False: somebody has decided already. RuleBroken: its maker would confirm it, or its time is over."""
        with self._tables.writing() as db:
            if db.run("SELECT 1 FROM parameter_decision WHERE proposal = ?", (number,)):
                return False
            row = (number, int(is_confirmed), checker, now_ms, 0)
            db.insert("parameter_decision", "proposal, is_confirmed, checker, at_ms, push", [row])
            return True

    def done(self, number: int, push: int) -> None:
        """What came of its confirmation."""
        with self._tables.writing() as db:
            db.run("UPDATE parameter_decision SET push = ? WHERE proposal = ?", (push, number))

    def undecide(self, number: int) -> None:
        """Nothing came of the confirmation: it may be confirmed again."""
        with self._tables.writing() as db:
            db.run("DELETE FROM parameter_decision WHERE proposal = ? AND push = 0", (number,))


def _waiting(db: Database, now_ms: int) -> list[Waiting]:
    sql = (
        f"SELECT {_PROPOSAL} FROM parameter_proposal WHERE until_ms >= ? "  # noqa: S608  # our own names
        "AND number NOT IN (SELECT proposal FROM parameter_decision) ORDER BY number"
    )
    return [_proposal(row) for row in db.run(sql, (now_ms,))]


def _written(devices: Sequence[bytes]) -> str:
    return json.dumps([device.hex() for device in devices])


def _read(text: str) -> tuple[bytes, ...]:
    return tuple(bytes.fromhex(one) for one in json.loads(text))


def _draft(row: Row) -> Draft:
    number, who, text, kind, targets, behind, made_ms, is_used = row
    return Draft(number, who, text, PushKind(kind), _read(targets), behind, made_ms, bool(is_used))


def _proposal(row: Row) -> Waiting:
    number, maker, text, kind, targets, canary, by_hand, *rest = row
    return Waiting(number, maker, text, PushKind(kind), _read(targets), _read(canary), bool(by_hand), *rest)
