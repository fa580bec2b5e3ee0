"""What is not drained before the power goes for a holiday: terminals and boxes that hold something, or may.

A terminal is drained when its newest STATUS is young, names nothing that the ledger lacks, and leaves no slot open; a
box, when it is online and its outbox is empty. Whoever was silent may hold anything.
"""

from typing import NamedTuple

from cloud.ledger.fleet.heard import boxes
from cloud.ledger.fleet.owing import fleet
from cloud.ledger.fleet.views import BoxView, Completeness, TerminalView
from cloud.ledger.records.values import Now
from cloud.store.db import Database

SILENT_MS = 600_000
"""A word that is older than this says nothing of what was made since."""


class Undrained(NamedTuple):
    """A terminal, or a box. silent_ms: since it was heard, 0: it is heard, below 0: never; records: known to be there;
    open_slots: transactions that wait for their card."""

    name: str
    box: str
    place: str
    is_box: bool
    silent_ms: int
    records: int
    open_slots: int


def undrained(db: Database, now: Now) -> list[Undrained]:
    """Boxes first, then terminals, by name. Inside of a snapshot."""
    there = fleet(db)
    tills = [_terminal(one, now) for one in there.rows if one.device in there.given or one.heard_ms]
    return [one for one in [*(_box(view, now) for view in boxes(db)), *tills] if one is not None]


def _box(view: BoxView, now: Now) -> Undrained | None:
    silent = _silent(view.heard_ms, now)
    if view.state is not None and not view.state.online:
        silent = silent or max(1, now.unix_ms - view.heard_ms)
    records = view.state.unsettled if view.state is not None else 0
    return Undrained(view.box, view.box, view.name, True, silent, records, 0) if silent or records else None


def _terminal(one: TerminalView, now: Now) -> Undrained | None:
    silent = _silent(one.heard_ms, now)
    if one.completeness is Completeness.COMPLETE and not one.open_slots and not silent:
        return None
    return Undrained(one.name, one.box, one.place, False, silent, one.owes, one.open_slots)


def _silent(heard_ms: int, now: Now) -> int:
    """For how long; 0: it is heard, -1: never."""
    if not heard_ms:
        return -1
    return now.unix_ms - heard_ms if now.unix_ms - heard_ms > SILENT_MS else 0
