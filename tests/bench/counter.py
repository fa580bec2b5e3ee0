"""What a terminal's own work costs a tap: firmware, pending record and shown line durable on a real file.

Card and PSAM are in software; the time inside them is taken off, for a chip's own time is another's.
"""

import statistics
import tempfile
import time
from pathlib import Path

from edge.terminal.disk import Disk
from edge.terminal.flash import flash_size, format_flash
from edge.terminal.flash_port import FileFlash
from edge.terminal.shown import ShownLog
from edge.terminal.steps import End
from edge.terminal.tapping import Counter, run_through
from shared.ids import StorageId
from shared.purse.apdu import CardChannel
from tests.bench.row import Row, at_most
from tests.edge.terminal.conftest import Bench, School

ROUNDS = 5
TAPS = 300
SETTLE_EACH = 20
AMOUNT_FEN = 1
BOUND_MS = 20.0
RING_SLOTS = 64


def row() -> Row:
    """p99 of the software's share, beside the disk's part of it; of both the median of some rounds."""
    with tempfile.TemporaryDirectory(prefix="ykt-tap-", dir=Path.cwd()) as folder:
        rounds = [_measure(Path(folder)) for _ in range(ROUNDS)]
    share, disk = (statistics.median(map(_p99, column)) for column in zip(*rounds, strict=True))
    return at_most("software share of a tap, p99", share, "ms", BOUND_MS, "of it writes and syncs (3), p99", disk)


class _Timed:
    """A chip and the seconds spent inside it."""

    def __init__(self, chip: CardChannel) -> None:
        self._chip = chip
        self.spent_s = 0.0

    def transmit(self, apdu: bytes, /) -> bytes:
        began = time.perf_counter()
        try:
            return self._chip.transmit(apdu)
        finally:
            self.spent_s += time.perf_counter() - began


def _measure(folder: Path) -> tuple[list[float], list[float]]:
    """Milliseconds of each tap: software's share, and writes and syncs."""
    disk = Disk()
    port, shown = FileFlash(folder / "flash.bin", flash_size(RING_SLOTS), disk), ShownLog(folder / "shown.log", disk)
    format_flash(port, StorageId(b"storage1"), RING_SLOTS)
    school = School()
    bench = Bench(school, port=port, ring_slots=RING_SLOTS).connect()
    psam = _Timed(bench.psam)
    counter = Counter(psam, shown.append, lambda _: None)
    shares, synced = [], []
    for number in range(TAPS):
        card = _Timed(school.card(school.memory(number + 1)))
        chips_s, disk_s, began = psam.spent_s, disk.spent_s, time.perf_counter()
        result = run_through(bench.firmware.sell(AMOUNT_FEN, bench.now()), counter, card)
        took = time.perf_counter() - began - card.spent_s - (psam.spent_s - chips_s)
        if result.end is not End.DONE:
            raise RuntimeError(f"the bench's tap failed: {result}")
        shares.append(took * 1000)
        synced.append((disk.spent_s - disk_s) * 1000)
        bench.mono_s += 1
        bench.exchange()
        if number % SETTLE_EACH == 0:
            bench.deliver(bench.edge.settle())
    shown.close()
    port.close()
    return shares, synced


def _p99(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.99) - 1]
