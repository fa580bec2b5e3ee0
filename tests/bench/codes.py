"""What an offline code costs a till: from its last digit to its durable record, on a real flash file."""

import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from edge.files.disk import Disk
from edge.terminal.station.flash_file import FileFlash
from edge.terminal.station.shown import ShownLog
from edge.terminal.station.tapping import Counter, run_through
from edge.terminal.store.flash import flash_size, format_flash
from edge.terminal.taps.steps import End
from shared.fleet.wallets import DAY_MAX_FEN, Wallets
from shared.ids import StorageId
from shared.keys.offline_code import code_of_digits, is_certified_phone, is_signed_use
from tests.bench.row import Row, at_most
from tests.edge.terminal.codes import CodeTill
from tests.edge.terminal.conftest import School

ROUNDS, SHOWN, SETTLE_EACH, AMOUNT_FEN, BOUND_MS = 5, 200, 20, 1, 20.0
RING_SLOTS = 4096
"""As a till has: what was taken is looked for among as many."""


class _Took(NamedTuple):
    """Milliseconds of one code. flash: the part in writes and syncs; signatures: both of them, by themselves."""

    whole: float
    flash: float
    signatures: float


def rows() -> Iterator[Row]:
    """p99, the median of some rounds; and what a till does at power-on, so that its first code need not wait."""
    rounds = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory(prefix="ykt-codes-", dir=Path.cwd()) as folder:
            rounds.append(_measure(Path(folder)))
    whole, flash, signatures = (_p99([taken for taken, _ in rounds], n) for n in range(3))
    own = statistics.median(_share([one.whole - one.flash for one in taken]) for taken, _ in rounds)
    name = "offline code, last digit to durable record, p99"
    yield at_most(name, whole, "ms", BOUND_MS, "of it writes and syncs (2), p99", flash)
    yield at_most("the same without writes and syncs, p99", own, "ms", BOUND_MS, "of it signatures, p99", signatures)
    yield Row("codes looked up in a ring of 4,096, at power-on", statistics.median(ms for _, ms in rounds), "ms")


def _p99(rounds: list[list[_Took]], column: int) -> float:
    return statistics.median(_share([one[column] for one in taken]) for taken in rounds)


def _share(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.99) - 1]


def _measure(folder: Path) -> tuple[list[_Took], float]:
    disk, lines = Disk(), Disk()
    port, shown = FileFlash(folder / "flash.bin", flash_size(RING_SLOTS), disk), ShownLog(folder / "shown.log", lines)
    format_flash(port, StorageId(b"storage1"), RING_SLOTS)
    till = CodeTill(School(), Wallets(2, 30_00, DAY_MAX_FEN), port=port, ring_slots=RING_SLOTS)
    counter = Counter(None, shown.append, lambda _: None)
    taken = [_one(till, counter, number, disk, lines) for number in range(1, SHOWN + 1)]
    till.firmware.body.codes._taken = None
    began = time.perf_counter()
    found = till.firmware.body.codes.look()
    look_ms = (time.perf_counter() - began) * 1000
    if len(found) != SHOWN:
        raise RuntimeError(f"{SHOWN} codes were taken, {len(found)} are in the ring")
    shown.close()
    port.close()
    return taken, look_ms


def _one(till: CodeTill, counter: Counter, number: int, disk: Disk, lines: Disk) -> _Took:
    phone = till.phone(number)
    digits, certificate = phone.shows(till.now_s), phone.certificate
    code = code_of_digits(digits)
    disk_s, lines_s, began = disk.spent_s, lines.spent_s, time.perf_counter()
    result = run_through(till.firmware.pay_by_code(AMOUNT_FEN, digits, till.now()), counter)
    whole_s, flash_s = time.perf_counter() - began - (lines.spent_s - lines_s), disk.spent_s - disk_s
    if result.end is not End.DONE:
        raise RuntimeError(f"the bench's code was refused: {result}")
    began = time.perf_counter()
    is_right = is_certified_phone(certificate, till.centre.key.public)
    is_right &= is_signed_use(certificate.phone.public, number, code.use, code.signature)
    signatures_s = time.perf_counter() - began
    if not is_right:
        raise RuntimeError("the bench's own signatures are wrong")
    till.exchange()
    if number % SETTLE_EACH == 0:
        till.deliver(till.edge.settle())
    return _Took(whole_s * 1000, flash_s * 1000, signatures_s * 1000)
