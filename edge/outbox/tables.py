"""The small tables of an outbox: each row with its checksum, and what is done without one that is damaged.

Takes a connection, opens none. A damaged row is as good as not there, and each of them is safe to be without: settled
rows are sent again, a mark is the terminal's own word, an epoch is asked for again.
"""

from collections.abc import Iterable
from itertools import chain
from struct import Struct
from typing import Any

from edge.box.values.effects import KeepAddress
from edge.box.values.ranges import Ranges
from edge.box.values.streams import Stream
from edge.outbox.crc import is_pair, is_range, pair_crc, range_crc
from shared.ids import DeviceId, LedgerId
from shared.wire.messages import Range

_APART_RANGE = Struct(">QQ")
_ABOUT = "INSERT OR REPLACE INTO about VALUES (?, ?, ?)"


def read_about(db: Any, name: str) -> bytes:  # noqa: ANN401  # DB-API connections differ
    """Its value, empty when it is not there or damaged."""
    row = db.execute("SELECT value, crc FROM about WHERE name = ?", (name,)).fetchone()
    return bytes(row[0]) if row and is_pair(name.encode(), *row) else b""


def write_about(db: Any, **values: bytes) -> None:  # noqa: ANN401  # DB-API connections differ
    """Set values: one statement for all of them."""
    rows = [(name, value, pair_crc(name.encode(), value)) for name, value in values.items()]
    db.execute(_ABOUT + ", (?, ?, ?)" * (len(rows) - 1), [*chain.from_iterable(rows)])


def write_ledger(db: Any, ledger: LedgerId, floor: int, **more: bytes) -> None:  # noqa: ANN401  # DB-API connections differ
    """Which ledger it is, and the lowest ack number that may settle anything; other values with it."""
    write_about(db, ledger=ledger, floor=floor.to_bytes(8, "big"), **more)


def read_apart(db: Any) -> Ranges:  # noqa: ANN401  # DB-API connections differ
    """The settled rows that the ledger has answered without their device. Without them they are simply settled."""
    return Ranges(_APART_RANGE.iter_unpack(read_about(db, "apart")))


def write_apart(db: Any, apart: Ranges) -> None:  # noqa: ANN401  # DB-API connections differ
    """These and no others."""
    write_about(db, apart=b"".join(_APART_RANGE.pack(*piece) for piece in apart.pieces()))


def read_settled(db: Any) -> Ranges:  # noqa: ANN401  # DB-API connections differ
    """The rows that are settled."""
    settled = Ranges()
    for low, high, crc in db.execute("SELECT low, high, crc FROM settled"):
        if is_range(low, high, crc):
            settled.add(low, high)
    return settled


def write_settled(db: Any, before: Iterable[Range], after: Iterable[Range]) -> None:  # noqa: ANN401  # see above
    """Write what has changed from `before` to `after`. A range that only grew keeps its low end, and is replaced."""
    old, new = set(before), set(after)
    fresh = [(low, high, range_crc(low, high)) for low, high in sorted(new - old)]
    if gone := {low for low, _ in old - new}.difference(low for low, _, _ in fresh):
        db.executemany("DELETE FROM settled WHERE low = ?", [(low,) for low in sorted(gone)])
    if fresh:
        db.executemany("INSERT OR REPLACE INTO settled VALUES (?, ?, ?)", fresh)


def read_mark(db: Any, stream: Stream) -> int:  # noqa: ANN401  # DB-API connections differ
    """The settled mark of a stream as it is written, 0 if there is none."""
    row = db.execute("SELECT seq FROM mark WHERE stream = ?", (stream,)).fetchone()
    return int(row[0]) if row else 0


def write_marks(db: Any, marks: Iterable[tuple[Stream, int]]) -> None:  # noqa: ANN401  # DB-API connections differ
    """All of a stream up to seq is settled, for each of these."""
    rows = [(stream, seq, pair_crc(stream, seq)) for stream, seq in marks]
    db.executemany("INSERT OR REPLACE INTO mark VALUES (?, ?, ?)", rows)


def write_epoch(db: Any, name: bytes, epoch: int) -> None:  # noqa: ANN401  # DB-API connections differ
    """Which epoch a device ‖ storage ‖ PSAM has."""
    db.execute("INSERT OR REPLACE INTO epoch VALUES (?, ?, ?)", (name, epoch, pair_crc(name, epoch)))


def write_address(db: Any, kept: KeepAddress) -> None:  # noqa: ANN401  # DB-API connections differ
    """Which address on which bus the position of a device has: one of each bus."""
    name = kept.device + kept.link.encode()
    row = name, kept.address, pair_crc(name, kept.address)
    db.execute("INSERT OR REPLACE INTO address VALUES (?, ?, ?)", row)


def read_addresses(db: Any) -> tuple[KeepAddress, ...]:  # noqa: ANN401  # DB-API connections differ
    """All that are as they were written."""
    rows = db.execute("SELECT name, address, crc FROM address ORDER BY name").fetchall()
    sound = ((name, address) for name, address, crc in rows if is_pair(name, address, crc))
    return tuple(KeepAddress(DeviceId(name[:6]), name[6:].decode(), address) for name, address in sound)


def read_revocations(db: Any) -> bytes:  # noqa: ANN401  # DB-API connections differ
    """Bytes of the list of stolen devices as boxes held it before there were documents; empty: none, or damaged."""
    return read_about(db, "revocations")


def aged_upto(db: Any, low: int, high: int, before_ms: int) -> int:  # noqa: ANN401  # DB-API connections differ
    """The last row of low..high such that it and all before it in there came before this time."""
    sql = "SELECT min(row) FROM record WHERE row BETWEEN ? AND ? AND at_ms >= ?"
    young = db.execute(sql, (low, high, before_ms)).fetchone()[0]
    return high if young is None else int(young) - 1


def oldest_of(db: Any, ranges: Iterable[Range]) -> tuple[int, int]:  # noqa: ANN401  # DB-API connections differ
    """Row and time of the oldest row within ascending ranges that is still there, zeros if there is none."""
    for low, high in ranges:
        sql = "SELECT row, at_ms FROM record WHERE row BETWEEN ? AND ? ORDER BY row LIMIT 1"
        row = db.execute(sql, (low, high)).fetchone()
        if row is not None:
            return int(row[0]), int(row[1])
    return 0, 0


def drop(db: Any, low: int, high: int) -> int:  # noqa: ANN401  # DB-API connections differ
    """Drop the rows low..high; how many there were."""
    rows = db.execute("SELECT count(*) FROM record WHERE row BETWEEN ? AND ?", (low, high)).fetchone()
    db.execute("DELETE FROM record WHERE row BETWEEN ? AND ?", (low, high))
    return int(rows[0])
