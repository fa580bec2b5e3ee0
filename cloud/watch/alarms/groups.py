"""Groups: things that share a switch, a power line or a place, and fall silent together when that fails. Pure.

A group has fallen when `least` of its members were last heard within `within_ms` of each other and have been silent
since. That is n of m in a window over what was heard, so it is the same after a restart. Where nobody has named a group
the TCP terminals of one box are one: they share its network.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import NamedTuple

from cloud.watch.alarms.terms import Kind, Signal, Source
from cloud.watch.alarms.watching import FOREVER, Window
from shared.words.voice import Text

AWAY_S = 45.0
"""A member that was not heard for so long counts: sooner than its own alarm comes, which the group's then explains."""
WITHIN_MS = 120_000
"""The window of a group that names none, and of those that nobody has named."""
UNNAMED_LEAST = 4
"""So many of a box's TCP terminals, and half of them, are an alarm of the box's network."""
UNNAMED = "tcp"
PLACES_MAX = 20_000
"""Places of which it is remembered which groups they are in; beyond, all are looked up anew."""
SIGNAL = "group-away"
CLOSED = "closed"
"""How an alarm says that closing hours explain it, before the group's name."""
DAY_S = 86_400


class Hours(NamedTuple):
    """Of each day, in its seconds; from the evening to the morning where the second is the smaller one."""

    from_s: int
    until_s: int

    def has(self, second: int) -> bool:
        """Is this second of the day one of them?"""
        if self.from_s <= self.until_s:
            return self.from_s <= second < self.until_s
        return second >= self.from_s or second < self.until_s


class Shared(StrEnum):
    """What the members have in common, which is then the likely cause. A promise to files: added to, never renamed."""

    SWITCH = "switch"
    POWER = "power"
    PLACE = "place"


SHARED = {
    Shared.SWITCH: Text("交换机", "switch"),
    Shared.POWER: Text("供电线路", "power line"),
    Shared.PLACE: Text("场所", "place"),
}


@dataclass(frozen=True, slots=True)
class Group:
    """One, by what its members have in common. terminals: names or numbers; places: patterns; groups: members of those
    are members here, and this one explains them. least 0: three fifths of the members, two at least."""

    name: str
    shares: Shared
    title: str
    terminals: frozenset[str] = frozenset()
    boxes: frozenset[str] = frozenset()
    places: tuple[str, ...] = ()
    groups: frozenset[str] = frozenset()
    least: int = 0
    within_ms: int = WITHIN_MS
    closed: tuple[Hours, ...] = ()
    """At these hours its members are switched off, and that calls nobody."""

    @property
    def source(self) -> Source:
        """What its alarm is about."""
        return Source(Kind.GROUP, self.name)

    @property
    def words(self) -> Text:
        """What people call it: 交换机 一食堂A."""
        kind = SHARED[self.shares]
        return Text(f"{kind.zh} {self.title}", f"{kind.en} {self.title}")


class Thing(NamedTuple):
    """A box or a terminal as it was last heard. silent_s None: not known now. heard_ms 0: never, so it is no member."""

    source: Source
    name: str
    place: str
    box: str
    is_tcp: bool
    heard_ms: int
    silent_s: float | None


