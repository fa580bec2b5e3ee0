"""MT940, the statement that banks send each other and their customers: :60F: opens, :61: moves, :62F: closes.

All pages are of one account, each adds up, and the next one opens with what the one before closed with, or the file is
refused.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from cloud.ledger.funds.bank_figures import LINES_MAX, BankRefused
from cloud.ledger.funds.bank_files.cells import no_sum, require_one_account
from shared.clocks.clock import ClockError, day_number, parse_time
from shared.words.voice import Text

FORM = Text("MT940 对账单", "an MT940 statement")
CURRENCY = "CNY"
_TAG = re.compile(r":(\d\d[A-Z]?):(.*)")
_BALANCE = re.compile(r"([CD])(\d{6})([A-Z]{3})(\d{1,12}),(\d{0,2})")
_MOVE = re.compile(r"(\d{6})(?:\d{4})?(R?[CD])[A-Z]?(\d{1,12}),(\d{0,2})[A-Z].*")
_ACCOUNT = "25"
_OPENS, _MOVES, _CLOSES = ("60F", "60M"), "61", ("62F", "62M")


class _Tag(NamedTuple):
    line: int
    name: str
    said: str


def is_mt940(text: str) -> bool:
    """Has it a balance that opens and one that closes?"""
    names = {one.name for one in _tags(text)}
    return bool(names & {*_OPENS}) and bool(names & {*_CLOSES})


def balance_at(text: str, day: int, what: str) -> tuple[int, Text, int]:
    """The last balance that closes this day. BankRefused."""
    closed, so_far, count = None, None, 0
    found: dict[int, int] = {}
    require_one_account({tag.said.strip() for tag in _tags(text) if tag.name == _ACCOUNT}, what)
    for tag in _tags(text):
        if tag.name in _OPENS:
            _, so_far = _balance(tag, what)
            if closed is not None and so_far != closed:
                raise no_sum(what, tag.line, so_far, closed)
        elif tag.name == _MOVES:
            so_far, count = _added(so_far, tag, what), count + 1
        elif tag.name in _CLOSES:
            at, closed = _balance(tag, what)
            if closed != so_far:
                raise no_sum(what, tag.line, closed, _opened(so_far, tag, what))
            found[at] = closed
    if count > LINES_MAX:
        raise BankRefused(Text(f"{what}：超过 {LINES_MAX} 笔", f"{what}: more than {LINES_MAX} movements"))
    if day not in found:
        raise BankRefused(
            Text(f"{what}：没有那一天的期末余额", f"{what}: no balance closes that day")
        )
    return found[day], FORM, count


def _added(so_far: int | None, tag: _Tag, what: str) -> int:
    found = _MOVE.match(tag.said)
    if found is None:
        raise _unread(tag, what)
    _, mark, whole, part = found.groups()
    fen = _fen(whole, part)
    return _opened(so_far, tag, what) + (fen if mark in ("C", "RD") else -fen)


def _opened(so_far: int | None, tag: _Tag, what: str) -> int:
    if so_far is None:
        raise _unread(tag, what)
    return so_far


def _balance(tag: _Tag, what: str) -> tuple[int, int]:
    found = _BALANCE.fullmatch(tag.said.strip())
    if found is None:
        raise _unread(tag, what)
    mark, date, currency, whole, part = found.groups()
    if currency != CURRENCY:
        raise BankRefused(
            Text(f"{what} 第 {tag.line} 行：币种 {currency}", f"{what} line {tag.line}: currency {currency}")
        )
    try:
        day = day_number(parse_time(f"20{date[:2]}-{date[2:4]}-{date[4:]}"))
    except ClockError as fault:
        raise _unread(tag, what) from fault
    return day, _fen(whole, part) * (1 if mark == "C" else -1)


def _fen(whole: str, part: str) -> int:
    return int(whole + part.ljust(2, "0"))


def _unread(tag: _Tag, what: str) -> BankRefused:
    return BankRefused(
        Text(f"{what} 第 {tag.line} 行：:{tag.name}: 看不懂", f"{what} line {tag.line}: :{tag.name}: cannot be read")
    )


def _tags(text: str) -> Iterator[_Tag]:
    for line, said in enumerate(text.splitlines(), 1):
        found = _TAG.match(said)
        if found is not None:
            yield _Tag(line, found[1], found[2])
