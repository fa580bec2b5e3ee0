"""One turn of the watch: what is new in the ledger, what was read, what time has done; written in one transaction.

A turn that fails is as if it had not been: memory is read anew before the next one. Facts are taken up in the ledger's
order, each once; how far stands beside the alarms that they made.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from cloud.ledger.fleet.views import FactView
from cloud.watch.alarms.drill import DRILL, KEY, is_drill
from cloud.watch.alarms.flood import CAMPUS as CAMPUS_SCOPE
from cloud.watch.alarms.flood import Flood
from cloud.watch.alarms.group_file import read_groups
from cloud.watch.alarms.groups import Groups
from cloud.watch.alarms.rule import Rule
from cloud.watch.alarms.rule_file import read_rules
from cloud.watch.alarms.standing import standing
from cloud.watch.alarms.states import CALLS_ANEW, Alarm, Deed
from cloud.watch.alarms.terms import CAMPUS, Happening, Kind, Signal, Source
from cloud.watch.alarms.topology import Topology
from cloud.watch.alarms.watching import ALARMS_MAX, Change, Key, Watching
from cloud.watch.kept import floods
from cloud.watch.notify.calling import SETTLE_MS, Time
from cloud.watch.notify.routes import Policy
from cloud.watch.notify.telling import Around, Telling
from cloud.watch.pushes import GROUPINGS, RULESETS
from cloud.watch.samples import Samples
from cloud.watch.store import WatchStore
from shared.clocks.school_days import WEEKDAYS
from shared.errors import ConfigFault
from shared.facts.told import Level, Params

FACTS_MAX = 1000
"""Most facts of a turn; more wait for the next one, which comes at once."""
BEAT = "beat"
"""The mark of when the watch last looked, Unix ms: without it nobody knows how things stand."""
BEAT_MS, STALE_MS = 5_000, 15_000
"""How often it is written, and from what age on a list is as of then, not of now."""
BEHIND = "behind"
"""The mark of how many facts wait for a later turn: as after a long stop."""
FACTS = "facts"
"""The mark of the last fact that was taken up."""
WATCH = Source(Kind.SERVICE, "watch")


@dataclass
class Counts:
    """Since the start of this process."""

    turns: int = 0
    facts: int = 0
    raised: int = 0
    standing: int = 0
    queued: int = 0


class Turns:
    """The watch over its file. Not thread-safe."""

    def __init__(self, store: WatchStore, rules: Sequence[Rule]) -> None:
        self.counts = Counts()
        self.around = Around(str, "", WEEKDAYS)
        """What messages say beside the alarm: set anew as the ledger tells it."""
        self.groups = Groups()
        """Those in force since the last turn."""
        self.behind = 0
        """Facts that wait for a later turn; set anew before each."""
        self.standing: dict[str, Any] = {}
        """How things stand after the last turn, for a line that shows it."""
        self._store = store
        self._built_in, self._ruleset, self._grouping = tuple(rules), "", ""
        self._seen = -1
        self._samples = Samples(store.db)
        self._watching = Watching(rules)
        self._flood = Flood()
        self._fresh: dict[Key, int] = {}
        self._telling = Telling(store.db, {rule.name: rule for rule in rules}, self._flood, self._place)
        self._said: dict[Key, tuple[str, Params]] = {}
        self._topology = Topology()

    def stand_on(self, topology: Topology) -> None:
        """What stands below what, from the next turn on."""
        if topology != self._topology:
            self._topology = topology
            self._watching.stand_on(topology)

    def sources_of(self, rule: str) -> list[Source]:
        """What has an alarm of this rule."""
        return [key.source for key in self._watching.memory.alarms if key.rule == rule]

    def scopes(self, signal: str) -> tuple[str, ...]:
        """Which sources of this signal the rules of the last turn look at."""
        return self._watching.scopes(signal)

    @property
    def policy(self) -> Policy:
        """What is decided about telling, as of the last turn."""
        return self._telling.policy

    def has_seen(self, name: str) -> bool:
        """Was it remembered?"""
        with self._store.db.reading():
            return bool(self._store.mark(name))

    def remember(self, name: str) -> None:
        """That something was seen, once and for good."""
        with self._store.db.writing():
            self._store.set_mark(name, 1)

    def read_upto(self) -> int:
        """The number of the last fact that was taken up."""
        with self._store.db.reading():
            return self._store.mark(FACTS)

    def looked_ms(self) -> int:
        """When the watch last looked, Unix ms; 0: it never has."""
        with self._store.db.reading():
            return self._store.mark(BEAT)

    def go_back(self, number: int) -> None:
        """The ledger is an older copy of itself: facts behind this number are new ones."""
        with self._store.db.writing():
            self._store.set_mark(FACTS, number)

    def take(
        self, facts: Sequence[tuple[int, FactView]], signals: Iterable[Signal], now: Time, *, is_meal: bool | None
    ) -> list[Change]:
        """One turn. StoreFault: nothing of it was kept, and the same facts are to be given again."""
        try:
            with self._store.db.writing():
                found = self._taken(facts, signals, now, is_meal=is_meal)
                self.counts.queued += self._told(found, now)
            self._seen = self._version()
        except BaseException:
            self._seen = -1
            raise
        self._count(found, len(facts))
        if found or not self.standing:
            self.standing = standing(self._watching.memory.alarms, self._watching.rules, self.around.calls)
        return found

    def _taken(
        self, facts: Sequence[tuple[int, FactView]], signals: Iterable[Signal], now: Time, *, is_meal: bool | None
    ) -> list[Change]:
        now_ms = now.unix_ms
        self._look_back(now_ms)
        self._watching.closed = self.groups.closed(now.campus_s)
        watching, before = self._watching, dict(self._watching.memory.readings)
        fresh = [one for one in facts if one[0] > self._store.mark(FACTS)]
        found = watching.happened([happening(number, view) for number, view in fresh], now_ms)
        read = list(signals)
        found += watching.read(read, is_meal=is_meal)
        self._samples.keep(read, now_ms)
        found += watching.read([Signal("alarms-turned-away", WATCH, now_ms, watching.turned_away)], is_meal=is_meal)
        found += watching.read([Signal(DRILL, CAMPUS, now_ms, int(now_ms < self._store.mark(DRILL)))], is_meal=is_meal)
        found += watching.passed(now_ms)
        beat_ms = self._store.mark(BEAT)
        if not beat_ms or abs(now_ms - beat_ms) >= BEAT_MS:
            self._store.set_mark(BEAT, now_ms)
        if self._store.mark(BEHIND) != self.behind:
            self._store.set_mark(BEHIND, self.behind)
        self._store.write(found)
        self._store.remember(before, watching.memory.readings)
        if fresh:
            self._store.set_mark(FACTS, fresh[-1][0])
        return found

    def _told(self, found: Sequence[Change], now: Time) -> int:
        alarms = self._watching.memory.alarms
        self._said.update((change.key, (change.code, change.told)) for change in found if change.code or change.told)
        if len(self._said) > 2 * ALARMS_MAX:
            self._said = {key: said for key, said in self._said.items() if key in alarms}
        self._count_fresh(found, alarms, now.unix_ms)
        return self._telling.turn(alarms, self._said, now, self.around)

    def _count_fresh(self, found: Sequence[Change], alarms: Mapping[Key, Alarm], now_ms: int) -> None:
        """What still calls when the moment has passed in which something may explain it, is new on the list."""
        fresh = (one for one in found if one.deed in CALLS_ANEW and one.alarm.calls and not is_drill(one.key))
        self._fresh.update((one.key, one.at_ms) for one in fresh)
        for key, at_ms in list(self._fresh.items()):
            alarm = alarms.get(key)
            if alarm is None or not alarm.calls:
                del self._fresh[key]
            elif now_ms - at_ms >= SETTLE_MS:
                del self._fresh[key]
                self._flood.count({CAMPUS_SCOPE, self._place(key)}, now_ms)

    def _place(self, key: Key) -> str:
        """The box that it is at, as a scope of floods."""
        over = (key.source, *self._topology.over(key.source))
        return str(next((one for one in over if one.kind is Kind.BOX), CAMPUS))

    def _look_back(self, now_ms: int) -> None:
        """Somebody else's word counts: what is kept is read anew where anybody has written since our last turn."""
        if self._store.version() != self._seen:
            self._look_at_rules()
            self._look_at_groups()
            self._watching.look_again(self._store.memory())
            self._said = {one.key: (one.code, one.told) for one in self._store.listed()}
            self._look_at_floods(now_ms)
            self._telling.look_again(self.around.calendar)
            self.standing = {}

    def _look_at_rules(self) -> None:
        """Operators' rules count from the turn on that sees them; one that this program cannot read changes nothing."""
        text = RULESETS.in_force(self._store.db)
        if text == self._ruleset:
            return
        self._ruleset = text
        try:
            rules = read_rules(text, self._built_in).over(self._built_in) if text else self._built_in
        except ConfigFault:  # it was checked when it was pushed; an older program keeps what it has
            return
        self._watching = Watching(rules, self._store.memory(), self._topology)
        self._telling.follow({rule.name: rule for rule in rules})

    def _look_at_groups(self) -> None:
        """As rules; who reads the fleet asks for `groups`."""
        text = GROUPINGS.in_force(self._store.db)
        if text == self._grouping:
            return
        self._grouping = text
        with suppress(ConfigFault):
            self.groups = read_groups(text) if text else Groups()

    def _look_at_floods(self, now_ms: int) -> None:
        kept = floods.lasting(self._store.db)
        if self.counts.turns == 0:
            self._flood.restore(kept, now_ms)
        self._flood.since = kept

    def _version(self) -> int:
        with self._store.db.reading():
            return self._store.version()

    def _count(self, found: Sequence[Change], facts: int) -> None:
        self.counts.turns += 1
        self.counts.facts += facts
        self.counts.raised += sum(change.deed is Deed.RAISED and not is_drill(change.key) for change in found)
        alarms = self._watching.memory.alarms
        self.counts.standing = len(alarms) - (KEY in alarms)


def happening(number: int, view: FactView) -> Happening:
    """A fact as rules see it. A text of before has no parameters, and a level that nobody knows is 一般."""
    level = Level(view.level) if view.level in list(Level) else Level.GENERAL
    told = () if isinstance(view.told, str) else view.told
    return Happening(number, view.at_ms, level, view.code, view.box, view.device, told)
