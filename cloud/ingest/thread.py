"""The ledger thread: takes work from the lanes, has it done, and hands what follows back to the loop.

A key process or database that is away stops nothing but progress: the work goes back in front, unacknowledged, and
is tried again after a bounded pause. A record that our own code stumbles over is set aside by the ledger; any other
exception over *money* ends the process, for nothing is guessed about it. A message of *now* that our own code stumbles
over is set aside as it came, at the highest grade: it settles nothing and whoever asks asks again, while a broker that
sends it to every new process would end them all. Many messages of *now* are one transaction; one that fails costs the
others a second try, each for itself.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from cloud.ingest.lanes import Lanes
from cloud.ingest.pauses import pause_s
from cloud.ingest.tally import Tally
from cloud.ingest.ticket import Chores, Letter, Look, Money, Notice, Now, States, Ticket, Work, parts_of
from shared.errors import KeyFault, StoreFault
from shared.support.watchdog import Duty
from shared.wire.topics import Address

AWAY = (KeyFault, StoreFault)
OUTAGE_S = 5
"""What is shorter is a pause, and no outage."""

Deliver = Callable[[Sequence[Letter], Sequence[Ticket]], None]


class Doer(Protocol):
    """What the thread has done by. Each may raise one of AWAY, and then has done nothing."""

    def money(self, tickets: Sequence[Ticket]) -> list[Letter]:
        """One ledger transaction."""

    def now(self, ticket: Ticket) -> list[Letter]:
        """One message that somebody waits for."""

    def together(self, tickets: Sequence[Ticket]) -> list[Letter]:
        """A part of a *now* turn in one transaction. Whatever it raises, nothing of it is done."""

    def set_aside(self, ticket: Ticket, fault: Exception) -> None:
        """Keep a message that could not be worked on, and tell of it."""

    def states(self, states: States) -> list[Letter]:
        """The boxes' newest states, and what follows from them."""

    def witnessed(self) -> list[Letter]:
        """What every box should keep of where the ledger's chains stand."""

    def looked(self) -> list[Letter]:
        """What boxes lack of what was made."""

    def look_failed(self, fault: Exception) -> None:
        """The look stumbled: told, once."""

    def state_failed(self, address: Address, fault: Exception) -> None:
        """A state of this box could not be worked on: told, once."""

    def outage_over(self, fault: type[KeyFault] | type[StoreFault], seconds: int) -> None:
        """One of AWAY is there again, after so long."""

    def notices(self, notices: Sequence[Notice]) -> None:
        """Facts of the ingest's own, in one transaction."""

    def chores(self) -> bool:
        """The ledger's small duties, a bounded part of them; is there more?"""


@dataclass(frozen=True, slots=True)
class Reports:
    """What the thread tells, from within itself. on_end: once, with what ended it."""

    on_open: Callable[[], None]
    deliver: Deliver
    on_end: Callable[[BaseException | None], None]


