"""Who may watch the live stream: so many in all, of one session, of one address. Above it a page polls."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SeatBounds:
    """Streams at the same time. A session is a person's browser with its tabs; an address may be a whole office."""

    in_all: int = 300
    of_session: int = 8
    of_address: int = 32


@dataclass(slots=True)
class Seats:
    """Who watches now."""

    bounds: SeatBounds
    _taken: int = 0
    _sessions: Counter[str] = field(default_factory=Counter)
    _addresses: Counter[str] = field(default_factory=Counter)

    @contextmanager
    def taken(self, session: str, address: str) -> Iterator[bool]:
        """Whether there is a seat, held until the end of the block."""
        if not self._is_free(session, address):
            yield False
            return
        self._count(session, address, 1)
        try:
            yield True
        finally:
            self._count(session, address, -1)

    def _is_free(self, session: str, address: str) -> bool:
        return (
            self._taken < self.bounds.in_all
            and self._sessions[session] < self.bounds.of_session
            and self._addresses[address] < self.bounds.of_address
        )

    def _count(self, session: str, address: str, by: int) -> None:
        self._taken += by
        for counts, one in ((self._sessions, session), (self._addresses, address)):
            counts[one] += by
            if not counts[one]:
                del counts[one]
