"""The quarantine's cap: of what comes above it in a day only count, digest and sequences are kept.

A box that sends thousands of wrong records a second would fill the ledger's disk with them. Counted by box, device and
day, so that a flood under a stranger's number never takes the room of the stranger's own records. What nothing can
decide yet, for a card or a key version is unknown, counts for nothing and is always kept whole. What is not kept here
is acknowledged as anything else: the box's settled rows have the bytes, and the digest proves them.
"""

import hashlib
from dataclasses import dataclass

from cloud.ledger.journal.mark_rows import DeviceKey
from cloud.ledger.records.arrival import NOBODY
from cloud.ledger.records.judge import Reason
from cloud.ledger.records.marks import EMPTY, Mark, add, pack_ranges, unpack_ranges
from cloud.store.db import Database

QUARANTINED_MAX = 1000
"""Of one device through one box in one day. An honest one has none; a key that is wrong for a whole day's takings of a
busy window is judged again from its first thousand, and its box has the others."""
UNCOUNTED = frozenset({Reason.KEY_UNKNOWN, Reason.CARD_UNKNOWN, Reason.DEFECT})
_COLUMNS = "box, device, day, kept, beyond, digest"
_MARK_COLUMNS = "device, epoch, cumulative, ranges"

Flow = tuple[str, bytes]
"""Box and device; what names no device of ours counts as nobody's."""


@dataclass(slots=True)
class _Day:
    """So far. digest: over all that came above the cap, in their order; empty before the first."""

    kept: int = 0
    beyond: int = 0
    digest: bytes = b""


class Beyond:
    """Of one transaction. day: on which it receives."""

    def __init__(self, db: Database, day: int) -> None:
        self._db, self._day = db, day
        self._days: dict[Flow, _Day] = {}
        self._marks: dict[DeviceKey, Mark] = {}

    def has_room(self, flow: Flow) -> bool:
        """For one more, which is counted then."""
        day = self._of(flow)
        if day.kept >= QUARANTINED_MAX:
            return False
        day.kept += 1
        return True

    def add(self, flow: Flow, sha: bytes) -> bool:
        """One more above the cap. Is it the day's first?"""
        day = self._of(flow)
        day.beyond += 1
        day.digest = chained(day.digest, sha)
        return day.beyond == 1

    def name(self, key: DeviceKey, seq: int) -> bool:
        """Remember that of this sequence there is no record. False: no more holes can be remembered; its row is counted
        and settles apart, so that it stands before nobody."""
        self._marks[key] = add(self._mark(key), [seq])
        return self._marks[key].holds(seq)

    def holds(self, key: DeviceKey, seq: int) -> bool:
        """Is there a digest of this sequence?"""
        return self._mark(key).holds(seq)

    def save(self) -> None:
        """Write what has changed."""
        rows = [(*flow, self._day, day.kept, day.beyond, day.digest) for flow, day in self._days.items()]
        self._db.upsert("quarantine_day", _COLUMNS, "box, device, day", rows)
        marks = [(*key, m.cumulative, pack_ranges(m.ranges)) for key, m in self._marks.items() if m != EMPTY]
        self._db.upsert("beyond_mark", _MARK_COLUMNS, "device, epoch", marks)

    def _mark(self, key: DeviceKey) -> Mark:
        if key not in self._marks:
            rows = self._db.run("SELECT cumulative, ranges FROM beyond_mark WHERE device = ? AND epoch = ?", key)
            self._marks[key] = Mark(rows[0][0], unpack_ranges(rows[0][1])) if rows else EMPTY
        return self._marks[key]

    def _of(self, flow: Flow) -> _Day:
        if flow not in self._days:
            sql = "SELECT kept, beyond, digest FROM quarantine_day WHERE box = ? AND device = ? AND day = ?"
            rows = self._db.run(sql, (*flow, self._day))
            self._days[flow] = _Day(rows[0][0], rows[0][1], bytes(rows[0][2])) if rows else _Day()
        return self._days[flow]


def chained(digest: bytes, sha: bytes) -> bytes:
    """With one more record, by its SHA-256: so who has the rows can prove that they are those that came."""
    return hashlib.sha256(digest + sha).digest()


def flow_of(box: str, device: bytes, *, known: bool) -> Flow:
    """known: is it a device of ours? There are more numbers than anybody could count by."""
    return box, bytes(device) if known else NOBODY


def beyond_marks(db: Database) -> dict[DeviceKey, Mark]:
    """Sequences that are acknowledged without a record."""
    rows = db.run(f"SELECT {_MARK_COLUMNS} FROM beyond_mark")  # noqa: S608  # our own names
    return {(bytes(device), epoch): Mark(low, unpack_ranges(ranges)) for device, epoch, low, ranges in rows}
