"""A school's own day as a trace: CSV in, purchases in order out. Refuses to guess: a wrong line is named and skipped.

Columns time,card,terminal,amount or 时间,卡号,终端,金额, in any order, others ignored; UTF-8 with or without BOM, or
GB18030; any line ending. Card and terminal are text: 0012 is not 12. Lines are ordered by time, then by file order.
"""

import csv
import io
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from shared.errors import ConfigFault, WireFault
from shared.money import Fen, parse_yuan

LINES_MAX = 2_000_000
"""Longest trace: a province's day is replayed in parts."""
LABEL_MAX = 64
EPOCH = datetime(2000, 1, 1)  # noqa: DTZ001  # campus-local seconds have no zone (RECORDS "Dates")

COLUMNS = {
    "time": "time", "时间": "time", "card": "card", "卡号": "card",
    "terminal": "terminal", "终端": "terminal", "amount": "amount", "金额": "amount",
}  # fmt: skip

TIME_HELP = (
    "2025-09-01 11:32:05 · 2025/9/1 11:32 · 2025-09-01T11:32:05 · 2025年9月1日 11:32:05 · 20250901113205 · 11:32:05"
)
AMOUNT_HELP = "12.50 · 12.5 · 12 · ¥12.50 · 12.50元 · 1,234.50"

TRACE_HELP = (
    "重放一天的流水，放完自行结束；--data 必须为空 · replay a day and end; --data must be empty\n"
    "列 columns: time,card,terminal,amount / 时间,卡号,终端,金额; UTF-8, GB18030\n"
    f"时间 time:\n  {TIME_HELP.replace(' · ', chr(10) + '  ')}\n金额 amount:\n  {AMOUNT_HELP}"
)

_DATED = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?[T\s]\s*(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?", re.ASCII
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})", re.ASCII)
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?", re.ASCII)
_THOUSANDS = re.compile(r"[¥￥]?\s*\d{1,3}(,\d{3})+(\.\d{1,2})?元?", re.ASCII)


class Line(NamedTuple):
    """One purchase to replay. at: campus-local seconds since 2000; number: line of the file, header = 1."""

    at: int
    number: int
    card: str
    terminal: str
    amount: Fen


class Rejected(NamedTuple):
    """A line that is not replayed, and why (zh / en)."""

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
    rows = csv.reader(io.StringIO(_text(raw), newline=""), strict=False)
    header = next(rows, None)
    places = _places(header)
    lines: list[Line] = []
    rejected: list[Rejected] = []
    while True:
        if len(lines) + len(rejected) >= LINES_MAX:
            raise ConfigFault(f"trace: more than {LINES_MAX} lines")
        try:
            row = next(rows)
            if any(cell.strip() for cell in row):
                lines.append(_line(row, places, rows.line_num, today))
        except StopIteration:
            break
        except (WireFault, csv.Error) as fault:
            rejected.append(Rejected(rows.line_num, str(fault)))
    return Trace(tuple(sorted(lines, key=lambda line: (line.at, line.number))), tuple(rejected))


def parse_time(text: str, today: date) -> int:
    """Campus-local seconds since 2000 of one of the forms of TIME_HELP; WireFault otherwise."""
    plain = text.strip()
    if found := _DATED.fullmatch(plain) or _COMPACT.fullmatch(plain):
        parts = [int(part or 0) for part in found.groups()]
    elif found := _CLOCK.fullmatch(plain):
        parts = [today.year, today.month, today.day] + [int(part or 0) for part in found.groups()]
    else:
        raise WireFault(f"时间看不懂 / unknown time {plain[:30]!r}")
    try:
        moment = datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001  # six integers, campus-local
    except ValueError as fault:
        raise WireFault(f"没有这个时间 / no such time {plain[:30]!r}") from fault
    seconds = (moment - EPOCH) // timedelta(seconds=1)
    if not 0 <= seconds <= 0xFFFF_FFFF:
        raise WireFault(f"时间超出范围 / time out of range {plain[:30]!r}")
    return seconds


def parse_amount(text: str) -> Fen:
    """Fen of one of the forms of AMOUNT_HELP; WireFault otherwise, and for an amount of zero."""
    plain = text.strip()
    if _THOUSANDS.fullmatch(plain):
        plain = plain.replace(",", "")
    try:
        amount = parse_yuan(plain)
    except WireFault as fault:
        raise WireFault(f"金额看不懂 / unknown amount {plain[:20]!r}") from fault
    if not amount:
        raise WireFault("金额为零 / amount is zero")
    return amount


def _text(raw: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ConfigFault("trace: neither UTF-8 nor GB18030 / 既不是 UTF-8 也不是 GB18030")


def _places(header: list[str] | None) -> dict[str, int]:
    names = [COLUMNS.get(cell.strip().lower(), "") for cell in header or []]
    missing = [name for name in ("time", "card", "terminal", "amount") if names.count(name) != 1]
    if missing:
        raise ConfigFault(f"trace: column {', '.join(missing)} missing or twice / 缺少列或重复列")
    return {name: names.index(name) for name in ("time", "card", "terminal", "amount")}


def _line(row: list[str], places: dict[str, int], number: int, today: date) -> Line:
    if len(row) <= max(places.values()):
        raise WireFault(f"列数不足 / only {len(row)} columns")
    return Line(
        parse_time(row[places["time"]], today),
        number,
        _label(row[places["card"]], "卡号 / card"),
        _label(row[places["terminal"]], "终端 / terminal"),
        parse_amount(row[places["amount"]]),
    )


def _label(cell: str, what: str) -> str:
    plain = cell.strip()
    if plain.startswith('="') and plain.endswith('"'):  # how a spreadsheet keeps leading zeros
        plain = plain[2:-1]
    if not plain or len(plain) > LABEL_MAX or not plain.isprintable():
        raise WireFault(f"{what}: 空、过长或含控制字符 / empty, too long or unprintable")
    return plain
