"""The card in the desk's field: one of the demonstration's by its label, or what lies in a PC/SC reader."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from edge.files.deck import Deck, Laid
from shared.errors import ConfigFault
from shared.purse.apdu import CardChannel
from shared.words.voice import Text


@dataclass(frozen=True, slots=True)
class Laying:
    """label: a card file of the data folder; reader: a reader's name. One of both."""

    data: Path
    label: str = ""
    reader: str = ""


@contextmanager
def card_in(laying: Laying) -> Iterator[CardChannel]:
    """The card, powered, until the block ends. ConfigFault for an unknown label, InUse, NoCard (a CardLost)."""
    if laying.reader:
        from edge.card.reader.reader import Reader  # pyscard is an extra

        reader = Reader(laying.reader)
        try:
            with reader.lay() as laid:
                yield laid.channel
        finally:
            reader.close()
        return
    card = Deck(laying.data).find(laying.label)
    if card is None:
        label = laying.label[:32]
        raise ConfigFault(Text(f"没有这张卡：{label!r}", f"no such card: {label!r}"))
    with Laid(card) as lying:
        yield lying.channel