class LedgerThread(threading.Thread):
    """Owns the ledger: opens it, works on it and closes it, all in this one thread."""

    def __init__(
        self, lanes: Lanes, opened: Callable[[], AbstractContextManager[Doer]], reports: Reports, tally: Tally,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        super().__init__(name="ledger", daemon=True)
        self._lanes = lanes
        self._opened = opened
        self._reports = reports
        self._tally = tally
        self._clock = clock
        self._failures: dict[type[Money | Now], int] = {Money: 0, Now: 0}
        self._away: dict[type[KeyFault] | type[StoreFault], float] = {}
        """Since when each of AWAY has failed us."""
        self._duty = Duty()

    def turns(self) -> int:
        """How much it has taken up; chores come each second, so that one that does not grow is stuck."""
        return self._duty.turns

    def run(self) -> None:
        """Until the lanes are closed."""
        try:
            with self._opened() as doer:
                self._reports.on_open()
                while (work := self._lanes.take()) is not None:
                    self._duty.turned()
                    self._do(doer, work)
                self._spare(lambda: self._finish(doer))
        except BaseException as fault:  # noqa: BLE001  # told to the loop, which ends the process with it
            self._reports.on_end(fault)
        else:
            self._reports.on_end(None)

    def _do(self, doer: Doer, work: Work) -> None:
        match work:
            case Now():
                self._now(doer, work)
            case Money():
                self._money(doer, work)
            case States():
                self._spare(lambda: self._states(doer, work))
            case Chores():
                self._spare(lambda: self._chores(doer, work))
            case Look():
                self._spare(lambda: self._look(doer))

    def _now(self, doer: Doer, work: Now) -> None:
        waiting = deque(parts_of(work.tickets))
        while waiting:
            part = waiting.popleft()
            try:
                letters = doer.together(part) if len(part) > 1 else self._answered(doer, part[0])
            except AWAY as fault:
                left = tuple(ticket for one in (part, *waiting) for ticket in one)
                self._lanes.give_back(Now(left), self._pause_s(Now, fault))
                return
            except Exception:  # of one of them: nothing is done, so each is tried for itself
                if len(part) == 1:
                    raise  # it could not even be set aside: nothing is guessed about that
                waiting.extendleft((ticket,) for ticket in reversed(part))
                continue
            self._reports.deliver(letters, part)
            self._succeeded(doer, Now)

    def _answered(self, doer: Doer, ticket: Ticket) -> list[Letter]:
        try:
            return doer.now(ticket)
        except AWAY:
            raise
        except Exception as fault:  # noqa: BLE001  # a defect of ours: kept with the message, and told
            doer.set_aside(ticket, fault)
            return []

    def _chores(self, doer: Doer, work: Chores) -> None:
        if work.notices:
            self._notices(doer, work)
        letters = doer.witnessed()
        if letters:  # at once: they count as told, whatever becomes of the other chores
            self._reports.deliver(letters, ())
        if doer.chores():
            self._lanes.put_chores()  # behind what has come meanwhile

    def _look(self, doer: Doer) -> None:
        """A document that our own code stumbles over stops no record."""
        try:
            letters = doer.looked()
        except AWAY:
            raise
        except Exception as fault:  # noqa: BLE001  # a defect of ours: told, and looked at again
            doer.look_failed(fault)
            return
        if letters:
            self._reports.deliver(letters, ())

    def _notices(self, doer: Doer, work: Chores) -> None:
        try:
            doer.notices(work.notices)
        except AWAY:
            self._lanes.keep_notices(work.notices)
            raise

    def _finish(self, doer: Doer) -> None:
        doer.chores()

    def _states(self, doer: Doer, work: States) -> None:
        letters = self._heard(doer, work)
        if letters:
            self._reports.deliver(letters, ())

    def _heard(self, doer: Doer, work: States) -> list[Letter]:
        """A state that our own code stumbles over is said again every two seconds: it stops nobody else's."""
        try:
            return doer.states(work)
        except AWAY:
            raise
        except Exception as fault:  # noqa: BLE001  # of one of them: nothing is done, so each is heard for itself
            if len(work.states) == 1:
                doer.state_failed(work.states[0][0], fault)
                return []
            return [letter for one in work.states for letter in self._heard(doer, States((one,)))]

    def _money(self, doer: Doer, work: Money) -> None:
        try:
            letters = doer.money(work.tickets)
        except AWAY as fault:
            self._lanes.give_back(work, self._pause_s(Money, fault))
            return
        self._reports.deliver(letters, work.tickets)
        self._succeeded(doer, Money)

    def _spare(self, duty: Callable[[], None]) -> None:
        """Work that comes again by itself: a failure is counted, and that is all."""
        try:
            duty()
        except AWAY as fault:
            self._tally.failed(fault)

    def _succeeded(self, doer: Doer, lane: type[Money | Now]) -> None:
        """A lane that had failed works again: what was away is there, and that is told if it was long."""
        failed, self._failures[lane] = self._failures[lane], 0
        if not failed:
            return
        away, self._away = self._away, {}
        for fault, since_s in away.items():
            seconds = int(self._clock() - since_s)
            if seconds >= OUTAGE_S:
                self._spare(partial(doer.outage_over, fault, seconds))

    def _pause_s(self, lane: type[Money | Now], fault: KeyFault | StoreFault) -> float:
        self._tally.failed(fault)
        self._failures[lane] += 1
        self._away.setdefault(KeyFault if isinstance(fault, KeyFault) else StoreFault, self._clock())
        return pause_s(self._failures[lane] - 1)
