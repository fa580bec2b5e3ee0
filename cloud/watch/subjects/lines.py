"""Lines 总线 and lists as signals: a bus on which nobody is heard, a hotlist that grows old at a terminal. Pure."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping

from cloud.ledger.fleet.documents.standing import TerminalRow
from cloud.ledger.fleet.views import BoxView
from cloud.ledger.records.values import Now
from cloud.watch.alarms.terms import Kind, Signal, Source
from cloud.watch.alarms.topology import bus
from shared.fleet.document import DocumentKind
from shared.wire.box_state import BoxState

LEAST = 2
"""One terminal alone on a bus is a terminal that is silent."""


def buses_of(state: BoxState) -> Mapping[str, list[int]]:
    """Link → when each of its terminals was heard, by the box's clock; those alone that hang on a wire by an address,
    and were heard since the box began."""
    found: dict[str, list[int]] = defaultdict(list)
    for one in state.terminals:
        if one.address and one.heard_ms:
            found[one.link].append(one.heard_ms)
    return found


def bus_signals(boxes: Iterable[BoxView], heard: Collection[str], now_ms: int) -> Iterator[Signal]:
    """How long a bus has said nothing, as its box tells. heard: boxes that are heard now; others tell nothing."""
    for box in boxes:
        if box.state is None:
            continue
        for link, times in buses_of(box.state).items():
            if len(times) >= LEAST:
                age = max(0, box.state.at_ms - max(times)) / 1000 if box.box in heard else None
                yield Signal("bus-silent", bus(box.box, link), now_ms, age)


def list_signals(rows: Iterable[TerminalRow], heard: Collection[bytes], now: Now) -> Iterator[Signal]:
    """Whole hours since the centre stood behind the hotlist that a terminal uses. heard: terminals heard now."""
    for row in rows:
        if row.which[0] is DocumentKind.HOTLIST:
            age = None
            if row.device in heard and row.known is not None and row.known.said.as_of:
                age = max(0, now.campus_s - row.known.said.as_of) // 3600
            yield Signal("list-age", Source(Kind.TERMINAL, row.device.hex()), now.unix_ms, age)
