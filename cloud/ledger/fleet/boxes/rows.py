"""Rows of releases of boxes and their roll-outs. Inside of a transaction; rules: fleet/firmware/state.py.

A roll-out of boxes is one of terminals to the rules: its `device` is the box's name, its `model` the place of the
processor among MACHINES.
"""

from collections.abc import Sequence
from typing import NamedTuple

from cloud.ledger.fleet.firmware.state import Event, EventKind, Rollout, TerminalRow, TerminalState
from cloud.store.db import Database, Row
from shared.fleet.box_release import MACHINES
from shared.wire.messages import ReleaseSaid, ReleaseStage

_RELEASE = "machine, number, name, length, digest, who, at_ms"
_ROLLOUT = (
    "number, machine, release, who, reason, made_ms, canary, waves, stop_percent, stop_min, wait_ms, run_ms, returns, "
    "retries"
)
_EVENT = "rollout, number, kind, wave, who, reason, at_ms"
_ROW = "rollout, box, wave, state, before, why, words, lacking, total, running, sent_ms, begun_ms, over_ms"
_CHANGES = "state, why, words, lacking, total, running, sent_ms, begun_ms, over_ms"
_RUNNING = "box, name, number, machine, about, stage, why, words, at_ms"


class BoxRelease(NamedTuple):
    """digest: SHA-256 of the archive."""

    machine: str
    number: int
    name: str
    length: int
    digest: bytes
    who: str
    at_ms: int

    @property
    def text(self) -> str:
        """As a person names it: 'aarch64:3'."""
        return f"{self.machine}:{self.number}"


class BoxRow(NamedTuple):
    """A box in a roll-out. row: as the rules see it; why, words: what it said of a release that it did not keep."""

    row: TerminalRow
    why: str = ""
    words: str = ""

    @property
    def box(self) -> str:
        """Its name."""
        return self.row.device.decode()


class Running(NamedTuple):
    """What a box has said last."""

    box: str
    name: str
    number: int
    machine: str
    about: int
    stage: ReleaseStage
    why: str
    words: str
    at_ms: int


def add_release(db: Database, one: BoxRelease, body: bytes) -> None:
    """It is kept."""
    db.insert("box_release", f"{_RELEASE}, body", [(*one, body)])


def releases(db: Database) -> list[BoxRelease]:
    """All, by processor and number."""
    found = db.run(f"SELECT {_RELEASE} FROM box_release ORDER BY machine, number")  # noqa: S608  # ours
    return [
        BoxRelease(machine, number, name, length, bytes(digest), who, at_ms)
        for machine, number, name, length, digest, who, at_ms in found
    ]


def release(db: Database, machine: str, number: int) -> BoxRelease | None:
    """None: nobody brought it here."""
    return next((one for one in releases(db) if (one.machine, one.number) == (machine, number)), None)


def part(db: Database, machine: str, number: int, offset: int, size: int) -> bytes:
    """Bytes of its archive; none beyond its end."""
    sql = "SELECT substr(body, ?, ?) FROM box_release WHERE machine = ? AND number = ?"
    found = db.run(sql, (offset + 1, size, machine, number))
    return bytes(found[0][0]) if found else b""


def insert(db: Database, rollout: Rollout, rows: Sequence[BoxRow], *, at_once: bool) -> None:
    """All of it."""
    raw = (rollout.number, MACHINES[rollout.model], *rollout[2:], int(at_once))
    db.insert("box_rollout", f"{_ROLLOUT}, at_once", [raw])
    db.insert("box_rollout_row", _ROW, [_out(row) for row in rows])


def next_number(db: Database) -> int:
    """Of a roll-out."""
    return int(db.run("SELECT COALESCE(MAX(number), 0) + 1 FROM box_rollout")[0][0])


def rollouts(db: Database) -> dict[int, Rollout]:
    """All, the newest last."""
    found = db.run(f"SELECT {_ROLLOUT} FROM box_rollout ORDER BY number")  # noqa: S608  # ours
    return {int(row[0]): Rollout(row[0], MACHINES.index(row[1]), *row[2:]) for row in found}


