"""The ledger's doors for writing off terminals: each is one transaction, and answers after its commit.

For two persons, whether they stand at a command line or a screen. ProposalRefused changed nothing.
"""

from collections.abc import Sequence

from cloud.ledger.held.losses.write_off import confirm_write_off, propose_write_off, reject_write_off
from cloud.ledger.held.two_persons import Decided, Proposal
from cloud.ledger.journal.opened import OpenedLedger
from cloud.ledger.records.values import Now


class LossLedger:
    """Over an opened ledger; belongs to one thread at a time."""

    def __init__(self, opened: OpenedLedger) -> None:
        self._opened = opened
        self.database = opened.database

    def propose_write_off(self, label: str, names: Sequence[str], who: str, reason: str, now: Now) -> Proposal:
        """The first person's word: nothing is released yet."""
        with self._opened.writing(now) as writing:
            return propose_write_off(writing, label, names, who, reason)

    def confirm_write_off(self, number: int, who: str, now: Now) -> Decided:
        """The second person's word: what may be lost is booked when this returns. Idempotent."""
        with self._opened.writing(now) as writing:
            return confirm_write_off(writing, number, who)

    def reject_write_off(self, number: int, who: str, reason: str, now: Now) -> Decided:
        """The balance waits on. Idempotent."""
        with self._opened.writing(now) as writing:
            return reject_write_off(writing, number, who, reason)
