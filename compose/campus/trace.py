"""A school's own day as a trace: CSV in, purchases in order out. Refuses to guess: a wrong line is named and skipped.

Columns time,card,terminal,amount or 时间,卡号,终端,金额 of a table (shared/input/table.py). Lines are ordered by time,
then by file order.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from shared.errors import WireFault
from shared.input.amount import AMOUNT_HELP, parse_amount
from shared.input.table import ENCODINGS, Row, parse_label, read_table
from shared.money import Fen
from shared.words.voice import Text

LINES_MAX = 2_000_000
"""Longest trace: a province's day is replayed in parts."""
EPOCH = datetime(2000, 1, 1)  # noqa: DTZ001  # campus-local seconds have no zone (RECORDS "Dates")

COLUMNS = ("time", "card", "terminal", "amount")
NAMES = {"时间": "time", "卡号": "card", "终端": "terminal", "金额": "amount"} | {name: name for name in COLUMNS}

TIME_HELP = Text(
    "2025-09-01 11:32:05 · 2025/9/1 11:32 · 2025-09-01T11:32:05 · 2025年9月1日 11:32:05 · 20250901113205 · 11:32:05",
    "2025-09-01 11:32:05 · 2025/9/1 11:32 · 2025-09-01T11:32:05 · 20250901113205 · 11:32:05",
)

TRACE_HELP = Text(
    "重放一天的流水文件，放完自行结束；--data 必须为空\n"
    f"列：时间,卡号,终端,金额（或 time,card,terminal,amount）；{ENCODINGS}\n"
    f"时间：\n  {TIME_HELP.zh.replace(' · ', chr(10) + '  ')}\n金额：\n  {AMOUNT_HELP.zh}",
    "replay a day and end; --data must be empty\n"
    f"columns: time,card,terminal,amount; {ENCODINGS}\n"
    f"time:\n  {TIME_HELP.en.replace(' · ', chr(10) + '  ')}\namount:\n  {AMOUNT_HELP.en}",
)
_CARD, _TERMINAL = Text("卡号", "card"), Text("终端", "terminal")

_DATED = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?[T\s]\s*(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?", re.ASCII
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})", re.ASCII)
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?", re.ASCII)


class Line(NamedTuple):
    """One purchase to replay. at: campus-local seconds since 2000; number: line of the file, header = 1."""

    at: int
    number: int
    card: str
    terminal: str
    amount: Fen


class Rejected(NamedTuple):
    """A line that is not replayed, and why in the language that is spoken."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class Trace:
    """All of a file: lines in the order of replay, and the rejected ones in the order of the file."""

    lines: tuple[Line, ...]
    rejected: tuple[Rejected, ...]

    def cards(self) -> dict[str, int]:
        """Card label → sum of its lines in fen, in order of first appearance."""
        sums: dict[str, int] = {}
        for line in self.lines:
            sums[line.card] = sums.get(line.card, 0) + line.amount
        return sums

    def terminals(self) -> list[str]:
        """Terminal labels in order of first appearance."""
        return list(dict.fromkeys(line.terminal for line in self.lines))


def read(raw: bytes, today: date) -> Trace:
    """The trace of a file's bytes; ConfigFault when it is no text or lacks a column.

    today: the day of lines that give a time of day only.
    """
    lines: list[Line] = []
    rejected: list[Rejected] = []
    for row in read_table(raw, NAMES, COLUMNS, LINES_MAX, "trace").rows:
        try:
            lines.append(_line(row, today))
        except WireFault as fault:
            rejected.append(Rejected(row.number, str(fault)))
    return Trace(tuple(sorted(lines, key=lambda line: (line.at, line.number))), tuple(rejected))


def parse_time(text: str, today: date) -> int:
    """Campus-local seconds since 2000 of one of the forms of TIME_HELP; WireFault otherwise."""
    plain = text.strip()
    if found := _DATED.fullmatch(plain) or _COMPACT.fullmatch(plain):
        parts = [int(part or 0) for part in found.groups()]
    elif found := _CLOCK.fullmatch(plain):
        parts = [today.year, today.month, today.day] + [int(part or 0) for part in found.groups()]
    else:
        raise WireFault(f"{Text('时间看不懂', 'unknown time')} {plain[:30]!r}")
    try:
        moment = datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001  # six integers, campus-local
    except ValueError as fault:
        raise WireFault(f"{Text('没有这个时间', 'no such time')} {plain[:30]!r}") from fault
    seconds = (moment - EPOCH) // timedelta(seconds=1)
    if not 0 <= seconds <= 0xFFFF_FFFF:
        raise WireFault(f"{Text('时间超出范围', 'time out of range')} {plain[:30]!r}")
    return seconds


def _line(row: Row, today: date) -> Line:
    if row.fault:
        raise WireFault(row.fault)
    return Line(
        parse_time(row.cells["time"], today),
        row.number,
        parse_label(row.cells["card"], _CARD),
        parse_label(row.cells["terminal"], _TERMINAL),
        parse_amount(row.cells["amount"]),
    )
