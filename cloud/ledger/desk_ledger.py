"""The ledger's doors for the card desk: each is one transaction, and answers after its commit.

Refuses by DeskRefused, which changed nothing. A deed is named by the desk's key: asked again it is told again.
"""

from cloud.ledger.ledger import Ledger
from cloud.ledger.read_desk import card_books
from shared.desk import CardAsk, CardBooks


class DeskLedger(Ledger):
    """Over a prepared database; belongs to one thread at a time."""

    def card_books(self, ask: CardAsk) -> CardBooks | None:
        """What the books say of a card; None for one in no inventory."""
        with self.database.reading():
            return card_books(self.database, ask)
