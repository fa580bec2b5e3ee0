"""What a month's goals are measured by: what terminals tallied, and when records came. Inside of a snapshot.

Of records a sample that is spread evenly over the month, RECORDS_MAX at most: a percentile needs no more.
"""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from cloud.store.db import Database
from shared.errors import WireFault
from shared.records import decode, parse_stored
from shared.wire import codec

RECORDS_MAX = 20_000


class Tallied(NamedTuple):
    """Taps of all terminals: served, refused by reason; how many terminals have told, of how many."""

    served: int
    reasons: Counter[int]
    told: int
    terminals: int


class Arrived(NamedTuple):
    """A record: by which box it came, when, and how long after its own time, in campus seconds."""

    box: str
    received_ms: int
    delay_s: int


class Arrivals(NamedTuple):
    """A sample, and of how many."""

    sample: list[Arrived]
    total: int


def tallied(db: Database, first: int, after: int) -> Tallied:
    """Of business days from the first on, up to the one before the second."""
    rows = db.run("SELECT device, served, reasons FROM device_tally WHERE day >= ? AND day < ?", (first, after))
    reasons: Counter[int] = Counter()
    for _, _, raw in rows:
        reasons.update(dict(codec.loads(bytes(raw))))
    terminals = db.run("SELECT COUNT(*) FROM device")[0][0]
    return Tallied(sum(served for _, served, _ in rows), reasons, len({bytes(row[0]) for row in rows}), terminals)


def arrivals(db: Database, from_ms: int, until_ms: int, most: int) -> Arrivals:
    """Of records that came within, by their numbers, which grow with time; not many more than `most` of them."""
    first, after = (_first_since(db, at_ms) for at_ms in (from_ms, until_ms))
    step = max(1, -(-(after - first) // most))
    rows = db.find("SELECT box, received_ms, received_s, stored FROM record WHERE id", range(first, after, step))
    return Arrivals(list(_read(rows)), after - first)


def _read(rows: list[tuple[str, int, int, bytes]]) -> Iterator[Arrived]:
    """What cannot be read says no time."""
    for box, received_ms, received_s, stored in rows:
        try:
            record = decode(parse_stored(bytes(stored)).wire)
        except WireFault:
            continue
        yield Arrived(box, received_ms, received_s - record.time)


def _first_since(db: Database, at_ms: int) -> int:
    """The smallest number whose record came no sooner; the one after the last where there is none."""
    (last,) = db.run("SELECT COALESCE(MAX(id), 0) FROM record")[0]
    low, high = 1, last + 1
    while low < high:
        middle = (low + high) // 2
        rows = db.run("SELECT received_ms FROM record WHERE id >= ? ORDER BY id LIMIT 1", (middle,))
        if rows and rows[0][0] >= at_ms:
            high = middle
        else:
            low = middle + 1
    return low
