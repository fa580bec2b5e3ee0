"""A hand that pulls the card at the very command that moves money, to see what a counter does then."""

from shared.purse.apdu import CardChannel
from shared.purse.cos.torn import Tear, TearingChannel
from shared.purse.errors import CardLost

MOVES_MONEY = (0x54, 0x52)
"""8054 and 8052: the debit of a purchase, the credit of a load."""


class PulledAtDebit:
    """A card that is pulled when the command that moves money comes: before it, or after it took effect."""

    def __init__(self, card: CardChannel, tear: Tear) -> None:
        self._card = card
        self._tearing = TearingChannel(card, lambda: tear)
        self._is_gone = False

    def transmit(self, apdu: bytes, /) -> bytes:
        """As the card, until it is gone."""
        if self._is_gone:
            raise CardLost("pulled")
        if apdu[1] not in MOVES_MONEY:
            return self._card.transmit(apdu)
        self._is_gone = True
        return self._tearing.transmit(apdu)
