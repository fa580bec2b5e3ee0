"""Which form a bank's file has, and what it says of a day: a corporate bank's export, MT940, camt.053, a plain table.

Nothing is guessed: a line that cannot be read is named, a balance that is no sum of what went before refuses the file.
"""

from typing import NamedTuple

from cloud.ledger.funds.bank_figures import LINES_MAX, BankRefused, parse_figure
from cloud.ledger.funds.bank_files import camt053, detail, mt940
from cloud.ledger.funds.bank_files.cells import day_of
from shared.input.table import decoded, read_table
from shared.words.voice import Text

_HEADS = {"日期": "date", "date": "date", "余额": "balance", "余额(元)": "balance", "余额（元）": "balance",
          "balance": "balance"}  # fmt: skip
PLAIN = Text("日期、余额表", "a table of dates and balances")


class BankRead(NamedTuple):
    """fen: at the end of the day that was asked for. form: as which it was read; lines: so many movements."""

    fen: int
    form: Text
    lines: int


def read_bank_file(raw: bytes, day: int, what: str) -> BankRead:
    """BankRefused, ConfigFault: it is no such file, does not add up, or says nothing of this day, or two things."""
    text = decoded(raw, what)
    if camt053.is_camt053(text):
        return BankRead(*camt053.balance_at(text, day, what))
    if mt940.is_mt940(text):
        return BankRead(*mt940.balance_at(text, day, what))
    if detail.is_detail(text):
        return BankRead(*detail.balance_at(text, day, what))
    return _plain(raw, day, what)


def _plain(raw: bytes, day: int, what: str) -> BankRead:
    found: set[int] = set()
    for row in read_table(raw, _HEADS, ("date", "balance"), LINES_MAX, what).rows:
        if row.fault:
            raise BankRefused(f"{what}: {row.number}: {row.fault}")
        if day_of(row.cells["date"], what, row.number) == day:
            found.add(parse_figure(row.cells["balance"]))
    if len(found) != 1:
        raise BankRefused(
            Text(f"{what}：那一天须恰有一个余额，有 {len(found)}", f"{what}: one balance of that day, not {len(found)}")
        )
    return BankRead(found.pop(), PLAIN, 0)
