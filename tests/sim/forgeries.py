"""The law `apart`: what a hostile box has sent about other boxes' terminals is in the books under no terminal's number,
and no mark of a terminal goes further than its own records. Nothing that the ledger says of it is believed.
"""

import sqlite3

from cloud.ledger.records.arrival import record_key, split_key
from tests.sim.world import Violation

_FRESH = "SELECT id, key, stored FROM record WHERE id > ? ORDER BY id"
_MARKS = "SELECT device, epoch, last_seq FROM device_mark"
_HIGHEST = "SELECT MAX(key) FROM record WHERE key BETWEEN ? AND ? AND fork = 0"


class Forgeries:
    """What it has sent, and the law about it."""

    def __init__(self) -> None:
        self.stores: set[bytes] = set()
        """Outboxes of its own making: nobody holds their rows."""
        self._sent: set[bytes] = set()
        self._last = 0

    def sent(self, stored: bytes) -> None:
        """From now on it may be in the books, under the key of its row."""
        self._sent.add(stored)

    def committed(self, database: sqlite3.Connection) -> None:
        """Look at new records."""
        if not self._sent:
            return
        for number, key, stored in database.execute(_FRESH, (self._last,)):
            self._last = number
            if stored in self._sent and key == stored[:8] + stored[18:22]:
                device, epoch, seq = split_key(key)
                raise Violation("apart", f"a forgery has the number {device.hex()}/{epoch}/{seq} in the books")

    def put_back(self) -> None:
        """The ledger is an older copy now."""
        self._last = 0

    def at_rest(self, database: sqlite3.Connection) -> None:
        """No mark goes further than the terminal's own records."""
        for device, epoch, last in database.execute(_MARKS).fetchall():
            ends = record_key(device, epoch, 0), record_key(device, epoch, 0xFFFF_FFFF)
            ((key,),) = database.execute(_HIGHEST, ends).fetchall()
            if key is None or last > split_key(key)[2]:
                raise Violation("apart", f"{device.hex()}/{epoch}: marked up to {last}, no record of it is there")
