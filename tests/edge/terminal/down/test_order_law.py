"""The law of orders: answered once or not at all, done once or not at all. Seeds, and defects that it has to find."""

import random
from collections import Counter

import pytest

from edge.terminal.down.orders import Act, Answer, Orders, OrderState
from edge.terminal.store.papers import MemoryPapers
from shared.errors import StoreFault
from shared.fleet.order import Cancel, Deed, Locate, Lock, Order, Reboot, Reread, Unlock
from shared.wire.fleet_lane import Verdict

SEEDS = 300
NOW_S = 848_000_000
FINAL = {Verdict.IN_USE, Verdict.REFUSED, Verdict.EXPIRED, Verdict.UNSUPPORTED}


class PowerCut(Exception):
    """The plug was pulled here."""


class Broken(AssertionError):
    """The law."""


class Papers(MemoryPapers):
    """The power goes before or behind a write, or the medium refuses it."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self.chance, self.is_calm = chance, False

    def keep(self, name: str, raw: bytes) -> None:
        fate = 1.0 if self.is_calm else self.chance.random()
        if fate < 0.1:
            raise PowerCut
        if fate < 0.15:
            raise StoreFault("papers: no room")
        super().keep(name, raw)
        if fate < 0.3:
            raise PowerCut


class World:
    """One terminal, and who orders it about."""

    def __init__(self, seed: int, kind: type[Orders]) -> None:
        self.chance = random.Random(seed)
        self.papers, self.kind = Papers(self.chance), kind
        self.generation, self.order = 0, Order(Unlock())
        self.mono_s = 0.0
        self.given: dict[int, Deed] = {}
        self.done: Counter[int] = Counter()
        self.said: dict[int, tuple[Verdict, bytes]] = {}
        self.boot()

    def boot(self) -> None:
        while True:
            self.orders = self.kind(self.papers)
            try:
                self.orders.boot(self.generation, self.order if self.generation else None)
                return
            except PowerCut:
                continue

    def live(self, steps: int) -> None:
        for _ in range(steps):
            try:
                self._step()
            except PowerCut:
                self.boot()
            self.hear()
        self.papers.is_calm = True
        for _ in range(4):
            self.mono_s += 20
            self._go_on()
            self._finish()
            self.hear()
        if self.generation and self.said.get(self.generation) is None:
            raise Broken(f"order {self.generation} is never answered")
        self.weigh()

    def _step(self) -> None:
        self.mono_s += self.chance.choice([0.0, 20.0])
        match self.chance.randrange(6):
            case 0 | 1:
                self._give()
            case 2:
                raise PowerCut
            case 3:
                self._finish()
        self._go_on()

    def _give(self) -> None:
        """A newer document: durable before anybody looks at it."""
        self.generation += 1
        deeds = [Lock(str(self.generation)), Unlock(), Locate(5), Reboot(), Reread(1, 1, 9), Cancel(self.generation)]
        deed = self.chance.choice(deeds)
        self.order = Order(deed, self.chance.choice([0, 0, 0, NOW_S - 1]))
        self.given[self.generation] = deed

    def _go_on(self) -> None:
        self.orders.unkept(self.mono_s)
        self.orders.begin(self.generation, self.order, NOW_S, self.mono_s, self._act)
        if self.orders.is_running and isinstance(self.order.deed, Reboot):
            self.boot()

    def _finish(self) -> None:
        if self.orders.is_running:
            self.orders.answer(Answer(Verdict.IN_USE), self.mono_s)

    def _act(self, deed: Deed) -> Answer | None:
        self.done[self.generation] += 1
        return None if isinstance(deed, Reboot | Reread) else Answer(Verdict.IN_USE)

    def hear(self) -> None:
        """What a join would say."""
        if not self.generation:
            return
        word = self.orders.word(self.generation)
        if word[0] not in FINAL:
            return
        before = self.said.setdefault(self.generation, word)
        if before != word:
            raise Broken(f"order {self.generation}: {before}, then {word}")

    def weigh(self) -> None:
        for generation, times in self.done.items():
            if times > 1:
                raise Broken(f"order {generation} is done {times} times")
        for generation, (verdict, _) in self.said.items():
            deed = self.given[generation]
            is_effect = isinstance(deed, Locate | Reread)
            if is_effect and verdict is Verdict.IN_USE and not self.done[generation]:
                raise Broken(f"order {generation} is said to be done, and was not")
        locks = [g for g, (v, _) in sorted(self.said.items()) if v is Verdict.IN_USE]
        deeds = [self.given[g] for g in locks if isinstance(self.given[g], Lock | Unlock)]
        last = deeds[-1] if deeds else Unlock()
        if self.generation in self.said and self.orders.lock != (last.why if isinstance(last, Lock) else None):
            raise Broken(f"locked: {self.orders.lock}, last was {last}")


@pytest.mark.parametrize("seed", range(SEEDS))
def test_an_order_is_done_once_or_not_at_all_and_answered_once(seed: int) -> None:
    World(seed, Orders).live(40)


class ActsFirst(Orders):
    """Writes nothing down before it acts."""

    def _answered(self, generation: int, order: Order, campus_s: int | None, act: Act) -> Answer | None:
        if self._here(order, campus_s) is not None:
            return super()._answered(generation, order, campus_s, act)
        done = act(order.deed) or Answer(Verdict.IN_USE)
        self._keep(OrderState(generation, False, done.verdict, lock=self.lock))
        return done


class Optimist(Orders):
    """Takes what the power cut off for done."""

    def boot(self, generation: int, held: Order | None) -> None:
        super().boot(generation, held)
        if self._state.detail == b"power cut":
            self.answer(Answer(Verdict.IN_USE), 0.0)


class ForgetsLocks(Orders):
    """A lock that another order takes off."""

    def _answered(self, generation: int, order: Order, campus_s: int | None, act: Act) -> Answer | None:
        if not isinstance(order.deed, Lock | Unlock):
            self._state = OrderState(self._state.generation, False, self._state.verdict, self._state.detail)
        return super()._answered(generation, order, campus_s, act)


class Repeats(Orders):
    """Begins what it has begun before."""

    def due_s(self, generation: int) -> float:
        return self._again_s if generation >= self._state.generation and not self._state.is_begun else float("inf")


@pytest.mark.parametrize("defect", [ActsFirst, Optimist, ForgetsLocks, Repeats])
def test_the_law_finds_what_breaks_it(defect: type[Orders]) -> None:
    with pytest.raises(Broken):
        _live_all(defect)


def _live_all(kind: type[Orders]) -> None:
    for seed in range(SEEDS):
        World(seed, kind).live(40)
