"""Jobs and their rows as they are kept. A row keeps its signed head until it is sent: nothing here signs.

Inside of a transaction.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from cloud.ledger.fleet.jobs.state import Job, JobRow, RowState
from cloud.store.db import Database, Row
from shared.fleet.document import SignedHead

_JOB = "number, verb, body, who, reason, made_ms, expires_ms, run_ms, width, stop_percent, stop_min, cancels, retries"
_ROW = "job, device, generation, state, box, verdict, detail, sent_ms, box_ms, stored_ms, over_ms, asked_ms, bus_ms"
_PAPER = "body, head, signature"
_CHANGES = "state, box, verdict, detail, sent_ms, box_ms, stored_ms, over_ms, asked_ms, bus_ms"


class Signed(NamedTuple):
    """A row that is to be, with its order's head as it was signed."""

    device: bytes
    generation: int
    body: bytes
    head: SignedHead


def insert_job(db: Database, job: Job, rows: Sequence[Signed]) -> None:
    """All of it, queued."""
    db.insert("job", _JOB, [tuple(job)])
    queued = [
        (*JobRow(job.number, one.device, one.generation, RowState.QUEUED), one.body, one.head.raw, one.head.signature)
        for one in rows
    ]
    db.insert("job_row", f"{_ROW}, {_PAPER}", [(*row[:3], int(row[3]), *row[4:]) for row in queued])


def next_number(db: Database) -> int:
    """Of a job."""
    return int(db.run("SELECT COALESCE(MAX(number), 0) + 1 FROM job")[0][0])


def number_of(db: Database, who: str, made_ms: int) -> int:
    """Of the job that this person made at this moment; 0: there is none."""
    found = db.run("SELECT MIN(number) FROM job WHERE who = ? AND made_ms = ?", (who, made_ms))
    return int(found[0][0] or 0)


def last_generations(db: Database) -> dict[bytes, int]:
    """Terminal → the highest generation that an order to it has ever had here, sent or not."""
    rows = db.run("SELECT device, MAX(generation) FROM job_row GROUP BY device")
    return {bytes(device): int(generation) for device, generation in rows}


def is_anything_open(db: Database) -> bool:
    """Is a row not over? Cheap."""
    return bool(db.run("SELECT 1 FROM job_row WHERE state < 10 LIMIT 1"))


def is_open(db: Database, number: int) -> bool:
    """Is a row of this job not over?"""
    return bool(db.run("SELECT 1 FROM job_row WHERE job = ? AND state < 10 LIMIT 1", (number,)))


def touch_jobs(db: Database) -> None:
    """Tell whoever moves jobs on that there may be something to do."""
    db.run("UPDATE watermark SET value = value + 1 WHERE name = 'jobs'")


def version(db: Database) -> int:
    """Rises when a row has changed by what somebody did or said."""
    found = db.run("SELECT value FROM watermark WHERE name = 'jobs'")
    return int(found[0][0]) if found else 0


def open_rows_of(db: Database, device: bytes) -> list[JobRow]:
    """Of one terminal, the oldest job first."""
    found = db.run(f"SELECT {_ROW} FROM job_row WHERE device = ? AND state < 10 ORDER BY job", (device,))  # noqa: S608  # ours
    return [_row(row) for row in found]


def open_rows(db: Database) -> list[JobRow]:
    """Of all jobs."""
    return [_row(row) for row in db.run(f"SELECT {_ROW} FROM job_row WHERE state < 10 ORDER BY job, device")]  # noqa: S608  # ours


def jobs(db: Database, numbers: Iterable[int] | None = None) -> dict[int, Job]:
    """These, or all; newest last."""
    if numbers is None:
        found = db.run(f"SELECT {_JOB} FROM job ORDER BY number")  # noqa: S608  # ours
    else:
        found = db.find(f"SELECT {_JOB} FROM job WHERE number", sorted(set(numbers)))  # noqa: S608  # ours
    return {int(row[0]): _job(row) for row in sorted(found, key=lambda row: int(row[0]))}


