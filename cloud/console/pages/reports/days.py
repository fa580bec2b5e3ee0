"""What days took, as whoever asks may see it, and whether it is all of it: which terminals may still bring more."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import NamedTuple, TypeVar

from flask import g

from cloud.console.access.rights import Right, Signed
from cloud.console.frame.clock import day_ends_ms, today, wall_now
from cloud.console.frame.sources import Sources
from cloud.ledger.fleet.views import Completeness, TerminalView, newest_of
from cloud.ledger.read.shown.takings import Place, Sums

K = TypeVar("K", bound=Hashable)
SPAN_MAX = 62
"""Most days of one report."""
HEARD_MS = 600_000
"""A word that is older says nothing of what was made since."""


class Owing(NamedTuple):
    """A terminal that may still bring something of these days. owes: known records; None: it was not heard since, and
    nobody knows."""

    terminal: str
    place: str
    merchant: str
    box: str
    owes: int | None


class Days(NamedTuple):
    """first, last: campus days. whole: nothing is missing, and the days are over."""

    first: int
    last: int
    sums: dict[Place, Sums]
    owing: tuple[Owing, ...]
    is_over: bool

    @property
    def is_whole(self) -> bool:
        """May it be relied on?"""
        return self.is_over and not self.owing


def days(
    sources: Sources, first: int, last: int, edges: Sequence[int] = (), views: Sequence[TerminalView] | None = None
) -> Days:
    """Of the places that he may see. views: of the terminals, where they were read already."""
    signed: Signed = g.signed
    found = {
        place: sums
        for place, sums in sources.reader.takings(first, last, edges).items()
        if signed.sees(Right.SEE_TAKINGS, box=place.box, merchant=place.merchant)
    }
    views = [
        view
        for view in newest_of(sources.reader.terminals() if views is None else views).values()
        if signed.sees(Right.SEE_TAKINGS, box=view.box, merchant=view.merchant)
    ]
    return Days(first, last, found, owing_of(views, last), last < today())


def owing_of(views: Iterable[TerminalView], last: int) -> tuple[Owing, ...]:
    """What is owed, and whoever was not heard since that day was over; of a day that lasts, within the last minutes."""
    since_ms = min(day_ends_ms(last), wall_now().unix_ms - HEARD_MS)
    found = []
    for view in joined(views):
        if view.heard_ms < since_ms or view.completeness is Completeness.UNKNOWN:
            found.append(Owing(view.name, view.place, view.merchant, view.box, None))
        elif view.owes:
            found.append(Owing(view.name, view.place, view.merchant, view.box, view.owes))
    return tuple(sorted(found))


def joined(views: Iterable[TerminalView]) -> list[TerminalView]:
    """Those that were ever given an epoch: nobody sells without one."""
    return [view for view in views if view.epoch or view.heard_ms]


def summed(sums: dict[Place, Sums], key: Callable[[Place], K]) -> dict[K, Sums]:
    """Together by something."""
    found: defaultdict[K, Sums] = defaultdict(Sums)
    for place, one in sums.items():
        found[key(place)].add(one)
    return dict(found)


def total(sums: dict[Place, Sums]) -> Sums:
    """All of it."""
    return summed(sums, lambda _: "").get("", Sums())
