"""Awaited cards 待补圈名单 at a terminal: whose tap asks the centre, and how often. Pure, in memory.

They are those of the document in use. A card that has asked does so again AGAIN_S later at the soonest; where the
centre has not answered, no card asks for QUIET_S, for then a question only keeps a customer waiting. A body without
that document has what the edge of this conversation tells, as in release 0.1: then the edge says how often.
"""

from collections.abc import Callable

from shared.ids import CardId

AGAIN_S = 60.0
QUIET_S = 60.0


class AwaitedCards:
    """told: by the edge; each card once. listed: by the document in use, None: there is none."""

    def __init__(self, listed: Callable[[], frozenset[CardId] | None]) -> None:
        self.told: set[CardId] = set()
        self._listed = listed
        self._asked: dict[CardId, float] = {}
        self._quiet_until_s = 0.0

    def asks(self, card: CardId, mono_s: float) -> bool:
        """Is this card to ask now?"""
        listed = self._listed()
        if listed is None:
            return card in self.told
        return card in listed and mono_s >= self._quiet_until_s and not self._has_asked(card, mono_s)

    def asked(self, card: CardId, mono_s: float) -> None:
        """It does."""
        self.told.discard(card)
        self._asked = {one: at_s for one, at_s in self._asked.items() if mono_s - at_s < AGAIN_S} | {card: mono_s}

    def centre_is_silent(self, mono_s: float) -> None:
        """It has not answered in time."""
        self._quiet_until_s = mono_s + QUIET_S

    def _has_asked(self, card: CardId, mono_s: float) -> bool:
        return card in self._asked and mono_s - self._asked[card] < AGAIN_S
