"""The law of parameters: never backwards, from a meal period's beginning on, and what was said to be stored is there
after every power cut. Seeds, and defects that it has to find."""

import random
from contextlib import suppress
from dataclasses import replace

import pytest

from edge.link.messages import DocumentReport
from edge.terminal.down import documents as module
from edge.terminal.down.documents import Documents, Say
from edge.terminal.down.paper import Paper
from edge.terminal.store.papers import MemoryPapers
from shared.clocks.clock import CampusTime
from shared.errors import StoreFault
from shared.fleet.document import DocumentKind, Head, SignedHead, device_scope
from shared.fleet.parameters import ParameterBody
from shared.ids import DeviceId
from shared.keys.document_key import Keyring
from shared.wire.fleet_lane import Verdict
from tests.edge.terminal.down.centre import CAMPUS_NUMBER, CAMPUS_PUBLIC, Centre

DEVICE = DeviceId(b"\0\1\0\0\0\7")
SEEDS, STEPS = 150, 60
PERIOD_S = 4 * 3600
START_S = 848_000_000
PARAMETERS = DocumentKind.PARAMETERS


class PowerCut(Exception):
    """The plug was pulled here."""


class Broken(AssertionError):
    """The law."""


class Papers(MemoryPapers):
    """The power goes before or behind a write, or the medium refuses it."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self.chance = chance

    def keep(self, name: str, raw: bytes) -> None:
        fate = self.chance.random()
        if fate < 0.1:
            raise PowerCut
        if fate < 0.15:
            raise StoreFault("papers: no room")
        super().keep(name, raw)
        if fate < 0.25:
            raise PowerCut


class World:
    """A terminal, a centre that goes on making, and a box between them that says what it likes."""

    def __init__(self, seed: int, kind: type[Documents]) -> None:
        self.chance, self.kind = random.Random(seed), kind
        self.centre = Centre(PARAMETERS, device_scope(DEVICE))
        self.papers = Papers(self.chance)
        self.now_s, self.is_set = START_S, True
        self.in_use = self.stored = 0
        self.taken_s: dict[int, int] = {}
        self.make()
        self.boot()

    def make(self) -> None:
        self.centre.make(ParameterBody(ceiling_fen=len(self.centre.bodies) + 1).encode())

    def next_period(self) -> int:
        return self.now_s - self.now_s % PERIOD_S + PERIOD_S if self.is_set else 0

    def boot(self) -> None:
        ring = Keyring(CAMPUS_NUMBER, CAMPUS_PUBLIC)
        self.documents = self.kind(DEVICE, 1, ring, self.papers, self.next_period)
        self.documents.boot()
        self.documents.key(self.centre.key)
        self.hear(self.documents.joined())

    def live(self) -> None:
        steps = (self.offer, self.offer, self.delta, self.forge, self.wait, self.wait, self.set_clock, self.make)
        for _ in range(STEPS):
            try:
                self.chance.choice(steps)()
            except PowerCut:
                self.boot()
            self.look()

    def offer(self) -> None:
        generation = self.chance.choice([*self.centre.bodies])
        said = self.documents.head(self.centre.head(generation), 1, 0.0)
        if said and not isinstance(said[-1].message, DocumentReport) and self.chance.random() < 0.9:
            said = self.documents.page(self.centre.page(generation, 0), 1, 0.0)
        self.hear(said)

    def delta(self) -> None:
        generation = self.chance.choice([*self.centre.bodies])
        if generation > 1:
            self.hear(self.documents.delta(self.centre.delta(generation), 1))

    def forge(self) -> None:
        """Another document under a number that is out there."""
        generation = max(self.centre.bodies)
        body = self.centre.bodies[generation]
        self.centre.bodies[generation] = ParameterBody(ceiling_fen=7_777).encode()
        with suppress(PowerCut):
            said = self.documents.head(self.centre.head(generation), 1, 0.0)
            self.hear([one for one in said if isinstance(one.message, DocumentReport)])
        self.centre.bodies[generation] = body
        self.boot()

    def wait(self) -> None:
        self.now_s += self.chance.choice([60, 3600, PERIOD_S, 3 * PERIOD_S])
        self.hear(self.documents.turn(CampusTime(self.now_s, self.is_set), 1))

    def set_clock(self) -> None:
        self.is_set = self.chance.random() < 0.8

    def hear(self, said: list[Say]) -> None:
        for one in said:
            if not isinstance(one.message, DocumentReport):
                continue
            if one.message.verdict is Verdict.STORED:
                if one.message.offered > self.stored:
                    self.taken_s[one.message.offered] = self.now_s
                self.stored = max(self.stored, one.message.offered)
            if one.message.verdict is Verdict.IN_USE and one.message.generation:
                self.require(one.message.generation >= self.in_use, "reported backwards")

    def look(self) -> None:
        paper = self.documents.in_use(PARAMETERS)
        generation = paper.head.generation if paper else 0
        self.require(generation >= self.in_use, f"{generation} after {self.in_use}")
        if generation > self.in_use and generation in self.taken_s:
            begun_s = self.now_s - self.now_s % PERIOD_S
            self.require(self.taken_s[generation] < begun_s, f"{generation} counts before a meal period began")
        self.in_use = generation
        waits = self.documents._newest((PARAMETERS, device_scope(DEVICE)))
        self.require((waits.head.generation if waits else 0) >= self.stored, "what was stored is gone")
        if paper is not None:
            self.require(paper.body == self.centre.bodies[generation], "other bytes than the centre's")

    def require(self, is_so: bool, what: str) -> None:
        if not is_so:
            raise Broken(what)


def _live_all(kind: type[Documents]) -> None:
    for seed in range(SEEDS):
        World(seed, kind).live()


def test_the_law_holds() -> None:
    _live_all(Documents)


class AtOnce(Documents):
    """Does not wait for a meal period."""

    def turn(self, time: CampusTime, last_seq: int) -> list[Say]:
        for name, paper in [*self._waiting.items()]:
            self._waiting[name] = replace(paper, from_s=time.seconds)
        return super().turn(time, last_seq)


class Forgets(Documents):
    """What waits is not looked for after a power cut."""

    def boot(self) -> None:
        super().boot()
        self._waiting.clear()


class KeepsNothing(Documents):
    """Says that it is stored before it is."""

    def _taken(self, head: Head, signed: SignedHead, body: bytes, last_seq: int) -> Say:
        keep, self._papers.keep = self._papers.keep, lambda _name, _raw: None  # type: ignore[method-assign]
        try:
            return super()._taken(head, signed, body, last_seq)
        finally:
            self._papers.keep = keep  # type: ignore[method-assign]


class Backwards(Documents):
    """Holds an offer against what is in use alone: an older one takes the place of what waits."""

    def _newest(self, name: module.Name) -> Paper | None:
        return self._held.get(name) or self._waiting.get(name)


@pytest.mark.parametrize("defect", [AtOnce, Forgets, KeepsNothing, Backwards])
def test_the_law_finds_what_breaks_it(defect: type[Documents]) -> None:
    with pytest.raises(Broken):
        _live_all(defect)
