"""What terminals said at length about orders, in pieces: a log, a slip. Inside of a transaction.

It is text of the terminal's own, proven by its conversation with its box and no further. Bounds: PIECES_MAX pieces of
an order, and the newest ORDERS_MAX of each terminal; the older ones go.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple
from zlib import crc32

from cloud.store.db import Database, Row
from shared.wire.fleet_lane import Piece

ORDERS_MAX = 8
_PIECE = "device, generation, number, total, crc, data, at_ms"


class Paper(NamedTuple):
    """raw: as far as it came, without what is missing."""

    device: bytes
    generation: int
    there: int
    total: int
    crc: int
    raw: bytes

    @property
    def is_whole(self) -> bool:
        """Is it what the terminal has said, to the last byte?"""
        return self.there == self.total and crc32(self.raw) == self.crc


def keep_piece(db: Database, said: Piece, now_ms: int) -> None:
    """Once; what contradicts the pieces that are there is passed over."""
    known = db.run(
        "SELECT number, total, crc FROM job_piece WHERE device = ? AND generation = ?", (said.device, said.generation)
    )
    if any(number == said.number or (total, crc) != (said.total, said.crc) for number, total, crc in known):
        return
    row = (said.device, said.generation, said.number, said.total, said.crc, said.data, now_ms)
    db.insert("job_piece", _PIECE, [row])
    if not known:
        _forget(db, said.device)


def papers(db: Database, orders: Collection[tuple[bytes, int]]) -> dict[bytes, Paper]:
    """Terminal → what it said of that order; none where it said nothing."""
    asked = dict(orders)
    pieces: dict[bytes, list[Row]] = {}
    sql = "SELECT device, generation, number, total, crc, data FROM job_piece WHERE device"
    for device, *piece in db.find(sql, list(asked)):
        if piece[0] == asked[bytes(device)]:
            pieces.setdefault(bytes(device), []).append(tuple(piece))
    return {device: _paper(device, rows) for device, rows in pieces.items()}


def _paper(device: bytes, rows: Sequence[Row]) -> Paper:
    (generation, _, total, crc, _), *_ = rows
    raw = b"".join(bytes(row[-1]) for row in sorted(rows, key=lambda row: row[1]))
    return Paper(device, generation, len(rows), total, crc, raw)


def _forget(db: Database, device: bytes) -> None:
    """Of the oldest orders."""
    rows = db.run("SELECT DISTINCT generation FROM job_piece WHERE device = ? ORDER BY generation DESC", (device,))
    for (generation,) in rows[ORDERS_MAX:]:
        db.run("DELETE FROM job_piece WHERE device = ? AND generation = ?", (device, generation))
