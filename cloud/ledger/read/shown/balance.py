"""Card and ledger against the bank 负债核对, in one snapshot: Σ(card + pending + online + unclaimed) = 专户 ± items.

Every account of the books is on one side of it, so the books' own part adds up where they are in balance. What
terminals still owe moves nothing between holders and bank; but as long as they do, what is on cards is not known.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from cloud.ledger.books.chart import AccountKind
from cloud.ledger.findings.rows import DifferenceSums, standing
from cloud.ledger.fleet.owing import fleet, owing_of_day
from cloud.ledger.fleet.views import TerminalView
from cloud.ledger.funds.bank_figures import BankFigure, newest_figure
from cloud.ledger.journal.balances import folded_up_to
from cloud.ledger.read.overview import moved_by_kind
from cloud.ledger.records.values import Now
from cloud.store.db import Database
from shared.clocks.clock import day_number

FRESH_MS = 600_000
"""Who was not heard within it may have sold since."""
HOLDERS = (
    AccountKind.PURSE, AccountKind.SUBSIDY, AccountKind.TRANSIT, AccountKind.ONLINE, AccountKind.PENDING,
    AccountKind.PENDING_SUBSIDY, AccountKind.RESERVED,
)  # fmt: skip
"""What is owed to holders: on cards, on its way to them, online, reserved, and not claimed."""


class Mark(StrEnum):
    """How it stands. Words: cloud/words/balance/morning.py."""

    EVEN = "even"
    APART = "apart"
    UNKNOWN = "unknown"


class BalanceView(NamedTuple):
    """kinds: fen by kind of account, positive where what is owed grows. figure: the last; is_of_today: of this morning.
    owing, silent: terminals that owe something, or were not heard. differences: of cards, unexplained."""

    figure: BankFigure | None
    is_of_today: bool
    kinds: Mapping[AccountKind, int]
    owing: tuple[str, ...]
    silent: tuple[str, ...]
    differences: int

    @property
    def holders_fen(self) -> int:
        """What all holders have."""
        return sum(self.kinds[kind] for kind in HOLDERS)

    @property
    def others(self) -> dict[AccountKind, int]:
        """Every other account but the bank's own, where anything is on it."""
        return {
            kind: fen for kind, fen in self.kinds.items() if fen and kind not in (*HOLDERS, AccountKind.BANK)
        }  # fmt: skip

    @property
    def books_fen(self) -> int:
        """专户 by the books."""
        return -self.kinds[AccountKind.BANK]

    @property
    def is_balanced(self) -> bool:
        """Do holders and the named others add up to it?"""
        return self.holders_fen + sum(self.others.values()) == self.books_fen

    @property
    def mark(self) -> Mark:
        """What is not known is never even."""
        figure = self.figure
        if not self.is_balanced or (figure is not None and self.is_of_today and figure.unexplained_fen):
            return Mark.APART
        if figure is None or not self.is_of_today or self.owing or self.silent or self.differences:
            return Mark.UNKNOWN
        return Mark.EVEN


def balance_view(
    db: Database, now: Now, rows: list[TerminalView] | None = None, apart: DifferenceSums | None = None
) -> BalanceView:  # fmt: skip
    """As of this snapshot. rows: all terminals; apart: differences of cards; where they were read in it already."""
    figure, kinds = newest_figure(db), dict.fromkeys(AccountKind, 0)
    for kind, debit, credit in moved_by_kind(db, folded_up_to(db)):
        kinds[kind] = credit - debit
    late = owing_of_day(fleet(db, rows), now.unix_ms - FRESH_MS)
    return BalanceView(
        figure, figure is not None and figure.day == day_number(now.campus_s), kinds,
        tuple(sorted({one.name for _, one in late if one.records or one.open_slots})),
        tuple(sorted({one.name for _, one in late if one.silent})), (apart or standing(db)).unexplained,
    )  # fmt: skip
