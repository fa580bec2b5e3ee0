"""Which box lacks which document, and what it is sent for that: keys once, then heads, deltas, and pages as it asks.

A box says what it holds when it connects and whenever that has changed; what it lacks by then, or from the next making
on, is offered: a delta to one that has the generation before, a head to any other. What it does not take is offered
again after a growing pause, as a head. In memory: a new process begins with what each box said last to one before it.
Bounds: the boxes that are registered, OFFERS_MAX offers for each in a turn, TURN_MAX in all, BODIES_MAX bodies.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from cloud.ledger.fleet.documents.door import DocumentLedger
from cloud.ledger.fleet.documents.rows import Wanted, Which
from shared.fleet.document import CAMPUS, PAGE_SIZE, DocumentKind, Scope, table_of
from shared.ids import BoxId, DeviceId
from shared.keys.document_key import DocumentKey
from shared.wire.fleet_lane import FleetDown, Held, HeldRow, OfferedDelta, OfferedHead, Page, PagesWanted

OFFERS_MAX = 32
TURN_MAX = 256
BODIES_MAX = 8
AGAIN_MS, AGAIN_MAX_MS = 10_000, 600_000
_DEVICE = 1
Serves = Callable[[BoxId, DeviceId], bool]
Sent = tuple[BoxId, FleetDown]


class _Offered(NamedTuple):
    """What was offered last: generation and time of the head, when, how often."""

    generation: int
    as_of: int
    at_ms: int
    times: int

    def is_over(self, now_ms: int) -> bool:
        """May it be offered again?"""
        pause_ms = min(AGAIN_MS << min(self.times - 1, 6), AGAIN_MAX_MS)
        return not 0 <= now_ms - self.at_ms < pause_ms


@dataclass(slots=True)
class _Box:
    """As it said last."""

    held: dict[Which, HeldRow] = field(default_factory=dict)
    keys: set[tuple[DocumentKind, int]] = field(default_factory=set)
    offered: dict[Which, _Offered] = field(default_factory=dict)
    takes: bool = True
    """Has it said what it holds since it greeted last?"""


class Sender:
    """Belongs to the ledger thread."""

    def __init__(self, ledger: DocumentLedger, serves: Serves) -> None:
        """serves: is this terminal at that box?"""
        self._ledger = ledger
        self._serves = serves
        self._boxes: dict[BoxId, _Box] = {}
        self._wanted: list[Wanted] = []
        self._version = -1
        self._bodies: OrderedDict[tuple[Which, int], bytes] = OrderedDict()

    def remember(self, held: Mapping[str, Sequence[HeldRow]]) -> None:
        """What boxes said to a process before this one: they need not have noticed that there is another."""
        for box, rows in held.items():
            self._boxes.setdefault(BoxId(box), _Box({(row.kind, row.scope): row for row in rows}))

    def connected(self, box: BoxId) -> None:
        """It greets, and may have forgotten what it was offered: that, and the keys, it is given again. What it holds
        counts until it says otherwise."""
        known = self._boxes.get(box)
        if known is not None:
            known.keys.clear()
            known.offered.clear()
            known.takes = False

    def held(self, box: BoxId, said: Held, keys: Sequence[DocumentKey], now_ms: int) -> list[FleetDown]:
        """What it lacks now; bounded, the rest follows by `due`."""
        known = self._boxes.setdefault(box, _Box())
        known.held, known.takes = {(row.kind, row.scope): row for row in said.rows}, True
        return list(self._lacking(box, known, keys, now_ms))

    def takes(self, box: BoxId) -> bool:
        """Does this box take documents, as far as it has said since it greeted, or to a process before this one?"""
        known = self._boxes.get(box)
        return known is not None and known.takes

    def follow(self, version: int) -> bool:
        """The documents are at this version: look at them if that is a new one. StoreFault."""
        if version == self._version:
            return False
        self._wanted, self._version = self._ledger.wanted(), version
        return True

    def due(self, keys: Sequence[DocumentKey], now_ms: int) -> list[Sent]:
        """What all boxes that have said what they hold are to be offered now."""
        sent: list[Sent] = []
        for box, known in self._boxes.items():
            sent += [(box, one) for one in self._lacking(box, known, keys, now_ms)]
            if len(sent) >= TURN_MAX:
                break
        return sent

    def pages(self, asked: PagesWanted) -> list[FleetDown]:
        """Those that this generation has."""
        which = asked.kind, asked.scope
        for one in self._wanted:
            if (one.document.which, one.document.generation) == (which, asked.generation):
                body = self._body(one)
                return [_page(asked, number, body) for number in asked.numbers if number < len(one.document.hashes)]
        found = self._ledger.pages(which, asked.generation, asked.numbers)
        return [Page(*which, asked.generation, number, data) for number, data in found]

    def _lacking(
        self, box: BoxId, known: _Box, keys: Sequence[DocumentKey], now_ms: int
    ) -> Iterator[FleetDown]:  # fmt: skip
        left = OFFERS_MAX
        for one in self._wanted:
            if left and self._is_for(box, one.document.scope) and _is_due(known, one, now_ms):
                left -= 1
                yield from self._offers(known, one, keys, now_ms)

    def _offers(self, known: _Box, one: Wanted, keys: Sequence[DocumentKey], now_ms: int) -> Iterator[FleetDown]:
        which, held = one.document.which, known.held.get(one.document.which)
        before = known.offered.get(which)
        again = before is not None and (before.generation, before.as_of) == (one.head.generation, one.head.as_of)
        times = before.times + 1 if before is not None and again else 1
        known.offered[which] = _Offered(one.head.generation, one.head.as_of, now_ms, times)
        yield from _keys_for(known, one, keys)
        if times == 1 and one.delta and held is not None and held.digest == one.before:
            yield OfferedDelta(one.signed, one.delta)
        else:
            yield OfferedHead(one.signed, table_of(self._body(one)))

    def _is_for(self, box: BoxId, whom: Scope) -> bool:
        """Of one terminal: to its box; of all, or of a model, to all boxes."""
        if whom == CAMPUS or whom[0] != _DEVICE:
            return True
        return self._serves(box, DeviceId(whom[1:]))

    def _body(self, one: Wanted) -> bytes:
        key = one.document.which, one.document.generation
        if key not in self._bodies:
            self._bodies[key] = self._ledger.body(one.document)
            while len(self._bodies) > BODIES_MAX:
                self._bodies.popitem(last=False)
        self._bodies.move_to_end(key)
        return self._bodies[key]


def _keys_for(known: _Box, one: Wanted, keys: Sequence[DocumentKey]) -> Iterator[DocumentKey]:
    """The key of this head, if the box has not got it from us since it connected."""
    for key in keys:
        name = key.kind, key.version
        if name == (one.head.kind, one.head.key_version) and name not in known.keys:
            known.keys.add(name)
            yield key


def _is_due(known: _Box, one: Wanted, now_ms: int) -> bool:
    """Does the box lack it, as far as it has said, and was it not offered just now?"""
    held, offered = known.held.get(one.document.which), known.offered.get(one.document.which)
    if held is not None and (held.generation, held.as_of) >= (one.head.generation, one.head.as_of):
        return False
    is_same = offered is not None and (offered.generation, offered.as_of) == (one.head.generation, one.head.as_of)
    return offered is None or not is_same or offered.is_over(now_ms)


def _page(asked: PagesWanted, number: int, body: bytes) -> Page:
    data = body[number * PAGE_SIZE : (number + 1) * PAGE_SIZE]
    return Page(asked.kind, asked.scope, asked.generation, number, data)
