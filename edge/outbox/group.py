"""One group of commands to the outbox: one transaction for all that writes, then the reads. No thread, no clock.

A refused transaction accepts nothing: its records get no ACK and stay at their terminals. What only settles or
remembers is tried once more with the room of the ballast. A document comes after all of them, by itself, and only
while records are accepted: a disk that has no room for one has lost no record over it.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import Protocol

from edge.box.values.effects import (
    AddressKept,
    Command,
    DocumentKept,
    DocumentNotKept,
    EpochKept,
    KeepAddress,
    KeepBackupMark,
    KeepDocument,
    KeepEpoch,
    Kept,
    NotRead,
    NotSettled,
    NotUnsettled,
    Outcome,
    Put,
    Read,
    Refused,
    Reloaded,
    Row,
    Rows,
    Settle,
    Settled,
    Snapshot,
    Trouble,
    Unsettle,
    Unsettled,
)
from edge.outbox.scan import Damage
from shared.errors import StoreFault
from shared.facts.boxes import BallastUsed, NotKeptHere, OutboxUnreadable


class Store(Protocol):
    """What a group needs of an OutboxStore."""

    def begin(self) -> None: ...
    def commit(self) -> None: ...
    def rollback(self) -> None: ...
    def put(self, puts: Sequence[Put]) -> list[Kept | Refused]: ...
    def settle(self, settle: Settle) -> None: ...
    def unsettle(self, unsettle: Unsettle) -> int: ...
    def keep_epoch(self, kept: KeepEpoch) -> None: ...
    def keep_address(self, kept: KeepAddress) -> None: ...
    def keep_backup_mark(self, mark: KeepBackupMark) -> None: ...
    def keep_document(self, wanted: KeepDocument) -> None: ...
    def set_aside(self, damage: Damage) -> None: ...
    def rows(self, after: int, limit: int) -> tuple[list[Row], Damage | None]: ...
    def snapshot(self) -> Snapshot: ...
    def take_troubles(self) -> list[Trouble]: ...

    accepting: bool

    @property
    def first_unsettled(self) -> int: ...


def commit_group(store: Store, commands: Sequence[Command], free_room: Callable[[], bool]) -> list[Outcome]:
    """Outcomes of the commands: writes first, documents, reads, each in their order.

    free_room: gives up the ballast, True if it did.
    """
    writes = [command for command in commands if not isinstance(command, Read | KeepDocument)]
    outcomes: list[Outcome] = []
    for is_unsettle, run in groupby(writes, _is_unsettle):
        group = [*run]
        outcomes += _unsettle_all(store, group, free_room) if is_unsettle else _write(store, group, free_room)
    outcomes += [_keep_document(store, command) for command in commands if isinstance(command, KeepDocument)]
    for command in commands:
        if isinstance(command, Read):
            outcomes += _read(store, command)
    return outcomes


def _is_unsettle(command: Command) -> bool:
    return isinstance(command, Unsettle)


def _is_put(command: Command) -> bool:
    return isinstance(command, Put)


def _write(store: Store, group: Sequence[Command], free_room: Callable[[], bool]) -> list[Outcome]:
    try:
        return _transaction(store, group)
    except StoreFault as fault:
        store.rollback()
        reason = _reason(fault)
    outcomes: list[Outcome] = [Refused(command, reason) for command in group if isinstance(command, Put)]
    rest = [command for command in group if not isinstance(command, Put)]
    return outcomes + _write_rest(store, rest, reason, free_room) if rest else outcomes


def _write_rest(
    store: Store, rest: Sequence[Command], reason: str, free_room: Callable[[], bool]
) -> list[Outcome]:
    freed = free_room()
    said: list[Outcome] = [Trouble(BallastUsed(reason))] if freed else []
    try:
        return said + _transaction(store, rest)
    except StoreFault as fault:
        store.rollback()
        return said + [_not_done(command, _reason(fault)) for command in rest]


def _transaction(store: Store, group: Iterable[Command]) -> list[Outcome]:
    outcomes: list[Outcome] = []
    settles: list[Settle] = []
    store.begin()
    for is_put, run in groupby(group, _is_put):
        if is_put:
            outcomes += store.put([command for command in run if isinstance(command, Put)])
            continue
        for command in run:
            if isinstance(command, Settle):
                store.settle(command)
                settles.append(command)
            elif isinstance(command, KeepEpoch):
                store.keep_epoch(command)
                outcomes.append(EpochKept(command))
            elif isinstance(command, KeepAddress):
                store.keep_address(command)
                outcomes.append(AddressKept(command))
            elif isinstance(command, KeepBackupMark):
                store.keep_backup_mark(command)
    store.commit()
    first = store.first_unsettled
    return [*outcomes, *(Settled(settle, first) for settle in settles), *store.take_troubles()]


def _keep_document(store: Store, wanted: KeepDocument) -> DocumentKept | DocumentNotKept:
    if not store.accepting:
        return DocumentNotKept(wanted, "full")
    try:
        store.begin()
        store.keep_document(wanted)
        store.commit()
    except StoreFault as fault:
        store.rollback()
        return DocumentNotKept(wanted, _reason(fault))
    return DocumentKept(wanted)


def _unsettle_all(store: Store, group: Sequence[Command], free_room: Callable[[], bool]) -> list[Outcome]:
    outcomes: list[Outcome] = []
    for command in group:
        if isinstance(command, Unsettle):
            outcomes += _unsettle(store, command, free_room)
    return outcomes


def _unsettle(store: Store, command: Unsettle, free_room: Callable[[], bool]) -> list[Outcome]:
    try:
        return [_unsettled(store, command)]
    except StoreFault:
        store.rollback()
        free_room()
    try:
        return [_unsettled(store, command)]
    except StoreFault as fault:
        store.rollback()
        return [_not_done(command, _reason(fault))]


def _unsettled(store: Store, command: Unsettle) -> Unsettled:
    store.begin()
    gone = store.unsettle(command)
    store.commit()
    return Unsettled(command, store.snapshot(), gone)


def _read(store: Store, read: Read) -> list[Outcome]:
    try:
        rows, damage = store.rows(read.after, read.limit)
        if damage is None:
            return [Rows(read, tuple(rows))]
        return [_set_aside(store, damage)]
    except StoreFault as fault:
        store.rollback()
        return [NotRead(read), Trouble(OutboxUnreadable(str(fault)))]


def _set_aside(store: Store, damage: Damage) -> Reloaded:
    """The snapshot looks for others and tells them all."""
    store.begin()
    store.set_aside(damage)
    store.commit()
    return Reloaded(store.snapshot())


def _not_done(command: Command, reason: str) -> Outcome:
    if isinstance(command, Settle):
        return NotSettled(command, reason)
    if isinstance(command, Unsettle):
        return NotUnsettled(command, reason)
    return Trouble(NotKeptHere(type(command).__name__, reason))


def _reason(fault: StoreFault) -> str:
    return str(getattr(fault, "reason", "other"))
