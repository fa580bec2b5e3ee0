"""All rules at once: what comes in turns into what happens to alarms. Pure; one object is the watch's memory.

Work grows with what changes, not with rules × sources: rules that look at the same sources are asked together, a
reading that is neither bad for any of them nor already watched costs one comparison, and only what waits for a time is
looked at when nothing comes.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from cloud.watch.alarms import states
from cloud.watch.alarms.looking import Looking, Lookings
from cloud.watch.alarms.rule import FactRule, Rule, SignalRule, When
from cloud.watch.alarms.states import Alarm, Deed, State, Step
from cloud.watch.alarms.terms import Family, Happening, Signal, Source, is_graver
from cloud.watch.alarms.topology import Topology
from shared.facts.told import Level, Params

ALARMS_MAX = 20_000
"""Alarms that are kept at once. At it the next source is not taken up, and `turned_away` counts: the watch says so."""

AFTERWARDS_MS = 30_000
"""What was hidden stays so for this long after its cause is over, for it comes back a little later itself."""
FOREVER = 1 << 62
PLANNED = frozenset({Family.OFFLINE, Family.BUS, Family.SERVICE})
"""What planned work may explain: that things are away. Money, cards, keys and strangers call all the same."""
WORK = "work"
"""How an alarm says that planned work explains it, before the number."""


class Key(NamedTuple):
    """An alarm is one rule's and one source's."""

    rule: str
    source: Source


@dataclass(frozen=True, slots=True)
class Reading:
    """What a signal rule remembers of a source. held_ms: the condition holds since then (0: it does not); off_ms: the
    end's condition does; window: the last readings as bits, the newest lowest; value: the last that was known."""

    held_ms: int = 0
    off_ms: int = 0
    window: int = 0
    value: float | None = None


class Change(NamedTuple):
    """An alarm after a step. deed None: it only counts on. told: the fact's parameters, or the signal's value."""

    key: Key
    at_ms: int
    deed: Deed | None
    alarm: Alarm
    code: str = ""
    told: Params = ()


class Window(NamedTuple):
    """Planned work on a source and all below it: its alarms are suppressed meanwhile. ident: who told of it."""

    ident: str
    source: Source
    from_ms: int
    until_ms: int
    why: str = WORK


@dataclass
class Memory:
    """What is kept over a restart."""

    alarms: dict[Key, Alarm] = field(default_factory=dict)
    readings: dict[Key, Reading] = field(default_factory=dict)
    windows: tuple[Window, ...] = ()


