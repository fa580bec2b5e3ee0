"""The hotlist 黑名单 as a terminal holds it: an exact answer for every card, and what STATUS says of it.

Cards of ours are looked up by (issuer, index), as their right 4 serial bytes say (RECORDS "Card data"); so a card
id with other middle bytes and the same index is listed as well. Never an estimate, never a false refusal.
"""

from collections.abc import Iterable
from zlib import crc32

from shared.ids import CardId, hotlist_index, issuer


class Hotlist:
    """One version of the list. crc: CRC-32 over its sorted entries, issuer 2 ‖ index 4 each."""

    def __init__(self, version: int, cards: Iterable[CardId]) -> None:
        self.version = version
        self._entries = {(issuer(card), hotlist_index(card)) for card in cards}
        listed = b"".join(who + index.to_bytes(4, "big") for who, index in sorted(self._entries))
        self.crc = crc32(listed)

    def __len__(self) -> int:
        return len(self._entries)

    def contains(self, card: CardId, index: int) -> bool:
        """Is this card to be refused?"""
        return (card[:2], index) in self._entries
