"""Tickets that wait, a queue for each sender, served in turns: who floods waits behind himself.

Pure. Keeps the order of each sender. Bounded by what the broker lets a session have without PUBACK.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable

from cloud.ingest.ticket import Ticket
from shared.ids import BoxId


class Turns:
    """One lane. size: what a ticket counts for in a taking."""

    def __init__(self, size: Callable[[Ticket], int]) -> None:
        self._size = size
        self._queues: dict[BoxId, deque[Ticket]] = {}
        """By sender, in the order of their next turns; none of them is empty."""
        self._given_back: deque[Ticket] = deque()
        self._waiting: Counter[BoxId] = Counter()
        self.total = 0
        """Size of all that waits."""

    def __len__(self) -> int:
        return self._waiting.total()

    def waiting_of(self, sender: BoxId) -> int:
        """Tickets of this sender."""
        return self._waiting[sender]

    def put(self, ticket: Ticket) -> None:
        """Behind what its sender has brought before."""
        self._queues.setdefault(ticket.sender, deque()).append(ticket)
        self._count(ticket, 1)

    def take(self, most: int) -> tuple[Ticket, ...]:
        """A ticket of each sender in turns, until the next one would not fit into `most`; one at least."""
        taken: list[Ticket] = []
        size = 0
        while (ticket := self._next()) is not None and (not taken or size + self._size(ticket) <= most):
            self._remove(ticket)
            taken.append(ticket)
            size += self._size(ticket)
        return tuple(taken)

    def give_back(self, tickets: Iterable[Ticket]) -> None:
        """What could not be done: first of all the next time, in the same order."""
        returned = tuple(tickets)
        self._given_back.extendleft(reversed(returned))
        for ticket in returned:
            self._count(ticket, 1)

    def drop(self, session: str, connection: int) -> list[Ticket]:
        """Take out what this connection of the session brought, or one before it."""
        everything = [*self._given_back, *(ticket for queue in self._queues.values() for ticket in queue)]
        dead = {ticket for ticket in everything if ticket.is_of(session, connection)}
        self._given_back = deque(ticket for ticket in self._given_back if ticket not in dead)
        kept = {sender: deque(t for t in queue if t not in dead) for sender, queue in self._queues.items()}
        self._queues = {sender: queue for sender, queue in kept.items() if queue}
        for ticket in dead:
            self._count(ticket, -1)
        return [ticket for ticket in everything if ticket in dead]

    def _next(self) -> Ticket | None:
        if self._given_back:
            return self._given_back[0]
        return next(iter(self._queues.values()))[0] if self._queues else None

    def _remove(self, ticket: Ticket) -> None:
        self._count(ticket, -1)
        if self._given_back:
            self._given_back.popleft()
            return
        queue = self._queues.pop(ticket.sender)
        queue.popleft()
        if queue:
            self._queues[ticket.sender] = queue  # behind all the others

    def _count(self, ticket: Ticket, change: int) -> None:
        self.total += change * self._size(ticket)
        self._waiting[ticket.sender] += change
        if not self._waiting[ticket.sender]:
            del self._waiting[ticket.sender]
