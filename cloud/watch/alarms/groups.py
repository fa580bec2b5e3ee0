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
from shared.words.voice import Text

AWAY_S = 45.0
"""A member that was not heard for so long counts: sooner than its own alarm comes, which the group's then explains."""
WITHIN_MS = 120_000
"""The window of a group that names none, and of those that nobody has named."""
UNNAMED_LEAST = 4
"""So many of a box's TCP terminals, and half of them, are an alarm of the box's network."""
UNNAMED = "tcp"
SIGNAL = "group-away"


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

    @property
    def source(self) -> Source:
        """What its alarm is about."""
        return Source(Kind.GROUP, self.name)

    @property
    def words(self) -> Text:
        """What people call it: 交换机 一食堂A."""
        kind = SHARED[self.shares]
        return Text(f"{kind.zh} {self.title}", f"{kind.en} {self.title}")

    def has(self, thing: "Thing") -> bool:
        """Is this one of its own members, by name or by place?"""
        if thing.source.kind is Kind.BOX:
            return thing.source.name in self.boxes
        return bool({thing.name, thing.source.name} & self.terminals) or any(
            fnmatchcase(thing.place, pattern) for pattern in self.places
        )


class Thing(NamedTuple):
    """A box or a terminal as it was last heard. silent_s None: not known now. heard_ms 0: never, so it is no member."""

    source: Source
    name: str
    place: str
    box: str
    is_tcp: bool
    heard_ms: int
    silent_s: float | None


@dataclass(frozen=True, slots=True)
class Groups:
    """All of them. watches_unnamed: a box's TCP terminals are a group by themselves."""

    named: tuple[Group, ...] = ()
    watches_unnamed: bool = True

    def members(self, things: Sequence[Thing]) -> dict[Group, list[Thing]]:
        """Of each group what is in it, and in groups below it; each once."""
        own = {one.name: [thing for thing in things if one.has(thing)] for one in self.named}
        return {one: list({thing.source: thing for thing in self._all(one, own, set())}.values()) for one in self.named}

    def above(self, things: Sequence[Thing]) -> dict[Source, tuple[Source, ...]]:
        """Of each member the groups right above it; of a group those that name it, and the box of an unnamed one."""
        found: dict[Source, tuple[Source, ...]] = {}
        for one in self.named:
            below = [thing.source for thing in things if one.has(thing)]
            for source in (*below, *(Source(Kind.GROUP, name) for name in sorted(one.groups))):
                found[source] = (*found.get(source, ()), one.source)
        for thing in things if self.watches_unnamed else ():
            if thing.is_tcp:
                found[thing.source] = (*found.get(thing.source, ()), unnamed(thing.box))
                found[unnamed(thing.box)] = (Source(Kind.BOX, thing.box),)
        return found

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
