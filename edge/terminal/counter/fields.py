"""Where a hand-held counter's card lies: a demonstration card chosen by its label, or whatever is in a PC/SC reader.

Both give a card for one tap as a context with a `channel`; neither knows what a tap is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from edge.card.reader.reader import NoCard, Reader
from edge.files.deck import CardFile, Deck, Laid
from edge.files.disk import Disk
from shared.purse.apdu import CardChannel
from shared.words.voice import Text

PRESENT_S = 20.0
"""A person is waited for so long; then the amount is forgotten."""
POLL_S = 0.05


class Lying(Protocol):
    """A card in a field, powered."""

    @property
    def channel(self) -> CardChannel: ...


class Field(Protocol):
    """One place for one card."""

    @property
    def label(self) -> str:
        """What the prompt says of it."""
        ...

    async def lay(self, disk: Disk) -> AbstractContextManager[Lying]:
        """The card there. InUse: it lies elsewhere; NoCard: nobody came within PRESENT_S, or the reader is broken."""
        ...

    def choose(self, label: str) -> bool:
        """Another card; False when there is none of that label."""
        ...

    def close(self) -> None: ...


class DeckField:
    """Cards of the demonstration, one of them chosen."""

    def __init__(self, deck: Deck, label: str) -> None:
        self._deck = deck
        self._card: CardFile = deck.find(label) or deck.cards[0]

    @property
    def label(self) -> str:
        return self._card.label

    async def lay(self, disk: Disk) -> Laid:
        return Laid(self._card, disk)

    def choose(self, label: str) -> bool:
        card = self._deck.find(label)
        self._card = card or self._card
        return card is not None

    def close(self) -> None:
        """Nothing is held between taps."""


class ReaderField:
    """A reader; presence is found by trying, for pcscd's own watch is slower than a tap."""

    def __init__(self, reader: Reader, say: Callable[[str], object]) -> None:
        self._reader = reader
        self._say = say

    @property
    def label(self) -> str:
        return self._reader.name

    async def lay(self, disk: Disk) -> AbstractContextManager[Lying]:  # noqa: ARG002  # a real card needs no disk
        loop, until = asyncio.get_running_loop(), 0.0
        while True:
            try:
                return self._reader.lay()
            except NoCard as none:
                if not none.may_come or (until and loop.time() > until):
                    raise
            if not until:
                until = loop.time() + PRESENT_S
                self._say(str(Text("请放卡", "present the card")))
            await asyncio.sleep(POLL_S)

    def choose(self, label: str) -> bool:  # noqa: ARG002  # whatever lies there is the card
        return False

    def close(self) -> None:
        self._reader.close()
