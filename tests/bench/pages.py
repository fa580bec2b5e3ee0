"""Pages a second to one terminal, in virtual time: a sliding window beside a stop after every eight, as it was before.

The real box and the real terminal's documents; between them a link with a rate and a latency, in which messages wait
for each other. The window is bounded by eight pages as the stop was, so an ACK waits behind no more than before.
"""

from collections.abc import Iterator
from dataclasses import replace
from heapq import heappop, heappush
from itertools import count
from random import Random
from typing import NamedTuple

from edge.box.values.effects import Effect, Send
from edge.link import messages as link
from edge.link.messages import DocumentWant, Type
from edge.settings import LinkKind, LinkSetting
from edge.terminal.down import documents as terminal_documents
from edge.terminal.down.fetch import AGAIN_S, WANT_MAX, Fetch
from edge.terminal.store.papers import MemoryPapers
from shared.fleet.document import DocumentKind, device_scope, model_scope, page_count
from shared.fleet.firmware import Image
from shared.fleet.permit import Permit
from shared.keys.document_key import Keyring
from tests.bench.row import Row
from tests.edge.fleet_rig import Holder
from tests.edge.rig import Body, Field, device, settings

SIZE = 128 * 1024
TICK_S = 0.25
END_S = 3_600.0
TCP = LinkSetting("tcp", LinkKind.TCP, 0, 0)
FIRMWARE = DocumentKind.FIRMWARE, model_scope(1)


class Wire(NamedTuple):
    """bytes_per_s: each way; delay_s: one way."""

    name: str
    setting: LinkSetting
    bytes_per_s: float
    delay_s: float


WIRES = (
    Wire("TCP, 1 ms", TCP, 1 << 20, 0.001),
    Wire("TCP over 4G, 64 kbit/s, 300 ms each way", TCP, 8_000, 0.3),
    Wire("RS-485 115,200, 10 ms a turn", LinkSetting("tcp", LinkKind.RS485, 0, 115_200), 11_520, 0.01),
    Wire("RS-485 9,600, 30 ms a turn", LinkSetting("tcp", LinkKind.RS485, 0, 9_600), 960, 0.03),
)


def rows() -> Iterator[Row]:
    """By wire: today's beside the former."""
    pages = page_count(SIZE)
    for wire in WIRES:
        new_s, old_s = _seconds(wire, is_old=False), _seconds(wire, is_old=True)
        name = f"pages a second, {wire.name}"
        yield Row(name, pages / new_s, "1/s", "a stop after every eight", pages / old_s)


def _seconds(wire: Wire, *, is_old: bool) -> float:
    was = terminal_documents.Fetch
    terminal_documents.Fetch = _StopAndGo if is_old else Fetch  # type: ignore[misc]  # of the same form
    try:
        return _Line(wire, is_old=is_old).seconds()
    finally:
        terminal_documents.Fetch = was  # type: ignore[misc]


class _StopAndGo(Fetch):
    """As it was: nothing is asked for before all eight have come."""

    def want(self, mono_s: float) -> DocumentWant | None:
        if self._asked & self._missing and mono_s < self.due_s:
            return None
        self._asked = set(sorted(self._missing)[:WANT_MAX])
        self.tries, self.due_s = self.tries + 1, mono_s + AGAIN_S
        head = self.head
        return DocumentWant(head.kind, head.scope, head.generation, tuple(sorted(self._asked)))


class _Documents(Holder):
    """The terminal's own."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0
        self.own = terminal_documents.Documents(device(1), 1, Keyring(1, self.campus_key), MemoryPapers())
        self.own.boot()

    def hear(self, kind: Type, payload: bytes) -> list[tuple[Type, bytes]]:
        own = self.own
        if kind is Type.DOCUMENT_KEY:
            own.key(link.DOCUMENT_KEY.decode(payload))
            return []
        if kind is Type.DOCUMENT_HEAD:
            return self.said(own.head(link.DOCUMENT_HEAD.decode(payload), 1, self.now_s))
        return self.said(own.page(link.DOCUMENT_PAGE.decode(payload), 1, self.now_s))

    def said(self, said: list[terminal_documents.Say]) -> list[tuple[Type, bytes]]:
        return [(Type[one.layout.name], one.layout.encode(one.message)) for one in said]


class _Line(Field):
    """A box and one terminal behind a wire that takes its time. Joined and permitted before the clock runs."""

    def __init__(self, wire: Wire, *, is_old: bool) -> None:
        self.events: list[tuple[float, int, Body | None, bytes]] = []
        self.wire = wire
        self._turns, self._free_s, self._is_slow = count(), {True: 0.0, False: 0.0}, False
        super().__init__(replace(settings(1), links=(wire.setting,)))
        self.documents = _Documents()
        self.connect()
        self.body = self.joined(1)
        self.body.holder = self.documents
        self.hear(("tcp", 1), self.body.status(), *self._reports())
        if is_old:
            serve = self.box._serving.serve
            self.box._serving.serve = lambda now, talks: [] if isinstance(talks, list) else serve(now, talks)

    def seconds(self) -> float:
        """From the release to the last page."""
        image = Image(1, 2, "bench", Random(1).randbytes(SIZE - 20)).encode()
        made = self.centre.make(image, *FIRMWARE, generation=2)
        permit = self.centre.make(
            Permit(1, 2, made.head.digest).encode(), DocumentKind.PERMIT, device_scope(device(1))
        )
        self.offer(self.centre.key(DocumentKind.PERMIT), permit.offer())
        self.wait(TICK_S)
        self.wait(TICK_S)
        self._is_slow, began_s = True, self.s
        self.offer(self.centre.key(DocumentKind.FIRMWARE), made.offer())
        while self.documents.own.to_try is None:
            self._turn()
            if self.s - began_s > END_S:
                raise RuntimeError(f"{self.wire.name}: it never comes")
        return self.s - began_s

    def _turn(self) -> None:
        """To the next event, or the next tick."""
        until_s = (int(self.s / TICK_S) + 1) * TICK_S
        while self.events and self.events[0][0] <= until_s:
            self.s, _, body, message = heappop(self.events)
            self.documents.now_s = self.s
            if body is None:
                self.run(self.box.on_message(self.now(), "tcp", 1, message))
            else:
                self._up(body.hear(message))
        self.documents.now_s, self.s = until_s, until_s
        said = self.documents.said(self.documents.own.tick(self.s))
        self._up([self.body.say(*one) for one in said])
        self.wait(0)

    def _reports(self) -> list[bytes]:
        return [self.body.say(*one) for one in self.documents.said(self.documents.own.joined())]

    def _deliver(self, effect: Send) -> list[Effect]:
        body = self.places.get((effect.link, effect.peer))
        if not self._is_slow or body is None:
            return super()._deliver(effect)
        self._carry(body, effect.message)
        return []

    def _up(self, messages: list[bytes]) -> None:
        for message in messages:
            self._carry(None, message)

    def _carry(self, to: Body | None, message: bytes) -> None:
        is_down = to is not None
        self._free_s[is_down] = max(self._free_s[is_down], self.s) + len(message) / self.wire.bytes_per_s
        heappush(self.events, (self._free_s[is_down] + self.wire.delay_s, next(self._turns), to, message))
