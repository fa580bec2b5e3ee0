"""What boxes that terminals have left may still hold of them: a move takes no rows along. Inside of a snapshot."""

from collections.abc import Callable

from cloud.ledger.journal.move_rows import read_moves
from cloud.store.db import Database


def former_holds(db: Database, may_hold: Callable[[str], bool]) -> dict[tuple[bytes, int], int]:
    """(device, epoch) → the last sequence made at a box that it has left, and that may hold rows by this word."""
    upto: dict[tuple[bytes, int], int] = {}
    for moved in read_moves(db):
        if may_hold(moved.former):
            for epoch, seq in moved.upto.items():
                upto[moved.device, epoch] = max(seq, upto.get((moved.device, epoch), 0))
    return upto
