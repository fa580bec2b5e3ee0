"""Selections that were frozen, and orders that wait for a second person: tables of their own in the console's file.

A selection is one person's, is used once, and ends; so what is ordered is what he saw counted. A proposal is confirmed
by another name than its maker's, and while it lasts: the database refuses both as well.

What is given is begun here before the ledger is asked, at a moment that nothing else of the same person has. Whoever
does not know what came of it asks again with the same moment, and the ledger makes no second job of it.
"""

import json
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from cloud.store.db import Database, Row
from cloud.store.own_tables import OwnTables

SELECTION_MS = 600_000
"""So long a frozen selection may be ordered about."""
PROPOSAL_MS = 1_800_000
"""So long an order waits for its second person; then what it would stop may be something else."""
PROPOSALS_MAX = 50
"""Most that wait at a time."""
UNSURE_MS = 86_400_000
"""So long a confirmation of which nobody knows what came is listed after its proposal has ended."""
SELECTIONS_MAX = 200
"""Most that are kept; the oldest go."""
_SCHEMA = (
    """CREATE TABLE IF NOT EXISTS selection (
      number TEXT PRIMARY KEY, who TEXT NOT NULL, verb TEXT NOT NULL, devices TEXT NOT NULL, scope TEXT NOT NULL,
      made_ms INTEGER NOT NULL, is_used INTEGER NOT NULL) STRICT""",
    """CREATE TABLE IF NOT EXISTS order_proposal (
      number INTEGER PRIMARY KEY, body BLOB NOT NULL, devices TEXT NOT NULL, maker TEXT NOT NULL, reason TEXT NOT NULL,
      manner TEXT NOT NULL, expires_s INTEGER NOT NULL, made_ms INTEGER NOT NULL, until_ms INTEGER NOT NULL) STRICT""",
    """CREATE TABLE IF NOT EXISTS order_decision (
      proposal INTEGER PRIMARY KEY REFERENCES order_proposal (number), is_confirmed INTEGER NOT NULL,
      checker TEXT NOT NULL, at_ms INTEGER NOT NULL) STRICT""",
    """CREATE TABLE IF NOT EXISTS order_begun (
      what TEXT PRIMARY KEY, who TEXT NOT NULL, at_ms INTEGER NOT NULL UNIQUE, job INTEGER NOT NULL) STRICT""",
    """CREATE TRIGGER IF NOT EXISTS order_two_persons BEFORE INSERT ON order_decision WHEN NEW.is_confirmed = 1 AND
      NEW.checker = (SELECT maker FROM order_proposal WHERE number = NEW.proposal)
      BEGIN SELECT RAISE(ABORT, 'maker and checker are one person'); END""",
    """CREATE TRIGGER IF NOT EXISTS order_in_time BEFORE INSERT ON order_decision WHEN NEW.is_confirmed = 1 AND
      NEW.at_ms > (SELECT until_ms FROM order_proposal WHERE number = NEW.proposal)
      BEGIN SELECT RAISE(ABORT, 'the proposal has expired'); END""",
)
_SELECTION = "number, who, verb, devices, scope, made_ms, is_used"
_PROPOSAL = "number, body, devices, maker, reason, manner, expires_s, made_ms, until_ms"


class Selection(NamedTuple):
    """number: known to its maker alone. devices: as they were when he chose, in that order. scope: in which way."""

    number: str
    who: str
    verb: str
    devices: tuple[bytes, ...]
    scope: str
    made_ms: int
    is_used: bool = False

    @property
    def until_ms(self) -> int:
        """The last moment at which it may be used."""
        return self.made_ms + SELECTION_MS


class Proposal(NamedTuple):
    """body: of the order, without its expiry. manner: how many at a time."""

    number: int
    body: bytes
    devices: tuple[bytes, ...]
    maker: str
    reason: str
    manner: str
    expires_s: int
    made_ms: int
    until_ms: int


class Begun(NamedTuple):
    """Something that is being given, or was. what: `selection:…` or `proposal:…`. job 0: nobody has said that the
    ledger has taken it."""

    what: str
    who: str
    at_ms: int
    job: int


