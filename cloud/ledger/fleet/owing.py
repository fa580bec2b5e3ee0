"""Which terminals could still bring a debit of a card: the simple form of the release rule of DESIGN 6.

A body that can debit (no load machine) and has an epoch, from this ledger or from what it was before it was put back,
owes until its newest STATUS came after the moment in question, names nothing that the ledger lacks, and leaves no slot
open. Older epochs owe what they lack. Enough for a card that the desk keeps. A lost one may be used at any terminal
that has not said that it refuses it, or was written off: held/losses/waiting.py.
"""

from collections.abc import Mapping
from typing import NamedTuple

from cloud.ledger.fleet.heard import terminals
from cloud.ledger.fleet.views import TerminalView, newest_of
from cloud.store.db import Database
from shared.inventory import LOADERS
from shared.wire.messages import Range

_NOWHERE: Mapping[bytes, int] = {}
OWING_MAX = 32
"""Most terminals that are named."""
_GIVEN = " UNION ".join(
    f"SELECT device FROM {table}"  # noqa: S608  # our own names
    for table in ("epoch", "epoch_let", "device_mark", "epoch_status")
)
"""A ledger that was put back may have forgotten an epoch; the box that keeps it goes on under it, and asks for none."""
_KINDS = (
    "SELECT d.device, d.kind, CASE WHEN g.device IS NULL THEN 0 ELSE 1 END FROM device d "  # noqa: S608  # our own names
    f"LEFT JOIN ({_GIVEN}) g ON g.device = d.device"
)


class Owing(NamedTuple):
    """records: how many are known to be owed; silent: its newest STATUS is older than the moment in question."""

    name: str
    place: str
    records: int
    open_slots: int
    silent: bool


class Fleet(NamedTuple):
    """All terminals as they were heard, with their kinds, and which have an epoch, whoever gave it."""

    rows: list[TerminalView]
    kinds: dict[bytes, str]
    given: set[bytes]

    @property
    def tills(self) -> dict[bytes, TerminalView]:
        """Those that debit cards, or will when they are given an epoch: the newest epoch of each (newest_of)."""
        return {device: one for device, one in newest_of(self.rows).items() if self.kinds[device] not in LOADERS}

    def has_sold(self, device: bytes) -> bool:
        """May it have debited a card? It is no load machine, and has an epoch: without one it does not sell."""
        return self.kinds[device] not in LOADERS and device in self.given


def fleet(db: Database, rows: list[TerminalView] | None = None) -> Fleet:
    """Inside of a snapshot. rows: all terminals, where they were read in it already."""
    kinds = {device: (kind, is_given) for device, kind, is_given in db.run(_KINDS)}
    return Fleet(
        terminals(db) if rows is None else rows, {device: kind for device, (kind, _) in kinds.items()},
        {device for device, (_, is_given) in kinds.items() if is_given},
    )  # fmt: skip


def owing(there: Fleet, since_ms: int, refuses_from: Mapping[bytes, int] = _NOWHERE) -> list[tuple[bytes, Owing]]:
    """Every terminal that owes, or may; empty when the ledger is complete for a card that nobody used since.

    refuses_from: terminal → the last record of its newest epoch before it began to refuse the card; what it wrote
    later is not of that card, so a till that sells on owes nothing by that."""
    newest, found = newest_of(there.rows), []
    for terminal in there.rows:
        if not there.has_sold(terminal.device):
            continue
        is_newest = terminal is newest[terminal.device]
        last = refuses_from.get(terminal.device) if is_newest else None
        one = _owing(terminal, since_ms, terminal.last if last is None else last, is_newest=is_newest)
        if one is not None:
            found.append((terminal.device, one))
    return found


def owing_of_day(there: Fleet, since_ms: int) -> list[tuple[TerminalView, Owing]]:
    """Every body with an epoch, load machines with them, that owes or may, of what it made before this moment."""
    newest, found = newest_of(there.rows), []
    for terminal in there.rows:
        is_newest = terminal is newest[terminal.device]
        one = _owing(terminal, since_ms, terminal.last, is_newest=is_newest) if terminal.device in there.given else None
        if one is not None:
            found.append((terminal, one))
    return found


def owed_upto(terminal: TerminalView, last: int) -> tuple[Range, ...]:
    """What it owes of the records up to this one."""
    return tuple((low, min(high, last)) for low, high in terminal.owed if low <= last)


def _owing(terminal: TerminalView, since_ms: int, last: int, *, is_newest: bool) -> Owing | None:
    silent = is_newest and terminal.heard_ms < since_ms
    records = sum(high - low + 1 for low, high in owed_upto(terminal, last))
    if not (silent or records or terminal.open_slots):
        return None
    return Owing(terminal.name, terminal.place, records, terminal.open_slots, silent)
