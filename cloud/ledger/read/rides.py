"""Rides in the books, counted from the proven records with a trip. Inside of a snapshot; scans the records."""

from collections.abc import Iterator
from dataclasses import dataclass

from cloud.ledger.journal.booking import CHUNK
from cloud.ledger.records.judge import Reason
from cloud.ledger.records.values import Verdict
from cloud.store.db import Database
from shared.errors import WireFault
from shared.records import COMPOSITE_SIZE, STORED_HEAD, PurchaseRecord, decode
from shared.transit.trip import Step, Trip, parse_trip


@dataclass(slots=True)
class LineRides:
    """One line: boardings and exits by distance fare, rides at a flat fare, and what all of them took."""

    line: int
    boarded: int = 0
    alighted: int = 0
    flat: int = 0
    fen: int = 0


def zero_rides(db: Database) -> dict[bytes, int]:
    """Device → proven records over nothing: boardings with distance fare."""
    rows = db.run(
        "SELECT substr(key, 1, 6), COUNT(*) FROM record WHERE verdict = ? AND reason = ? GROUP BY substr(key, 1, 6)",
        (int(Verdict.NO_ENTRY), int(Reason.ZERO)),
    )
    return {bytes(device): count for device, count in rows}


def line_rides(db: Database) -> list[LineRides]:
    """By line. What was torn and never proven by its terminal is not among them."""
    found: dict[int, LineRides] = {}
    for stored in _proven_rides(db):
        record = decode(stored[STORED_HEAD:])
        if isinstance(record, PurchaseRecord):
            _count(found, record)
    return [found[line] for line in sorted(found)]


def _count(found: dict[int, LineRides], record: PurchaseRecord) -> None:
    trip = read_trip(record.trip)
    if trip is None:
        return
    rides = found.setdefault(trip.line, LineRides(trip.line))
    rides.boarded += trip.step is Step.BOARD
    rides.alighted += trip.step is Step.ALIGHT
    rides.flat += trip.step is Step.FLAT
    rides.fen += record.amount_fen


def read_trip(raw: bytes) -> Trip | None:
    """The trip of a record; None when it has none, or one of a later version."""
    try:
        return parse_trip(raw) if raw else None
    except WireFault:
        return None


def _proven_rides(db: Database) -> Iterator[bytes]:
    last = 0
    sql = (
        "SELECT id, stored FROM record WHERE id > ? AND length(stored) = ? AND (verdict IN (?, ?) OR reason = ?) "
        "ORDER BY id LIMIT ?"
    )
    size = STORED_HEAD + COMPOSITE_SIZE
    while True:
        rows = db.run(sql, (last, size, int(Verdict.POSTED), int(Verdict.HELD), int(Reason.ZERO), CHUNK))
        yield from (stored for _, stored in rows)
        if len(rows) < CHUNK:
            return
        last = rows[-1][0]
