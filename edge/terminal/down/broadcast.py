"""One document to all terminals of a bus at once: the terminal's half. Pure; the caller sends what `next_answer` gives.

A head that was announced counts when its signature is right and somebody wants it. Its pages go into a slot that is not
in use; a page counts when it is written, so after a power cut only the pages under way are lacking. Whole is the
document when its digest is right, and nothing is in use by that alone.
"""

from collections import deque
from collections.abc import Callable, Collection
from typing import NamedTuple, Protocol

from edge.link.broadcast import (
    ANNOUNCEMENT,
    ANNOUNCEMENT_SIZE,
    Answer,
    Ask,
    Call,
    Down,
    Say,
    Symbol,
    announced,
    groups_of,
)
from shared.errors import StoreFault, WireFault
from shared.fleet.coding import SYMBOLS, Gathered, symbol_of
from shared.fleet.document import DocumentKind, Head, SignedHead, digest_of, page_count, page_size
from shared.wire.fleet_lane import Verdict


class Slot(Protocol):
    """Where a document is written that is not in use. StoreFault when the medium refuses."""

    def begin(self, head: Head) -> Collection[int]:
        """Numbers of the pages of this very document that are here already; all else is erased."""
        ...

    def write(self, number: int, page: bytes) -> None:
        """Durable when it returns."""
        ...

    def body(self) -> bytes:
        """All pages, once each was written."""
        ...

    def forget(self) -> None:
        """Nothing of it counts any more: some page is not what was signed, and nobody can say which."""
        ...


class Whole(NamedTuple):
    """A document that has come, and whose digest is right."""

    signed: SignedHead
    head: Head
    body: bytes


