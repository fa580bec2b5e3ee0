"""Cards that have counted a purchase of which no record is here, though every till has said since that it owes nothing.

What a till may still bring is waited for: a hole counts once each till was heard after it was seen, with all that it
wrote in the ledger and no slot open. So it is known at noon, too, when some till always owes. While a box or a till
that has sold is not heard nothing is known: the missing one may be there. Pure but for the questions to the ledger.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from cloud.ledger.findings.card_gaps import DEEP, NEWEST, Touched
from cloud.ledger.findings.purses import Whose
from cloud.ledger.fleet.views import TerminalView
from cloud.watch.alarms.terms import CAMPUS, Signal

HOLES_MAX = 256
"""That are remembered; while so many stand a further one waits to be seen."""


class Books(Protocol):
    """What is asked of the ledger."""

    def purses_touched(self, after: int | None) -> Touched:
        """As Reader's."""

    def purchases_missing(self, whose: Sequence[Whose], most: int) -> dict[Whose, list[int]]:
        """As Reader's."""


class CardGaps:
    """Begins with the newest records, and goes on from where it was."""

    def __init__(self) -> None:
        self._upto: int | None = None
        self._seen: dict[tuple[Whose, int], int] = {}
        """Hole → when it was first seen."""
        self._drained: dict[bytes, int] = {}

    def of(self, books: Books, tills: Sequence[TerminalView], now_ms: int, *, is_heard: bool) -> Iterator[Signal]:
        """Cards with a hole that nobody can bring any more. tills: every epoch of those that may have sold."""
        self._look(books, now_ms)
        since = self._drained_since(tills)
        late = {whose[0] for (whose, _), seen_ms in self._seen.items() if seen_ms < since}
        yield Signal("cards-incomplete-though-drained", CAMPUS, now_ms, len(late) if is_heard else None)

    def _look(self, books: Books, now_ms: int) -> None:
        touched = books.purses_touched(self._upto)
        self._upto = touched.upto
        again = {whose for whose, _ in self._seen}
        found = books.purchases_missing(sorted({*touched.purses} - again), NEWEST)
        found |= books.purchases_missing(sorted(again), DEEP)
        there = [(whose, counter) for whose, counters in found.items() for counter in counters]
        before = self._seen
        self._seen = {hole: before[hole] for hole in there if hole in before}
        for hole in there:
            if len(self._seen) < HOLES_MAX:
                self._seen.setdefault(hole, now_ms)

    def _drained_since(self, tills: Sequence[TerminalView]) -> int:
        """Up to when all that any till wrote is here: the earliest of their last words with nothing owed."""
        for device, heard_ms in _complete(tills).items():
            self._drained[device] = max(heard_ms, self._drained.get(device, 0))
        return min((self._drained.get(one.device, 0) for one in tills), default=0)


def _complete(tills: Sequence[TerminalView]) -> Mapping[bytes, int]:
    """Those that owe nothing in any epoch, and when they were heard."""
    owing = {one.device for one in tills if one.owed or one.open_slots}
    heard: dict[bytes, int] = {}
    for one in tills:
        if one.device not in owing:
            heard[one.device] = max(one.heard_ms, heard.get(one.device, 0))
    return heard