def at_once(db: Database, number: int) -> bool:
    """Do its boxes wait for no quiet moment?"""
    return bool(db.run("SELECT at_once FROM box_rollout WHERE number = ?", (number,))[0][0])


def events(db: Database, number: int) -> list[Event]:
    """What has happened to it, the newest last."""
    found = db.run(f"SELECT {_EVENT} FROM box_rollout_event WHERE rollout = ? ORDER BY number", (number,))  # noqa: S608  # ours
    return [Event(row[0], row[1], EventKind(row[2]), *row[3:]) for row in found]


def events_of_all(db: Database) -> dict[int, list[Event]]:
    """Of each roll-out, the newest last."""
    found: dict[int, list[Event]] = {}
    for row in db.run(f"SELECT {_EVENT} FROM box_rollout_event ORDER BY rollout, number"):  # noqa: S608  # ours
        found.setdefault(int(row[0]), []).append(Event(row[0], row[1], EventKind(row[2]), *row[3:]))
    return found


def add_event(db: Database, event: Event) -> None:
    """It has happened."""
    db.insert("box_rollout_event", _EVENT, [(*event[:2], int(event.kind), *event[3:])])


def rows_of(db: Database, number: int) -> list[BoxRow]:
    """Of one roll-out, by wave and box."""
    return _rows(db, "rollout = ? ORDER BY wave, box", number)


def rows_of_all(db: Database) -> dict[int, list[BoxRow]]:
    """Of each roll-out, by wave and box."""
    found: dict[int, list[BoxRow]] = {}
    for one in _rows(db, "rollout > ? ORDER BY rollout, wave, box", 0):
        found.setdefault(one.row.rollout, []).append(one)
    return found


def open_rows(db: Database) -> list[BoxRow]:
    """Of all roll-outs, those that are not over."""
    return _rows(db, "state < ? ORDER BY rollout, box", int(TerminalState.IN_USE))


def rows_about(db: Database, box: str) -> list[BoxRow]:
    """Of one box, in every roll-out, the oldest first."""
    return _rows(db, "box = ? ORDER BY rollout", box)


def save(db: Database, one: BoxRow) -> None:
    """What has changed of it."""
    names, raw = ", ".join(f"{name} = ?" for name in _CHANGES.split(", ")), _out(one)
    sql = f"UPDATE box_rollout_row SET {names} WHERE rollout = ? AND box = ?"  # noqa: S608  # ours
    db.run(sql, (raw[3], *raw[5:], *raw[:2]))


def keep_running(db: Database, box: str, said: ReleaseSaid, at_ms: int) -> None:
    """What it says now stands in the place of what it said."""
    db.run("DELETE FROM box_running WHERE box = ?", (box,))
    row = box, said.running, said.number, said.machine, said.about, int(said.stage), said.why, said.words, at_ms
    db.insert("box_running", _RUNNING, [row])


def running(db: Database) -> dict[str, Running]:
    """What each box has said last; who never said anything is not in it."""
    found = db.run(f"SELECT {_RUNNING} FROM box_running ORDER BY box")  # noqa: S608  # ours
    return {
        box: Running(box, name, number, machine, about, ReleaseStage(stage), why, words, at_ms)
        for box, name, number, machine, about, stage, why, words, at_ms in found
    }


def _rows(db: Database, which: str, value: object) -> list[BoxRow]:
    return [_in(row) for row in db.run(f"SELECT {_ROW} FROM box_rollout_row WHERE {which}", (value,))]  # noqa: S608  # ours


def _out(one: BoxRow) -> Row:
    row = one.row
    return (
        row.rollout, one.box, row.wave, int(row.state), row.before, one.why, one.words, row.lacking, row.total,
        row.running, row.sent_ms, row.begun_ms, row.over_ms,
    )  # fmt: skip


def _in(raw: Row) -> BoxRow:
    rollout, box, wave, state, before, why, words, lacking, total, running, sent_ms, begun_ms, over_ms = raw
    row = TerminalRow(
        rollout, box.encode(), wave, 0, TerminalState(state), before, box, lacking=lacking, total=total,
        running=running, sent_ms=sent_ms, begun_ms=begun_ms, over_ms=over_ms,
    )  # fmt: skip
    return BoxRow(row, why, words)
