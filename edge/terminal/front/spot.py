"""The place for a card on a real body. One laying is one deed: a card that stays is not served twice.

Whether it has left is pcscd's to say, by its count of comings and goings: so another card that came in between two
looks is another one, too.
"""

from edge.card.reader.reader import LaidCard, NoCard, Reader


class Spot:
    """A contactless reader of PC/SC. is_stale: at the last look, the card that was served still lay there."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._served: int | None = None
        self.is_stale = False

    def fresh(self) -> LaidCard | None:
        """The card, powered, if it came after the last one that was served. None: no such card. NoCard: the reader
        itself is at fault."""
        state = self._reader.look()
        self.is_stale = bool(state.atr) and state.changes == self._served
        if not state.atr or self.is_stale:
            return None
        return self._laid(state.changes)

    def same(self) -> LaidCard | None:
        """The card that was served last, if it has never left."""
        state = self._reader.look()
        return self._laid(state.changes) if state.atr and state.changes == self._served else None

    def close(self) -> None:
        """Give the reader back."""
        self._reader.close()

    def _laid(self, changes: int) -> LaidCard | None:
        try:
            laid = self._reader.lay()
        except NoCard as none:
            if none.may_come:
                return None
            raise
        self._served = changes
        return laid
