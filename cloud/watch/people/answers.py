"""What a known person says of an alarm, kept at once; the watch need not run, and sees it at its next turn."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from cloud.watch.alarms import states
from cloud.watch.alarms.states import Alarm, State, Step
from cloud.watch.alarms.watching import Key
from cloud.watch.notify import persons
from cloud.watch.store import WatchStore
from shared.errors import ConfigFault
from shared.facts.told import Level


@dataclass(frozen=True, slots=True)
class Word:
    """What somebody says of an alarm. for_s: how long a shelf or an acknowledgement is to hold; 0: not said."""

    step: str
    who: str
    note: str = ""
    for_s: int = 0
    to: str = ""


class Split(NamedTuple):
    """Of several alarms those that a step changes, and those that it would leave as they are."""

    changes: Sequence[Key]
    leaves: Sequence[Key]


def answer(store: WatchStore, key: Key, word: Word, at_ms: int) -> bool:
    """Whether anything has happened; in a transaction of its own. AlarmRefused, PersonRefused: nothing has."""
    with store.one(key) as one:
        said, note = word_of(store, word)
        return one.keep(stepped(one.listed.alarm, said, at_ms), at_ms, said.who, note)


def word_of(store: WatchStore, word: Word) -> tuple[Word, str]:
    """As the watch knows who says it, and the note of the event. PersonRefused."""
    who = persons.known(store.db, word.who).name
    if word.step == "assign":
        persons.known(store.db, word.to)
    to = word.to if word.step in ("assign", "link") else ""
    return replace(word, who=who), "  ".join(part for part in (to, word.note) if part)


def stepped(alarm: Alarm, word: Word, at_ms: int) -> Step:
    """AlarmRefused: its state does not allow it. ConfigFault: there is no such step."""
    until_ms = at_ms + word.for_s * 1000 if word.for_s else 0
    steps: dict[str, Callable[[], Step]] = {
        "ack": lambda: states.acknowledged(alarm, word.who, word.note, until_ms),
        "take": lambda: states.taken(alarm, word.who),
        "shelve": lambda: states.shelved(alarm, word.who, word.note, at_ms, until_ms),
        "unshelve": lambda: states.unshelved(alarm),
        "stop": lambda: states.stopped(alarm, word.who, word.note),
        "start": lambda: states.started(alarm),
        "assign": lambda: states.assigned(alarm, word.to),
        "comment": lambda: states.commented(alarm, word.note),
        "link": lambda: states.linked(alarm, word.to),
    }
    if word.step not in steps:
        raise ConfigFault(word.step[:20])
    return steps[word.step]()


def split(alarms: Iterable[tuple[Key, Alarm]], step: str) -> Split:
    """What an acknowledgement, a take or a shelf of several would change."""
    found: dict[bool, list[Key]] = {True: [], False: []}
    for key, alarm in alarms:
        found[_changes(alarm, step)].append(key)
    return Split(found[True], found[False])


def wants_note(alarm: Alarm, step: str) -> bool:
    """Is it refused without one?"""
    return step in ("shelve", "stop", "comment") or (step == "ack" and alarm.grade is Level.URGENT)


def _changes(alarm: Alarm, step: str) -> bool:
    match step:
        case "ack":
            return not alarm.is_acked
        case "take":
            return alarm.is_active and not alarm.is_acked and not alarm.taken_by
        case "unshelve":
            return bool(alarm.shelved_until_ms)
    return alarm.state not in (State.SHELVED, State.OUT_OF_SERVICE)
