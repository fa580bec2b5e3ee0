"""What stands below what: a terminal on its bus or in its group, both at a box, boxes of the campus. Pure.

A bus is a chain: each terminal stands on its own segment, that below the one before it, the first on the bus. So what
is said of a segment holds for all behind it, and for none before.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from cloud.watch.alarms.terms import CAMPUS, Kind, Source

DEPTH_MAX = 160
"""Steps upward, more than a bus has terminals; what would go on (a circle in what was told) ends there."""
NEEDED = ("broker", "ingest")
"""Services without which no box is heard."""


class Topology:
    """above: of each source those right above it; what is not named stands below the campus alone."""

    def __init__(self, above: Mapping[Source, tuple[Source, ...]] | None = None) -> None:
        self._above = dict(above or {})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Topology) and self._above == other._above

    __hash__ = None  # type: ignore[assignment]  # it may be large, and nobody keys by it

    def over(self, source: Source) -> Iterable[Source]:
        """Everything above it, the nearest first, each once; the campus last."""
        seen: dict[Source, None] = {}
        level: tuple[Source, ...] = (source,)
        for _ in range(DEPTH_MAX):
            level = tuple(up for one in level for up in self._above.get(one, ()) if up not in seen and up != source)
            if not level:
                break
            seen.update(dict.fromkeys(level))
        if source != CAMPUS:
            seen.setdefault(CAMPUS)
        return seen


class Hung(NamedTuple):
    """Where a terminal hangs. link: of its box, empty: it is not known. name: its own, as facts of its bus say it."""

    box: str
    link: str
    name: str
    is_bus: bool


def bus(box: str, link: str) -> Source:
    """A bus of a box."""
    return Source(Kind.BUS, f"{box}/{link}")


def segment(box: str, link: str, name: str) -> Source:
    """The part of a bus from this terminal on."""
    return Source(Kind.BUS, f"{box}/{link}/{name}")


def topology_of(
    hung: Mapping[Source, Hung], boxes: Sequence[str], groups: Mapping[Source, tuple[Source, ...]]
) -> Topology:
    """hung: in the order on the cable. groups: of each member and group what is right above it."""
    above: dict[Source, tuple[Source, ...]] = {}
    last: dict[Source, Source] = {}
    services = tuple(Source(Kind.SERVICE, name) for name in NEEDED)
    for box in boxes:
        above[Source(Kind.BOX, box)] = services
    for terminal, one in hung.items():
        on = Source(Kind.BOX, one.box)
        if one.is_bus:
            whole, own = bus(one.box, one.link), segment(one.box, one.link, one.name)
            above[whole] = (on,)
            above[own] = (last.get(whole, whole),)
            last[whole] = on = own
        above[terminal] = (on,)
    for source, over in groups.items():
        above[source] = (*over, *above.get(source, ()))
    return Topology(above)
