"""From alarms that call to notices: waits a moment for what explains them, escalates, pauses, ends. Pure.

One call for each alarm and route. It ends when the alarm calls no more: acknowledged, returned, or explained. A person
who is told of many things at once is told once; beyond his measure they come together in a digest, and none is lost.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from cloud.watch.alarms.flood import Flood, Turned, of_person
from cloud.watch.alarms.rule import Rule
from cloud.watch.alarms.states import Alarm
from cloud.watch.alarms.watching import Key
from cloud.watch.notify.routes import Policy, Route
from cloud.watch.notify.terms import HOOK, Channel, Notice, Why
from shared.facts.told import Level

SETTLE_MS = 5_000
"""An alarm is told so much later: what explains it, or more of the same, comes by then."""
TAKEN_MS = 1_800_000
"""Who says that he is on it has so long before escalation goes on."""
WINDOW_MS = 600_000
"""The ten minutes of a person's measure, and how often a digest comes."""


FLOOD_DIGEST_MS = 60_000
"""The first digest of a flood comes so long after it began, the next ones as others do."""
FLOOD_URGENT_MAX = 5
"""Urgent alarms that a person hears of singly, by each way, in ten minutes of a flood; more are in the digest."""
Places = Callable[[Key], str]
"""The scope of an alarm's place, for floods."""
Whom = tuple[str, Channel]
"""A person, and one way to him."""


class CallKey(NamedTuple):
    """An alarm and the route that tells of it."""

    key: Key
    route: str


@dataclass(frozen=True, slots=True)
class Call:
    """How far a call has come. step: how many steps were taken; next_ms: when the next one is due (0: none is left)."""

    since_ms: int
    grade: Level
    opened_ms: int
    step: int = 0
    next_ms: int = 0
    paused_ms: int = 0
    told: tuple[Whom, ...] = ()


class Time(NamedTuple):
    """The same moment by both clocks."""

    unix_ms: int
    campus_s: int


