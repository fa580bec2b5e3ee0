"""The door by which a person tells what the bank's statement says; one transaction."""

from collections.abc import Sequence

from cloud.ledger.funds.bank_figures import BankFigure, Item, keep_figure
from cloud.ledger.held.two_persons import person
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.records.values import Now


class BankLedger:
    """Over an opened ledger; belongs to one thread at a time."""

    def __init__(self, opened: OpenedLedger) -> None:
        self._opened = opened

    def tell(self, fen: int, items: Sequence[Item], who: str, now: Now, source: str = "") -> BankFigure:
        """Kept beside what the books have now. BankRefused, ProposalRefused: nothing was kept."""
        with self._opened.writing(now) as writing:
            return keep_figure(writing, fen, items, person(who), source)