class Receiver:
    """whole: the document that came last; whoever takes it sets it to None. damaged: announcements that were none."""

    def __init__(self, judged: Callable[[SignedHead], Head | Verdict], slot: Slot) -> None:
        """judged: a head that is proven and wanted now, or why not."""
        self._judged, self._slot = judged, slot
        self._stream = -1
        self._announced = Gathered(ANNOUNCEMENT_SIZE)
        self._head: Head | None = None
        self._signed: SignedHead | None = None
        self._verdict: Verdict | None = None
        self._pages: dict[int, Gathered] = {}
        self._held = 0
        self._answers: deque[Answer] = deque()
        self._answered: Call | None = None
        self.whole: Whole | None = None
        self.damaged = 0

    def hear(self, down: Down) -> None:
        """Any frame of a broadcast, in any order."""
        if isinstance(down, Call):
            if down.stream == self._stream:
                self._called(down)
        elif down.page == ANNOUNCEMENT:
            self._announcement(down)
        elif down.stream == self._stream:
            self._symbol(down)

    def next_answer(self) -> Answer | None:
        """What is to be sent next. Never more than one call's answers wait."""
        return self._answers.popleft() if self._answers else None

    @property
    def is_answering(self) -> bool:
        """Is there a next answer?"""
        return bool(self._answers)

    @property
    def is_under_way(self) -> bool:
        """Is a document on its way that is wanted?"""
        return self._head is not None and bool(self._pages)

    # --- inside ---------------------------------------------------------------------------------------------------

    def _announcement(self, symbol: Symbol) -> None:
        if symbol.stream != self._stream or not self._is_announced(symbol):
            self._forget(symbol.stream)
        if self._announced.take(symbol.number, symbol.data) and not self._announced.lacking:
            self._judge(self._announced.page())

    def _is_announced(self, symbol: Symbol) -> bool:
        """Not another document under the number of one before: the box was restarted, and counts from anywhere."""
        if self._announced.lacking or not 0 <= symbol.number < SYMBOLS:
            return True
        return symbol_of(self._announced.page(), symbol.number) == symbol.data

    def _forget(self, stream: int) -> None:
        self._stream, self._announced = stream, Gathered(ANNOUNCEMENT_SIZE)
        self._head = self._signed = self._verdict = None
        self._answered = None
        self._pages.clear()
        self._answers.clear()

    def _judge(self, page: bytes) -> None:
        try:
            signed = announced(page)
            found = self._judged(signed)
            if isinstance(found, Head):
                self._begin(signed, found)
            else:
                self._verdict = found
        except WireFault:
            self.damaged += 1
            self._announced = Gathered(ANNOUNCEMENT_SIZE)
        except StoreFault:
            self._verdict = Verdict.NO_ROOM

    def _begin(self, signed: SignedHead, head: Head) -> None:
        held = set(self._slot.begin(head))
        self._head, self._signed, self._held = head, signed, len(held)
        missing = (number for number in range(page_count(head.length)) if number not in held)
        self._pages = {number: Gathered(page_size(head.length, number)) for number in missing}
        self._look()

    def _symbol(self, symbol: Symbol) -> None:
        pages = self._pages.get(symbol.page)
        if pages is None or not pages.take(symbol.number, symbol.data) or pages.lacking:
            return
        try:
            self._slot.write(symbol.page, pages.page())
        except StoreFault:
            self._verdict, self._head = Verdict.NO_ROOM, None
            self._pages.clear()
            return
        del self._pages[symbol.page]
        self._held += 1
        self._look()

    def _look(self) -> None:
        """Is every page here, and what are they worth together?"""
        if self._pages or self._head is None or self._signed is None:
            return
        try:
            body = self._slot.body()
            if digest_of(body) == self._head.digest:
                self.whole = Whole(self._signed, self._head, body)
                return
            self._slot.forget()
            self._verdict = Verdict.WRONG_DIGEST
        except StoreFault:
            self._verdict = Verdict.NO_ROOM

    def _called(self, call: Call) -> None:
        if call == self._answered:
            return
        self._answers.clear()
        if call.ask is Ask.END:
            self._forget(-1)
        elif self._verdict is not None:
            self._answers.append(self._refusal(self._verdict))
        elif self._head is None:
            return
        elif not self._pages:
            self._answers.append(Answer(self._stream, Say.WHOLE))
        elif call.ask is Ask.READY:
            self._answers.append(Answer(self._stream, Say.READY, held=self._held))
        else:
            self._answers.extend(self._counts(call.turn, self._head))
        self._answered = call if call.ask is Ask.COUNT and self._answers else None

    def _refusal(self, verdict: Verdict) -> Answer:
        if verdict in (Verdict.IN_USE, Verdict.STORED):
            return Answer(self._stream, Say.WHOLE)
        if verdict is Verdict.WRONG_DIGEST:
            return Answer(self._stream, Say.WRONG_DIGEST)
        return Answer(self._stream, Say.REFUSED, verdict)

    def _counts(self, turn: int, head: Head) -> list[Answer]:
        lacking = [self._lacking(number) for number in range(page_count(head.length))]
        said = [Answer(self._stream, Say.LACKING, *group) for group in groups_of(lacking).items()]
        return [*said, Answer(self._stream, Say.COUNTED, turn)]

    def _lacking(self, number: int) -> int:
        return self._pages[number].lacking if number in self._pages else 0


class Slots:
    """Firmware goes into the slot that it is tried from; a list is short, and comes again after a power cut."""

    def __init__(self, firmware: Slot) -> None:
        self._firmware, self._memory = firmware, MemorySlot()
        self._at: Slot = firmware

    def begin(self, head: Head) -> Collection[int]:
        """See Slot."""
        self._at = self._firmware if head.kind is DocumentKind.FIRMWARE else self._memory
        return self._at.begin(head)

    def write(self, number: int, page: bytes) -> None:
        """See Slot."""
        self._at.write(number, page)

    def body(self) -> bytes:
        """See Slot."""
        return self._at.body()

    def forget(self) -> None:
        """See Slot."""
        self._at.forget()


class MemorySlot:
    """In memory. In tests, the simulator and the bench what was written stays through a power cut."""

    def __init__(self) -> None:
        self.pages: dict[int, bytes] = {}
        self.erased = 0
        self.is_full = False
        self._mark: tuple[int, bytes] | None = None

    def begin(self, head: Head) -> Collection[int]:
        if head.mark != self._mark:
            self.pages.clear()
            self._mark, self.erased = head.mark, self.erased + 1
        return [*self.pages]

    def write(self, number: int, page: bytes) -> None:
        if self.is_full:
            raise StoreFault("slot: no room")
        self.pages[number] = page

    def forget(self) -> None:
        self.pages.clear()
        self._mark = None

    def body(self) -> bytes:
        return b"".join(self.pages[number] for number in sorted(self.pages))