class Kept:
    """Over the console's file. Each call opens it, so any thread may."""

    def __init__(self, path: Path) -> None:
        self._tables = OwnTables(path, *_SCHEMA)

    # --- selections ----------------------------------------------------------------------------------------------

    def freeze(self, who: str, verb: str, devices: Sequence[bytes], scope: str, now_ms: int) -> str:
        """Its number."""
        number = secrets.token_urlsafe(12)
        row = (number, who, verb, _written(devices), scope, now_ms, 0)
        with self._tables.writing() as db:
            db.run("DELETE FROM selection WHERE made_ms < ?", (now_ms - 10 * SELECTION_MS,))
            db.run(
                "DELETE FROM selection WHERE number IN "
                "(SELECT number FROM selection ORDER BY made_ms DESC LIMIT -1 OFFSET ?)",
                (SELECTIONS_MAX - 1,),
            )
            db.insert("selection", _SELECTION, [row])
        return number

    def selection(self, number: str, who: str) -> Selection | None:
        """None: there is none, or it is somebody else's."""
        sql = f"SELECT {_SELECTION} FROM selection WHERE number = ? AND who = ?"  # noqa: S608  # our own names
        with self._tables.reading() as db:
            rows = db.run(sql, (number, who))
        return _selection(rows[0]) if rows else None

    def begin(self, number: str, who: str, now_ms: int) -> Begun | None:
        """It is given from now on, or was begun before. None: it was proposed instead, or its time is over."""
        with self._tables.writing() as db:
            lasts = db.run(
                "SELECT is_used FROM selection WHERE number = ? AND made_ms >= ?", (number, now_ms - SELECTION_MS)
            )
            before = _begun(db, selected(number))
            if not lasts or before or lasts[0][0]:
                return before if lasts else None
            db.run("UPDATE selection SET is_used = 1 WHERE number = ?", (number,))
            return _begin(db, selected(number), who, now_ms)

    def begun(self, what: str) -> Begun | None:
        """None: nobody has begun to give it."""
        with self._tables.reading() as db:
            return _begun(db, what)

    def given(self, what: str, job: int) -> None:
        """The ledger has taken it."""
        with self._tables.writing() as db:
            db.run("UPDATE order_begun SET job = ? WHERE what = ?", (job, what))

    # --- proposals -----------------------------------------------------------------------------------------------

    def propose(self, one: Proposal, selection: str = "") -> int:
        """Its number; 0: too many wait already. selection: what it was chosen by, which is used with that."""
        with self._tables.writing() as db:
            if len(_waiting(db, one.made_ms)) >= PROPOSALS_MAX:
                return 0
            db.run("UPDATE selection SET is_used = 1 WHERE number = ?", (selection,))
            number = int(db.run("SELECT COALESCE(MAX(number), 0) + 1 FROM order_proposal")[0][0])
            until_ms = one.made_ms + PROPOSAL_MS
            row = (number, one.body, _written(one.devices), *one[3:8], until_ms)
            db.insert("order_proposal", _PROPOSAL, [row])
            return number

    def waiting(self, now_ms: int) -> list[Proposal]:
        """Those that nobody has decided, and that last; the oldest first."""
        with self._tables.reading() as db:
            return _waiting(db, now_ms)

    def decide(self, number: int, checker: str, now_ms: int, *, is_confirmed: bool) -> bool:
        """False: somebody has decided already. RuleBroken: its maker would confirm it, or its time is over."""
        with self._tables.writing() as db:
            if db.run("SELECT 1 FROM order_decision WHERE proposal = ?", (number,)):
                return False
            row = (number, int(is_confirmed), checker, now_ms)
            db.insert("order_decision", "proposal, is_confirmed, checker, at_ms", [row])
            if is_confirmed:
                (maker,) = db.run("SELECT maker FROM order_proposal WHERE number = ?", (number,))[0]
                _begin(db, proposed(number), f"{maker} + {checker}", now_ms)
            return True

    def unsure(self, now_ms: int) -> list[tuple[Proposal, Begun]]:
        """Those that were confirmed, and nobody has said that the ledger has taken them; UNSURE_MS beyond their end."""
        sql = (
            f"SELECT {_PROPOSAL} FROM order_proposal WHERE until_ms >= ? AND 'proposal:' || number IN "  # noqa: S608
            "(SELECT what FROM order_begun WHERE job = 0) ORDER BY number"
        )
        with self._tables.reading() as db:
            found = [_proposal(row) for row in db.run(sql, (now_ms - UNSURE_MS,))]
            return [(one, begun) for one in found if (begun := _begun(db, proposed(one.number)))]


def selected(number: str) -> str:
    """What a selection is called where it is given."""
    return f"selection:{number}"


def proposed(number: int) -> str:
    """What a proposal is called there."""
    return f"proposal:{number}"


def _begun(db: Database, what: str) -> Begun | None:
    rows = db.run("SELECT what, who, at_ms, job FROM order_begun WHERE what = ?", (what,))
    return Begun(*rows[0]) if rows else None


def _begin(db: Database, what: str, who: str, now_ms: int) -> Begun:
    """At a moment that nothing else has."""
    last_ms = int(db.run("SELECT COALESCE(MAX(at_ms), 0) FROM order_begun")[0][0])
    made = Begun(what, who, max(now_ms, last_ms + 1), 0)
    db.insert("order_begun", "what, who, at_ms, job", [made])
    return made


def _waiting(db: Database, now_ms: int) -> list[Proposal]:
    sql = (
        f"SELECT {_PROPOSAL} FROM order_proposal WHERE until_ms >= ? "  # noqa: S608  # our own names
        "AND number NOT IN (SELECT proposal FROM order_decision) ORDER BY number"
    )
    return [_proposal(row) for row in db.run(sql, (now_ms,))]


def _written(devices: Sequence[bytes]) -> str:
    return json.dumps([device.hex() for device in devices])


def _read(text: str) -> tuple[bytes, ...]:
    return tuple(bytes.fromhex(one) for one in json.loads(text))


def _selection(row: Row) -> Selection:
    number, who, verb, devices, scope, made_ms, is_used = row
    return Selection(number, who, verb, _read(devices), scope, made_ms, bool(is_used))


def _proposal(row: Row) -> Proposal:
    number, body, devices, *rest = row
    return Proposal(number, bytes(body), _read(devices), *rest)
