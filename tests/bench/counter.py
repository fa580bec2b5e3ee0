"""What a terminal's own work costs a tap: firmware, its pending and its final record durable on a real flash file.

Card and PSAM are in software; the time inside them is taken off, for a chip's own time is another's.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from edge.files.disk import Disk
from edge.terminal.station.flash_file import FileFlash
from edge.terminal.station.shown import ShownLog
from edge.terminal.station.tapping import Counter, run_through
from edge.terminal.store.flash import flash_size, format_flash
from edge.terminal.taps.steps import End
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


class _Tap(NamedTuple):
    """Milliseconds of one tap outside card and PSAM. flash: the part in writes and syncs of the flash file."""

    software: float
    flash: float
    shown: float
    """What the durable line of the shown log takes besides: evidence that a body in the field need not keep."""


def rows() -> Iterator[Row]:
    """p99, the median of some rounds."""
    with tempfile.TemporaryDirectory(prefix="ykt-tap-", dir=Path.cwd()) as folder:
        rounds = [_measure(Path(folder)) for _ in range(ROUNDS)]
    software = _p99(rounds, lambda tap: tap.software)
    flash = _p99(rounds, lambda tap: tap.flash)
    yield at_most("software share of a tap, p99", software, "ms", BOUND_MS, "of it writes and syncs (2), p99", flash)
    whole = _p99(rounds, lambda tap: tap.software + tap.shown)
    yield Row("the same and the shown log's line, p99", whole, "ms", "without it", software)


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


def _measure(folder: Path) -> list[_Tap]:
    disk, lines = Disk(), Disk()
    port, shown = FileFlash(folder / "flash.bin", flash_size(RING_SLOTS), disk), ShownLog(folder / "shown.log", lines)
    format_flash(port, StorageId(b"storage1"), RING_SLOTS)
    school = School()
    bench = Bench(school, port=port, ring_slots=RING_SLOTS).connect()
    psam = _Timed(bench.psam)
    counter = Counter(psam, shown.append, lambda _: None)
    taps = []
    for number in range(TAPS):
        card = _Timed(school.card(school.memory(number + 1)))
        before_s = psam.spent_s + lines.spent_s
        disk_s, lines_s, began = disk.spent_s, lines.spent_s, time.perf_counter()
        result = run_through(bench.firmware.sell(AMOUNT_FEN, bench.now()), counter, card)
        took_s = time.perf_counter() - began - card.spent_s - (psam.spent_s + lines.spent_s - before_s)
        if result.end is not End.DONE:
            raise RuntimeError(f"the bench's tap failed: {result}")
        taps.append(_Tap(took_s * 1000, (disk.spent_s - disk_s) * 1000, (lines.spent_s - lines_s) * 1000))
        bench.mono_s += 1
        bench.exchange()
        if number % SETTLE_EACH == 0:
            bench.deliver(bench.edge.settle())
    shown.close()
    port.close()
    return taps


def _p99(rounds: list[list[_Tap]], of: Callable[[_Tap], float]) -> float:
    return statistics.median(sorted(map(of, taps))[int(TAPS * 0.99) - 1] for taps in rounds)
