"""Rows that change: marks of boxes and devices, read and written inside of a transaction."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from cloud.ledger.records.marks import Mark, pack_ranges, unpack_ranges
from cloud.ledger.records.values import Verdict
from cloud.store.db import Database, Question, Rows

_COUNTS = ("posted", "held", "suspense", "quarantined", "no_entry", "duplicates", "spent_fen", "loaded_fen")
_COUNTED = {
    Verdict.POSTED: "posted", Verdict.HELD: "held", Verdict.SUSPENSE: "suspense", Verdict.QUARANTINED: "quarantined",
    Verdict.NO_ENTRY: "no_entry", Verdict.DUPLICATE: "duplicates",
}  # fmt: skip
"""Counters of first verdicts; what became of suspense and quarantine since stands with the cases."""
_DEVICE_COLUMNS = f"device, epoch, cumulative, ranges, last_seq, {', '.join(_COUNTS)}, last_ms"
_BOX_COLUMNS = "box, store, partition, cumulative, ranges, last_ms"


@dataclass(slots=True)
class DeviceRow:
    """Mark and counters of one (device, epoch). last_seq: the highest held, named or not. touched: to be written."""

    mark: Mark = field(default_factory=Mark)
    last_seq: int = 0
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_COUNTS, 0))
    seqs: set[int] = field(default_factory=set)
    touched: bool = False

    def count(self, seq: int, verdict: Verdict) -> None:
        """One more of this verdict, and its sequence number."""
        self.name(seq)
        self.counts[_COUNTED[verdict]] += 1

    def name(self, seq: int) -> None:
        """It is acknowledged."""
        self.touched = True
        self.seqs.add(seq)


DeviceKey = tuple[bytes, int]
BoxKey = tuple[str, bytes]


def device_question(keys: Iterable[DeviceKey]) -> Question:
    """Asks for what device_rows wants to know."""
    sql = f"SELECT {_DEVICE_COLUMNS} FROM device_mark WHERE device"  # noqa: S608  # our own names
    return Question(sql, sorted({device for device, _ in keys}), keyed=True)


def device_rows(keys: Iterable[DeviceKey], rows: Rows) -> dict[DeviceKey, DeviceRow]:
    """A row for each key, empty where there is none yet."""
    wanted, found = set(keys), dict[DeviceKey, DeviceRow]()
    for device, epoch, cumulative, ranges, last_seq, *rest in rows:
        if (device, epoch) in wanted:
            counts = dict(zip(_COUNTS, rest, strict=False))
            found[device, epoch] = DeviceRow(Mark(cumulative, unpack_ranges(ranges)), last_seq, counts)
    for key in wanted - found.keys():
        found[key] = DeviceRow()
    return found


def save_device_rows(db: Database, rows: Mapping[DeviceKey, DeviceRow], now_ms: int) -> None:
    """Write back those that were touched: who only asked for one must not make it."""
    db.upsert(
        "device_mark", _DEVICE_COLUMNS, "device, epoch",
        [
            (
                device, epoch, row.mark.cumulative, pack_ranges(row.mark.ranges), row.last_seq, *row.counts.values(),
                now_ms,
            )
            for (device, epoch), row in rows.items()
            if row.touched
        ],
    )  # fmt: skip


def box_question(boxes: Iterable[str]) -> Question:
    """Asks for what box_marks wants to know."""
    sql = "SELECT box, store, cumulative, ranges FROM box_mark WHERE box"
    return Question(sql, sorted(set(boxes)), keyed=True)


def box_marks(rows: Rows) -> dict[BoxKey, Mark]:
    """Marks of every store that these boxes ever had."""
    return {(box, store): Mark(cumulative, unpack_ranges(ranges)) for box, store, cumulative, ranges in rows}


def save_box_marks(db: Database, marks: Mapping[BoxKey, tuple[int, Mark]], now_ms: int) -> None:
    """(box, store) → (partition, mark)."""
    db.upsert(
        "box_mark", _BOX_COLUMNS, "box, store",
        [
            (box, store, partition, mark.cumulative, pack_ranges(mark.ranges), now_ms)
            for (box, store), (partition, mark) in marks.items()
        ],
    )  # fmt: skip


def devices_of(db: Database, box: str, store: bytes) -> list[DeviceKey]:
    """Every (device, epoch) that this store ever brought a record of."""
    return [
        (device, epoch)
        for device, epoch in db.run(
            "SELECT device, epoch FROM box_device WHERE box = ? AND store = ? ORDER BY device, epoch", (box, store)
        )
    ]


def partition_of_store(db: Database, box: str, store: bytes) -> int | None:
    """Where this store's batches came in; None if none ever did."""
    rows = db.run("SELECT partition FROM box_mark WHERE box = ? AND store = ?", (box, store))
    return int(rows[0][0]) if rows else None
