"""Laws of the watch, held by a second, simpler reckoning beside it: it sees what came and what is kept, nothing else.

facts: each is counted in the one alarm of its rule and source, once. signals: raised and over by what was read, and by
nothing that was not known. events: an alarm stands as what happened to it says, over every kill. nobody: what is
acknowledged was acknowledged by somebody. explained: hidden as long as its cause, and no longer. told, escalates,
answered, night, measure: who hears of it, and who does not. conserved, once, true: what became of messages. private:
no card number in them. finance: money of persons is for those who have a role.
"""

from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from zlib import crc32

from cloud.ledger.fleet.views import FactView
from cloud.watch.alarms.rule import UNKNOWN, FactRule, Rule, SignalRule
from cloud.watch.alarms.states import Deed, State
from cloud.watch.alarms.terms import Happening, Signal, Source
from cloud.watch.alarms.topology import Topology
from cloud.watch.alarms.watching import AFTERWARDS_MS, Key
from cloud.watch.notify import queue
from cloud.watch.notify.calling import SETTLE_MS, TAKEN_MS, WINDOW_MS, Time
from cloud.watch.notify.persons import Person, address
from cloud.watch.notify.queue import Message
from cloud.watch.notify.routes import Policy, Route
from cloud.watch.notify.terms import HOOK, Channel, Why
from cloud.watch.store import Event, Listed, WatchStore
from cloud.watch.turn import happening
from shared.facts.told import Level
from tests.sim.watch_doors import SimDoor
from tests.sim.world import Violation

_MESSAGES_MAX = 100_000
_DONE = (queue.State.SENT, queue.State.ARRIVED, queue.State.FAILED, queue.State.JOINED)


@dataclass
class _Standing:
    """A fact rule's alarm by our own count."""

    count: int
    heard_ms: int


@dataclass
class _Read:
    """What was read for a signal rule, as far as it matters: since when it is bad, since when it is good."""

    bad_ms: int | None = None
    good_ms: int | None = None
    bits: deque[bool] = field(default_factory=deque)


@dataclass
class _Fold:
    """An alarm by what has happened to it: IEC 62682's table in six lines."""

    active: bool = False
    acked: bool = False
    shelved: bool = False
    hidden: bool = False
    stopped: bool = False

    def take(self, deed: Deed) -> None:
        match deed:
            case Deed.RAISED:
                self.active, self.acked = True, False
            case Deed.WORSENED | Deed.EXPIRED:
                self.acked = False
            case Deed.RETURNED:
                self.active, self.acked = False, self.acked or self.hidden
            case Deed.ACKNOWLEDGED:
                self.acked = True
            case Deed.SHELVED | Deed.UNSHELVED:
                self.shelved = deed is Deed.SHELVED
            case Deed.SUPPRESSED | Deed.UNSUPPRESSED:
                self.hidden = deed is Deed.SUPPRESSED
            case Deed.STOPPED | Deed.STARTED:
                self.stopped = deed is Deed.STOPPED
            case _:
                pass

    @property
    def state(self) -> State:
        if self.stopped:
            return State.OUT_OF_SERVICE
        if self.acked and not self.active and not self.shelved:
            return State.NORMAL
        if self.hidden or self.shelved:
            return State.SUPPRESSED if self.hidden else State.SHELVED
        if self.active:
            return State.ACKNOWLEDGED if self.acked else State.UNACKNOWLEDGED
        return State.RETURNED


@dataclass
class _Call:
    """An alarm that calls, and one route of it. told_ms: of each step, when it was due to be told."""

    since_ms: int
    grade: Level
    opened_ms: int
    told_ms: list[int] = field(default_factory=list)
    paused_ms: int = 0


Whom = tuple[str, Channel]


