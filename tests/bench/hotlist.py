"""A hotlist on its way down to terminals that sell meanwhile, in virtual time: the box's and the terminals' own cores.

A card that is reported lost: from the ledger's commit until 200 terminals on 8 buses refuse it; CLOUD_S of it is the
bound of the ingest (docs/lanes.md), counted in full. And terminals that were away so long that every page of the list
is another one: until the last of a bus has the whole list, beside what its pages would take to each by itself.
"""

import statistics
from collections.abc import Iterator
from random import Random

from edge.link import messages as link
from edge.link.broadcast import Answer, Down
from edge.link.can.broadcast import EdgeBroadcasting, TerminalBroadcasting
from edge.link.messages import Type
from edge.terminal.down.broadcast import MemorySlot, Receiver
from edge.terminal.down.documents import Documents, Say
from edge.terminal.store.papers import MemoryPapers
from shared.fleet.document import CAMPUS, PAGE_SIZE, DocumentKind
from shared.fleet.hotlist import hotlist_body
from shared.keys.document_key import Keyring
from tests.bench.row import Row, at_most
from tests.edge.fleet_rig import AS_OF, HOTLIST, Centre, Holder
from tests.edge.link.can.broadcast_bus import NS_PER_S
from tests.edge.rig import Body, device
from tests.edge.wires import CanWire, Meal

BUSES, TERMINALS, BITRATE, TAPS_PER_S = 8, 25, 125_000, 5.0
CHANGES, EVERY_S, CLOUD_S, CHANGED_S = 6, 4.0, 0.3, 2.0
AWAY, CARDS, CATCH_UP_S, PATIENCE_S = 60, 262_144, 60.0, 400.0
FIRST, AGE_S, OPEN_S = 60, 60 * 86_400, 30.0
"""Generation of the list that they come back to, how much older theirs is, and when all of a bus have it."""
"""Terminals that were away; cards that the list has room for."""
PAGES = CARDS // 8 // PAGE_SIZE + 1
"""Its directory with them."""
TICK_S = 0.5
FRAME_BITS = 136 / 7


class Keeping(Holder):
    """The documents of edge/terminal behind a body, with a list of long ago. used_ns: since when it uses each one."""

    centre = Centre()

    def __init__(self, number: int) -> None:
        super().__init__()
        self.documents = Documents(device(number), 1, Keyring(1, self.campus_key), MemoryPapers())
        self.documents.boot()
        key, old = self.centre.key(DocumentKind.HOTLIST), self.centre.make(_list(0), generation=1)
        self.documents.key(key)
        self.documents.received(old.signed, old.body, 0)
        self.receiver = Receiver(self.documents.announced, MemorySlot())
        self.number = number
        self.wire: CanWire | None = None
        self.used_ns: dict[int, int] = {}

    @property
    def mono_s(self) -> float:
        return self.wire.now_ns / NS_PER_S if self.wire else 0.0

    def said(self, said: list[Say]) -> list[tuple[Type, bytes]]:
        """What goes up, and a note of what is in use now."""
        paper = self.documents.in_use(DocumentKind.HOTLIST)
        if paper is not None and self.wire is not None:
            self.used_ns.setdefault(paper.head.generation, self.wire.now_ns)
        return [(Type(one.layout.number), one.layout.encode(one.message)) for one in said]

    def hear(self, kind: Type, payload: bytes) -> list[tuple[Type, bytes]]:
        match kind:
            case Type.DOCUMENT_KEY:
                self.documents.key(link.DOCUMENT_KEY.decode(payload))
                return []
            case Type.DOCUMENT_HEAD:
                return self.said(self.documents.head(link.DOCUMENT_HEAD.decode(payload), 1, self.mono_s))
            case Type.DOCUMENT_DELTA:
                return self.said(self.documents.delta(link.DOCUMENT_DELTA.decode(payload), 1))
            case Type.DOCUMENT_PAGE:
                return self.said(self.documents.page(link.DOCUMENT_PAGE.decode(payload), 1, self.mono_s))
        return []


class _Ear:
    """What hears broadcasts in the place of the station."""

    def __init__(self, keeping: Keeping, body: Body) -> None:
        self._keeping, self._body = keeping, body

    def hear(self, down: Down) -> None:
        keeping, receiver = self._keeping, self._keeping.receiver
        receiver.hear(down)
        whole, receiver.whole = receiver.whole, None
        if whole is None or keeping.wire is None:
            return
        for said in keeping.said(keeping.documents.received(whole.signed, whole.body, 1)):
            keeping.wire.say(keeping.number, self._body.say(*said))

    def next_answer(self) -> Answer | None:
        return self._keeping.receiver.next_answer()


