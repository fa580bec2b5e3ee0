"""Seeds of the small world of the watch hold, what should happen does; planted mistakes are seen, each by its law."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cloud.watch.alarms import states, watching
from cloud.watch.alarms.rule import Condition, SignalRule
from cloud.watch.alarms.states import Alarm, Deed
from cloud.watch.alarms.watching import Change, Memory, Watching
from cloud.watch.notify import calling, queue, sending, words
from cloud.watch.notify.calling import Calling
from cloud.watch.notify.channels import receipts
from cloud.watch.notify.queue import Message
from cloud.watch.notify.routes import Night, Route
from cloud.watch.notify.telling import Telling
from cloud.watch.notify.terms import Channel, Why
from cloud.watch.store import WatchStore
from cloud.watch.turn import Turns
from shared.clocks.school_days import Calendar
from tests.sim.watch_world import WatchWorld
from tests.sim.world import Violation

SEEDS, DEFECT_SEEDS = 6, 40
Patch = pytest.MonkeyPatch


def test_seeds_hold_and_everything_happens(tmp_path: Path, whole: bool) -> None:
    deeds: set[Deed] = set()
    whys: set[Why] = set()
    ends: set[queue.State] = set()
    kills = 0
    for seed in range(SEEDS * (40 if whole else 1)):
        world = WatchWorld(seed, tmp_path)
        world.run()
        deeds |= world.laws.deeds
        whys |= world.laws.whys
        ends |= world.laws.ends
        kills += world.kills
    assert deeds >= set(Deed) - {Deed.COMMENTED, Deed.LINKED, Deed.UNDONE}
    assert whys >= {Why.CALL, Why.ESCALATION, Why.RETURNED, Why.DIGEST}
    assert ends == set(queue.State)
    assert kills > SEEDS


def test_a_seed_is_the_same_every_time(tmp_path: Path) -> None:
    told = []
    for life in ("one", "two"):
        (tmp_path / life).mkdir()
        world = WatchWorld(3, tmp_path / life)
        world.run()
        told.append((world.now_ms, world.kills, world.laws.fingerprint()))
    assert told[0] == told[1]


# --- facts and signals ------------------------------------------------------------------------------------------------


def forgets_one(patch: Patch) -> None:
    """facts: the last fact of a turn is marked as read and looked at by nobody."""
    real = Watching.happened
    patch.setattr(Watching, "happened", lambda self, found, now_ms=0: real(self, list(found)[:-1] or found, now_ms))


def takes_again(patch: Patch) -> None:
    """facts: what was read is not marked, and counts again."""
    patch.setattr(WatchStore, "set_mark", lambda *_: None)


def marks_first(patch: Patch) -> None:
    """facts signals unknown: how far it has read is durable before the alarms are."""
    real = Turns.take

    def early(self: Turns, facts: Sequence[Any], *values: Any, **more: Any) -> list[Change]:
        before = self.read_upto()
        if facts:
            with self._store.db.writing():
                self._store.set_mark("facts", facts[-1][0])
        self._store.mark, mark = (lambda name: before if name == "facts" else mark(name)), self._store.mark  # type: ignore[method-assign]
        try:
            return real(self, facts, *values, **more)
        finally:
            self._store.mark = mark  # type: ignore[method-assign]

    patch.setattr(Turns, "take", early)


def quiet_at_once(patch: Patch) -> None:
    """facts: what is heard of late is over at once."""
    real = Watching.happened
    patch.setattr(Watching, "happened", lambda self, found, now_ms=0: real(self, found))


def goes_on_in_memory(patch: Patch) -> None:
    """facts signals events answered told: a turn that its file has refused goes on counting in memory."""
    look = Turns._look_back

    def once(self: Turns, now_ms: int) -> None:
        if not hasattr(self, "has_looked"):
            self.has_looked = True
            look(self, now_ms)

    patch.setattr(Turns, "_look_back", once)


def unknown_is_good(patch: Patch) -> None:
    """unknown: nothing is heard of it, so it is over."""
    real = SignalRule.is_clear
    patch.setattr(SignalRule, "is_clear", lambda self, value: value is None or real(self, value))


def unknown_is_bad(patch: Patch) -> None:
    """unknown signals: nothing is heard of it, so it is bad."""
    real = Condition.holds
    patch.setattr(Condition, "holds", lambda self, value: value is None or real(self, value))


def forgets_durations(patch: Patch) -> None:
    """signals: a duration begins anew with the process."""
    real = WatchStore.memory
    patch.setattr(WatchStore, "memory", lambda self: Memory(real(self).alarms, {}, ()))


def never_off(patch: Patch) -> None:
    """signals: an end is an end at the first good reading."""
    patch.setattr(watching, "_is_over", lambda _, reading, __: bool(reading.off_ms))


# --- alarms -----------------------------------------------------------------------------------------------------------


def forgets_alarms(patch: Patch) -> None:
    """events facts told: a process begins with no alarm."""
    real = WatchStore.memory
    patch.setattr(WatchStore, "memory", lambda self: Memory({}, real(self).readings, ()))


def writes_no_event(patch: Patch) -> None:
    """events answered: an alarm that worsens has no event of it."""
    real = WatchStore.write

    def silent(self: WatchStore, changes: Sequence[Change], **more: str) -> None:
        real(self, [one._replace(deed=None) if one.deed is Deed.WORSENED else one for one in changes], **more)

    patch.setattr(WatchStore, "write", silent)


def acknowledges_itself(patch: Patch) -> None:
    """nobody: what is over counts as seen."""
    real = states.returned

    def seen(alarm: Alarm, at_ms: int) -> states.Step:
        after, deed = real(alarm, at_ms)
        return replace(after, is_acked=True), deed

    patch.setattr(states, "returned", seen)


def takes_for_anybody(patch: Patch) -> None:
    """nobody: a code takes what somebody else was told of."""
    patch.setattr("cloud.watch.people.replies._take", _took_all)


def _took_all(store: WatchStore, _: Any, __: str, now_ms: int) -> None:
    for listed in list(store.listed()):
        alarm, deed = states.taken(listed.alarm, "谁")
        if deed:
            store.write([Change(listed.key, now_ms, deed, alarm)], who="谁")


def hides_for_good(patch: Patch) -> None:
    """explained: what was hidden stays so."""
    real = states.suppressed
    patch.setattr(states, "suppressed", lambda alarm, cause: real(alarm, cause or alarm.suppressed_by))


def believes_what_was_refused(patch: Patch) -> None:
    """explained: a cause that the file has refused goes on explaining, and has no end."""
    patch.setattr(Watching, "_forget_unkept", lambda _: None)


def hides_nothing(patch: Patch) -> None:
    """explained: a box that is away explains nothing."""
    patch.setattr(watching, "_is_hidden", lambda _: False)


# --- who is told ------------------------------------------------------------------------------------------------------


def loses_what_is_beyond(patch: Patch) -> None:
    """told: what is beyond a person's measure is let go."""
    patch.setattr(Calling, "_has_room", _has_little_room)
    real = queue.keep_calls
    patch.setattr(queue, "keep_calls", lambda db, before, after, late: real(db, before, after, late=False))


