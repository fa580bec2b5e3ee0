"""What is shown of boxes and terminals: plain values, times in Unix ms."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from shared.facts.told import Params
from shared.wire.messages import BoxState, Range


class Completeness(StrEnum):
    """收齐 complete; 迟到 late: the terminal holds what is owed; gap: it no longer does; unknown: no STATUS yet."""

    COMPLETE = "complete"
    LATE = "late"
    GAP = "gap"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class BoxView:
    """A registered box and what it last said of itself."""

    box: str
    name: str
    partition: int
    heard_ms: int
    state: BoxState | None


@dataclass(frozen=True, slots=True)
class TerminalView:
    """One (device, epoch) as its STATUS and the marks show it. owed: ranges that the ledger lacks up to `last`."""

    device: bytes
    name: str
    place: str
    merchant: str
    box: str
    epoch: int
    last: int
    settled: int
    held: int
    owed: tuple[Range, ...]
    completeness: Completeness
    open_slots: int
    heard_ms: int

    @property
    def owes(self) -> int:
        """How many records."""
        return sum(high - low + 1 for low, high in self.owed)


def newest_of(views: Iterable[TerminalView]) -> dict[bytes, TerminalView]:
    """Of each body the epoch that it sells in: the highest that its last STATUS names; of one that was never heard,
    the highest. That a record says a higher one proves nothing: no TAC covers it."""
    found: dict[bytes, TerminalView] = {}
    for view in views:
        known = found.setdefault(view.device, view)
        found[view.device] = max(known, view, key=lambda one: (one.heard_ms, one.epoch))
    return found


@dataclass(frozen=True, slots=True)
class FactView:
    """A fact, newest first. told: its parameters, or the text that a box or ledger of before has told instead."""

    at_ms: int
    level: str
    code: str
    box: str
    device: bytes
    told: Params | str
