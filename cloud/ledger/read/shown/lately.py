"""What is new in the ledger: sums of the last hours, and marks that tell what has moved. Inside of a snapshot.

Entries are numbered in the order of their booking, so a time is found by halving, and what was summed once is not read
again.
"""

from collections.abc import Iterator
from typing import NamedTuple

from cloud.ledger.books.chart import AccountKind
from cloud.ledger.books.entry import EntryKind
from cloud.store.db import Database
from shared.clocks.campus_clock import CHINA_OFFSET_S

HOUR_MS = 3_600_000
CHINA_MS = CHINA_OFFSET_S * 1000
_TAKEN = (
    EntryKind.PURCHASE, EntryKind.EVIDENCE, EntryKind.EVIDENCE_WITHDRAWN, EntryKind.VOID, EntryKind.HELD_RETURNED,
    EntryKind.ACCOUNT_PAID, EntryKind.ACCOUNT_REVERSED, EntryKind.MEAL, EntryKind.MEAL_SHEET,
    EntryKind.ONLINE_CAPTURED, EntryKind.ONLINE_REFUNDED, EntryKind.CODE_PAID, EntryKind.CODE_BORNE,
)  # fmt: skip
_MERCHANTS = (str(AccountKind.MERCHANT), str(AccountKind.HELD))
_HOURS = (
    f"SELECT (p.booked_at_ms + {CHINA_MS}) / {HOUR_MS}, "  # noqa: S608  # our own numbers
    "CAST(SUM(CASE WHEN c.kind IN (?, ?) THEN p.fen ELSE 0 END) AS BIGINT), "
    "CAST(SUM(CASE WHEN d.kind IN (?, ?) THEN p.fen ELSE 0 END) AS BIGINT), "
    "CAST(SUM(CASE WHEN p.line = 0 AND p.kind = ? THEN 1 ELSE 0 END) AS BIGINT) "
    "FROM posting p JOIN account c ON c.id = p.credit JOIN account d ON d.id = p.debit "
    f"WHERE p.entry >= ? AND p.entry < ? AND p.kind IN ({', '.join('?' * len(_TAKEN))}) GROUP BY 1"
)
_BOOKS = (
    "SELECT (SELECT COALESCE(MAX(id), 0) FROM record), (SELECT COALESCE(MAX(entry), 0) FROM posting), "
    "(SELECT COUNT(*) FROM proposal), (SELECT COUNT(*) FROM decision), (SELECT COUNT(*) FROM difference), "
    "(SELECT COUNT(*) FROM explanation)"
)
_JOBS = (
    "SELECT (SELECT COALESCE(MAX(number), 0) FROM job), (SELECT COALESCE(SUM(state), 0) FROM job_row), "
    "(SELECT COUNT(*) FROM rollout_event), (SELECT COALESCE(SUM(state), 0) FROM rollout_row), "
    "(SELECT COUNT(*) FROM document_head), (SELECT CAST(COALESCE(SUM(generation), 0) AS BIGINT) FROM document_reported)"
)


class Hour(NamedTuple):
    """hour: campus hours since 1970. fen: what merchants got, less what they gave back. sales: purchases."""

    hour: int
    fen: int
    sales: int


def next_entry(db: Database) -> int:
    """The number that the next entry gets."""
    last: int = db.run("SELECT COALESCE(MAX(entry), 0) FROM posting")[0][0]
    return last + 1


def first_entry(db: Database, at_ms: int) -> int:
    """The first that was booked no sooner; the next one where there is none."""
    low, high = 1, next_entry(db)
    while low < high:
        middle = (low + high) // 2
        rows = db.run("SELECT booked_at_ms FROM posting WHERE entry >= ? ORDER BY entry LIMIT 1", (middle,))
        if rows and rows[0][0] >= at_ms:
            high = middle
        else:
            low = middle + 1
    return low


def hours(db: Database, first: int, after: int) -> Iterator[Hour]:
    """Of these entries, the last one excluded; an hour in which nothing was sold is not there."""
    values = (*_MERCHANTS, *_MERCHANTS, int(EntryKind.PURCHASE), first, after, *map(int, _TAKEN))
    for hour, credit, debit, sales in db.run(_HOURS, values):
        yield Hour(hour, credit - debit, sales)


def hours_from(db: Database, first: int) -> tuple[list[Hour], int]:
    """From this entry on; and the number that the next entry gets."""
    after = next_entry(db)
    return list(hours(db, first, after)), after


def hours_between(db: Database, from_ms: int, until_ms: int) -> list[Hour]:
    """Of what was booked within this time."""
    first, after = (first_entry(db, at) for at in (from_ms, until_ms))
    return list(hours(db, first, after))


def marks(db: Database) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Marks of the books, and of jobs and documents: others than before, and something has happened there."""
    return tuple(db.run(_BOOKS)[0]), tuple(db.run(_JOBS)[0])