@dataclass
class Calling:
    """calls, late: kept over a restart; late: what waits for a person's digest. sent: when he was told lately, by each
    way; digested: when his last digest was made."""

    calls: dict[CallKey, Call] = field(default_factory=dict)
    late: dict[Whom, dict[Key, None]] = field(default_factory=dict)
    sent: dict[Whom, deque[int]] = field(default_factory=lambda: defaultdict(deque))
    digested: dict[Whom, int] = field(default_factory=dict)
    turned: list[Turned] = field(default_factory=list)
    """Floods that began or ended since the caller has taken them."""
    nobody: int = 0
    """Calls that went to nobody, for nobody was on duty and no name stood beside it."""
    flood: Flood = field(default_factory=Flood)
    place: Places = str
    urgent: dict[Whom, deque[int]] = field(default_factory=lambda: defaultdict(deque))

    def turn(self, alarms: Mapping[Key, Alarm], rules: Mapping[str, Rule], policy: Policy, now: Time) -> list[Notice]:
        """What is to be told now. Changes `calls`; call it in the transaction that keeps them."""
        self._open(alarms, rules, policy, now)
        wanted: list[Notice] = []
        for at, call in list(self.calls.items()):
            route = next((one for one in policy.routes if one.name == at.route), None)
            alarm = alarms.get(at.key)
            if route is None or alarm is None or not alarm.calls or alarm.since_ms != call.since_ms:
                wanted += self._ended(at, call, route, alarm)
            else:
                wanted += self._due(at, call, route, alarm, policy, now)
        return self._measured(self._flooded(wanted, alarms, now), policy, now)

    def _open(self, alarms: Mapping[Key, Alarm], rules: Mapping[str, Rule], policy: Policy, now: Time) -> None:
        for key, alarm in alarms.items():
            if not alarm.calls:
                continue
            rule = rules.get(key.rule)
            family, for_finance = (rule.family, rule.for_finance) if rule else (None, False)
            for route in policy.matching(family, alarm.grade, key.source, now.campus_s, for_finance=for_finance):
                at = CallKey(key, route.name)
                known = self.calls.get(at)
                if known is None or (known.since_ms, known.grade) != (alarm.since_ms, alarm.grade):
                    self.calls[at] = Call(alarm.since_ms, alarm.grade, now.unix_ms, next_ms=now.unix_ms + SETTLE_MS)

    def _ended(self, at: CallKey, call: Call, route: Route | None, alarm: Alarm | None) -> Iterator[Notice]:
        """Only what is over by itself is told: who acknowledged it knows."""
        del self.calls[at]
        is_over = alarm is None or not alarm.is_active
        if is_over and route is not None and route.tells_return and not (alarm and alarm.suppressed_by):
            for person, channel in call.told:
                yield Notice(person, channel, Why.RETURNED, (at.key,))

    def _due(
        self, at: CallKey, call: Call, route: Route, alarm: Alarm, policy: Policy, now: Time
    ) -> list[Notice]:  # fmt: skip
        if alarm.taken_by and not call.paused_ms:
            paused_ms = max(call.next_ms, now.unix_ms + TAKEN_MS) if call.next_ms else 0  # nothing is left to pause
            call = replace(call, paused_ms=now.unix_ms, next_ms=paused_ms)
        morning = None if route.wakes else policy.night.morning(now.campus_s)
        if call.next_ms and now.unix_ms >= call.next_ms and morning is not None:
            call = replace(call, next_ms=now.unix_ms + (morning - now.campus_s) * 1000)
        found: list[Notice] = []
        if call.next_ms and now.unix_ms >= call.next_ms:
            found = self._step(at, call, route, policy, now)
            call = _after(call, route, found, now.unix_ms)
        self.calls[at] = call
        return found

    def _step(self, at: CallKey, call: Call, route: Route, policy: Policy, now: Time) -> list[Notice]:
        step = route.steps[call.step]
        persons = policy.persons(step.to, now.campus_s)
        self.nobody += not persons
        why = Why.ESCALATION if call.step else Why.CALL
        return [Notice(person, channel, why, (at.key,), route.wakes) for person in persons for channel in step.channels]

    def _flooded(self, wanted: Sequence[Notice], alarms: Mapping[Key, Alarm], now: Time) -> list[Notice]:
        """In a flood what is not urgent waits for the digest; what is urgent is told singly, up to a bound. What begins
        one is told as ever: what comes together is one message already."""
        found = []
        for one in wanted:
            whom = one.person, one.channel
            if one.person.startswith(HOOK) or not self.flood.lasts(of_person(one.person), *map(self.place, one.keys)):
                found.append(one)
            elif self._is_let_through(whom, one, alarms, now):
                found.append(one._replace(is_single=True))
            else:
                self._put_off(whom, one.keys, now)
        for person, _ in {(one.person, key) for one in wanted if one.why is Why.CALL for key in one.keys}:
            if not person.startswith(HOOK):
                self.flood.count([of_person(person)], now.unix_ms)
        self.turned += self.flood.turn(now.unix_ms)
        return found

    def _is_let_through(self, whom: Whom, one: Notice, alarms: Mapping[Key, Alarm], now: Time) -> bool:
        graves = [alarms[key].grade for key in one.keys if key in alarms]
        if Level.URGENT not in graves:
            return False
        lately = self.urgent[whom]
        while lately and now.unix_ms - lately[0] >= WINDOW_MS:
            lately.popleft()
        if len(lately) >= FLOOD_URGENT_MAX:
            return False
        lately.append(now.unix_ms)
        return True

    def _put_off(self, whom: Whom, keys: Sequence[Key], now: Time) -> None:
        if whom not in self.late:
            first = now.unix_ms - WINDOW_MS + FLOOD_DIGEST_MS
            self.digested[whom] = max(self.digested.get(whom, 0), first)
        self.late.setdefault(whom, {}).update(dict.fromkeys(keys))

    def _measured(self, wanted: Sequence[Notice], policy: Policy, now: Time) -> list[Notice]:
        """One message for what comes together; beyond a person's measure, a digest when the window has room again."""
        grouped: dict[tuple[str, Channel, Why, bool, Key | None], dict[Key, None]] = defaultdict(dict)
        for notice in wanted:
            is_held = policy.is_quiet(notice.person, now.campus_s) and not notice.wakes
            single = notice.keys[0] if notice.is_single else None
            grouped[notice.person, notice.channel, notice.why, is_held, single].update(dict.fromkeys(notice.keys))
        found = []
        for (person, channel, why, is_held, _), keys in grouped.items():
            if not is_held and self._has_room((person, channel), policy, now):
                found.append(Notice(person, channel, why, tuple(keys)))
            else:
                self._put_off((person, channel), tuple(keys), now)
        return found + self._digests(policy, now)

    def _digests(self, policy: Policy, now: Time) -> list[Notice]:
        found = []
        for whom, keys in list(self.late.items()):
            is_due = now.unix_ms - self.digested.get(whom, 0) >= WINDOW_MS
            in_flood = self.flood.lasts(of_person(whom[0]), *map(self.place, keys))
            is_quiet = policy.is_quiet(whom[0], now.campus_s)
            if is_due and not is_quiet and (in_flood or self._has_room(whom, policy, now)):
                found.append(Notice(*whom, Why.DIGEST, tuple(keys)))
                self.digested[whom] = now.unix_ms
                del self.late[whom]
        return found

    def _has_room(self, whom: Whom, policy: Policy, now: Time) -> bool:
        lately = self.sent[whom]
        while lately and now.unix_ms - lately[0] >= WINDOW_MS:
            lately.popleft()
        if len(lately) >= policy.most(whom[0]):
            return False
        lately.append(now.unix_ms)
        return True


def _after(call: Call, route: Route, told: Sequence[Notice], now_ms: int) -> Call:
    """The next step comes when those of this one had their time, however late they were told (a night, a stop)."""
    whom = tuple(dict.fromkeys((*call.told, *((one.person, one.channel) for one in told))))
    taken = call.step + 1
    if taken >= len(route.steps):
        return replace(call, step=taken, next_ms=0, told=whom)
    waits_ms, had_ms = route.steps[taken].after_s * 1000, route.steps[call.step].after_s * 1000
    next_ms = max(call.opened_ms + waits_ms, now_ms + waits_ms - max(had_ms, SETTLE_MS))
    return replace(call, step=taken, next_ms=next_ms, told=whom)
