"""Cells of a bank's file as banks write them: a day, a sum. What is neither is refused with its line."""

import re
from collections.abc import Collection

from cloud.ledger.funds.bank_figures import BankRefused, parse_figure
from shared.clocks.clock import ClockError, day_number, parse_time
from shared.money import yuan
from shared.words.voice import Text, told_by

_DAY = re.compile(r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?(?:[ T].*)?")
SHOWN, SHOWN_MAX = 34, 3
"""Characters of an account that are shown, an IBAN's most; and so many accounts."""
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


def require_one_account(accounts: Collection[str], what: str) -> None:
    """The accounts that a file's statements are of, as the bank writes them, each once; empty: one does not say.

    BankRefused: sums of several accounts are no balance of any of them.
    """
    if len(accounts) > 1:
        shown = ", ".join(one[:SHOWN] or "–" for one in sorted(accounts)[:SHOWN_MAX])
        raise BankRefused(
            Text(
                f"{what}：含 {len(accounts)} 个账户（{shown}），应只有一个",
                f"{what}: of {len(accounts)} accounts ({shown}), one is expected",
            )
        )


def _signed(fen: int) -> str:
    return f"{'-' if fen < 0 else ''}¥{yuan(abs(fen))}"
