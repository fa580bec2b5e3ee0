"""The shown log: one line per 成功 that a display has shown, durable before it is shown.

DATA/terminals/NAME/shown.log, JSON lines:
    {"told": 1, "epoch": 1, "seq": 7, "kind": 1, "card": "53030000000000001267", "counter": 6, "fen": 1250, "time": …}
told 0: on its way to the display; 1, written over the 0: a display has shown it. A line without it was shown.
kind is the record's (1 purchase, 8 recovered, 2 load, 14 load recovered, 5 void, 10 account payment, 11 offline
code); counter as in the record; time: campus seconds. purse 1, where it stands: the subsidy's. pair 1 and 2: halves of
a mixed payment, which is one 成功.
A last line without its newline was cut by a power loss before it was durable: it was never shown.

The mark is durable soon after the display, with the next line or by `sync`: whoever saw a display for a moment only
before the power went may be told once more.
"""

import json
import os
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from edge.files.disk import Disk, sync_folder
from edge.terminal.station.shown_total import Shown
from edge.terminal.store.book import Row
from edge.terminal.store.untold import NOWHERE, Place
from shared.errors import StoreFault
from shared.words.refused import why_not
from shared.words.voice import Text

_NUMBERS = ("epoch", "seq", "kind", "counter", "fen")
_TOLD_AT = len(b'{"told": ')
_NEWEST = 2
"""Lines that may come again: the newest record, and the first half of a pair in front of it."""


@dataclass(slots=True)
class _Line:
    """A line, and where it begins."""

    place: Place
    at: int
    is_told: bool


class ShownLog:
    """Appends. `total`: since the first start; `run`: since this start; `last_told`: what a display last showed."""

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
            raise StoreFault(f"{path}: {why_not(error)}") from error
        self.last_told = NOWHERE
        self._newest: deque[_Line] = deque(maxlen=_NEWEST)
        self._showing: list[_Line] = []
        self._is_lazy = False
        for at, line in _lines(path):
            self._loaded(at, line)

    def _loaded(self, at: int, line: dict[str, int]) -> None:
        self.total.add(line["kind"], line["fen"], line.get("pair", 0))
        place, is_told = Place(line["epoch"], line["seq"]), bool(line.get("told", 1))
        self._newest.append(_Line(place, at, is_told))
        if is_told:
            self.last_told = place

    def append(self, row: Row) -> None:
        """Durable on return; StoreFault when the medium refuses: then nothing may be shown.

        One of the newest rows again (a power cut came before its display) adds nothing.
        """
        place = Place(row.epoch, row.seq)
        line = next((line for line in self._newest if line.place == place), None)
        if line is None:
            line = _Line(place, self._end, is_told=False)
            self._write(row)
            self._newest.append(line)
        self._showing.append(line)

    def told(self) -> None:
        """A display has shown what was appended: mark it. A medium that refuses will refuse the next line, too."""
        showing, self._showing = self._showing, []
        for line in showing:
            if not line.is_told:
                with suppress(StoreFault):
                    self._disk.write(self._fd, b"1", line.at + _TOLD_AT)
                line.is_told = self._is_lazy = True
            self.last_told = line.place

    def sync(self) -> None:
        """Make marks durable that no line has taken along. What a medium refuses is told once more, no worse."""
        if self._is_lazy:
            with suppress(StoreFault):
                self._disk.sync(self._fd)
            self._is_lazy = False

    def _write(self, row: Row) -> None:
        line = {
            "told": 0, "epoch": row.epoch, "seq": row.seq, "kind": int(row.kind), "card": row.card.hex(),
            "counter": row.counter, "fen": row.amount_fen, "time": row.time,
        }  # fmt: skip
        line |= {name: value for name, value in (("purse", row.application), ("pair", int(row.pair))) if value}
        raw = json.dumps(line).encode("ascii") + b"\n"
        self._disk.write(self._fd, raw, self._end)
        self._disk.sync(self._fd)
        self._end += len(raw)
        self._is_lazy = False
        self.total.add(row.kind, row.amount_fen, row.pair)
        self.run.add(row.kind, row.amount_fen, row.pair)

    def close(self) -> None:
        """Give the file back; what was told stays told."""
        self.sync()
        os.close(self._fd)


def read_shown(path: Path) -> Iterator[dict[str, int]]:
    """The lines of a log that were shown (card stays hexadecimal text); StoreFault at one that is damaged."""
    return (row for _, row in _lines(path))


def _lines(path: Path) -> Iterator[tuple[int, dict[str, int]]]:
    """Each line and where it begins."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise StoreFault(f"{path}: {why_not(error)}") from error
    at = 0
    for number, line in enumerate(raw.rpartition(b"\n")[0].splitlines(keepends=True), 1):
        row = _row(line)
        if row is None:
            raise StoreFault(Text(f"{path}: 第 {number} 行损坏", f"{path}: line {number} is damaged"))
        yield at, row
        at += len(line)


def _row(line: bytes) -> dict[str, int] | None:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    is_whole = isinstance(row, dict) and all(isinstance(row.get(name), int) for name in _NUMBERS)
    return row if is_whole and isinstance(row.get("card"), str) else None