def row_of(db: Database, number: int, device: bytes) -> JobRow | None:
    """Of one terminal in a job."""
    found = db.run(f"SELECT {_ROW} FROM job_row WHERE job = ? AND device = ?", (number, device))  # noqa: S608  # ours
    return _row(found[0]) if found else None


def rows_of(db: Database, number: int) -> list[JobRow]:
    """Of one job, by terminal."""
    found = db.run(f"SELECT {_ROW} FROM job_row WHERE job = ? ORDER BY device", (number,))  # noqa: S608  # ours
    return [_row(row) for row in found]


def rows_about(db: Database, device: bytes, generations: Iterable[int]) -> list[JobRow]:
    """The rows of these orders to a terminal."""
    found: list[JobRow] = []
    for generation in sorted(set(generations)):
        rows = db.run(
            f"SELECT {_ROW} FROM job_row WHERE device = ? AND generation = ?",  # noqa: S608  # ours
            (device, generation),
        )
        found += map(_row, rows)
    return found


def last_rows_of(db: Database, device: bytes, most: int) -> list[JobRow]:
    """Of one terminal, the newest job first."""
    sql = f"SELECT {_ROW} FROM job_row WHERE device = ? ORDER BY job DESC LIMIT ?"  # noqa: S608  # ours
    return [_row(row) for row in db.run(sql, (device, most))]


def counts_of(db: Database, devices: Sequence[bytes]) -> dict[int, dict[RowState, int]]:
    """As `counts`, of these terminals alone."""
    found: dict[int, dict[RowState, int]] = {}
    for number, state in db.find("SELECT job, state FROM job_row WHERE device", devices):
        states = found.setdefault(int(number), {})
        states[RowState(state)] = states.get(RowState(state), 0) + 1
    return found


def last_verbs(db: Database, verbs: tuple[int, int]) -> dict[bytes, int]:
    """Terminal → which of the two it was ordered last and has not refused. No word of its own is needed for that."""
    found = db.run(
        "SELECT r.device, j.verb FROM job_row r JOIN job j ON j.number = r.job WHERE j.verb IN (?, ?) "
        "AND r.state <= ? ORDER BY j.number",
        (*verbs, int(RowState.OK)),
    )
    return {bytes(device): int(verb) for device, verb in found}


def counts(db: Database) -> dict[int, dict[RowState, int]]:
    """Job → how many rows are in which state."""
    found: dict[int, dict[RowState, int]] = {}
    for number, state, count in db.run("SELECT job, state, COUNT(*) FROM job_row GROUP BY job, state"):
        found.setdefault(int(number), {})[RowState(state)] = int(count)
    return found


def head_of(db: Database, row: JobRow) -> SignedHead:
    """As it was signed."""
    ((raw, signature),) = db.run(
        "SELECT head, signature FROM job_row WHERE job = ? AND device = ?", (row.job, row.device)
    )
    return SignedHead(bytes(raw), bytes(signature))


def body_of(db: Database, row: JobRow) -> bytes:
    """The bytes of its order."""
    ((body,),) = db.run("SELECT body FROM job_row WHERE job = ? AND device = ?", (row.job, row.device))
    return bytes(body)


def save(db: Database, row: JobRow) -> None:
    """What has changed of it."""
    names = ", ".join(f"{name} = ?" for name in _CHANGES.split(", "))
    db.run(
        f"UPDATE job_row SET {names} WHERE job = ? AND device = ?",  # noqa: S608  # ours
        (int(row.state), *row[4:], row.job, row.device),
    )


def _job(row: Row) -> Job:
    number, verb, body, *rest = row
    return Job(number, verb, bytes(body), *rest)


def _row(row: Row) -> JobRow:
    job, device, generation, state, box, verdict, detail, *rest = row
    return JobRow(job, bytes(device), generation, RowState(state), box, verdict, bytes(detail), *rest)
