"""The watch 值守 in a small world of its own: its real turns, states, calls, queue and sender over its real file, facts
and signals as a ledger may bring them, ways out that are away, and persons who answer or do not.

The watch may be killed in any statement, before its commit or right after; its file may refuse; it may not run for a
while. Facts come late, twice, from clocks that are wrong. All of it is drawn from one seed. `watch_laws` holds the
laws, `test_watch` plants one mistake for each.
"""

from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from cloud.ledger.fleet.views import FactView
from cloud.store.db import Database
from cloud.watch.alarms import states
from cloud.watch.alarms.rule import Advice, Condition, FactRule, Rule, SignalRule
from cloud.watch.alarms.rules import RULES
from cloud.watch.alarms.states import AlarmRefused, Step
from cloud.watch.alarms.terms import CAMPUS, Family, Kind, Signal, Source
from cloud.watch.alarms.topology import Topology
from cloud.watch.notify import persons
from cloud.watch.notify.calling import Time
from cloud.watch.notify.channels.door import Reply
from cloud.watch.notify.persons import Person, Role
from cloud.watch.notify.policy_file import read_policy
from cloud.watch.notify.sending import Sending
from cloud.watch.notify.telling import Around
from cloud.watch.notify.terms import Channel
from cloud.watch.people.replies import answered
from cloud.watch.pushes import POLICIES
from cloud.watch.store import Listed, WatchStore, open_watch
from cloud.watch.turn import FACTS_MAX, Turns
from shared.clocks.school_days import WEEKDAYS
from shared.errors import StoreFault
from shared.facts.catalogue import CATALOGUE
from shared.facts.told import CASE, Level, Params
from shared.words.voice import Text
from tests.sim.watch_doors import Mood, SimDoor
from tests.sim.watch_laws import Laws

STEPS = 90
MINUTE_MS, HOUR_MS = 60_000, 3_600_000
START_MS, START_S = 1_796_000_000_000, 9_830 * 86_400 + 8 * 3600
BOXES, TERMINALS = 2, 3
SUBJECTS = 9
"""Fact rules that a seed is about: so they meet again."""
KILLED, REFUSED = 0.15, 0.05
"""Shares of turns and of sendings."""
STATEMENTS = 40
"""Within so many statements of a turn the end comes, or after them."""
CARD_LABEL, CARD_ID = "1001200300457788", bytes.fromhex("53039912345678aabbcc")
PEOPLE = (
    Person(0, "王芳", "13800138000", "wang@school.edu.cn"),
    Person(0, "李明", "", "li@school.edu.cn"),
    Person(0, "主任", "13900139000", "head@school.edu.cn", role=Role.FINANCE),
)
POLICY = """format = 1
per_ten_minutes = 5
[[route]]
name = "money"
families = ["ledger", "card", "load"]
wakes = true
[[route.step]]
to = ["王芳"]
by = ["sms"]
[[route.step]]
after = "15m"
to = ["主任"]
by = ["sms", "mail"]
[[route]]
name = "rest"
families = ["offline", "illegal", "bus", "service", "security"]
grades = ["urgent", "important"]
[[route.step]]
to = ["李明"]
by = ["mail"]
[[route.step]]
after = "30m"
to = ["王芳", "李明"]
by = ["mail", "sms"]
[[route]]
name = "persons"
finance = true
[[route.step]]
to = ["主任"]
by = ["mail"]
[[route.step]]
after = "20m"
to = ["主任"]
by = ["sms"]
[[route]]
name = "program"
grades = ["urgent"]
tells_return = false
wakes = true
[[route.step]]
to = ["hook:ops"]
by = ["webhook"]
"""
FLAPS = SignalRule(
    "flaps", Family.OFFLINE, Level.GENERAL, "box-unsettled", Kind.BOX, Condition(">", 500),
    Advice(*(Text("甲", "a"),) * 4), times=3, of=5,
)  # fmt: skip
WATCHED: tuple[Rule, ...] = (*RULES, FLAPS)
_SPANS = {
    "box-silent": (5, 90), "terminal-silent": (5, 200), "box-room": (90, 10), "box-unsettled": (20, 900),
    "ledger-away": (0, 1), "hotlist-unmade": (0, 3), "disk-free": (60, 3), "memory-free": (50, 2),
    "trial-balance": (0, 5), "load-oldest": (10, 7200),
}  # fmt: skip
"""Of each signal what is good, and what is bad."""


