"""The rows of terminals that moved from one box to another, and of epochs let through: append-only. In a transaction.

The table device stays as the inventory told it, so that the same inventory again changes nothing.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cloud.store.db import Database

_COLUMNS = "id, device, former, box, proposal, at_ms"


class Moved(NamedTuple):
    """A move that was done. upto: the last sequence of each epoch that it had made at its former box."""

    number: int
    device: bytes
    former: str
    box: str
    proposal: int
    at_ms: int
    upto: Mapping[int, int]


def read_moves(db: Database) -> list[Moved]:
    """Oldest first."""
    upto: dict[int, dict[int, int]] = {}
    for move, epoch, seq in db.run("SELECT move, epoch, seq FROM device_move_mark ORDER BY move, epoch"):
        upto.setdefault(move, {})[epoch] = seq
    return [
        Moved(number, bytes(device), former, box, proposal, at_ms, upto.get(number, {}))
        for number, device, former, box, proposal, at_ms in db.run(f"SELECT {_COLUMNS} FROM device_move ORDER BY id")  # noqa: S608  # our own names
    ]


def boxes_now(db: Database) -> dict[bytes, str]:
    """Where those are that have moved."""
    return {bytes(device): box for device, box in db.run("SELECT device, box FROM device_move ORDER BY id")}


NOW = "(SELECT device, box FROM device_move WHERE id IN (SELECT MAX(id) FROM device_move GROUP BY device))"
"""Where those are that have moved, to be joined."""


def add_move(db: Database, moved: Moved) -> None:
    """Its number is the next one."""
    db.insert("device_move", _COLUMNS, [moved[:6]])
    db.insert("device_move_mark", "move, epoch, seq", [(moved.number, *mark) for mark in sorted(moved.upto.items())])


def next_move(db: Database) -> int:
    """The number of the next one."""
    return 1 + int(db.run("SELECT COALESCE(MAX(id), 0) FROM device_move")[0][0])


def read_let(db: Database) -> Sequence[tuple[bytes, int, int]]:
    """device, epoch, proposal of each epoch that was let through."""
    rows = db.run("SELECT device, epoch, proposal FROM epoch_let ORDER BY device, epoch")
    return [(bytes(device), epoch, proposal) for device, epoch, proposal in rows]


def let_through(db: Database, device: bytes, epoch: int, proposal: int) -> None:
    """From now on the ledger counts as having given it."""
    db.insert("epoch_let", "device, epoch, proposal", [(device, epoch, proposal)])