class Watching:
    """Rules over a memory. Methods give the changes that they have made to it, in order."""

    def __init__(self, rules: Sequence[Rule], memory: Memory | None = None, topology: Topology | None = None) -> None:
        self.memory = memory or Memory()
        self.turned_away = 0
        self.closed: tuple[Window, ...] = ()
        """What is off by the clock now: told anew by the caller."""
        self._rules: dict[str, Rule] = {rule.name: rule for rule in rules}
        self._by_code: dict[str, list[FactRule]] = defaultdict(list)
        self._lookings = Lookings(rule for rule in rules if isinstance(rule, SignalRule))
        self._watched: set[tuple[str, Source]] = set()
        """Signals of sources of which some rule remembers something."""
        self._topology = topology or Topology()
        for rule in rules:
            if isinstance(rule, FactRule):
                self._index(rule)
        self._hiding: dict[Source, tuple[Key, int]] = {}
        self._has_moved = False
        self._now_ms = 0
        """The latest moment that is known of: a fact may be older."""
        self.look_again(self.memory)

    def look_again(self, memory: Memory) -> None:
        """Somebody else has written, or a turn was not: this is what is kept now. What hid a moment ago goes on hiding
        for its while; a cause that was never kept explains nothing, for it would have no end."""
        self.memory = memory
        self._forget_unkept()
        for key, alarm in memory.alarms.items():
            if _hides(self._rules.get(key.rule)):
                self._hide(key, FOREVER if _is_hiding(alarm) else _afterwards_ms(alarm))
        rules = ((key.source, self._rules.get(key.rule)) for key in memory.readings)
        self._watched = {(rule.signal, source) for source, rule in rules if isinstance(rule, SignalRule)}

    def _forget_unkept(self) -> None:
        for source, (key, until_ms) in list(self._hiding.items()):
            if until_ms == FOREVER and not _is_hiding(self.memory.alarms.get(key)):
                del self._hiding[source]

    def _index(self, rule: FactRule) -> None:
        for code in {name.partition("/")[0] for name in rule.codes | rule.over}:
            self._by_code[code].append(rule)

    @property
    def rules(self) -> Mapping[str, Rule]:
        """In force, by name."""
        return self._rules

    def rule(self, name: str) -> Rule | None:
        """The rule of that name, while it is in force."""
        return self._rules.get(name)

    def scopes(self, signal: str) -> tuple[str, ...]:
        """Which sources of this signal any rule looks at."""
        rules = (rule for rule in self._rules.values() if isinstance(rule, SignalRule))
        return tuple(rule.scope for rule in rules if rule.signal == signal)

    def stand_on(self, topology: Topology) -> None:
        """What stands below what, from now on; told in full."""
        self._topology = topology

    def happened(self, happenings: Iterable[Happening], now_ms: int = 0) -> list[Change]:
        """Facts came, in the ledger's order. now_ms: when they were heard of, which may be long after; 0: at once."""
        found = [change for one in happenings for change in self._told(one, now_ms or one.at_ms)]
        return found + self._hidden(found)

    def read(self, signals: Iterable[Signal], *, is_meal: bool | None) -> list[Change]:
        """Signals were read. is_meal None: nobody knows whether it is a meal."""
        found: list[Change] = []
        of, watched = self._lookings.of, self._watched
        for signal in signals:
            looking = of(signal)
            if looking.may_be_bad(signal.value) or (signal.name, signal.source) in watched:
                found += self._read(looking, signal, is_meal=is_meal)
        return found + self._hidden(found)

    def _read(self, looking: Looking, signal: Signal, *, is_meal: bool | None) -> list[Change]:
        """By each rule that looks at it."""
        found: list[Change] = []
        place, readings = (signal.name, signal.source), self.memory.readings
        self._watched.discard(place)
        for rule in looking.rules:
            key = Key(rule.name, signal.source)
            holds = rule.condition.holds(signal.value)
            if holds or key in readings:
                holds = holds and _is_awake(rule.when, is_meal=is_meal)
                found += self._looked(rule, key, signal, rule.grade_at(is_meal=is_meal), holds=holds)
            if key in readings:
                self._watched.add(place)
        return found

    def passed(self, now_ms: int) -> list[Change]:
        """Time has gone by: shelves end, acknowledgements run out, facts are quiet, planned work begins and ends."""
        self._now_ms = max(now_ms, self._now_ms)
        found: list[Change] = []
        explaining = self._explaining()
        for key, alarm in list(self.memory.alarms.items()):
            found += self._aged(key, alarm, now_ms, is_explaining=cause_text(key) in explaining)
        self._hiding = {source: above for source, above in self._hiding.items() if above[1] > now_ms}
        self.memory.windows = tuple(one for one in self.memory.windows if one.until_ms > now_ms)
        return found + self._look_above(self.memory.alarms, now_ms)

    def apply(self, key: Key, at_ms: int, step: Step) -> list[Change]:
        """What a person did to an alarm that there is."""
        alarm, deed = step
        return self._keep(key, at_ms, alarm, deed) if deed else []

    def _told(self, happening: Happening, now_ms: int) -> list[Change]:
        """What is heard of late is quiet only after its while from now on: else it would be over, and call nobody."""
        found: list[Change] = []
        at_ms = min(happening.at_ms, now_ms)
        for rule in self._by_code.get(happening.code, ()):
            key = Key(rule.name, rule.source(happening))
            if rule.is_ended_by(happening):
                found += self._end(key, at_ms)
            elif rule.is_raised_by(happening):
                found += self._raise(key, at_ms, rule.grade or happening.level, happening, heard_ms=now_ms)
        return found

    def _looked(self, rule: SignalRule, key: Key, signal: Signal, grade: Level, *, holds: bool) -> list[Change]:
        before = self.memory.readings.get(key, Reading())
        alarm = self.memory.alarms.get(key)
        reading = _after(rule, before, signal, holds=holds)
        is_active = alarm is not None and alarm.is_active
        if is_active and _is_over(rule, reading, signal.at_ms):
            self.memory.readings.pop(key, None)
            return self._end(key, signal.at_ms)
        if not is_active and not reading.window and not reading.held_ms:
            self.memory.readings.pop(key, None)
            return []
        self.memory.readings[key] = reading
        is_worse = alarm is not None and alarm.is_active and holds and is_graver(grade, alarm.grade)
        if not is_worse and (is_active or not _is_due(rule, reading, signal.at_ms)):
            return []
        told = () if signal.value is None else (("value", round(signal.value)),)
        return self._raise(key, signal.at_ms, grade, told=told)

    def _raise(
        self, key: Key, at_ms: int, grade: Level, happening: Happening | None = None, told: Params = (),
        heard_ms: int = 0,
    ) -> list[Change]:  # fmt: skip
        alarm = self.memory.alarms.get(key)
        if alarm is None and len(self.memory.alarms) >= ALARMS_MAX:
            self.turned_away += 1
            return []
        code, said = (happening.code, happening.told) if happening else ("", told)
        return self._keep(key, at_ms, *states.raised(alarm, at_ms, grade, heard_ms), code=code, told=said)

    def _end(self, key: Key, at_ms: int) -> list[Change]:
        alarm = self.memory.alarms.get(key)
        if alarm is None:
            return []
        after, deed = states.returned(alarm, at_ms)
        return self._keep(key, at_ms, after, deed) if deed else []

    def _keep(
        self, key: Key, at_ms: int, alarm: Alarm, deed: Deed | None, *, code: str = "", told: Params = ()
    ) -> list[Change]:
        if alarm.state is State.NORMAL:
            self.memory.alarms.pop(key, None)
        else:
            self.memory.alarms[key] = alarm
        if _hides(self._rules.get(key.rule)):
            if _is_hiding(alarm):
                self._hide(key, FOREVER)
            elif self._hiding.get(key.source) == (key, FOREVER):
                other = self._other_above(key)
                self._hide(other or key, FOREVER if other else at_ms + AFTERWARDS_MS)
        return [Change(key, at_ms, deed, alarm, code, told)]

    def _hide(self, key: Key, until_ms: int) -> None:
        """What is over does not take the place of another one that goes on."""
        known = self._hiding.get(key.source)
        if known != (key, until_ms) and (until_ms == FOREVER or known is None or known[0] == key):
            self._hiding[key.source] = key, until_ms
            self._has_moved = True

    def _other_above(self, key: Key) -> Key | None:
        """Another alarm of the same source that hides what is below it."""
        return next(
            (
                other for other, alarm in self.memory.alarms.items()
                if other != key and other.source == key.source and alarm.is_active and not alarm.stopped_by
                and _hides(self._rules.get(other.rule))
            ),
            None,
        )  # fmt: skip

    def _explaining(self) -> set[str]:
        """What explains an alarm that still stands."""
        return {alarm.suppressed_by for alarm in self.memory.alarms.values() if alarm.is_active}

    def _aged(self, key: Key, alarm: Alarm, now_ms: int, *, is_explaining: bool) -> Iterator[Change]:
        """A fact is told once: while what it explains still stands, so does its alarm."""
        rule = self._rules.get(key.rule)
        if alarm.is_active and (rule is None or (_is_quiet(rule, alarm, now_ms) and not is_explaining)):
            yield from self._keep(key, now_ms, *states.returned(alarm, now_ms))
        while key in self.memory.alarms:
            after, deed = states.at(self.memory.alarms[key], now_ms)
            if deed is None:
                return
            yield from self._keep(key, now_ms, after, deed)

    def _hidden(self, found: Sequence[Change]) -> list[Change]:
        """Suppression anew: of those that were raised, or of all when what hides has changed."""
        if not found:
            return []
        now_ms = self._now_ms = max(self._now_ms, *(change.at_ms for change in found))
        if self._has_moved:
            return self._look_above(self.memory.alarms, now_ms)
        return self._look_above([change.key for change in found if change.deed is Deed.RAISED], now_ms)

    def _look_above(self, keys: Iterable[Key], now_ms: int) -> list[Change]:
        self._has_moved = False
        windows = [one for one in self.memory.windows if one.from_ms <= now_ms < one.until_ms]
        windows += self.closed
        found: list[Change] = []
        for key in list(keys):
            alarm = self.memory.alarms.get(key)
            cause = self._cause(key, windows, now_ms) if alarm and alarm.is_active else ""
            if alarm and cause != alarm.suppressed_by:
                found += self._keep(key, now_ms, *states.suppressed(alarm, cause))
        return found

    def _cause(self, key: Key, windows: Sequence[Window], now_ms: int) -> str:
        if not windows and not self._hiding:
            return ""
        rule = self._rules.get(key.rule)
        over = tuple(self._topology.over(key.source))
        for window in windows:
            if rule is not None and rule.family in PLANNED and window.source in (key.source, *over):
                return f"{window.why} {window.ident}"
        if not _is_hidden(rule):
            return ""
        hiding = (self._hiding[one] for one in over if one in self._hiding)
        above = next((other for other, until_ms in hiding if until_ms > now_ms), None)
        return cause_text(above) if above else ""


