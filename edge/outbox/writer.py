"""The outbox writer: the one thread that touches the outbox, so that a slow disk never stops the event loop.

Group commit of whatever is queued, a document by itself. A record never waits for others; a settle waits a moment for
records to share its sync with. At the bound of the queue a record is refused at once: no ACK, the terminal keeps it.
Idle moments are used to fold the write-ahead log in and to drop old settled rows.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice, takewhile
from typing import Protocol

from edge.box.values.effects import (
    Command,
    Depth,
    DocumentNotKept,
    KeepDocument,
    Kept,
    NotRead,
    NotSettled,
    NotUnsettled,
    Outcome,
    Put,
    Read,
    Refused,
    Settle,
    Trouble,
    Unsettle,
)
from edge.outbox.ballast import Ballast
from edge.outbox.group import Store, commit_group
from edge.outbox.store import Dropped
from shared.errors import StoreFault
from shared.facts.boxes import BallastUsedToFold, HouseNotKept, NotKeptHere

PUTS_MAX = 4096
"""Records that may wait for the disk; a record above is refused with reason `queue`."""
COMMANDS_MAX = PUTS_MAX + 1024
"""Settles, reads and the rest have their own room behind the records; their owners bound them."""
GROUP_MAX = 1024
"""Commands of one transaction: bounds the time that a record waits behind others."""
IDLE_S = 0.25
SETTLE_WAIT_S = 0.05
"""Settles alone wait so long for a record: half the syncs, and a terminal hears of them once a second anyway."""
LOOK_S = 0.5
FREE_BYTES_MIN = 1 << 20
"""On a full disk, records are accepted again when dropped rows have left so much room inside the file."""
DROPS_MAX = 8
"""Drops of one idle moment: faster than any box accepts, and still shorter than a slow fsync."""
FOLD_UNITS = 256
FOLD_UNITS_MAX = 2048
"""The log is folded into the file in an idle moment after so many commits or 16 times as many records, and at once
after the larger number: what is not folded stays smaller than the ballast, which a full disk needs to fold it."""
RECORDS_PER_UNIT = 16
DOCUMENT_BYTES_PER_UNIT = 4096
"""A document's bytes stand in the log, too."""


class KeepingStore(Store, Protocol):
    """What the writer needs of an OutboxStore beside its groups."""

    def depth(self) -> Depth: ...
    def checkpoint(self) -> None: ...
    def drop_settled(self, unix_ms: int, *, pressed: bool = False) -> Dropped: ...
    def free_bytes(self) -> int: ...
    def close(self) -> None: ...


