"""Which offline codes 脱机付款码 this till has taken, and over how much today: from its own records. Pure.

What the ring still holds counts, whatever the power did in between. A certificate lives three days at most, and the
ring holds more of a busy counter; what other tills have taken, the centre finds. Looked through once, then kept along:
as many as the ring has slots, beyond that the oldest is forgotten, as the ring itself forgets.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from edge.terminal.store.flash import Flash
from shared.errors import WireFault
from shared.records import CodeRecord, Kind, decode


class Taken(NamedTuple):
    """On which business day, over how much."""

    day: int
    fen: int


class CodesHere:
    """Of one body. A use is named by its certificate's number and its own."""

    def __init__(self, flash: Flash, day_of: Callable[[int], int]) -> None:
        """day_of: business day of a campus second, by the parameters in use."""
        self._flash, self._day_of = flash, day_of
        self._taken: dict[tuple[int, int], Taken] | None = None

    def is_taken(self, certificate: int, use: int) -> bool:
        """Was this use paid with here?"""
        return (certificate, use) in self.look()

    def fen_of(self, day: int) -> int:
        """What was taken by codes on that business day."""
        return sum(one.fen for one in self.look().values() if one.day == day)

    def note(self, certificate: int, use: int, day: int, fen: int) -> None:
        """One more, whose record is durable."""
        taken = self.look()
        taken[certificate, use] = Taken(day, fen)
        while len(taken) > self._flash.ring_slots:
            del taken[next(iter(taken))]

    def look(self) -> dict[tuple[int, int], Taken]:
        """All of them; the first time the ring is read, so that no customer need wait for that."""
        if self._taken is None:
            found = self._found()
            self._taken = {(a.certificate, a.use): Taken(self._day_of(a.time), a.amount_fen) for a in found}
        return self._taken

    def _found(self) -> Iterator[CodeRecord]:
        """In the order in which they were written."""
        for slot in sorted(self._flash.of_kind(Kind.CODE), key=lambda slot: slot.ordinal):
            try:
                record = decode(slot.wire)
            except WireFault:
                continue
            if isinstance(record, CodeRecord):
                yield record
