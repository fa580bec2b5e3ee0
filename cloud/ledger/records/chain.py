"""The chain of balances that a card read: before − purchase, or before + load, is what it reads next. Pure.

Purchases and loads each count by themselves, and nothing says how they lay between one another: the chain holds if
there is an order of both, each in its own, in which every balance that was read is right. Where a counter is missing a
record is late, which is no fault of the card: only the newest run of consecutive counters is judged then.
"""

from collections.abc import Collection, Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from shared.records import CounterKind


class Step(NamedTuple):
    """What a card did under a counter: the balance that it read before, and the sum (of an unload: below zero)."""

    counter: int
    balance_fen: int
    amount_fen: int


class Break(NamedTuple):
    """A step that read another balance than the one before it left. mark: which step, of a purse (`mark_of`)."""

    mark: int
    expected_fen: int
    read_fen: int


class Chain(NamedTuple):
    """What of a purse can be judged. starts: where it may begin, as (purchases done, loads done, balance then).

    has_gap: something is missing before, and the beginning is not known.
    """

    purchases: Sequence[Step]
    loads: Sequence[Step]
    starts: Sequence[tuple[int, int, int]]
    has_gap: bool


class _Place(NamedTuple):
    """So many purchases and loads are done. base: what the balance would be before the first of both."""

    i: int
    j: int
    base: int


def mark_of(kind: CounterKind, counter: int) -> int:
    """Names a step of a purse. Frozen: it stands in the books."""
    return kind << 16 | counter


def chain_of(opening_fen: int, purchases: Sequence[Step], loads: Sequence[Step], *, whole: bool = True) -> Chain:
    """Steps by counter. whole: these are all that the books hold, else the newest of them."""
    spent, loaded = _newest_run(purchases), _newest_run(loads)
    if whole and (len(spent), len(loaded)) == (len(purchases), len(loads)):
        chain = Chain(spent, loaded, [(0, 0, opening_fen)], has_gap=False)
        if not _may_begin_late(chain) or next(breaks(chain), None) is None:
            return chain
    cut = not whole or len(loaded) < len(loads) or bool(loaded and loaded[0].counter > 0)
    starts = [(0, j, spent[0].balance_fen) for j in range(len(loaded) + 1) if spent]
    starts += [(i, 0, loaded[0].balance_fen) for i in range(len(spent) + 1) if loaded and (cut or not spent)]
    return Chain(spent, loaded, starts, has_gap=True)


def breaks(chain: Chain, explained: Collection[int] = ()) -> Iterator[Break]:
    """One after the other, each where the rest fits best. explained: marks of steps that may read what they like."""
    walk, free = _Walk(chain), set(explained)
    while (places := walk.furthest(free)) and not walk.is_done(places):
        found = max((b for place in places for b in walk.next_of(place)), key=lambda b: walk.reach(free | {b.mark}))
        yield found
        free.add(found.mark)


def _newest_run(steps: Sequence[Step]) -> Sequence[Step]:
    at = len(steps) - 1
    while at > 0 and steps[at].counter - steps[at - 1].counter <= 1:
        at -= 1
    return steps[max(0, at) :]


def _may_begin_late(chain: Chain) -> bool:
    """Could there be earlier steps? Cards begin to count where their maker says."""
    return any(steps[0].counter > 0 for steps in (chain.purchases, chain.loads) if steps)


class _Walk:
    """Through one chain, in all orders at once."""

    def __init__(self, chain: Chain) -> None:
        self._purchases, self._loads = chain.purchases, chain.loads
        self._spent = list(accumulate((step.amount_fen for step in chain.purchases), initial=0))
        self._loaded = list(accumulate((step.amount_fen for step in chain.loads), initial=0))
        self._starts: dict[int, set[_Place]] = {}
        for i, j, balance in chain.starts:
            self._starts.setdefault(i + j, set()).add(self._place(i, j, balance))

    def furthest(self, free: Collection[int]) -> set[_Place]:
        """Where the longest orders end; empty where there is nothing to walk through."""
        last = set[_Place]()
        at: set[_Place] = set()
        for level in range(len(self._purchases) + len(self._loads) + 1):
            at = {place for before in at for place in self._on(before, free)} | self._starts.get(level, set())
            last = at or last
        return last

    def reach(self, free: Collection[int]) -> int:
        """How many steps the longest order has."""
        return max(place.i + place.j for place in self.furthest(free))

    def is_done(self, places: Collection[_Place]) -> bool:
        """Is nothing left?"""
        return any((p.i, p.j) == (len(self._purchases), len(self._loads)) for p in places)

    def next_of(self, place: _Place) -> Iterator[Break]:
        """What could be the step that does not fit; purchases first."""
        expected = place.base - self._spent[place.i] + self._loaded[place.j]
        sides = (CounterKind.OFFLINE, self._purchases, place.i), (CounterKind.ONLINE, self._loads, place.j)
        for kind, steps, at in sides:
            if at < len(steps):
                yield Break(mark_of(kind, steps[at].counter), expected, steps[at].balance_fen)

    def _on(self, place: _Place, free: Collection[int]) -> Iterator[_Place]:
        i, j, base = place
        balance = base - self._spent[i] + self._loaded[j]
        if i < len(self._purchases):
            counter, read, _ = self._purchases[i]
            if read == balance or (free and mark_of(CounterKind.OFFLINE, counter) in free):
                yield _Place(i + 1, j, base + read - balance)
        if j < len(self._loads):
            counter, read, _ = self._loads[j]
            if read == balance or (free and mark_of(CounterKind.ONLINE, counter) in free):
                yield _Place(i, j + 1, base + read - balance)

    def _place(self, i: int, j: int, balance: int) -> _Place:
        return _Place(i, j, balance + self._spent[i] - self._loaded[j])