def rows() -> Iterator[Row]:
    """Changes, then the way back from a long absence."""
    taken = [one for seed in range(BUSES) for one in _changes(seed)]
    name = f"hotlist change at {BUSES * TERMINALS} terminals on {BUSES} CAN buses of 125k, in a meal"
    yield at_most(f"{name}, p99", _quantile(taken, 99), "s", CHANGED_S, "of it the cloud, its bound", CLOUD_S)
    yield Row(f"{name}, the last one", max(taken), "s", "p50", _quantile(taken, 50))
    once_s = PAGES * PAGE_SIZE * FRAME_BITS / BITRATE
    name = f"{AWAY} terminals catch up a list of {PAGES} pages on CAN 125k"
    yield at_most(f"{name}, the last one", _catch_up_s(), "s", CATCH_UP_S, "pages to each, formula", AWAY * once_s)


def _changes(seed: int) -> list[float]:
    """Seconds from a commit to its use, at each terminal of a bus, for each change."""
    wire, body = _opened(TERMINALS, seed), bytearray(_list(seed))
    _made(wire, bytes(body), FIRST)
    wire.go(OPEN_S)
    meal, commits = Meal(wire, seed), {}
    for number in range(CHANGES):
        body[PAGE_SIZE + 7 * number] ^= 1
        generation, due_ns = FIRST + number + 1, wire.now_ns + int((number * EVERY_S + 0.37 * number) * NS_PER_S)
        commits[generation] = due_ns
        wire.at(due_ns + int(CLOUD_S * NS_PER_S), lambda content=bytes(body): _made(wire, content))
    meal.play(CHANGES * EVERY_S + 2, TAPS_PER_S, 0.0)
    holders = [one.holder for one in wire.bodies.values() if isinstance(one.holder, Keeping)]
    return [
        (one.used_ns[generation] - at_ns) / NS_PER_S if generation in one.used_ns else float("inf")
        for one in holders for generation, at_ns in commits.items()
    ]  # fmt: skip


def _catch_up_s() -> float:
    wire = _opened(AWAY, 1)
    began_ns = wire.now_ns
    _made(wire, _list(2), FIRST)
    holders = [one.holder for one in wire.bodies.values() if isinstance(one.holder, Keeping)]
    while not all(FIRST in one.used_ns for one in holders):
        wire.go(1.0)
        if (wire.now_ns - began_ns) / NS_PER_S > PATIENCE_S:
            return float("inf")
    return (max(one.used_ns[FIRST] for one in holders) - began_ns) / NS_PER_S


def _opened(terminals: int, seed: int) -> CanWire:
    """All have joined, and have said which documents they hold."""
    wire = CanWire(terminals, BITRATE, seed)
    wire.start()
    sender = wire.box.sender(wire.now(), "can0")
    if sender is None:
        raise RuntimeError("can0 carries no broadcasts")
    wire.edge.node.broadcasting = EdgeBroadcasting(sender)
    for address, body in wire.bodies.items():
        body.holder = keeping = Keeping(address)
        keeping.wire = wire
        wire.hung[address].node.broadcasting = TerminalBroadcasting(address, _Ear(keeping, body))
        wire.say(address, body.status())
        for said in keeping.said(keeping.documents.joined()):
            wire.say(address, body.say(*said))
        _tick(wire, address, keeping)
    wire.go(5.0)
    return wire


def _list(seed: int) -> bytes:
    """Half of all cards are on it: every page is another one than that of any other seed."""
    whole = hotlist_body((), room={b"\0\1": CARDS})
    return whole[:PAGE_SIZE] + Random(seed).randbytes(len(whole) - PAGE_SIZE)


def _tick(wire: CanWire, address: int, keeping: Keeping) -> None:
    for said in keeping.said(keeping.documents.tick(keeping.mono_s)):
        wire.say(address, wire.bodies[address].say(*said))
    wire.at(wire.now_ns + int(TICK_S * NS_PER_S), lambda: _tick(wire, address, keeping))


def _made(wire: CanWire, content: bytes, generation: int = 0) -> None:
    """The centre's newest comes down: as a delta, if the box can have one."""
    one = wire.centre.make(content, DocumentKind.HOTLIST, CAMPUS, AS_OF + AGE_S, generation)
    delta = one.delta() if HOTLIST in wire.box.documents else None
    wire.offer(wire.centre.key(DocumentKind.HOTLIST), delta or one.offer())


def _quantile(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]
