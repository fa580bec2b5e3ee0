"""Times of the records beside one whose own time cannot be believed: those of the books, and those at hand.

Read in windows, each once in a transaction, and only of devices that need it: a canteen of terminals with dead clocks
must cost the campus hardly more than one with good ones.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from cloud.ledger.records.arrival import Arrival, record_key
from cloud.ledger.records.dates import AHEAD_S, NEIGHBOURS, Believed
from cloud.store.db import Database
from shared.errors import WireFault
from shared.records import SEQ_MAX, STORED_HEAD, Record, decode

WINDOW = 256
"""Sequence numbers that are read at once, beside the neighbours at both ends. Windows stand side by side, so that no
order of arrival reads one twice."""
_HELD = "SELECT stored FROM record WHERE key >= ? AND key <= ? AND fork = 0 ORDER BY key LIMIT ?"


class _Window(NamedTuple):
    """number: how many are before it. issued_s: of the PSAM: what is said to be older is no neighbour for any card."""

    device: bytes
    epoch: int
    number: int
    issued_s: int


class Neighbours:
    """Of one transaction. now_s: its campus time."""

    def __init__(self, db: Database, now_s: int) -> None:
        self.at_hand: Sequence[Arrival] = ()
        """The records that it receives, whenever they are booked."""
        self._db, self._now_s = db, now_s
        self._windows: dict[_Window, Believed] = {}
        self._here: dict[tuple[bytes, int], list[Record]] | None = None

    def nearest(self, a: Arrival, chip_issued_s: int, issued_s: int, received_s: int) -> int | None:
        """The time of the nearest one that can be believed for this record's card and PSAM."""
        window = _Window(a.device, a.epoch, a.seq // WINDOW, chip_issued_s)
        believed = self._windows.get(window)
        if believed is None:
            believed = self._windows[window] = self._read(window)
        return believed.nearest(a.seq, issued_s, received_s)

    def _read(self, window: _Window) -> Believed:
        low = max(window.number * WINDOW - NEIGHBOURS, 1)
        high = min((window.number + 1) * WINDOW + NEIGHBOURS, SEQ_MAX)
        ends = (record_key(window.device, window.epoch, at) for at in (low, high))
        rows = self._db.run(_HELD, (*ends, high - low + 1))
        held = [record for (stored,) in rows if (record := _readable(stored)) is not None]
        here = [record for record in self._of(window) if low <= record.seq <= high]
        last_s = self._now_s + AHEAD_S
        return Believed({r.seq: r.time for r in [*here, *held] if window.issued_s <= r.time <= last_s})

    def _of(self, window: _Window) -> list[Record]:
        if self._here is None:
            self._here = defaultdict(list)
            for a in self.at_hand:
                if a.record is not None:
                    self._here[a.device, a.epoch].append(a.record)
        return self._here.get((window.device, window.epoch), [])


def _readable(stored: bytes) -> Record | None:
    try:
        return decode(stored[STORED_HEAD:])
    except WireFault:
        return None
