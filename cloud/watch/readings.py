"""What the ledger shows, as signals and as a topology. Takes plain views and the time, gives values.

A box that was not heard for SILENT_S makes its terminals unknown, never quiet; what was never heard at all is unknown.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from cloud.ledger.fleet.views import BoxView, Completeness, FactView, TerminalView, newest_of
from cloud.ledger.loads.state import Stage
from cloud.ledger.read.reader import Reader
from cloud.ledger.records.values import Now
from cloud.watch.alarms.groups import Groups, Thing
from cloud.watch.alarms.terms import CAMPUS, Kind, Signal, Source
from cloud.watch.alarms.topology import Hung, Topology, topology_of
from cloud.watch.subjects.cashiers import close_signals
from cloud.watch.subjects.lines import bus_signals, list_signals
from shared.wire.box_state import BoxState

SILENT_S = 15.0
HEARD_MS = 60_000
AWAY_MS = 180_000
"""A terminal that has said nothing for so long may hold what nobody knows of."""
UNWRITTEN = frozenset({Stage.NOT_CREDITED, Stage.UNPROVEN})
"""The account has paid, and its terminal says that the card did not take it, or that it does not know."""
LOADS_MAX = 1000
"""Open loads that are looked at, the oldest."""


class Fleet(NamedTuple):
    """Boxes, and of each terminal the epoch that it sells in. epochs: all of those that have one."""

    boxes: Sequence[BoxView]
    terminals: Sequence[TerminalView]
    epochs: Sequence[TerminalView] = ()


def read_fleet(reader: Reader) -> Fleet:
    """As the ledger last heard them."""
    terminals = reader.terminals()
    return Fleet(reader.boxes(), list(newest_of(terminals).values()), [one for one in terminals if one.epoch])


def box_source(box: str) -> Source:
    """The source of a box."""
    return Source(Kind.BOX, box)


def terminal_source(device: bytes) -> Source:
    """The source of a terminal."""
    return Source(Kind.TERMINAL, device.hex())


def things(fleet: Fleet, now_ms: int) -> list[Thing]:
    """Boxes and terminals as groups look at them; terminals of a silent box are not known."""
    silent = {box.box: _silent_s(box, now_ms) for box in fleet.boxes}
    hung = _hung(fleet)
    found = [
        Thing(box_source(box.box), box.name, "", box.box, False, box.heard_ms, silent[box.box]) for box in fleet.boxes
    ]
    for one in fleet.terminals:
        age = _age(one.heard_ms, now_ms) if _speaks(silent.get(one.box)) else None
        place = hung.get(terminal_source(one.device))
        is_tcp = place is not None and not place.is_bus
        found.append(Thing(terminal_source(one.device), one.name, one.place, one.box, is_tcp, one.heard_ms, age))
    return found


def topology(fleet: Fleet, groups: Groups, now_ms: int) -> Topology:
    """Terminals on their place of the cable or below their box, and below groups; boxes below what they need."""
    hung = _hung(fleet)
    for one in fleet.terminals:
        hung.setdefault(terminal_source(one.device), Hung(one.box, "", one.name, is_bus=False))
    return topology_of(hung, [box.box for box in fleet.boxes], groups.above(things(fleet, now_ms)))


def _hung(fleet: Fleet) -> dict[Source, Hung]:
    """In the order of the boxes' own settings, which is that on the cable. An address is a bus's."""
    names = {one.device: one.name for one in fleet.terminals}
    return {
        terminal_source(one.device): Hung(box.box, one.link, names.get(one.device, ""), is_bus=bool(one.address))
        for box in fleet.boxes if box.state is not None for one in box.state.terminals
    }  # fmt: skip


def fleet_signals(fleet: Fleet, now_ms: int) -> Iterator[Signal]:
    """Of every box and terminal."""
    silent: dict[str, float | None] = {}
    for box in fleet.boxes:
        silent[box.box] = _silent_s(box, now_ms)
        yield from _of_box(box, silent[box.box], now_ms)
    heard = {box for box, age in silent.items() if age is not None and age < SILENT_S}
    yield from bus_signals(fleet.boxes, heard, now_ms)
    for terminal in fleet.terminals:
        yield from _of_terminal(terminal, now_ms, is_known=_speaks(silent.get(terminal.box)))


def is_heard_whole(fleet: Fleet, now_ms: int) -> bool:
    """Is every box heard now, and every terminal that has an epoch, and so may have sold?"""
    boxes = (_speaks(_silent_s(box, now_ms)) for box in fleet.boxes)
    terminals = (0 <= now_ms - one.heard_ms < AWAY_MS for one in fleet.terminals if one.epoch)
    return all(boxes) and all(terminals)


def heard_terminals(fleet: Fleet, now_ms: int) -> set[bytes]:
    """Those that are heard now."""
    return {one.device for one in fleet.terminals if 0 <= now_ms - one.heard_ms < HEARD_MS}


def books_signals(reader: Reader, now: Now, heard: Collection[bytes] = ()) -> Iterator[Signal]:
    """Of the books as a whole, and of what they know of lists and of cashiers. heard: terminals that are heard now."""
    sums, documents = reader.overview(), reader.fleet.documents()
    loads = reader.load_standings(now, LOADS_MAX, open_only=True)
    differences, *_ = reader.standing_differences()
    oldest = min((load.opened_ms for load in loads if load.state.is_open), default=now.unix_ms)
    figures = {
        "trial-balance": sums.difference_fen,
        "differences": differences,
        "quarantine": sums.quarantined,
        "suspense": sums.suspense,
        "held": sums.held,
        "load-oldest": (now.unix_ms - oldest) / 1000,
        "load-unwritten": sum(load.state.stage in UNWRITTEN for load in loads),
        "hotlist-unmade": documents.unmade,
        "put-back": int(bool(reader.put_back().waits)),
    }
    for name, value in figures.items():
        yield Signal(name, CAMPUS, now.unix_ms, value)
    yield from list_signals(documents.terminals, heard, now)
    yield from close_signals(reader.cashiers(), reader.open_periods(), now)


def put_back_to(newest: Sequence[tuple[int, FactView]], looked_ms: int) -> int:
    """How far a ledger that is an older copy of itself was read: up to its first fact of after the watch last looked.

    newest: its last ones, oldest first. A clock that is ahead makes some of them count again, which is better than not
    at all."""
    last = newest[-1][0] if newest else 0
    return next((number - 1 for number, view in newest if view.at_ms > looked_ms), last)


def _of_box(box: BoxView, silent_s: float | None, now_ms: int) -> Iterator[Signal]:
    source = box_source(box.box)
    yield Signal("box-silent", source, now_ms, silent_s)
    state = box.state if _speaks(silent_s) else None
    for name, value in _figures(state).items():
        yield Signal(name, source, now_ms, value)


def _figures(state: BoxState | None) -> dict[str, float | None]:
    """What a box says of itself; nothing of it is known of one that is silent."""
    if state is None:
        return dict.fromkeys(("box-unsettled", "box-oldest", "box-room", "box-plain"))
    return {
        "box-unsettled": state.unsettled,
        "box-oldest": state.oldest_unsettled_ms / 1000,
        "box-room": 100 * (1 - state.unsettled / state.cap) if state.cap else None,
        "box-plain": len(state.plain),
    }


def _of_terminal(terminal: TerminalView, now_ms: int, *, is_known: bool) -> Iterator[Signal]:
    source = terminal_source(terminal.device)
    silent = _age(terminal.heard_ms, now_ms) if is_known else None
    yield Signal("terminal-silent", source, now_ms, silent)
    yield Signal("terminal-owes", source, now_ms, terminal.owes)
    gap = terminal.owes if terminal.completeness is Completeness.GAP else 0
    yield Signal("terminal-gap", source, now_ms, None if terminal.completeness is Completeness.UNKNOWN else gap)


def _silent_s(box: BoxView, now_ms: int) -> float | None:
    return _age(box.heard_ms, now_ms, is_online=box.state is not None and box.state.online)


def _speaks(silent_s: float | None) -> bool:
    return silent_s is not None and silent_s < SILENT_S


def _age(heard_ms: int, now_ms: int, *, is_online: bool = True) -> float | None:
    """Seconds since it was heard; at least SILENT_S once its broker has said that it is gone; None: never heard."""
    if not heard_ms:
        return None
    age = max(0, now_ms - heard_ms) / 1000
    return age if is_online else max(age, SILENT_S)
