"""The two queues between the broker sessions and the ledger thread, and the order in which it works.

`now`, the boxes' states, the look for documents and `money` have their turns one after the other, each with a bounded
part of what is there, and within a lane the boxes have theirs; then the chores: nobody waits on a clock, and *now*
waits for one money batch at most. Bounded from outside: what waits here is not PUBACKed, so a session brings
IN_HAND_MAX at most, and each box what cloud.ingest.quotas.admission lets it.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

from cloud.ingest.ticket import Chores, Look, Money, Notice, Now, States, Ticket, Work
from cloud.ingest.turns import Turns
from shared.ids import BoxId
from shared.wire.messages import BoxState
from shared.wire.topics import Address

GATHER_RECORDS = 4000
"""Most records of one ledger transaction: what *now* may have to wait for."""
GROUP_SIZE = 64
"""Most messages of one *now* turn, the small ones in one transaction: what *money* may have to wait for."""
OWN_COMMIT_SIZE = 16
"""A message with a commit of its own counts for so many of them."""
NOTICES_MAX = 1024
"""Notices that wait for the chores; at the bound the oldest is dropped, its count stands in STATUS."""
CHORES_PATIENCE_S = 10.0
"""So long the small duties wait for records that never cease: a difference must be told on a busy day, too."""


class Lanes:
    """Filled by the loop, emptied by the ledger thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, gather_records: int = GATHER_RECORDS) -> None:
        self._clock = clock
        self._gather_records = gather_records
        self._changed = threading.Condition()
        self._money = Turns(lambda ticket: ticket.records)
        self._now = Turns(lambda ticket: OWN_COMMIT_SIZE if ticket.has_own_commit else 1)
        self._rota: deque[Callable[[], Work | None]] = deque(
            (self._now_turn, self._states_turn, self._look_turn, self._money_turn)
        )
        """Whose turn is next, first."""
        self._notices: deque[Notice] = deque(maxlen=NOTICES_MAX)
        self._states: dict[BoxId, tuple[Address, BoxState]] = {}
        self._look_due = False
        self._chores_due = False
        self._chores_since = 0.0
        self._not_before = 0.0
        self._money_not_before = 0.0
        self._closed = False

    def put_money(self, ticket: Ticket) -> None:
        """Records, or junk from the money lane."""
        with self._changed:
            self._money.put(ticket)
            self._changed.notify()

    def put_now(self, ticket: Ticket) -> None:
        """Anything that somebody waits for, or junk from the now lane."""
        with self._changed:
            self._now.put(ticket)
            self._changed.notify()

    def put_state(self, address: Address, state: BoxState) -> None:
        """Only the newest state of a box counts, so the bound is the number of boxes."""
        with self._changed:
            self._states[address.box] = (address, state)
            self._changed.notify()

    def money_of(self, sender: BoxId) -> int:
        """Messages of *money* of this box that wait."""
        with self._changed:
            return self._money.waiting_of(sender)

    def keep_notices(self, notices: Sequence[Notice]) -> None:
        """To be told with the next chores."""
        with self._changed:
            self._notices.extend(notices)

    def put_look(self) -> None:
        """Look once more what another process has changed; asked twice, done once."""
        with self._changed:
            self._look_due = True
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
                self._money.give_back(work.tickets)
                self._money_not_before = self._clock() + pause_s
            else:
                self._now.give_back(work.tickets)
                self._not_before = self._clock() + pause_s
                self._rota.rotate(-self._rota.index(self._now_turn))

    def drop(self, session: str, connection: int) -> list[Ticket]:
        """Take out what a dead connection brought: it can no longer be PUBACKed, and comes again."""
        with self._changed:
            return self._money.drop(session, connection) + self._now.drop(session, connection)

    def close(self) -> None:
        """No more work; a waiting `take` returns."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def waiting(self) -> tuple[int, int]:
        """Records of *money* and messages of *now* that wait."""
        with self._changed:
            return self._money.total, len(self._now)

    def _next(self) -> Work | None:
        now = self._clock()
        if now < self._not_before:
            return None
        if self._chores_due and now - self._chores_since >= CHORES_PATIENCE_S:
            return self._chores()
        return self._next_turn() or (self._chores() if self._chores_due else None)

    def _next_turn(self) -> Work | None:
        for passed, turn in enumerate(self._rota, 1):
            work = turn()
            if work is not None:
                self._rota.rotate(-passed)
                return work
        return None

    def _chores(self) -> Chores:
        notices = tuple(self._notices)
        self._notices.clear()
        self._chores_due = False
        return Chores(notices)

    def _now_turn(self) -> Now | None:
        return Now(self._now.take(GROUP_SIZE)) if self._now else None

    def _states_turn(self) -> States | None:
        states = tuple(self._states.values())
        self._states.clear()
        return States(states) if states else None

    def _look_turn(self) -> Look | None:
        is_due, self._look_due = self._look_due, False
        return Look() if is_due else None

    def _money_turn(self) -> Money | None:
        if not self._money or self._clock() < self._money_not_before:
            return None
        return Money(self._money.take(self._gather_records))

    def _wake_in_s(self) -> float | None:
        """None = until something changes. Only a pause after a failure is waited for by the clock."""
        now = self._clock()
        ends = [self._not_before] if self._now or self._states else []
        ends += [max(self._money_not_before, self._not_before)] if self._money else []
        later = [end - now for end in ends if end > now]
        return min(later) if later else None
