"""What really happened: every change of every card's purse, seen at the card's own memory and nowhere else.

The books are held against this. A deed is named by card, counter kind, counter and application, as the ledger's own
key is.
"""

from dataclasses import dataclass
from struct import Struct
from typing import NamedTuple

from shared.ids import CardId
from shared.purse.cos.images import decode_card_image
from shared.purse.profiles import CAMPUS, SUBSIDY
from shared.records import CounterKind
from tests.sim.world import Violation

_EP = 2
_HEAD_SIZE, _KEY_SIZE, _FILE_SIZE, _PROOF_SIZE = 14, 24, 10, 11
_PURSE = Struct(">H11xIHH4xB")
"""fid, balance, online and offline counter, and how many proofs follow."""


class Deed(NamedTuple):
    """One debit or load of one card: the ledger's key of it."""

    card: CardId
    kind: CounterKind
    counter: int
    application: int = 0
    """0 main purse, 1 subsidy."""


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
        self._purses = purses_of(image)
        self._coming = image, self._purses
        """What was last asked about, and read off it: what is stored next."""
        self.openings_fen = [purse[0] for purse in self._purses]
        """Of main and, where there is one, subsidy purse."""
        self.busy = False
        self.history: list[Happened] = []

    @property
    def balance_fen(self) -> int:
        """What the main purse holds."""
        return self._purses[0][0]

    @property
    def balances_fen(self) -> list[int]:
        """What each purse holds."""
        return [purse[0] for purse in self._purses]

    @property
    def subsidy_fen(self) -> int:
        """What the subsidy purse holds; 0 where there is none."""
        return self._purses[1][0] if len(self._purses) > 1 else 0

    def load(self) -> bytes:
        """The image, for the card's operating system."""
        return self.image

    def store(self, image: bytes, /) -> None:
        """The card changes."""
        self.image = image
        coming, purses = self._coming
        self._purses = purses if coming is image else purses_of(image)

    def change(self, image: bytes, at_s: float) -> Happened | None:
        """What a store would do, told before it is done; None when no purse moves. The card itself must be sound.

        A boarding with distance fare is a deed over nothing: the counter moves alone.
        """
        self._coming = image, purses_of(image)
        steps = list(zip(self._purses, self._coming[1], strict=True))
        moving = [application for application, (before, after) in enumerate(steps) if before != after]
        if not moving:
            return None
        if len(moving) > 1:
            raise Violation("card", f"{self.label}: two purses move at once")
        application = moving[0]
        before, after = steps[application]
        moved = after[0] - before[0]
        kind, field = (CounterKind.ONLINE, 1) if moved > 0 else (CounterKind.OFFLINE, 2)
        if after[field] != before[field] + 1:
            raise Violation("card", f"{self.label}: money moved without its counter")
        return Happened(Deed(self.card, kind, before[field], application), abs(moved), after[0], at_s)


def require_layout(image: bytes) -> None:
    """The sizes above are those of the image."""
    found = [decode_card_image(image, aid) for aid in (CAMPUS.aid, SUBSIDY.aid)]
    if purses_of(image) != [(card.balance_fen, card.online, card.offline) for card in found if card.purse is not None]:
        raise Violation("card", "the image has another layout")


def purses_of(image: bytes) -> list[tuple[int, int, int]]:
    """Balance, online and offline counter of each EP, in order: main, subsidy. Read off an image of format 2."""
    found: list[tuple[int, int, int]] = []
    at = 5 + image[3]
    while at + _HEAD_SIZE < len(image):
        start = at + 2
        at = start + int.from_bytes(image[at:start], "big")
        names = start + _HEAD_SIZE
        files, purses = image[start + 13] >> 2, image[start + 13] & 3
        place = names + 1 + image[names] + image[start + 12] * _KEY_SIZE
        for _ in range(files):
            place += _FILE_SIZE + (image[place + 8] << 8 | image[place + 9])
        for _ in range(purses):
            fid, balance_fen, online, offline, proofs = _PURSE.unpack_from(image, place)
            if fid == _EP:
                found.append((balance_fen, online, offline))
            place += _PURSE.size + proofs * _PROOF_SIZE
    if not found:
        raise Violation("card", "a card without an EP")
    return found
