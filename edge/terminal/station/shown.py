"""The shown log: one line per 成功 that a display has shown, durable before it is shown.

DATA/terminals/NAME/shown.log, JSON lines:
    {"epoch": 1, "seq": 7, "kind": 1, "card": "53030000000000001267", "counter": 6, "fen": 1250, "time": 817300805}
kind is the record's (1 purchase, 8 recovered, 2 load, 14 load recovered, 5 void); counter as in the record; time:
campus seconds. purse 1, where it stands: the subsidy's. pair 1 and 2: halves of a mixed payment, which is one 成功.
A last line without its newline was cut by a power loss before it was durable: it was never shown.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path

from edge.files.disk import Disk, sync_folder
from edge.terminal.station.shown_total import Shown
from edge.terminal.store.book import Row
from shared.errors import StoreFault

_NUMBERS = ("epoch", "seq", "kind", "counter", "fen")


class ShownLog:
    """Appends. `total`: since the first start; `run`: since this start."""

    def __init__(self, path: Path, disk: Disk | None = None) -> None:
        """StoreFault when it cannot be opened. A cut last line is taken off."""
        self._disk = disk or Disk()
        self.total, self.run = Shown(), Shown()
        try:
            is_new = not path.exists()
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            if is_new:
                sync_folder(path.parent)
            whole = path.read_bytes().rpartition(b"\n")
            self._end = len(whole[0]) + len(whole[1])
            os.ftruncate(self._fd, self._end)
        except OSError as error:
            raise StoreFault(f"{path}: {error.strerror}") from error
        self._last = (0, 0)
        for line in read_shown(path):
            self.total.add(line["kind"], line["fen"], line.get("pair", 0))
            self._last = line["epoch"], line["seq"]

    def append(self, row: Row) -> None:
        """Durable on return; StoreFault when the medium refuses: then nothing may be shown.

        The newest row again (shown once more after a power cut) adds nothing.
        """
        if (row.epoch, row.seq) == self._last:
            return
        line = {
            "epoch": row.epoch, "seq": row.seq, "kind": int(row.kind), "card": row.card.hex(),
            "counter": row.counter, "fen": row.amount_fen, "time": row.time,
        }  # fmt: skip
        line |= {name: value for name, value in (("purse", row.application), ("pair", int(row.pair))) if value}
        raw = json.dumps(line).encode("ascii") + b"\n"
        self._disk.write(self._fd, raw, self._end)
        self._disk.sync(self._fd)
        self._end += len(raw)
        self._last = row.epoch, row.seq
        self.total.add(row.kind, row.amount_fen, row.pair)
        self.run.add(row.kind, row.amount_fen, row.pair)

    def close(self) -> None:
        os.close(self._fd)


def read_shown(path: Path) -> Iterator[dict[str, int]]:
    """The lines of a log that were shown (card stays hexadecimal text); StoreFault at one that is damaged."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise StoreFault(f"{path}: {error.strerror}") from error
    for number, line in enumerate(raw.rpartition(b"\n")[0].splitlines(), 1):
        row = _row(line)
        if row is None:
            raise StoreFault(f"{path}: line {number} is damaged")
        yield row


def _row(line: bytes) -> dict[str, int] | None:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    is_whole = isinstance(row, dict) and all(isinstance(row.get(name), int) for name in _NUMBERS)
    return row if is_whole and isinstance(row.get("card"), str) else None
