"""Which terminals could still bring a debit of a card: the simple form of the release rule of DESIGN 6.

A body that can debit (no load machine) and was ever given an epoch owes until its newest STATUS came after the moment
in question, names nothing that the ledger lacks, and leaves no slot open. Older epochs owe what they lack. Enough for
a card that the desk keeps. A lost one may be used at any terminal that has not said that it refuses it: that part of
the rule comes with the hotlist's distribution, and desk/replacing.py releases nothing of a lost card before.
"""

from typing import NamedTuple

from cloud.ledger.fleet.heard import terminals
from cloud.ledger.fleet.views import Completeness, TerminalView
from cloud.store.db import Database
from shared.inventory import LOADERS

OWING_MAX = 32
"""Most terminals that are named."""


class Owing(NamedTuple):
    """records: how many are known to be owed; silent: its newest STATUS is older than the moment in question."""

    name: str
    place: str
    records: int
    open_slots: int
    silent: bool


def owing(db: Database, since_ms: int) -> list[Owing]:
    """Every terminal that owes, or may; empty when the ledger is complete for a card that nobody used since."""
    kinds: dict[bytes, str] = dict(db.run("SELECT device, kind FROM device"))
    given = {device for (device,) in db.run("SELECT DISTINCT device FROM epoch")}
    rows = terminals(db)
    newest = {terminal.device: terminal.epoch for terminal in rows}  # by rising epoch
    found = []
    for terminal in rows:
        if kinds[terminal.device] in LOADERS or terminal.device not in given:
            continue
        one = _owing(terminal, since_ms, is_newest=terminal.epoch == newest[terminal.device])
        if one is not None:
            found.append(one)
    return found


def _owing(terminal: TerminalView, since_ms: int, *, is_newest: bool) -> Owing | None:
    silent = is_newest and terminal.heard_ms < since_ms
    lacks = terminal.completeness not in (Completeness.COMPLETE, Completeness.UNKNOWN)
    if not (silent or lacks or terminal.open_slots):
        return None
    return Owing(terminal.name, terminal.place, terminal.owes, terminal.open_slots, silent)