class Laws:
    """Of one world. Violation names the law."""

    def __init__(
        self, rules: Sequence[Rule], policy: Policy, people: Sequence[Person], doors: Mapping[Channel, SimDoor],
        topology: Topology, secrets: Sequence[str],
    ) -> None:  # fmt: skip
        self.deeds: set[Deed] = set()
        self.whys: set[Why] = set()
        self.ends: set[queue.State] = set()
        self._rules = {rule.name: rule for rule in rules}
        self._policy, self._people, self._doors, self._secrets = policy, people, doors, secrets
        self._topology = topology
        self._facts: dict[Key, _Standing] = {}
        self._reads: dict[Key, _Read] = defaultdict(_Read)
        self._raised: set[Key] = set()
        self._folds: dict[Key, _Fold] = defaultdict(_Fold)
        self._words: set[tuple[Key, str]] = set()
        self._taken_ms: dict[Key, int] = {}
        self._calls: dict[tuple[Key, str], _Call] = {}
        self._ended_ms: dict[Source, int] = {}
        self._rows: dict[int, Message] = {}
        self._seen: set[tuple[str, Channel, Key, int, Level]] = set()
        self._event = self._upto = 0
        self._alarms: dict[Key, Listed] = {}
        self._fresh: list[Event] = []
        self._excused: set[int] = set()

    # --- what the world tells -------------------------------------------------------------------------------------

    def did(self, key: Key, who: str) -> None:
        """Somebody has said something about it."""
        self._words.add((key, who))

    def before_turn(self, upto: int) -> None:
        """How far the watch says that it has read: just as far as turns have brought it that were kept."""
        if upto != self._upto:
            raise Violation("facts", f"says that it has read up to {upto}, and has up to {self._upto}")

    def after_turn(
        self, store: WatchStore, given: Sequence[tuple[int, FactView]], signals: Sequence[Signal], now: Time
    ) -> None:
        """A turn was committed: these facts and readings count."""
        self._look(store)
        fresh = [one for one in given if one[0] > self._upto]
        self._upto = max([self._upto, *(number for number, _ in given)])
        self._require_facts(fresh, now.unix_ms)
        self._require_signals(signals, now.unix_ms)
        self._require_explained(now.unix_ms)
        self._require_told(store, now)

    def after_word(self, store: WatchStore) -> None:
        """A person's word was committed."""
        self._look(store)

    def after_sending(self, store: WatchStore, now_ms: int) -> None:
        """The sender had its look."""
        self._look(store)
        self._messages(store)

    def excuse(self, store: WatchStore) -> None:
        """The sender has died, or could not write: what a way took and is not marked may come again."""
        for one in queue.messages(store.db, _MESSAGES_MAX):
            door = self._doors[one.channel]
            if one.state is queue.State.WAITING and door.took[one.number] > door.excused[one.number]:
                door.excused[one.number] = door.took[one.number]

    def fingerprint(self) -> int:
        """Of all messages and of how each alarm stands."""
        rows = sorted((one.number, one.made_ms, one.person, str(one.state), one.tries) for one in self._rows.values())
        stands = sorted((key.rule, str(key.source), str(fold.state)) for key, fold in self._folds.items())
        return crc32(repr((rows, stands)).encode())

    # --- alarms ---------------------------------------------------------------------------------------------------

    def _look(self, store: WatchStore) -> None:
        self._alarms = {one.key: one for one in store.alarms()}
        self._fresh = []
        while more := store.events(self._event):
            self._fresh += more
            self._event = more[-1].number
        for event in self._fresh:
            self._happened(event)
        for key, fold in self._folds.items():
            listed = self._alarms.get(key)
            stands = listed.alarm.state if listed else State.NORMAL
            if stands is not fold.state:
                raise Violation("events", f"{key} stands as {stands}, and what happened to it says {fold.state}")
        lost = self._alarms.keys() - self._folds.keys()
        if lost:
            raise Violation("events", f"{lost} stand, and nothing has happened to them")

    def _happened(self, event: Event) -> None:
        key, deed, fold = event.key, event.deed, self._folds[event.key]
        self.deeds.add(deed)
        if deed is Deed.RAISED and fold.active:
            raise Violation("facts", f"{key} is raised a second time while it stands")
        if deed is Deed.RETURNED and not fold.active:
            raise Violation("facts", f"{key} is over a second time")
        by_somebody = deed in (Deed.ACKNOWLEDGED, Deed.SHELVED, Deed.STOPPED, Deed.STARTED, Deed.ASSIGNED)
        if by_somebody and (key, event.who) not in self._words:
            raise Violation("nobody", f"{key} is {deed} by {event.who!r}, who has not said so")
        if deed is Deed.TAKEN:
            self._require_taken(event)
        if deed in (Deed.RAISED, Deed.WORSENED, Deed.EXPIRED):
            self._taken_ms.pop(key, None)
        fold.take(deed)
        if event.state != fold.state:
            is_seen = event.state in (State.ACKNOWLEDGED, State.NORMAL) and not fold.acked
            law = "nobody" if is_seen else "events"
            raise Violation(law, f"{key}, {deed}: {event.state}, and it should be {fold.state}")
        if fold.state is State.NORMAL:
            self._folds[key] = _Fold(acked=True)

    def _require_taken(self, event: Event) -> None:
        """By word, or by the code of a message about it from the phone that has it."""
        told = any(event.key in one.keys and one.person == event.who for one in self._rows.values())
        if (event.key, event.who) not in self._words and not told:
            raise Violation("nobody", f"{event.key} is taken by {event.who!r}, who has not said so")
        self._taken_ms[event.key] = event.at_ms

    def _require_facts(self, fresh: Sequence[tuple[int, FactView]], now_ms: int) -> None:
        for number, view in fresh:
            one = happening(number, view)
            for rule in self._rules.values():
                if isinstance(rule, FactRule):
                    self._count(rule, one, now_ms)
        for key, standing in list(self._facts.items()):
            rule = self._rules[key.rule]
            if isinstance(rule, FactRule) and 0 < rule.quiet_ms <= now_ms - standing.heard_ms:
                del self._facts[key]
        wanted = {key: standing.count for key, standing in self._facts.items()}
        found = {
            key: one.alarm.count for key, one in self._alarms.items()
            if one.alarm.is_active and isinstance(self._rules[key.rule], FactRule)
        }  # fmt: skip
        if wanted != found:
            raise Violation("facts", f"told {set(wanted.items()) - set(found.items())}, "
                                     f"stand {set(found.items()) - set(wanted.items())}")  # fmt: skip

    def _count(self, rule: FactRule, one: Happening, now_ms: int) -> None:
        key = Key(rule.name, rule.source(one))
        if rule.is_ended_by(one):
            self._facts.pop(key, None)
        elif rule.is_raised_by(one):
            standing = self._facts.setdefault(key, _Standing(0, now_ms))
            standing.count, standing.heard_ms = standing.count + 1, now_ms

    def _require_signals(self, signals: Sequence[Signal], now_ms: int) -> None:
        for signal in signals:
            for rule in self._rules.values():
                if isinstance(rule, SignalRule) and rule.signal == signal.name and rule.looks_at(signal.source):
                    self._read(rule, Key(rule.name, signal.source), signal)
        stands = {
            key for key, one in self._alarms.items()
            if one.alarm.is_active and isinstance(self._rules[key.rule], SignalRule) and key.rule != "turned-away"
        }  # fmt: skip
        if stands != self._raised:
            dark = {(signal.name, signal.source) for signal in signals if signal.value is None}
            of = {rule.name: rule.signal for rule in self._rules.values() if isinstance(rule, SignalRule)}
            is_dark = any((of[key.rule], key.source) in dark for key in stands ^ self._raised)
            law = "unknown" if is_dark else "signals"
            raise Violation(law, f"should stand {self._raised - stands}, should not {stands - self._raised}")

    def _read(self, rule: SignalRule, key: Key, signal: Signal) -> None:
        read, at_ms = self._reads[key], signal.at_ms
        is_bad = signal.value is None if rule.condition.comparison == UNKNOWN else rule.condition.holds(signal.value)
        is_good = signal.value is not None and rule.is_clear(signal.value)
        read.bad_ms = (at_ms if read.bad_ms is None else read.bad_ms) if is_bad else None
        read.good_ms = (at_ms if read.good_ms is None else read.good_ms) if is_good else None
        read.bits.append(is_bad)
        while len(read.bits) > rule.of:
            read.bits.popleft()
        if key in self._raised and read.good_ms is not None and at_ms - read.good_ms >= rule.off_ms:
            self._raised.discard(key)
            read.bits.clear()
        elif key not in self._raised:
            held = read.bad_ms is not None and at_ms - read.bad_ms >= rule.for_ms
            if sum(read.bits) >= rule.times if rule.of > 1 else held:
                self._raised.add(key)

    def _require_explained(self, now_ms: int) -> None:
        above = {
            key.source for key, one in self._alarms.items()
            if self._rules[key.rule].hides and one.alarm.is_active and not one.alarm.stopped_by
        }  # fmt: skip
        for event in self._fresh:
            if self._rules[event.key.rule].hides and event.deed in (Deed.RETURNED, Deed.STOPPED):
                self._ended_ms[event.key.source] = event.at_ms
        for key, one in self._alarms.items():
            over = set(self._topology.over(key.source))
            if not self._rules[key.rule].is_hidden or not one.alarm.is_active:
                continue
            is_hidden, lately_ms = bool(one.alarm.suppressed_by), max(self._ended_ms.get(up, 0) for up in over)
            if over & above and not is_hidden:
                raise Violation("explained", f"{key} is not hidden, and {over & above} explain it")
            if not over & above and is_hidden and now_ms - lately_ms > AFTERWARDS_MS:
                raise Violation("explained", f"{key} is hidden still, and its cause is over")

    # --- messages -------------------------------------------------------------------------------------------------

    def _require_told(self, store: WatchStore, now: Time) -> None:
        made = self._messages(store)
        is_night = self._policy.night.morning(now.campus_s) is not None
        for one in made:
            self.whys.add(one.why)
            if one.why in (Why.CALL, Why.ESCALATION):
                self._require_wanted(one, now, is_night=is_night)
        self._require_measure(made, now.unix_ms)
        self._follow_calls(store, now, is_night=is_night)

    def _require_wanted(self, one: Message, now: Time, *, is_night: bool) -> None:
        for key in one.keys:
            listed = self._alarms.get(key)
            if listed is None or listed.alarm.state is not State.UNACKNOWLEDGED:
                raise Violation("answered", f"{one.person} hears of {key}, which calls nobody")
            if now.unix_ms - self._taken_ms.get(key, -TAKEN_MS) < TAKEN_MS:
                raise Violation("answered", f"{one.person} hears of {key}, and somebody is on it")
            routes = self._routes(listed, now)
            if is_night and not any(route.wakes for route in routes):
                raise Violation("night", f"{one.person} is woken by {key}")
            told = one.person, one.channel, key, listed.alarm.since_ms, listed.alarm.grade
            if one.why is Why.CALL and told in self._seen:
                raise Violation("told", f"{one.person} is called twice by {key}")
            if one.why is Why.CALL:
                self._seen.add(told)
            else:
                self._require_patience(one, key, routes, now.unix_ms)

    def _require_patience(self, one: Message, key: Key, routes: Sequence[Route], now_ms: int) -> None:
        """Whoever was told before had the time between the steps."""
        waits = [
            now_ms - call.told_ms[0] - 1000 * route.steps[1].after_s
            for route in routes
            if (call := self._calls.get((key, route.name))) and call.told_ms and len(route.steps) > 1
        ]  # fmt: skip
        if not any(wait >= -SETTLE_MS for wait in waits):
            raise Violation("escalates", f"{one.person} hears of {key} before anybody could answer")

    def _routes(self, listed: Listed, now: Time) -> list[Route]:
        rule = self._rules[listed.key.rule]
        alarm, source = listed.alarm, listed.key.source
        return self._policy.matching(rule.family, alarm.grade, source, now.campus_s, for_finance=rule.for_finance)

    def _follow_calls(self, store: WatchStore, now: Time, *, is_night: bool) -> None:
        """What calls, since when, and whether those have heard of it who should."""
        with store.db.reading():
            late = queue.load_calls(store.db).late
        still = set()
        for key, listed in self._alarms.items():
            for route in self._routes(listed, now) if listed.alarm.calls else ():
                at = key, route.name
                still.add(at)
                call, alarm = self._calls.get(at), listed.alarm
                if call is None or (call.since_ms, call.grade) != (alarm.since_ms, alarm.grade):
                    call = self._calls[at] = _Call(alarm.since_ms, alarm.grade, now.unix_ms)
                if alarm.taken_by and not call.paused_ms:
                    call.paused_ms = now.unix_ms
                is_paused = call.paused_ms and now.unix_ms - call.paused_ms < TAKEN_MS
                if (route.wakes or not is_night) and not is_paused:
                    self._require_step(key, route, call, now, late)
        for at in self._calls.keys() - still:
            del self._calls[at]
        self._seen = {told for told in self._seen if (one := self._alarms.get(told[2])) and one.alarm.calls}

    def _require_step(
        self, key: Key, route: Route, call: _Call, now: Time, late: Mapping[Whom, Mapping[Key, None]]
    ) -> None:
        step = len(call.told_ms)
        if step >= len(route.steps):
            return
        since_ms = call.told_ms[-1] if step else call.opened_ms
        wait_ms = 1000 * route.steps[step].after_s if step else SETTLE_MS
        is_due = now.unix_ms - since_ms >= wait_ms + 1000 * bool(step)
        if not is_due and not (step and self._has_heard(key, route, step, call, late)):
            return
        for whom in self._whom(route, step):
            if not self._has_heard_of(whom, key, call.opened_ms, late):
                law = "escalates" if step else "told"
                raise Violation(law, f"{whom} has not heard of {key}, {now.unix_ms - call.opened_ms} ms after it came")
        call.told_ms.append(now.unix_ms)

    def _has_heard(
        self, key: Key, route: Route, step: int, call: _Call, late: Mapping[Whom, Mapping[Key, None]]
    ) -> bool:
        return all(self._has_heard_of(whom, key, call.told_ms[-1] + 1, late) for whom in self._whom(route, step))

    def _whom(self, route: Route, step: int) -> list[Whom]:
        known = {one.name: one for one in self._people}
        return [
            (name, channel) for name in route.steps[step].to for channel in route.steps[step].channels
            if name.startswith(HOOK) or address(known[name], channel)
        ]  # fmt: skip

    def _has_heard_of(self, whom: Whom, key: Key, from_ms: int, late: Mapping[Whom, Mapping[Key, None]]) -> bool:
        return key in late.get(whom, {}) or any(
            (one.person, one.channel) == whom and key in one.keys and one.made_ms >= from_ms
            for one in self._rows.values()
        )

    def _require_measure(self, made: Sequence[Message], now_ms: int) -> None:
        for whom in {(one.person, one.channel) for one in made}:
            lately = [
                one for one in self._rows.values()
                if (one.person, one.channel) == whom and now_ms - one.made_ms < WINDOW_MS and self._is_of_turn(one)
            ]  # fmt: skip
            digests = sum(one.why is Why.DIGEST for one in lately)
            if len(lately) > self._policy.per_ten_minutes + digests or digests > 1:
                raise Violation("measure", f"{whom} hears {len(lately)} times in ten minutes, {digests} digests")

    def _is_of_turn(self, one: Message) -> bool:
        joined = {row.receipt for row in self._rows.values() if row.state is queue.State.JOINED}
        return one.instead_of is None and str(one.number) not in joined

    def _messages(self, store: WatchStore) -> list[Message]:
        """Those that are new; what has changed of the others is one of the ways that there are."""
        rows = self._kept(store)
        gone = self._rows.keys() - rows.keys()
        if gone:
            raise Violation("conserved", f"messages {gone} are gone")
        for number, one in rows.items():
            before = self._rows.get(number)
            if before is None or before.state is not one.state:
                self._require_way(before, one, rows)
        made = [one for number, one in rows.items() if number not in self._rows]
        self._rows = rows
        for channel, door in self._doors.items():
            self._require_once(channel, door)
        for one in made:
            self._require_private(one)
        return made

    def _kept(self, store: WatchStore) -> dict[int, Message]:
        """All of them; of those that are known what may change is read, which is quicker."""
        with store.db.reading():
            ends = store.db.run("SELECT id, state, done_ms, receipt, instead_of FROM message ORDER BY id")
            new = sum(number not in self._rows for number, *_ in ends)
            rows = {one.number: one for one in queue.messages(store.db, new)}
        for number, state, done_ms, receipt, instead in ends:
            known = self._rows.get(number)
            if known is not None:
                rows[number] = known._replace(
                    state=queue.State(state), done_ms=done_ms, receipt=receipt, instead_of=instead
                )
        return rows

    def _require_way(self, before: Message | None, one: Message, rows: Mapping[int, Message]) -> None:
        was = before.state if before else queue.State.WAITING
        self.ends.add(one.state)
        allowed = {queue.State.WAITING: (was, *_DONE), queue.State.SENT: (queue.State.ARRIVED, queue.State.FAILED)}
        if one.state not in allowed.get(was, ()):
            raise Violation("conserved", f"message {one.number} was {was} and is {one.state}")
        door = self._doors[one.channel]
        if one.state in (queue.State.SENT, queue.State.ARRIVED) and not door.took[one.number]:
            raise Violation("true", f"message {one.number} is {one.state}, and no way has taken it")
        if one.state is queue.State.ARRIVED and not all(map(door.said.get, door.parts.get(one.receipt, ()))):
            raise Violation("true", f"message {one.number} has arrived, and nobody said so")
        if one.state is queue.State.FAILED:
            self._require_reason(one, door)
        if one.state is queue.State.JOINED:
            digest = rows.get(int(one.receipt))
            if digest is None or not set(one.keys) <= set(digest.keys) or digest.address != one.address:
                raise Violation("conserved", f"message {one.number} is told in {one.receipt}, which does not tell it")

    def _require_reason(self, one: Message, door: SimDoor) -> None:
        """Given up by name: refused for good, or its receipt said no. No age is a reason."""
        said_no = any(door.said.get(part) is False for part in door.parts.get(one.receipt, ()))
        if not one.receipt or not (one.number in door.refused or said_no):
            raise Violation("conserved", f"message {one.number} was given up for nothing: {one.receipt!r}")

    def _require_once(self, channel: Channel, door: SimDoor) -> None:
        for number, times in door.took.items():
            if times > 1 + door.excused[number]:
                raise Violation("once", f"{channel} {number} was sent {times} times")
            one = self._rows.get(number)
            if one is None:
                raise Violation("once", f"{channel} {number} was sent, and nobody has queued it")

    def _require_private(self, one: Message) -> None:
        may_read = any(person.role for person in self._people if person.name == one.person)
        if not may_read and any(self._rules[key.rule].for_finance for key in one.keys):
            raise Violation("finance", f"{one.person} hears of money of persons")
        said = f"{one.subject}\n{one.text}"
        if any(secret in said for secret in self._secrets):
            raise Violation("private", f"message {one.number} says a card's number")

    def at_the_end(self, store: WatchStore, now_ms: int) -> None:
        """A quiet day later: nothing waits any more, and nothing is told that nobody can be told of."""
        self._messages(store)
        waiting = [one.number for one in self._rows.values() if one.state is queue.State.WAITING]
        if waiting:
            raise Violation("conserved", f"messages {waiting} wait for ever")
        with store.db.reading():
            late = queue.load_calls(store.db).late
        if late:
            raise Violation("told", f"{late} wait for a digest for ever")
        if self._raised:
            raise Violation("signals", f"{self._raised} stand, and all is well")