def device_of(number: int) -> bytes:
    """A terminal."""
    return bytes((0xA0, number))


TOPOLOGY = Topology({
    Source(Kind.TERMINAL, device_of(n).hex()): (Source(Kind.BOX, f"b{n // TERMINALS}"),)
    for n in range(BOXES * TERMINALS)
})  # fmt: skip


class Killed(BaseException):
    """The process is gone; only what is committed stays."""


class Fuse:
    """Burns by statements; what then happens is raised in the middle of one, or at a commit, before it or after."""

    def __init__(self) -> None:
        self.left, self.then = 0, lambda: Killed()
        self.commits = 0

    def lay(self, db: Database) -> None:
        """On a connection."""
        for name in ("run", "insert", "upsert"):
            setattr(db, name, partial(self._statement, getattr(db, name)))
        db._end = partial(self._ending, db._end)  # type: ignore[method-assign]

    def light(self, statements: int, then: Callable[[], BaseException]) -> None:
        """Statements, and so many commits, from now on."""
        self.left, self.then = statements, then

    def _burn(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise self.then()

    def _statement(self, real: Callable[..., Any], *values: Any) -> Any:
        self._burn()
        return real(*values)

    def _ending(self, real: Callable[..., None], *, commit: bool) -> None:
        if not commit:
            real(commit=False)
            return
        self._burn()
        real(commit=True)
        self.commits += 1
        if isinstance(self.then(), Killed):
            self._burn()


class WatchWorld:
    """One seed."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.random = Random(seed)
        self.now_ms = START_MS
        self.facts: list[FactView] = []
        self._subjects = self.random.sample([one for one in WATCHED if isinstance(one, FactRule)], SUBJECTS)
        self.store, self.own, self.desk = (self._open(folder / f"{seed}") for _ in range(3))
        self.turn_fuse, self.send_fuse = Fuse(), Fuse()
        with self.desk.db.writing():
            for one in PEOPLE:
                persons.add(self.desk.db, one)
            POLICIES.push(self.desk.db, 1, "王芳", "", POLICY)
        self.turn_fuse.lay(self.store.db)
        self.send_fuse.lay(self.own.db)
        rng = Random(seed + 1)
        self.doors = {way: SimDoor(rng, is_sms=way is Channel.SMS) for way in Channel}
        policy = read_policy(POLICY, {one.name for one in PEOPLE}, WEEKDAYS)
        self.laws = Laws(WATCHED, policy, PEOPLE, self.doors, TOPOLOGY, (CARD_LABEL, CARD_ID.hex()))
        self._values: dict[tuple[str, Source], float | None] = {}
        self._is_dark: set[tuple[str, Source]] = set()
        self.kills = 0
        self._begin()

    def _open(self, folder: Path) -> WatchStore:
        folder.mkdir(exist_ok=True)
        store = open_watch(folder)
        store.db.run("PRAGMA synchronous = OFF")  # processes die here, no power goes
        return store

    def run(self) -> None:
        """Some hours of a campus, then a quiet day in which all that is out comes to its end; then the last laws."""
        with closing(self.store), closing(self.own), closing(self.desk):
            for _ in range(STEPS):
                self._step()
            self._quiet_day()
            self.laws.at_the_end(self.desk, self.now_ms)

    # --- time and chance ------------------------------------------------------------------------------------------

    def _step(self) -> None:
        rng = self.random
        waits_ms = 500, rng.randint(1, 30) * 1000, rng.randint(1, 20) * MINUTE_MS, rng.randint(1, 9) * HOUR_MS
        self._pass(rng.choices(waits_ms, (60, 20, 15, 2))[0])
        for act, share in (
            (self._facts_come, 0.5), (self._signals_move, 0.6), (self._person_acts, 0.3), (self._mood_changes, 0.15),
        ):  # fmt: skip
            if rng.random() < share:
                act()
        self._turn()
        if rng.random() < 0.7:
            self._send()

    def _pass(self, ms: int) -> None:
        self.now_ms += ms

    def _time(self) -> Time:
        return Time(self.now_ms, START_S + (self.now_ms - START_MS) // 1000)

    def _quiet_day(self) -> None:
        for door in self.doors.values():
            door.mood = Mood.FINE
        for name, source in self._values:
            self._values[name, source] = _SPANS[name][0]
        self._is_dark.clear()
        for wait_ms in (*(500,) * 3, *(10_000,) * 4, *(5 * MINUTE_MS,) * 6, *(HOUR_MS,) * 28, *(MINUTE_MS,) * 12):
            self._pass(wait_ms)
            self._turn(is_safe=True)
            self._send(is_safe=True)

    # --- what the ledger brings -----------------------------------------------------------------------------------

    def _facts_come(self) -> None:
        for _ in range(self.random.choice((1, 1, 2, 5, 20))):
            self.facts.append(self.facts[-1] if self.facts and self.random.random() < 0.2 else self._fact())

    def _fact(self) -> FactView:
        rng = self.random
        rule = rng.choice(self._subjects)
        names = sorted(rule.over) if rule.over and rng.random() < 0.3 else sorted(rule.codes)
        code, _, case = rng.choice(names).partition("/")
        kind = CATALOGUE.get((code, case))
        level = kind.level if kind and rng.random() < 0.8 else rng.choice(list(Level))
        box = f"b{rng.randrange(BOXES)}"
        device = device_of(rng.randrange(BOXES * TERMINALS)) if rng.random() < 0.6 else b""
        told: Params = (("card", rng.choice((CARD_LABEL, CARD_ID))), ("link", f"can{rng.randrange(2)}"))
        return FactView(self._when(), str(level), code, box, device, ((CASE, case), *told) if case else told)

    def _when(self) -> int:
        """Mostly a moment ago; else hours ago, or by a clock that is ahead."""
        rng = self.random
        late_ms = rng.choices((rng.randint(0, 900), rng.randint(1, 300) * MINUTE_MS, -300 * HOUR_MS), (80, 15, 5))[0]
        return self.now_ms - late_ms

    def _signals_move(self) -> None:
        rng = self.random
        for _ in range(rng.randint(1, 8)):
            name = rng.choice(list(_SPANS))
            place = name, self._source(name)
            good, bad = _SPANS[name]
            self._values[place] = rng.choice((good, bad, bad, (good + bad) / 2))
            (self._is_dark.add if rng.random() < 0.15 else self._is_dark.discard)(place)

    def _source(self, name: str) -> Source:
        rng = self.random
        if name == "terminal-silent":
            return Source(Kind.TERMINAL, device_of(rng.randrange(BOXES * TERMINALS)).hex())
        if name.startswith("box"):
            return Source(Kind.BOX, f"b{rng.randrange(BOXES)}")
        if name.endswith("free"):
            return Source(Kind.SERVICE, name.partition("-")[0])
        return CAMPUS

    def _signals(self) -> list[Signal]:
        return [
            Signal(name, source, self.now_ms, None if (name, source) in self._is_dark else value)
            for (name, source), value in self._values.items()
        ]  # fmt: skip

    # --- the watch ------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        """A process: what it remembers is what is kept."""
        self.turns = Turns(self.store, WATCHED)
        self.turns.around = Around(str, "校园", WEEKDAYS, self._code)
        self.turns.stand_on(TOPOLOGY)

    def _turn(self, *, is_safe: bool = False) -> None:
        upto, commits = self.turns.read_upto(), self.turn_fuse.commits
        self.laws.before_turn(upto)
        given = self._after(max(0, upto - self.random.choice((0, 0, 3))))
        signals = self._signals()
        self._light(self.turn_fuse, is_safe=is_safe)
        try:
            self.turns.take(given, signals, self._time(), is_meal=False)
        except StoreFault:
            pass
        except Killed:
            self.kills += 1
            self._begin()
        self.turn_fuse.left = 0
        if self.turn_fuse.commits > commits:
            self.laws.after_turn(self.desk, given, signals, self._time())

    def _after(self, number: int) -> list[tuple[int, FactView]]:
        """As the ledger's reader gives them."""
        return list(enumerate(self.facts[number : number + FACTS_MAX], number + 1))

    def _send(self, *, is_safe: bool = False) -> None:
        sending = Sending(self.own.db, self.doors, self._answered, self._code)
        self._light(self.send_fuse, is_safe=is_safe)
        try:
            sending.turn(self.now_ms)
        except StoreFault:
            self._excuse()
        except Killed:
            self.kills += 1
            self._excuse()
        self.send_fuse.left = 0
        self.laws.after_sending(self.desk, self.now_ms)

    def _excuse(self) -> None:
        """What a way took and nobody could mark comes again: the one that was under way."""
        with self.desk.db.reading():
            self.laws.excuse(self.desk)

    def _light(self, fuse: Fuse, *, is_safe: bool) -> None:
        chance = 1.0 if is_safe else self.random.random()
        statements = self.random.randint(1, STATEMENTS)
        if chance < KILLED:
            fuse.light(statements, Killed)
        elif chance < KILLED + REFUSED:
            fuse.light(statements, lambda: StoreFault("the disk is full"))
        else:
            fuse.light(0, Killed)

    def _code(self) -> str:
        return f"{self.random.randrange(10**6):06d}"

    # --- persons --------------------------------------------------------------------------------------------------

    def _answered(self, reply: Reply) -> None:
        with self.own.db.writing():
            answered(self.own, reply, self.now_ms)

    def _person_acts(self) -> None:
        found = self.desk.alarms()
        if not found:
            return
        listed = self.random.choice(found)
        who = self.random.choice(PEOPLE).name
        name = "start" if listed.alarm.stopped_by else self.random.choice(list(_DEEDS))
        step = _DEEDS[name]
        try:
            with self.desk.one(listed.key) as one:
                done = one.keep(step(one.listed, who, self.now_ms, self.random), self.now_ms, who, name)
        except AlarmRefused:
            return
        if done:
            self.laws.did(listed.key, who)
            self.laws.after_word(self.desk)

    def _mood_changes(self) -> None:
        door = self.random.choice(list(self.doors.values()))
        door.mood = self.random.choices(list(Mood), (4, 3, 1, 2))[0]


Deed = Callable[[Listed, str, int, Random], Step]
_DEEDS: dict[str, Deed] = {
    "ack": lambda one, who, now_ms, rng: states.acknowledged(
        one.alarm, who, "去看", rng.choice((0, now_ms + rng.randint(1, 60) * MINUTE_MS))
    ),
    "take": lambda one, who, now_ms, rng: states.taken(one.alarm, who),
    "shelve": lambda one, who, now_ms, rng: states.shelved(
        one.alarm, who, "换线", now_ms, now_ms + rng.randint(1, 120) * MINUTE_MS
    ),
    "unshelve": lambda one, who, now_ms, rng: states.unshelved(one.alarm),
    "stop": lambda one, who, now_ms, rng: states.stopped(one.alarm, who, "拆"),
    "start": lambda one, who, now_ms, rng: states.started(one.alarm),
    "assign": lambda one, who, now_ms, rng: states.assigned(one.alarm, who),
}


def run_seeds(seeds: Sequence[int], folder: Path) -> list[WatchWorld]:
    """Each of them, to its end."""
    worlds = []
    for seed in seeds:
        world = WatchWorld(seed, folder)
        world.run()
        worlds.append(world)
    return worlds
