"""The doors by which a person tells what the bank's statement says, and what stays in online accounts; one transaction
each."""

from collections.abc import Sequence

from cloud.ledger.funds.bank_figures import BankFigure, Item, keep_figure
from cloud.ledger.funds.floors import Floor, set_floor
from cloud.ledger.funds.payments.school import PayBounds, set_pay_bounds
from cloud.ledger.held.two_persons import REASON_MAX, person
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.records.values import Now


class BankLedger:
    """Over an opened ledger; belongs to one thread at a time."""

    def __init__(self, opened: OpenedLedger) -> None:
        self._opened = opened

    def set_floor(self, card_class: int, fen: int, who: str, reason: str, now: Now) -> Floor:
        """Counts for every movement from here on. FloorRefused, ProposalRefused."""
        with self._opened.writing(now) as writing:
            return set_floor(writing, card_class, fen, person(who), " ".join(reason.split())[:REASON_MAX])

    def set_pay_bounds(self, bounds: PayBounds, who: str, reason: str, now: Now) -> PayBounds:
        """Counts for every payment from here on. PayBoundsRefused, ProposalRefused."""
        with self._opened.writing(now) as writing:
            return set_pay_bounds(writing, bounds, person(who), " ".join(reason.split())[:REASON_MAX])

    def tell(self, fen: int, items: Sequence[Item], who: str, now: Now, source: str = "") -> BankFigure:
        """Kept beside what the books have now. BankRefused, ProposalRefused: nothing was kept."""
        with self._opened.writing(now) as writing:
            return keep_figure(writing, fen, items, person(who), source)
