"""A document on its way to a box: which pages it lacks, and what was asked for. Pure.

Pages are not signed, their table neither: pages that do not fit the table are dropped, and whether all of them together
are the document, its signed digest says. Pages of the one before count while that is not proven wrong.
"""

from collections.abc import Sequence
from itertools import islice
from zlib import crc32

from shared.fleet.document import Head, SignedHead, digest_of, page_size, pages_of
from shared.wire.fleet_lane import PAGES_MAX, OfferedHead, Page, PagesWanted

ASK_AGAIN_S = 5.0
"""Pages that do not come are asked for again after this."""
ASKS_MAX = 6
"""Times without any page; then the document is given up, and `Held` says that it is not here."""


class Fetch:
    """One document that is being fetched. base: the bytes of the one before, b"" where there is none."""

    def __init__(self, head: Head, offered: OfferedHead, base: bytes) -> None:
        self.head = head
        self.signed: SignedHead = offered.head
        self.asks = 0
        self._table = offered.table
        self._pages = _taken_over(offered.table, base)
        self._is_mixed = bool(self._pages)
        """Pages of the one before are among them."""
        self._awaited: set[int] = set()
        self._asked_s = float("-inf")

    @property
    def is_whole(self) -> bool:
        """Every page is here."""
        return len(self._pages) == len(self._table)

    def take(self, page: Page) -> bool:
        """False: it is not the one that the table means, or it is here already."""
        number, data = page.number, page.data
        if number in self._pages or len(data) != page_size(self.head.length, number):
            return False
        if crc32(data) != self._table[number]:
            return False
        self._pages[number] = data
        self._awaited.discard(number)
        self.asks = 0
        return True

    def ask(self, mono_s: float) -> PagesWanted | None:
        """What to ask for now: nothing while an answer may still come."""
        if self.is_whole or (self._awaited and mono_s - self._asked_s < ASK_AGAIN_S):
            return None
        lacking = (number for number in range(len(self._table)) if number not in self._pages)
        numbers = tuple(islice(lacking, PAGES_MAX))
        self._awaited, self._asked_s = set(numbers), mono_s
        self.asks += 1
        return PagesWanted(self.head.kind, self.head.scope, self.head.generation, numbers)

    def forget_asked(self) -> None:
        """The connection on which it was asked is over."""
        self._awaited.clear()
        self.asks = 0

    def body(self) -> bytes | None:
        """The whole document; None when it is not what its head says."""
        found = b"".join(self._pages[number] for number in range(len(self._table)))
        return found if digest_of(found) == self.head.digest else None

    def begin_anew(self) -> bool:
        """Without the pages of the one before. False: there were none, so the pages themselves are wrong."""
        was, self._is_mixed = self._is_mixed, False
        self._pages.clear()
        self.forget_asked()
        return was


def _taken_over(table: Sequence[int], base: bytes) -> dict[int, bytes]:
    pages = enumerate(islice(pages_of(base), len(table)))
    return {number: data for number, data in pages if crc32(data) == table[number]}