def _has_little_room(self: Calling, whom: Any, policy: Any, now: Any) -> bool:
    return len([at for at in self.sent[whom] if now.unix_ms - at < calling.WINDOW_MS]) < 1 and (
        self.sent[whom].append(now.unix_ms) or True
    )


def forgets_calls(patch: Patch) -> None:
    """told: a process calls anew for what was told."""
    real = Telling.look_again

    def forgetful(self: Telling, calendar: Calendar) -> None:
        real(self, calendar)
        self._calling.calls = {}

    patch.setattr(Telling, "look_again", forgetful)


def never_goes_up(patch: Patch) -> None:
    """escalates: nobody answers, and nothing follows."""
    real = calling._after
    patch.setattr(calling, "_after", lambda *values: replace(real(*values), next_ms=0))


def has_no_patience(patch: Patch) -> None:
    """escalates: the next one hears of it at once."""
    real = calling._after

    def soon(call: Any, route: Any, told: Any, now_ms: int) -> Any:
        after = real(call, route, told, now_ms)
        return replace(after, next_ms=min(after.next_ms, now_ms + 1))

    patch.setattr(calling, "_after", soon)


def calls_on(patch: Patch) -> None:
    """answered: it goes on calling for what somebody has acknowledged."""
    patch.setattr(Alarm, "calls", property(lambda self: self.is_active and not self.stopped_by))


def hears_no_taker(patch: Patch) -> None:
    """answered: somebody is on it, and it goes up all the same."""
    patch.setattr(calling, "TAKEN_MS", 0)


