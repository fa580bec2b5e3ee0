"""A person's word about an alarm, taken back: the alarm is as it was before, if nothing has happened to it since.

What the watch has heard of it meanwhile (that it is still there, how often) stays. It calls again, as a new one would.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, NamedTuple

from cloud.ledger.journal.facts import from_json, to_json
from cloud.watch.alarms.states import Alarm, Deed, State
from cloud.watch.alarms.terms import source_of
from cloud.watch.alarms.watching import Change, Key
from cloud.watch.notify import persons
from cloud.watch.people.answers import Word, stepped, word_of
from cloud.watch.store import Listed, WatchStore
from shared.facts.told import Level, Params

STEPS = frozenset({"ack", "take", "shelve", "unshelve", "stop", "start", "assign"})
"""What can be taken back; a comment or a link is a word that was said."""


class Taken(NamedTuple):
    """An alarm before a word and after it."""

    key: Key
    before: Alarm
    after: Alarm
    code: str = ""
    told: Params = ()

    def to_json(self) -> dict[str, Any]:
        """As it is kept."""
        return {
            "rule": self.key.rule, "source": str(self.key.source), "before": asdict(self.before),
            "after": asdict(self.after), "code": self.code, "told": json.loads(to_json(self.told)),
        }  # fmt: skip


def taken_of(raw: Mapping[str, Any]) -> Taken:
    """As it was kept."""
    key = Key(raw["rule"], source_of(raw["source"]))
    return Taken(key, _alarm(raw["before"]), _alarm(raw["after"]), raw["code"], from_json(json.dumps(raw["told"])))


def answer_undoably(store: WatchStore, key: Key, word: Word, at_ms: int) -> Taken | None:
    """As answers.answer; None: nothing has happened."""
    with store.one(key) as one:
        said, note = word_of(store, word)
        step = stepped(one.listed.alarm, said, at_ms)
        if not one.keep(step, at_ms, said.who, note):
            return None
        return Taken(key, one.listed.alarm, step[0], one.listed.code, one.listed.told)


def undo(store: WatchStore, found: Sequence[Taken], who: str, at_ms: int) -> int:
    """How many are as they were, in one transaction; those to which something has happened since are left.
    PersonRefused."""
    with store.db.writing():
        name = persons.known(store.db, who).name
        return sum(_undone(store, one, name, at_ms) for one in found)


def _undone(store: WatchStore, one: Taken, who: str, at_ms: int) -> bool:
    where = "WHERE rule = ? AND source = ?", (one.key.rule, str(one.key.source))
    now = next(store.listed(*where), None)
    if now is None:
        is_as_left = one.after.state is State.NORMAL
        change = Change(one.key, at_ms, Deed.UNDONE, one.before, one.code, one.told)
    else:
        is_as_left = _heard(one.after, now) == now.alarm
        change = Change(one.key, at_ms, Deed.UNDONE, _heard(one.before, now))
    if is_as_left:
        store.write([change], who=who)
    return is_as_left


def _heard(alarm: Alarm, now: Listed) -> Alarm:
    """With what was heard since."""
    return replace(alarm, last_ms=now.alarm.last_ms, count=now.alarm.count)


def _alarm(raw: Mapping[str, Any]) -> Alarm:
    return Alarm(**{**raw, "grade": Level(raw["grade"])})
