"""A head of the book-only chain that no box has witnessed goes to all of them: within seconds, not with the next meal.

A box that sends records has it with its next ack; this is for the others. Said AGAIN times, for a message may find no
connection; a box that was away hears it with the answer to its Hello. Bound: the boxes that have said Hello, one ack
each, no oftener than SPREAD_S.
"""

from cloud.ledger.journal.book_chain import NO_HEAD
from cloud.ledger.ledger import Ledger
from cloud.ledger.records.values import Now
from shared.wire.messages import AckBody

SPREAD_S = 3
AGAIN = 2


class Witnesses:
    """Belongs to the ledger thread."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._head = NO_HEAD
        self._left = 0
        self._said_ms: int | None = None

    def due(self, now: Now) -> list[AckBody]:
        """Acks with the newest head, for every box, when it is time to. They count as told. StoreFault."""
        if self._said_ms is not None and 0 <= now.unix_ms - self._said_ms < SPREAD_S * 1000:
            return []
        head = self._ledger.book_head()
        if head != self._head:
            self._head, self._left = head, AGAIN
        if not self._left:
            return []
        acks = self._ledger.witness_acks()
        self._left, self._said_ms = self._left - 1, now.unix_ms
        return acks
