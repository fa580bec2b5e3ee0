"""The export 明细 of a corporate bank: 交易日期, 借方, 贷方, 余额, 摘要; lines about the account above the head line.

For the account's holder 借方 is what went out and 贷方 what came in. Oldest or newest first: whichever adds up.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from cloud.ledger.funds.bank_figures import LINES_MAX, BankRefused
from cloud.ledger.funds.bank_files.cells import day_of, no_sum, sum_of
from shared.input.table import Row, read_table
from shared.words.voice import Text

FORM = Text("银行明细（借方、贷方、余额）", "a bank's export (debit, credit, balance)")
HEAD_WITHIN = 30
"""Lines above the head line, at most."""
_COLUMNS = {
    "交易日期": "date", "记账日期": "date", "入账日期": "date", "日期": "date", "交易时间": "date", "date": "date",
    "借方发生额": "debit", "借方金额": "debit", "借方": "debit", "支出金额": "debit", "支出": "debit", "debit": "debit",
    "贷方发生额": "credit", "贷方金额": "credit", "贷方": "credit", "收入金额": "credit", "收入": "credit",
    "credit": "credit", "账户余额": "balance", "余额": "balance", "balance": "balance",
}  # fmt: skip
"""As banks write them → what it is, the first that is there counts; a unit behind it means nothing."""
_UNIT = re.compile(r"(?:（元）|\(元\)|（人民币）|\(人民币\)|\(cny\))$")
_FOOT = re.compile(r"合计|总计|小计|总笔数|借方合计|贷方合计|total")


class Moved(NamedTuple):
    """A line."""

    line: int
    day: int
    fen: int
    balance: int


def is_detail(text: str) -> bool:
    """Has it such a head line?"""
    return _head(text) is not None


def balance_at(text: str, day: int, what: str) -> tuple[int, Text, int]:
    """BankRefused, ConfigFault. Says something of a day that has a line, or lies between two that have."""
    moves = _in_order(list(_moves(text, what)), what)
    before = [one for one in moves if one.day <= day]
    if not before or (before[-1].day < day and len(before) == len(moves)):
        raise BankRefused(
            Text(f"{what}：明细不含那一天", f"{what}: the export does not reach that day")
        )
    return before[-1].balance, FORM, len(moves)


def _moves(text: str, what: str) -> Iterator[Moved]:
    found = _head(text)
    assert found is not None  # noqa: S101  # is_detail was asked
    above, names = found
    rest = "\n".join(text.splitlines()[above:])
    for row in read_table(rest.encode(), names, ("date", "debit", "credit", "balance"), LINES_MAX, what).rows:
        if not _is_foot(row):
            yield _moved(row, what, row.number + above)


def _moved(row: Row, what: str, line: int) -> Moved:
    if row.fault:
        raise BankRefused(Text(f"{what} 第 {line} 行：{row.fault}", f"{what} line {line}: {row.fault}"))
    came, went = (sum_of(row.cells[name], what, line) for name in ("credit", "debit"))
    return Moved(line, day_of(row.cells["date"], what, line), came - went, sum_of(row.cells["balance"], what, line))


def _is_foot(row: Row) -> bool:
    return _FOOT.match(row.cells.get("date", "").lower()) is not None


def _in_order(moves: Sequence[Moved], what: str) -> Sequence[Moved]:
    """Oldest first. BankRefused where neither way adds up, with the first line that does not."""
    down = list(reversed(moves))
    is_newest_first = bool(moves) and moves[0].day > moves[-1].day
    ways = (down, moves) if is_newest_first else (moves, down)
    broken = [_broken(way) for way in ways]
    for way, fault in zip(ways, broken, strict=True):
        if fault is None:
            return way
    former, one = broken[0] or broken[1] or (moves[0], moves[0])
    if one.day < former.day:
        raise BankRefused(Text(f"{what} 第 {one.line} 行：日期乱序", f"{what} line {one.line}: dates out of order"))
    raise no_sum(what, one.line, one.balance, former.balance + one.fen)


def _broken(moves: Sequence[Moved]) -> tuple[Moved, Moved] | None:
    """The first pair that does not follow."""
    for former, one in pairwise(moves):
        if one.day < former.day or one.balance != former.balance + one.fen:
            return former, one
    return None


def _head(text: str) -> tuple[int, dict[str, str]] | None:
    """How many lines are above the head line, and its names as they are written → column."""
    for above, line in enumerate(text.splitlines()[:HEAD_WITHIN]):
        cells = next(csv.reader(io.StringIO(line)), [])
        found = _columns([cell.strip().lower() for cell in cells])
        if len(found) == len({*_COLUMNS.values()}):
            return above, found
    return None


def _columns(cells: Sequence[str]) -> dict[str, str]:
    plain = {_plain(cell): cell for cell in cells}
    found: dict[str, str] = {}
    for name, column in _COLUMNS.items():
        if name in plain and column not in found.values():
            found[plain[name]] = column
    return found


def _plain(cell: str) -> str:
    return _UNIT.sub("", cell).strip()