class OutboxWriter:
    """deliver: called in the writer's thread with the outcomes of each group (hand over to the loop there).

    died: called in the writer's thread when it cannot go on; the store is in an unknown state, end the process.
    """

    def __init__(
        self, store: KeepingStore, ballast: Ballast, deliver: Callable[[list[Outcome]], None],
        died: Callable[[Exception], None], unix_ms: Callable[[], int],
    ) -> None:  # fmt: skip
        self.depth = store.depth()
        """As of the last look: at most LOOK_S old, and as old as the disk is slow."""
        self.groups = 0
        self.turns = 0
        """Groups and idle moments: stands still when the disk does."""
        self._store = store
        self._ballast = ballast
        self._deliver = deliver
        self._died = died
        self._unix_ms = unix_ms
        self._queue: deque[Command] = deque()
        self._puts = 0
        self._ending = False
        self._unfolded = 0.0
        self._pressed = False
        self._looked_s = 0.0
        self._wake = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="outbox-writer", daemon=True)

    def start(self) -> None:
        """Start the thread; the store belongs to it from now on."""
        self._thread.start()

    def submit(self, commands: Sequence[Command]) -> list[Outcome]:
        """Queue commands. What does not fit is answered here and now."""
        refused: list[Outcome] = []
        with self._wake:
            for command in commands:
                if self._has_room(command):
                    self._queue.append(command)
                    self._puts += isinstance(command, Put)
                else:
                    refused.append(turned_away(command))
            self._wake.notify()
        return refused

    def stop(self) -> None:
        """Do what is queued, close the store, end the thread."""
        with self._wake:
            self._ending = True
            self._wake.notify()
        self._thread.join()

    def _has_room(self, command: Command) -> bool:
        if isinstance(command, Put) and self._puts >= PUTS_MAX:
            return False
        return len(self._queue) < COMMANDS_MAX

    def _run(self) -> None:
        try:
            while self._turn():
                pass
            self._store.checkpoint()
            self._store.close()
        except Exception as fault:  # noqa: BLE001  # told to the owner, who ends the process: nothing is guessed
            self._died(fault)

    def _turn(self) -> bool:
        """One group, or one idle moment. False when the work is over."""
        self.turns += 1
        group = self._next_group()
        if group:
            outcomes = commit_group(self._store, group, self._give_up_ballast)
            self.groups += 1
            self._unfolded += 1 + len(group) / RECORDS_PER_UNIT + _document_bytes(group) / DOCUMENT_BYTES_PER_UNIT
            self._feel_pressure(outcomes)
            self._deliver(outcomes)
        if not group or self._unfolded >= FOLD_UNITS_MAX:
            self._keep_house()
        if not group or time.monotonic() - self._looked_s > LOOK_S:
            self._looked_s = time.monotonic()
            self.depth = self._store.depth()
        return bool(group) or not self._ending

    def _next_group(self) -> list[Command]:
        with self._wake:
            if not self._queue and not self._ending:
                self._wake.wait(IDLE_S)
            if self._only_settles():
                self._wake.wait_for(lambda: not self._only_settles(), SETTLE_WAIT_S)
            size = min(len(self._queue), GROUP_MAX, self._upto_document())
            group = [self._queue.popleft() for _ in range(size)]
            self._puts -= sum(1 for command in group if isinstance(command, Put))
            return group

    def _upto_document(self) -> int:
        """A document is a group of its own, so that no record waits for more than one."""
        if self._queue and isinstance(self._queue[0], KeepDocument):
            return 1
        upto = takewhile(lambda command: not isinstance(command, KeepDocument), islice(self._queue, GROUP_MAX))
        return sum(1 for _ in upto)

    def _only_settles(self) -> bool:
        return bool(self._queue) and not self._ending and all(isinstance(command, Settle) for command in self._queue)

    def _keep_house(self) -> None:
        try:
            self._fold_and_drop()
        except StoreFault as fault:
            self._store.rollback()
            self._keep_house_on_a_full_disk(fault)
        held = self._ballast.hold()
        free = self._store.free_bytes()
        self._store.accepting = held or free >= FREE_BYTES_MIN
        self._pressed = (self._pressed or not held) and free < 2 * FREE_BYTES_MIN

    def _feel_pressure(self, outcomes: list[Outcome]) -> None:
        """A record was refused because the disk is full, or one has found room again."""
        for outcome in outcomes:
            if isinstance(outcome, Refused):
                self._pressed = outcome.reason in ("full", "io")
            elif isinstance(outcome, Kept) and outcome.fresh:
                self._pressed = False

    def _keep_house_on_a_full_disk(self, first: StoreFault) -> None:
        """Folding and dropping are what makes room, so they get the ballast's."""
        if self._give_up_ballast():
            self._deliver([Trouble(BallastUsedToFold(str(first)))])
        try:
            self._unfolded = FOLD_UNITS_MAX
            self._fold_and_drop()
        except StoreFault as fault:
            self._store.rollback()
            self._deliver([Trouble(HouseNotKept(str(fault)))])

    def _give_up_ballast(self) -> bool:
        self._store.accepting = False
        self._pressed = True
        return self._ballast.release()

    def _fold_and_drop(self) -> None:
        if self._unfolded >= FOLD_UNITS:
            self._store.checkpoint()
            self._unfolded = 0.0
        self._drop()

    def _drop(self) -> None:
        for _ in range(DROPS_MAX):
            self._store.begin()
            dropped = self._store.drop_settled(self._unix_ms(), pressed=self._pressed)
            self._store.commit()
            if dropped.trouble is not None:
                self._deliver([dropped.trouble])
            if not dropped.rows:
                return


def _document_bytes(group: Sequence[Command]) -> int:
    return sum(len(command.body) for command in group if isinstance(command, KeepDocument))


def turned_away(command: Command) -> Outcome:
    """The answer to a command for which the queue has no room."""
    match command:
        case Put():
            return Refused(command, "queue")
        case Settle():
            return NotSettled(command, "queue")
        case Unsettle():
            return NotUnsettled(command, "queue")
        case Read():
            return NotRead(command)
        case KeepDocument():
            return DocumentNotKept(command, "queue")
        case _:
            return Trouble(NotKeptHere(type(command).__name__, "queue"))
