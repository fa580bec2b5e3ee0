"""What really happened: every change of every card's purse, seen at the card's own memory and nowhere else.

The books are held against this. A deed is named by card, counter kind and counter, as the ledger's own key is.
"""

from dataclasses import dataclass
from typing import NamedTuple

from shared.ids import CardId
from shared.purse.images import decode_card_image
from shared.records import CounterKind
from tests.sim.world import Violation

_BALANCE = slice(2, 6)
_ONLINE = slice(6, 8)
_OFFLINE = slice(8, 10)


class Deed(NamedTuple):
    """One debit or load of one card: the ledger's key of it."""

    card: CardId
    kind: CounterKind
    counter: int


@dataclass(slots=True)
class Happened:
    """A deed that the card has done. balance_fen: after it. at_s: when."""

    deed: Deed
    amount_fen: int
    balance_fen: int
    at_s: float


class CardTruth:
    """The memory of one card: durable when `store` returns, and every store is looked at."""

    def __init__(self, card: CardId, label: str, image: bytes) -> None:
        self.card = card
        self.label = label
        self.image = image
        self.opening_fen = self.balance_fen
        self.busy = False
        self.history: list[Happened] = []

    @property
    def balance_fen(self) -> int:
        """What the purse holds."""
        return int.from_bytes(self.image[_BALANCE], "big")

    def load(self) -> bytes:
        """The image, for the card's operating system."""
        return self.image

    def store(self, image: bytes, /) -> None:
        """The card changes."""
        self.image = image

    def change(self, image: bytes, at_s: float) -> Happened | None:
        """What a store would do, told before it is done; None when no money moves. The card itself must be sound."""
        before, after = self.image, image
        moved = int.from_bytes(after[_BALANCE], "big") - int.from_bytes(before[_BALANCE], "big")
        kind = CounterKind.ONLINE if moved > 0 else CounterKind.OFFLINE
        field = _ONLINE if moved > 0 else _OFFLINE
        counter = int.from_bytes(before[field], "big")
        if not moved:
            return None
        if int.from_bytes(after[field], "big") != counter + 1:
            raise Violation("card", f"{self.label}: money moved without its counter")
        return Happened(Deed(self.card, kind, counter), abs(moved), int.from_bytes(after[_BALANCE], "big"), at_s)


def require_layout(image: bytes) -> None:
    """The offsets above are those of the image."""
    card = decode_card_image(image)
    raw = tuple(int.from_bytes(image[part], "big") for part in (_BALANCE, _ONLINE, _OFFLINE))
    if raw != (card.balance_fen, card.online, card.offline):
        raise Violation("card", "the image has another layout")