class Groups:
    """All of them; work grows with members, not with groups × things. watches_unnamed: the TCP terminals of a box are a
    group by themselves."""

    def __init__(self, named: Sequence[Group] = (), *, watches_unnamed: bool = True) -> None:
        self.named = tuple(named)
        self.watches_unnamed = watches_unnamed
        self._by_name: dict[str, list[Group]] = {}
        self._by_box: dict[str, list[Group]] = {}
        self._by_place: dict[str, list[Group]] = {}
        for one in self.named:
            for name in one.terminals:
                self._by_name.setdefault(name, []).append(one)
            for box in one.boxes:
                self._by_box.setdefault(box, []).append(one)

    def members(self, things: Iterable[Thing]) -> dict[Group, list[Thing]]:
        """Of each group what is in it, and in groups below it; each once."""
        own: dict[str, list[Thing]] = {one.name: [] for one in self.named}
        for thing in things:
            for one in self._own(thing):
                own[one.name].append(thing)
        return {one: list({thing.source: thing for thing in self._all(one, own, set())}.values()) for one in self.named}

    def above(self, things: Iterable[Thing]) -> dict[Source, tuple[Source, ...]]:
        """Of each member the groups right above it; of a group those that name it, and the box of an unnamed one."""
        found: dict[Source, tuple[Source, ...]] = {}
        for one in self.named:
            for name in sorted(one.groups):
                below = Source(Kind.GROUP, name)
                found[below] = (*found.get(below, ()), one.source)
        for thing in things:
            over = tuple(one.source for one in self._own(thing))
            if self.watches_unnamed and thing.is_tcp:
                over = (*over, unnamed(thing.box))
                found[over[-1]] = (Source(Kind.BOX, thing.box),)
            if over:
                found[thing.source] = over
        return found

    def _own(self, thing: Thing) -> list[Group]:
        """Those that have it by its name, its number or its place; each once."""
        if thing.source.kind is Kind.BOX:
            return self._by_box.get(thing.source.name, [])
        found = [*self._by_name.get(thing.name, ()), *self._by_name.get(thing.source.name, ()), *self._at(thing.place)]
        return list(dict.fromkeys(found)) if len(found) > 1 else found

    def _at(self, place: str) -> list[Group]:
        known = self._by_place.get(place)
        if known is None:
            if len(self._by_place) >= PLACES_MAX:
                self._by_place.clear()
            known = [one for one in self.named if any(fnmatchcase(place, pattern) for pattern in one.places)]
            self._by_place[place] = known
        return known

    def signals(self, things: Sequence[Thing], standing: Iterable[Source], now_ms: int) -> Iterator[Signal]:
        """How far each has fallen, in percent of what makes it an alarm; what stands of one that is gone is over."""
        there = {signal.source: signal for signal in self._signals(things, now_ms)}
        yield from there.values()
        for source in standing:
            if source not in there:
                yield Signal(SIGNAL, source, now_ms, 0)

    def _signals(self, things: Sequence[Thing], now_ms: int) -> Iterator[Signal]:
        explained: set[Source] = set()
        for one, members in self.members(things).items():
            value = fallen(members, one.least or _least(members), one.within_ms)
            if value is not None and value >= _FALLEN:
                explained.update(thing.source for thing in members)
            yield Signal(SIGNAL, one.source, now_ms, value)
        if self.watches_unnamed:
            yield from _unnamed(things, explained, now_ms)

    def closed(self, campus_s: int) -> tuple[Window, ...]:
        """Groups whose members are switched off now, as windows of rules."""
        second = campus_s % DAY_S
        off = (one for one in self.named if any(hours.has(second) for hours in one.closed))
        return tuple(Window(one.name, one.source, 0, FOREVER, CLOSED) for one in off)

    def words(self, source: Source) -> Text | None:
        """What people call a group that there is; None: nobody has named it."""
        return next((one.words for one in self.named if one.source == source), None)

    def _all(self, one: Group, own: dict[str, list[Thing]], seen: set[str]) -> Iterator[Thing]:
        """A circle, which the file's reader refuses, would end here as well."""
        if one.name in seen:
            return
        seen.add(one.name)
        yield from own[one.name]
        for below in self.named:
            if below.name in one.groups:
                yield from self._all(below, own, seen)


_FALLEN = 100.0


def unnamed(box: str) -> Source:
    """The TCP terminals of a box, as a group. No name that a file may give has a slash."""
    return Source(Kind.GROUP, f"{box}/{UNNAMED}")


def fallen(members: Iterable[Thing], least: int, within_ms: int) -> float | None:
    """The most members that fell silent within the window, in percent of `least`. None: it is not known, for members
    that are not known could be among them."""
    heard = [one for one in members if one.heard_ms]
    away = sorted(one.heard_ms for one in heard if one.silent_s is not None and one.silent_s >= AWAY_S)
    most = max((bisect_right(away, at_ms + within_ms) - n for n, at_ms in enumerate(away)), default=0)
    is_known = most >= least or all(one.silent_s is not None for one in heard)
    return 100 * most / least if is_known else None


def _least(members: Sequence[Thing]) -> int:
    heard = sum(1 for one in members if one.heard_ms)
    return max(2, -(-3 * heard // 5))


def _unnamed(things: Sequence[Thing], explained: set[Source], now_ms: int) -> Iterator[Signal]:
    """What a named group explains is left out: it is one alarm, not two."""
    of_box: dict[str, list[Thing]] = {}
    for thing in things:
        if thing.is_tcp and thing.heard_ms:
            of_box.setdefault(thing.box, []).append(thing)
    for box, members in of_box.items():
        least = max(UNNAMED_LEAST, -(-len(members) // 2))
        rest = [thing for thing in members if thing.source not in explained]
        yield Signal(SIGNAL, unnamed(box), now_ms, fallen(rest, least, WITHIN_MS))
