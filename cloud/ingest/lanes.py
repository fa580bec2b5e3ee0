"""The two queues between the broker sessions and the ledger thread, and the order in which it works.

`now` first, then the boxes' states, then as much of `money` as is there, then the chores: nobody waits on a clock, and
*now* waits for one money batch at most. Bounded from outside: what waits here is not PUBACKed, so a session brings
IN_HAND_MAX at most.
"""

import threading
import time
from collections import deque
from collections.abc import Callable

from cloud.ingest.ticket import Chores, Money, Now, States, Ticket, Work
from shared.ids import BoxId
from shared.wire.messages import BoxState
from shared.wire.topics import Address

GATHER_RECORDS = 4000
"""Most records of one ledger transaction: what *now* may have to wait for."""
CHORES_PATIENCE_S = 10.0
"""So long the small duties wait for records that never cease: a difference must be told on a busy day, too."""


class Lanes:
    """Filled by the loop, emptied by the ledger thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._money: deque[Ticket] = deque()
        self._now: deque[Ticket] = deque()
        self._states: dict[BoxId, tuple[Address, BoxState]] = {}
        self._chores_due = False
        self._chores_since = 0.0
        self._records = 0
        self._not_before = 0.0
        self._money_not_before = 0.0
        self._closed = False

    def put_money(self, ticket: Ticket) -> None:
        """Records, or junk from the money lane."""
        with self._changed:
            self._money.append(ticket)
            self._records += ticket.records
            self._changed.notify()

    def put_now(self, ticket: Ticket) -> None:
        """Anything that somebody waits for, or junk from the now lane."""
        with self._changed:
            self._now.append(ticket)
            self._changed.notify()

    def put_state(self, address: Address, state: BoxState) -> None:
        """Only the newest state of a box counts, so the bound is the number of boxes."""
        with self._changed:
            self._states[address.box] = (address, state)
            self._changed.notify()

    def put_chores(self) -> None:
        """The ledger's small duties, when there is nothing else to do, or CHORES_PATIENCE_S later; asked twice, done
        once."""
        with self._changed:
            if not self._chores_due:
                self._chores_since = self._clock()
            self._chores_due = True
            self._changed.notify()

    def take(self) -> Work | None:
        """The next work, waiting for it; None when closed."""
        with self._changed:
            while not self._closed:
                work = self._next()
                if work is not None:
                    return work
                self._changed.wait(self._wake_in_s())
            return None

    def give_back(self, work: Money | Now, pause_s: float) -> None:
        """What could not be done now, in front again after the pause. After a Money, *now* goes on meanwhile."""
        with self._changed:
            if isinstance(work, Money):
                self._money.extendleft(reversed(work.tickets))
                self._records += sum(ticket.records for ticket in work.tickets)
                self._money_not_before = self._clock() + pause_s
            else:
                self._now.extendleft(reversed(work.tickets))
                self._not_before = self._clock() + pause_s

    def drop(self, session: str, connection: int) -> list[Ticket]:
        """Take out what a dead connection brought: it can no longer be PUBACKed, and comes again."""
        with self._changed:
            kept_money, gone_money = _split(self._money, session, connection)
            kept_now, gone_now = _split(self._now, session, connection)
            self._money, self._now = kept_money, kept_now
            self._records = sum(ticket.records for ticket in kept_money)
            return gone_money + gone_now

    def close(self) -> None:
        """No more work; a waiting `take` returns."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def waiting(self) -> tuple[int, int]:
        """Records of *money* and messages of *now* that wait."""
        with self._changed:
            return self._records, len(self._now)

    def _next(self) -> Work | None:
        now = self._clock()
        if now < self._not_before:
            return None
        if self._now:
            return self._all_now()
        if self._states:
            return self._all_states()
        if self._chores_due and now - self._chores_since >= CHORES_PATIENCE_S:
            return self._chores()
        if self._money and now >= self._money_not_before:
            return self._gathered()
        return self._chores() if self._chores_due else None

    def _chores(self) -> Chores:
        self._chores_due = False
        return Chores()

    def _all_now(self) -> Now:
        tickets = tuple(self._now)
        self._now.clear()
        return Now(tickets)

    def _all_states(self) -> States:
        states = tuple(self._states.values())
        self._states.clear()
        return States(states)

    def _gathered(self) -> Money:
        tickets = [self._money.popleft()]
        records = tickets[0].records
        while self._money and records + self._money[0].records <= GATHER_RECORDS:
            tickets.append(self._money.popleft())
            records += tickets[-1].records
        self._records -= records
        return Money(tuple(tickets))

    def _wake_in_s(self) -> float | None:
        """None = until something changes. Only a pause after a failure is waited for by the clock."""
        now = self._clock()
        ends = [self._not_before] if self._now or self._states else []
        ends += [max(self._money_not_before, self._not_before)] if self._money else []
        later = [end - now for end in ends if end > now]
        return min(later) if later else None


def _split(queue: "deque[Ticket]", session: str, connection: int) -> tuple["deque[Ticket]", list[Ticket]]:
    kept: deque[Ticket] = deque()
    gone: list[Ticket] = []
    for ticket in queue:
        dead = ticket.arrival.session == session and ticket.arrival.connection <= connection
        (gone if dead else kept).append(ticket)
    return kept, gone
