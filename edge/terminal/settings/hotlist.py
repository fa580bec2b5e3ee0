"""The hotlist 黑名单 as a terminal holds it: an exact answer for every card, and what STATUS says of it.

Cards of ours are looked up by (issuer, index), as their right 4 serial bytes say (RECORDS "Card data"); so a card
id with other middle bytes and the same index is listed as well. Never an estimate, never a false refusal.
"""

from bisect import bisect_left
from collections.abc import Iterable
from zlib import crc32

from shared.ids import CardId, hotlist_index, issuer

_ENTRY = 6


class Hotlist:
    """One version of the list. crc: CRC-32 over its sorted entries, issuer 2 ‖ index 4 each; those bytes are kept."""

    def __init__(self, version: int, cards: Iterable[CardId]) -> None:
        self.version = version
        self._listed = b"".join(sorted({_entry(issuer(card), hotlist_index(card)) for card in cards}))
        self.crc = crc32(self._listed)

    def __len__(self) -> int:
        return len(self._listed) // _ENTRY

    def contains(self, card: CardId, index: int) -> bool:
        """Is this card to be refused?"""
        wanted = _entry(card[:2], index)
        found = bisect_left(range(len(self)), wanted, key=self._at)
        return found < len(self) and self._at(found) == wanted

    def _at(self, number: int) -> bytes:
        return self._listed[_ENTRY * number : _ENTRY * (number + 1)]


def _entry(who: bytes, index: int) -> bytes:
    return who + index.to_bytes(4, "big")
