"""Cells of a bank's file as banks write them: a day, a sum. What is neither is refused with its line."""

import re

from cloud.ledger.funds.bank_figures import BankRefused, parse_figure
from shared.clocks.clock import ClockError, day_number, parse_time
from shared.money import yuan
from shared.words.voice import Text, told_by

_DAY = re.compile(r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?(?:[ T].*)?")
_NONE = frozenset({"", "-", "--", "—"})


def day_of(cell: str, what: str, line: int) -> int:
    """Of 2026-11-27, 20261127, 2026/11/27, 2026年11月27日, a time of day behind it or not."""
    found = _DAY.fullmatch(cell.strip())
    try:
        if found is None:
            raise ClockError("no date")
        year, month, day = found.groups()
        return day_number(parse_time(f"{year}-{int(month):02}-{int(day):02}"))
    except ClockError as fault:
        raise BankRefused(
            Text(f"{what} 第 {line} 行：日期应如 2026-11-27", f"{what} line {line}: a date is as 2026-11-27")
        ) from fault


def sum_of(cell: str, what: str, line: int) -> int:
    """Fen; nothing, or a dash, is zero."""
    plain = cell.strip().removeprefix("+")
    if plain in _NONE:
        return 0
    try:
        return -parse_figure(plain[1:]) if plain.startswith("-") else parse_figure(plain)
    except BankRefused as fault:
        said = told_by(fault)
        raise BankRefused(Text(f"{what} 第 {line} 行：{said.zh}", f"{what} line {line}: {said.en}")) from fault


def no_sum(what: str, line: int, fen: int, expected: int) -> BankRefused:
    """A balance that is not what went before, and what came and went."""
    has, should = _signed(fen), _signed(expected)
    return BankRefused(
        Text(
            f"{what} 第 {line} 行：余额 {has} 不是前一笔加减所得的 {should}",
            f"{what} line {line}: its balance {has} is no sum, {should} would be",
        )
    )


def _signed(fen: int) -> str:
    return f"{'-' if fen < 0 else ''}¥{yuan(abs(fen))}"
