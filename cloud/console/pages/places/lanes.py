"""The topology as rows: a box, its lines, and on each line its terminals in the order of the cable. Pure.

A box that is not heard makes its lines unknown, never ok. The order is that of the box's own settings, which is that on
the cable; a terminal without an address hangs on a network and not on a bus, so its lane is a star. What is shown of
long lanes has a bound: cells that are alike are one gap, and of a lane that is well there is the count alone.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from cloud.console.pages.places.walked import LaneOrder
from cloud.ledger.fleet.views import BoxView

SMALL = 300
"""A campus of no more terminals is shown whole."""
CELLS_MAX = 900
"""Cells and gaps of a page; lanes behind it show their counts, the worst ones first served."""
LEAST = 2
"""One terminal alone that is silent is no cut."""
ENDS = 2
"""Of cells that are alike so many are shown at both ends, and a gap between them."""
MARKS = ("bad", "off", "warn", "ok")
"""From the worst."""
NEVER = "never"
"""Registered, and it has never joined: nobody misses it, and nothing of it is well or wrong."""
_BOXES_OWN: Mapping[str, LaneOrder] = MappingProxyType({})
Row = Mapping[str, Any]
"""A terminal as the list of devices has it."""


class Cut(NamedTuple):
    """A bus is suspected to be cut before this terminal. behind: the last one that is heard. since_ms 0: nobody knows.
    is_active: as the watch has it now; where it is over by time alone, the terminals behind decide."""

    box: str
    link: str
    before: str
    behind: str
    since_ms: int
    is_active: bool


class Cell(NamedTuple):
    """A terminal on its line, or a gap: `hidden` terminals that are alike. cut: the break right before it."""

    mark: str
    state: str
    device: str = ""
    name: str = ""
    place: str = ""
    address: str = ""
    hidden: int = 0
    cut: Cut | None = None


class Lane(NamedTuple):
    """A line of a box. cells: all of them. shown: what the page has of it; empty: the counts alone. is_walked: in an
    order of the console's own."""

    box: str
    link: str
    is_bus: bool
    is_dark: bool
    cells: tuple[Cell, ...]
    shown: tuple[Cell, ...] = ()
    is_walked: bool = False

    @property
    def mark(self) -> str:
        """The worst of its cells."""
        return worst(used((cell.mark, cell.state) for cell in self.cells))

    @property
    def cuts(self) -> list[Cut]:
        """Of the whole lane."""
        return [cell.cut for cell in self.cells if cell.cut is not None]

    @property
    def counts(self) -> dict[str, int]:
        """Of each mark that there is, the worst first, and at last those that never joined."""
        return tally((cell.mark, cell.state) for cell in self.cells)

    @property
    def key(self) -> str:
        """As an address names it."""
        return f"{self.box}/{self.link}"


def used(states: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Marks, from pairs of mark and state, of what has ever joined."""
    return (mark for mark, state in states if state != NEVER)


def tally(states: Iterable[tuple[str, str]]) -> dict[str, int]:
    """How many of each mark, the worst first, and at last those that never joined."""
    found = Counter(mark if state != NEVER else NEVER for mark, state in states)
    return {mark: found[mark] for mark in (*MARKS, NEVER) if found[mark]}


def worst(marks: Iterable[str]) -> str:
    """`ok` where there is none."""
    return min(marks, key=MARKS.index, default="ok")


def lanes_of(
    box: BoxView, rows: Mapping[str, Row], cuts: Sequence[Cut], orders: Mapping[str, LaneOrder] = _BOXES_OWN, *,
    is_heard: bool,
) -> list[Lane]:  # fmt: skip
    """rows: by device, those that may be seen; others are left out. What the box has not named stands last. orders: of
    cables that somebody has walked; a cut of such a one is looked for here, for its box knows another order."""
    told = box.state.terminals if box.state is not None else ()
    lines: dict[tuple[str, bool], list[Cell]] = {}
    for one in told:
        row = rows.get(one.device.hex())
        if row is not None:
            cell = _cell(row, one.address)
            lines.setdefault((one.link, bool(one.address)), []).append(cell)
    named = {one.device.hex() for one in told}
    unnamed = [_cell(row, "") for device, row in rows.items() if device not in named]
    if unnamed:
        lines["", False] = unnamed
    found = []
    for (link, is_bus), cells in lines.items():
        own = _of(cuts, box.box, link)
        walked = orders.get(f"{box.box}/{link}")
        if walked is not None:
            cells.sort(key=lambda cell: _place_of(cell, walked))
            own = looked_for(box.box, link, cells) if is_heard and is_bus else {}
        found.append(
            Lane(box.box, link, is_bus, not is_heard, tuple(_broken(cells, own)), is_walked=walked is not None)
        )
    return found


def _place_of(cell: Cell, walked: LaneOrder) -> int:
    return walked.devices.index(cell.device) if cell.device in walked.devices else len(walked.devices)


def looked_for(box: str, link: str, cells: Sequence[Cell]) -> dict[str, Cut]:
    """Where all behind a place are silent, LEAST of them or more, and the one before it is heard."""
    joined = [cell for cell in cells if cell.state != NEVER]
    silent = next((at for at, cell in enumerate(reversed(joined)) if cell.mark not in ("bad", "off")), len(joined))
    at = len(joined) - silent
    if silent < LEAST or not at:
        return {}
    return {joined[at].name: Cut(box, link, joined[at].name, joined[at - 1].name, 0, is_active=True)}


def _cell(row: Row, address: str) -> Cell:
    return Cell(row["mark"], row["state"], row["device"], row["name"], row["place"], address)


def _of(cuts: Iterable[Cut], box: str, link: str) -> dict[str, Cut]:
    return {cut.before: cut for cut in cuts if (cut.box, cut.link) == (box, link)}


def _broken(cells: Sequence[Cell], cuts: Mapping[str, Cut]) -> Iterator[Cell]:
    for at, cell in enumerate(cells):
        cut = cuts.get(cell.name)
        stands = cut is not None and (cut.is_active or all(one.mark in ("bad", "off") for one in cells[at:]))
        yield cell._replace(cut=cut) if stands else cell


def with_shown(lanes: Sequence[Lane], opened: Collection[str], most: int = CELLS_MAX) -> list[Lane]:
    """Each with what the page shows of it. opened: keys of lanes that somebody wants to see whole."""
    is_small = sum(len(lane.cells) for lane in lanes) <= SMALL
    left, found = most, dict[str, tuple[Cell, ...]]()
    for lane in sorted(lanes, key=lambda one: (one.key not in opened, MARKS.index(one.mark))):
        whole = is_small or lane.key in opened
        cells = lane.cells if whole else () if lane.mark == "ok" else tuple(gathered(lane.cells))
        found[lane.key] = cells if len(cells) <= left else ()
        left -= len(found[lane.key])
    return [lane._replace(shown=found[lane.key]) for lane in lanes]


def gathered(cells: Sequence[Cell]) -> Iterator[Cell]:
    """Those that are alike and stand side by side as one gap between their ends."""
    run: list[Cell] = []
    for cell in cells:
        if run and ((cell.mark, cell.state == NEVER) != (run[-1].mark, run[-1].state == NEVER) or cell.cut is not None):
            yield from _gap(run)
            run = []
        run.append(cell)
    yield from _gap(run)


def _gap(run: Sequence[Cell]) -> Iterator[Cell]:
    between = run[ENDS:-ENDS]
    if len(between) < 2:
        yield from run
        return
    yield from run[:ENDS]
    yield Cell(run[0].mark, run[0].state, hidden=len(between))
    yield from run[-ENDS:]
