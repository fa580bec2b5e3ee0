"""Jobs and their rows as somebody reads them, and what a lock would stop. Inside of a transaction.

A clock that has run out counts in what is read, whether or not the ingest is there to write it down.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from cloud.ledger.fleet.jobs import rows, state
from cloud.ledger.fleet.jobs.state import Job, JobRow, RowState
from cloud.ledger.records.values import Now
from cloud.store.db import Database
from shared.clocks.clock import day_number
from shared.fleet.order import Verb

HEARD_MS = 60_000
"""A terminal whose STATUS is not older than this is heard."""


class JobView(NamedTuple):
    """A job and where its rows stand."""

    job: Job
    counts: Mapping[RowState, int]

    @property
    def is_over(self) -> bool:
        """Is nothing awaited any more?"""
        return all(one.is_over for one in self.counts)

    @property
    def total(self) -> int:
        """Rows."""
        return sum(self.counts.values())

    @property
    def failed(self) -> int:
        """Rows, silent ones too."""
        return sum(count for one, count in self.counts.items() if one.is_failure or one is RowState.STOPPED)


class Stops(NamedTuple):
    """What of one terminal a lock would stop. taps: of today, as its STATUS says; undrained: not in the ledger yet."""

    device: bytes
    is_heard: bool
    taps: int
    open_slots: int
    undrained: int

    @property
    def is_selling(self) -> bool:
        """Does it matter to somebody?"""
        return self.is_heard or bool(self.taps or self.open_slots)


def job_views(db: Database) -> list[JobView]:
    """All, the newest last."""
    found = rows.counts(db)
    return [JobView(job, found.get(number, {})) for number, job in rows.jobs(db).items()]


def job_views_of(db: Database, devices: Sequence[bytes]) -> list[JobView]:
    """Jobs that have rows of these terminals, and those rows alone are counted; the newest last."""
    found = rows.counts_of(db, devices)
    return [JobView(job, found[number]) for number, job in rows.jobs(db, found).items()]


def orders_of(db: Database, device: bytes, most: int, now: Now) -> list[tuple[Job, JobRow]]:
    """What one terminal was ordered, the newest first, as of now."""
    there = rows.last_rows_of(db, device, most)
    known = rows.jobs(db, {row.job for row in there})
    return [(known[row.job], state.by_time(row, known[row.job], now.unix_ms)) for row in there]


def locked(db: Database) -> set[bytes]:
    """Terminals whose last order of the two was a lock, done or on its way."""
    pair = int(Verb.LOCK), int(Verb.UNLOCK)
    return {device for device, verb in rows.last_verbs(db, pair).items() if verb == Verb.LOCK}


def job_view(db: Database, number: int, now: Now | None = None) -> tuple[JobView, list[JobRow]] | None:
    """One of them and its rows; now: as of then."""
    job = rows.jobs(db, (number,)).get(number)
    if job is None:
        return None
    there = rows.rows_of(db, number)
    if now is not None:
        there = [state.by_time(row, job, now.unix_ms) for row in there]
    counts = {one: sum(row.state is one for row in there) for one in {row.state for row in there}}
    return JobView(job, counts), there


def kinds(db: Database) -> dict[bytes, str]:
    """Terminal → what kind of hardware it is."""
    return {bytes(device): kind for device, kind in db.run("SELECT device, kind FROM device")}


def stops(db: Database, devices: Collection[bytes], now: Now) -> list[Stops]:
    """Of those of these terminals that ever sent a STATUS."""
    found = db.run(
        "SELECT s.device, s.at_ms, s.day, s.day_first_seq, e.last, e.settled, e.open_slots FROM device_status s "
        "JOIN epoch_status e ON e.device = s.device AND e.epoch = "
        "(SELECT MAX(x.epoch) FROM epoch_status x WHERE x.device = s.device) ORDER BY s.device"
    )
    today = day_number(now.campus_s)
    return [
        Stops(
            bytes(device), now.unix_ms - at_ms < HEARD_MS, max(0, last - first + 1) if day == today else 0, open_slots,
            last - settled,
        )
        for device, at_ms, day, first, last, settled, open_slots in found
        if bytes(device) in devices
    ]  # fmt: skip
