"""Planted defects of a terminal and a box that believe their media: see defects.py."""

from edge.outbox.crc import record_crc
from edge.terminal.store import flash as stores
from edge.terminal.store.flash import Flash
from edge.terminal.store.layout import SLOT_SIZE, RingSlot
from tests.sim.edge_part import EdgePart
from tests.sim.terminal_part import TerminalPart


class _ByTheRing(Flash):
    """Ends where the ring can be read, whatever page and head say."""

    def _scan_ring(self) -> None:
        current = self.current
        self._settling, self._generation = {}, 0
        found = stores._ring(self._port, self.ring_slots, self._at)
        for slot in found:
            self._note_generation(slot)
        if current is None:
            self._next_index = 0
            return
        self._next_index = max((current.first_index, *(slot.ordinal + 1 for slot in found)))
        current.last = self._next_index - current.first_index

    def _heal(self, index: int) -> RingSlot | None:
        return None

    def _read_open(self, place: int) -> bytes:
        return self._port.read(stores._slot_at(place), SLOT_SIZE)


class NumbersOver(TerminalPart):
    """A record that cannot be read at power-on was never there: its number is given to the next one."""

    def _open_flash(self) -> Flash:
        return _ByTheRing(self.flash)


class BelievesItsDisk(EdgePart):
    """Keeps no checksum of a row: what flips in it goes to the ledger as if the terminal had said so."""

    def flipped(self, row: int, body: bytes) -> None:
        super().flipped(row, body)
        database = self._database.raw
        key, at_ms = database.execute("SELECT key, at_ms FROM record WHERE row = ?", (row,)).fetchone()
        crc = record_crc(row, key, body, at_ms)
        database.execute("UPDATE record SET crc = ? WHERE row = ?", (crc, row))
