"""What a terminal says of itself once a second: the STATUS line, and how long its taps took. Pure."""

from collections import deque
from typing import Any

from edge.terminal.firmware.firmware import Firmware
from edge.terminal.station.shown_total import Shown
from edge.terminal.taps.display import Bar
from edge.terminal.taps.steps import End, Result

SAMPLES_MAX = 1000
"""The latest taps that percentiles are taken of."""


class Figures:
    """Counts of this life. A tap's own time excludes the disk's."""

    def __init__(self) -> None:
        self.declined = 0
        self.torn = 0
        self.not_selling = 0
        self.script_left: int | None = None
        self._own_ms: deque[float] = deque(maxlen=SAMPLES_MAX)
        self._whole_ms: deque[float] = deque(maxlen=SAMPLES_MAX)

    def took(self, whole_s: float, disk_s: float) -> None:
        """A tap ended in 成功: how long it took, and how much of that was the disk's."""
        self._whole_ms.append(whole_s * 1000)
        self._own_ms.append((whole_s - disk_s) * 1000)

    def count(self, result: Result) -> None:
        """A tap ended."""
        if result.end is End.DECLINED:
            self.declined += 1
        elif result.end is End.UNKNOWN:
            self.torn += 1
        elif result.end is End.NOT_SELLING:
            self.not_selling += 1

    def latency_ms(self) -> dict[str, float]:
        """p50 and p99 of whole taps, and p99 without the disk."""
        return {
            "p50": percentile(self._whole_ms, 0.50),
            "p99": percentile(self._whole_ms, 0.99),
            "own_p99": percentile(self._own_ms, 0.99),
        }


def percentile(samples: deque[float], share: float) -> float:
    """Nearest rank, 0 without samples."""
    if not samples:
        return 0.0
    ordered = sorted(samples)
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 3)


def status(firmware: Firmware, figures: Figures, total: Shown, run: Shown, *, drained: bool) -> dict[str, Any]:
    """The STATUS line. taps, loads and their fen: of this life; total_*: since the first start."""
    body, line = firmware.body, firmware.line
    epoch = body.flash.current
    bar = firmware.bar
    said: dict[str, Any] = {
        "name": body.settings.name,
        "kind": body.settings.kind.value,
        "state": line.state.value,
        "selling": bar is None,
        "why": "" if bar is None else bar.value,
        "taps": run.taps,
        "shown_fen": run.fen,
        "loads": run.loads,
        "loads_fen": run.loads_fen,
        "voids": run.voids,
        "voided_fen": run.voided_fen,
        "payments": run.payments,
        "payments_fen": run.payments_fen,
        "codes": run.codes,
        "codes_fen": run.codes_fen,
        "total_taps": total.taps,
        "total_fen": total.fen,
        "total_loads": total.loads,
        "total_loads_fen": total.loads_fen,
        "total_voids": total.voids,
        "total_voided_fen": total.voided_fen,
        "total_payments": total.payments,
        "total_payments_fen": total.payments_fen,
        "total_codes": total.codes,
        "total_codes_fen": total.codes_fen,
        "declined": figures.declined,
        "torn": figures.torn,
        "not_selling": figures.not_selling,
        "open_slots": body.book.without_record,
        "waiting_slots": len(body.flash.waiting),
        "epoch": epoch.epoch if epoch else 0,
        "last": epoch.last if epoch else 0,
        "settled": epoch.settled if epoch else 0,
        "unsettled": body.flash.unsettled,
        "unsent": line.window.unsent,
        "resent": line.window.resent,
        "ring_free": body.flash.free,
        "joins": line.joins,
        "link_faults": line.faults,
        "firmware": body.release,
        "misworded": firmware.program.failed,
        "latency_ms": figures.latency_ms(),
        "drained": drained,
    }
    if bar is Bar.NO_EPOCH and line.refusal is not None:
        said["refused"] = line.refusal.name.lower()
    if figures.script_left is not None:
        said |= {"script_left": figures.script_left, "script_done": figures.script_left == 0}
    return said