def wakes_everybody(patch: Patch) -> None:
    """night: it is always day."""
    real = Calling._due
    day = Night(86_400, 0)
    patch.setattr(
        Calling, "_due",
        lambda self, at, call, route, alarm, policy, now: real(
            self, at, call, route, alarm, replace(policy, night=day), now
        ),
    )  # fmt: skip


def knows_no_measure(patch: Patch) -> None:
    """measure: everybody hears everything at once."""
    patch.setattr(Calling, "_has_room", lambda *_: True)


def begins_a_measure(patch: Patch) -> None:
    """measure: a process that begins anew begins with everybody's full measure."""
    patch.setattr(queue, "load_measure", lambda *_: None)


# --- messages ---------------------------------------------------------------------------------------------------------


def gives_up_silently(patch: Patch) -> None:
    """conserved: what a way refuses for good is gone."""

    def gone(db: Any, message: Message, *_: Any) -> None:
        db.run("DELETE FROM message WHERE id = ?", (message.number,))

    patch.setattr(queue, "failed", gone)


def gives_up_soon(patch: Patch) -> None:
    """conserved: a way that is away for an hour has lost what waited."""

    def lost(self: sending.Sending, channel: Channel, now_ms: int) -> None:
        for several in queue.late(self._db, channel, now_ms - 3_600_000):
            for one in several:
                queue.failed(self._db, one, now_ms, "old")

    patch.setattr(sending.Sending, "_give_up", lost)


def digests_nothing(patch: Patch) -> None:
    """conserved: a digest of what comes late tells the first of it alone."""
    real = sending.digest_of
    patch.setattr(sending, "digest_of", lambda several, *values: real(several, *values)._replace(keys=several[0].keys))


def sends_again(patch: Patch) -> None:
    """once: what a way has taken is marked now and then only."""
    real = queue.taken
    patch.setattr(queue, "taken", lambda db, one, *values: real(db, one, *values) if one.number % 3 else None)


def believes_no(patch: Patch) -> None:
    """true: every receipt is a good one."""
    real = receipts.came
    patch.setattr(receipts, "came", lambda db, channel, told: real(db, channel, told._replace(is_there=True)))


def marks_before_it_sends(patch: Patch) -> None:
    """true conserved: a message counts as sent before its way has it."""
    real = sending.Sending._try_all

    def early(self: sending.Sending, door: Any, found: Sequence[Message], now_ms: int) -> int:
        for one in found:
            with self._db.writing():
                queue.taken(self._db, one, now_ms, "x")
        return real(self, door, found, now_ms)

    patch.setattr(sending.Sending, "_try_all", early)


def tells_everybody(patch: Patch) -> None:
    """finance: a cashier's difference is told to whoever is told of differences."""
    real = Route.takes
    patch.setattr(Route, "takes", lambda self, *values, for_finance: real(self, *values, for_finance=self.for_finance))
    patch.setattr(Telling, "_readable", lambda _, notice: notice)


def names_cards(patch: Patch) -> None:
    """private: a card's number leaves the house."""
    patch.setattr(words, "CARDS", frozenset())


DEFECTS = (
    forgets_one, takes_again, marks_first, quiet_at_once, goes_on_in_memory, unknown_is_good, unknown_is_bad,
    forgets_durations, never_off, forgets_alarms, writes_no_event, acknowledges_itself, takes_for_anybody,
    hides_for_good, believes_what_was_refused, hides_nothing, loses_what_is_beyond, forgets_calls, never_goes_up,
    has_no_patience, calls_on, hears_no_taker, wakes_everybody, knows_no_measure, begins_a_measure,
    gives_up_silently, gives_up_soon, digests_nothing, sends_again, believes_no, marks_before_it_sends, names_cards,
    tells_everybody,
)  # fmt: skip


FIRST = {"believes_what_was_refused": 60}
"""The seed to begin with, where those before it see nothing."""


@pytest.mark.parametrize("plant", DEFECTS, ids=lambda plant: plant.__name__)
def test_a_planted_mistake_is_seen(plant: Callable[[Patch], None], tmp_path: Path, monkeypatch: Patch) -> None:
    laws = str(plant.__doc__).partition(":")[0].split()
    plant(monkeypatch)
    with pytest.raises(Violation) as seen:
        _run_all(tmp_path, FIRST.get(plant.__name__, 0))
    assert seen.value.law in laws


def _run_all(folder: Path, first: int) -> None:
    for seed in range(first, first + DEFECT_SEEDS):
        WatchWorld(seed, folder).run()