def cause_text(key: Key) -> str:
    """As what it explains says it."""
    return f"{key.rule} {key.source}"


def _is_hiding(alarm: Alarm | None) -> bool:
    return alarm is not None and alarm.is_active and not alarm.stopped_by


def _afterwards_ms(alarm: Alarm) -> int:
    """One that is out of service has hidden nobody."""
    return 0 if alarm.stopped_by else alarm.returned_ms + AFTERWARDS_MS


def _hides(rule: Rule | None) -> bool:
    return rule is not None and rule.hides


def _is_hidden(rule: Rule | None) -> bool:
    return rule is not None and rule.is_hidden


def _is_awake(when: When, *, is_meal: bool | None) -> bool:
    return when is When.ALWAYS or (when is When.MEALS) is is_meal


def _after(rule: SignalRule, before: Reading, signal: Signal, *, holds: bool) -> Reading:
    window = (before.window << 1 | holds) & ((1 << rule.of) - 1)
    held = (before.held_ms or signal.at_ms) if holds else 0
    off = (before.off_ms or signal.at_ms) if rule.is_clear(signal.value) else 0
    return Reading(held, off, window, before.value if signal.value is None else signal.value)


def _is_due(rule: SignalRule, reading: Reading, now_ms: int) -> bool:
    if rule.of > 1:
        return reading.window.bit_count() >= rule.times
    return bool(reading.held_ms) and now_ms - reading.held_ms >= rule.for_ms


def _is_over(rule: SignalRule, reading: Reading, now_ms: int) -> bool:
    return bool(reading.off_ms) and now_ms - reading.off_ms >= rule.off_ms


def _is_quiet(rule: Rule, alarm: Alarm, now_ms: int) -> bool:
    return isinstance(rule, FactRule) and 0 < rule.quiet_ms <= now_ms - alarm.last_ms
