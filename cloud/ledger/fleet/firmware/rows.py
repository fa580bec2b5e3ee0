"""Roll-outs, their terminals and what happened to them, as they are kept. A row keeps its signed permits until they are
sent: nothing here signs. Events are append-only. Inside of a transaction.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from cloud.ledger.fleet.firmware.state import GOES_ON, Event, EventKind, Rollout, TerminalRow, TerminalState
from cloud.store.db import Database, Row
from shared.fleet.document import SignedHead

_ROLLOUT = (
    "number, model, release, who, reason, made_ms, canary, waves, stop_percent, stop_min, wait_ms, run_ms, returns, "
    "retries"
)
_ROW = (
    "rollout, device, wave, generation, state, before, box, why, verdict, detail, lacking, total, running, sent_ms, "
    "box_ms, begun_ms, over_ms"
)
_PAPER = "body, head, signature, off_body, off_head, off_signature"
_CHANGES = _ROW.removeprefix("rollout, device, wave, ")
_EVENT = "rollout, number, kind, wave, who, reason, at_ms"
_OPEN = "state < 10"


class Papers(NamedTuple):
    """Of one terminal: its permit, and what takes that back."""

    body: bytes
    head: SignedHead
    off_body: bytes
    off_head: SignedHead


def insert(db: Database, rollout: Rollout, rows: Sequence[tuple[TerminalRow, Papers]]) -> None:
    """All of it."""
    db.insert("rollout", _ROLLOUT, [tuple(rollout)])
    db.insert("rollout_row", f"{_ROW}, {_PAPER}", [(*_row_of(row), *_papers_of(papers)) for row, papers in rows])


def add_event(db: Database, event: Event) -> None:
    """It has happened."""
    db.insert("rollout_event", _EVENT, [(*event[:2], int(event.kind), *event[3:])])


def next_number(db: Database) -> int:
    """Of a roll-out."""
    return int(db.run("SELECT COALESCE(MAX(number), 0) + 1 FROM rollout")[0][0])


def last_generations(db: Database) -> dict[bytes, int]:
    """Terminal → the highest generation that a permit of it has ever had here, sent or not."""
    rows = db.run("SELECT device, MAX(generation) FROM rollout_row GROUP BY device")
    return {bytes(device): int(generation) + 1 for device, generation in rows}


def rollouts(db: Database) -> dict[int, Rollout]:
    """All, the newest last."""
    return {int(row[0]): Rollout(*row) for row in db.run(f"SELECT {_ROLLOUT} FROM rollout ORDER BY number")}  # noqa: S608  # ours


def rollout(db: Database, number: int) -> Rollout | None:
    """None: there is none."""
    found = db.run(f"SELECT {_ROLLOUT} FROM rollout WHERE number = ?", (number,))  # noqa: S608  # ours
    return Rollout(*found[0]) if found else None


def events(db: Database, number: int) -> list[Event]:
    """What has happened to it, the newest last."""
    found = db.run(f"SELECT {_EVENT} FROM rollout_event WHERE rollout = ? ORDER BY number", (number,))  # noqa: S608  # ours
    return [Event(row[0], row[1], EventKind(row[2]), *row[3:]) for row in found]


def rows_of(db: Database, number: int) -> list[TerminalRow]:
    """Of one roll-out, by wave and terminal."""
    found = db.run(f"SELECT {_ROW} FROM rollout_row WHERE rollout = ? ORDER BY wave, device", (number,))  # noqa: S608  # ours
    return [_row(row) for row in found]


def events_of_all(db: Database) -> dict[int, list[Event]]:
    """Of every roll-out, the newest last."""
    found: dict[int, list[Event]] = {}
    for row in db.run(f"SELECT {_EVENT} FROM rollout_event ORDER BY rollout, number"):  # noqa: S608  # ours
        found.setdefault(row[0], []).append(Event(row[0], row[1], EventKind(row[2]), *row[3:]))
    return found


def out(db: Database) -> list[TerminalRow]:
    """Of all roll-outs, those whose permit has left, with no end yet: what a clock can still end."""
    return [_row(row) for row in db.run(f"SELECT {_ROW} FROM rollout_row WHERE {_OUT}")]  # noqa: S608  # ours


def ended(db: Database) -> list[tuple[int, TerminalState, int, int]]:
    """Roll-out, state, terminals, the last wave of them: of all others, counted where they are kept."""
    sql = f"SELECT rollout, state, COUNT(*), MAX(wave) FROM rollout_row WHERE NOT ({_OUT}) GROUP BY rollout, state"  # noqa: S608  # ours
    return [(number, TerminalState(state), count, wave) for number, state, count, wave in db.run(sql)]


_OUT = f"state >= {int(TerminalState.OFFERED)} AND state < {int(TerminalState.IN_USE)}"


def rows_about(db: Database, device: bytes) -> list[TerminalRow]:
    """Of one terminal, in every roll-out, the oldest first."""
    found = db.run(f"SELECT {_ROW} FROM rollout_row WHERE device = ? ORDER BY rollout", (device,))  # noqa: S608  # ours
    return [_row(row) for row in found]


def open_rows(db: Database) -> list[TerminalRow]:
    """Of all roll-outs."""
    found = db.run(f"SELECT {_ROW} FROM rollout_row WHERE {_OPEN} ORDER BY rollout, device")  # noqa: S608  # ours
    return [_row(row) for row in found]


def open_of(db: Database, devices: Iterable[bytes]) -> dict[bytes, int]:
    """Those of these terminals that are in a roll-out that is not over for them, and in which."""
    asked = set(devices)
    return {row.device: row.rollout for row in open_rows(db) if row.device in asked}


def papers_of(db: Database, row: TerminalRow) -> Papers:
    """As they were signed."""
    ((body, head, signature, off_body, off_head, off_signature),) = db.run(
        f"SELECT {_PAPER} FROM rollout_row WHERE rollout = ? AND device = ?",  # noqa: S608  # ours
        (row.rollout, row.device),
    )
    return Papers(
        bytes(body), SignedHead(bytes(head), bytes(signature)), bytes(off_body),
        SignedHead(bytes(off_head), bytes(off_signature)),
    )  # fmt: skip


def save(db: Database, row: TerminalRow) -> None:
    """What has changed of it."""
    names = ", ".join(f"{name} = ?" for name in _CHANGES.split(", "))
    db.run(
        f"UPDATE rollout_row SET {names} WHERE rollout = ? AND device = ?",  # noqa: S608  # ours
        (*_row_of(row)[3:], row.rollout, row.device),
    )


def save_papers(db: Database, row: TerminalRow, papers: Papers) -> None:
    """It was signed anew."""
    names = ", ".join(f"{name} = ?" for name in _PAPER.split(", "))
    db.run(
        f"UPDATE rollout_row SET {names} WHERE rollout = ? AND device = ?",  # noqa: S608  # ours
        (*_papers_of(papers), row.rollout, row.device),
    )
    save(db, row)


def touch(db: Database) -> None:
    """Tell whoever moves roll-outs on that there may be something to do."""
    db.run("UPDATE watermark SET value = value + 1 WHERE name = 'rollouts'")


def version(db: Database) -> int:
    """Rises when a row has changed by what somebody did or said."""
    found = db.run("SELECT value FROM watermark WHERE name = 'rollouts'")
    return int(found[0][0]) if found else 0


def is_anything_open(db: Database) -> bool:
    """Is a row not over, or a roll-out neither over nor held up? Cheap."""
    if db.run(f"SELECT 1 FROM rollout_row WHERE {_OPEN} LIMIT 1"):  # noqa: S608  # ours
        return True
    last = "SELECT e.kind FROM rollout_event e WHERE e.rollout = r.number ORDER BY e.number DESC LIMIT 1"
    goes_on = ", ".join(str(int(kind)) for kind in GOES_ON)
    return bool(db.run(f"SELECT 1 FROM rollout r WHERE ({last}) IN ({goes_on}) LIMIT 1"))  # noqa: S608  # ours


def _row_of(row: TerminalRow) -> Row:
    return (*row[:4], int(row.state), *row[5:])


def _papers_of(papers: Papers) -> Row:
    return (
        papers.body, papers.head.raw, papers.head.signature, papers.off_body, papers.off_head.raw,
        papers.off_head.signature,
    )  # fmt: skip


def _row(row: Row) -> TerminalRow:
    number, device, wave, generation, state, before, box, why, verdict, detail, *rest = row
    return TerminalRow(
        number, bytes(device), wave, generation, TerminalState(state), before, box, why, verdict, bytes(detail), *rest
    )
