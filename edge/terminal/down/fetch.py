"""A document on its way to a terminal: which of its pages are still missing, and which are asked for. Pure.

Pages that the terminal has already, in the same place of the document that it uses, are not asked for. What a page says
is held against the table of the offer; what the table is worth, the digest says in the end.
"""

from collections.abc import Sequence
from zlib import crc32

from edge.link.messages import WANT_MAX, DocumentPage, DocumentWant
from shared.errors import WireFault
from shared.fleet.document import PAGE_SIZE, Head, SignedHead, page_count, page_size, pages_of

WINDOW = WANT_MAX
"""Pages that are asked for and have not come: the most that ever stand before an ACK on the way here."""
AGAIN_S = 3.0
"""Pages that were asked for are asked for again when none has come for so long."""
TRIES_MAX = 8
"""So often in a row; then the terminal waits until the document is offered anew."""


class Fetch:
    """Of one offer. tries: requests since the last page that came."""

    def __init__(self, head: Head, signed: SignedHead, table: Sequence[int], held: bytes) -> None:
        """WireFault when the table is not of this document. held: the bytes in use of before, b"" for none."""
        if len(table) != page_count(head.length):
            raise WireFault(f"a table of {len(table)} pages for {head.length} bytes")
        self.head, self.signed = head, signed
        self._table = table
        self._body = bytearray(head.length)
        self._missing = set(range(len(table)))
        self._asked: set[int] = set()
        self._has_come = False
        self.tries = 0
        self.due_s = 0.0
        for number, page in enumerate(pages_of(held[: head.length])):
            self._put(number, page)

    def take(self, page: DocumentPage) -> bool:
        """Is it one that was missing, and right?"""
        if page.generation != self.head.generation or page.number not in self._missing:
            return False
        if not self._put(page.number, page.data):
            return False
        self.tries, self._has_come = 0, True
        return True

    @property
    def is_whole(self) -> bool:
        """Is every page here?"""
        return not self._missing

    @property
    def body(self) -> bytes:
        """The document, once it is whole."""
        return bytes(self._body)

    def want(self, mono_s: float) -> DocumentWant | None:
        """What to ask for now: while pages come, half a window at a time, so that the way here is never at rest."""
        if self._has_come:
            self._has_come, self.due_s = False, mono_s + AGAIN_S
        elif self._asked & self._missing and mono_s >= self.due_s:
            self._asked.clear()
        flying = len(self._asked & self._missing)
        more = sorted(self._missing - self._asked)[: WINDOW - flying]
        if not more or 2 * flying > WINDOW:
            return None
        self._asked.update(more)
        self.tries, self.due_s = self.tries + 1, mono_s + AGAIN_S
        head = self.head
        return DocumentWant(head.kind, head.scope, head.generation, tuple(more))

    def _put(self, number: int, data: bytes) -> bool:
        if len(data) != page_size(self.head.length, number) or crc32(data) != self._table[number]:
            return False
        self._body[number * PAGE_SIZE : number * PAGE_SIZE + len(data)] = data
        self._missing.discard(number)
        return True
