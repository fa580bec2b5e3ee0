"""From alarms to queued messages, in the transaction of the turn that raised them.

The policy in force is the newest that was pushed; without one whoever is known is told of what is urgent or important,
by mail; at night of what is urgent alone. Who is not known any more, or has no address for a way, gets nothing by it:
that is counted, and told.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from cloud.store.db import Database
from cloud.watch.alarms.flood import Flood
from cloud.watch.alarms.rule import Rule
from cloud.watch.alarms.states import Alarm
from cloud.watch.alarms.terms import Source
from cloud.watch.alarms.watching import Key, cause_text
from cloud.watch.kept import floods, past
from cloud.watch.notify import queue
from cloud.watch.notify.calling import Calling, Places, Time
from cloud.watch.notify.event import event
from cloud.watch.notify.persons import Person, address, names, persons
from cloud.watch.notify.policy_file import read_policy
from cloud.watch.notify.queue import Message
from cloud.watch.notify.routes import Policy, Route, Step
from cloud.watch.notify.terms import ANSWERED, Channel, Notice, way_to
from cloud.watch.notify.words import Said, Told, said
from cloud.watch.pushes import POLICIES
from shared.clocks.school_days import Calendar
from shared.errors import ConfigFault
from shared.facts.told import Level, Params
from shared.words.voice import Language

_GRAVE = {Level.URGENT: True, Level.IMPORTANT: False}


class Around(NamedTuple):
    """What a message is made of beside the alarm."""

    calls: Callable[[Source], str]
    campus: str
    calendar: Calendar
    codes: Callable[[], str] = str
    """Gives a fresh one-time code for an answer by SMS; empty: none is asked for."""
    console: str = ""
    """Its public address; empty: messages link to nothing."""


class Telling:
    """Over the watch's file. What people change there (persons, the policy) is read anew by `look_again`."""

    def __init__(self, db: Database, rules: Mapping[str, Rule], flood: Flood, place: Places) -> None:
        self._db, self._rules = db, rules
        self._calling = Calling(flood=flood, place=place)
        self._is_new = True
        self._persons: dict[str, Person] = {}
        self._policy = Policy()
        self.unreached = 0
        """Notices for which a person has no address; since the start of this process."""

    @property
    def nobody(self) -> int:
        """Calls that went to nobody; since the start of this process."""
        return self._calling.nobody

    @property
    def policy(self) -> Policy:
        """The one in force."""
        return self._policy

    def follow(self, rules: Mapping[str, Rule]) -> None:
        """Other rules are in force from now on."""
        self._rules = rules

    def look_again(self, calendar: Calendar) -> None:
        """What is kept may have changed. Inside of a transaction."""
        known = queue.load_calls(self._db)
        self._calling.calls, self._calling.late = known.calls, known.late
        if self._is_new:
            queue.load_measure(self._db, self._calling)
            self._is_new = False
        self._persons = {one.name: one for one in persons(self._db) if not one.is_gone}
        with_role = [name for name, one in self._persons.items() if one.role]
        self._policy = self._in_force(calendar).with_finance(with_role)

    def turn(
        self, alarms: Mapping[Key, Alarm], facts: Mapping[Key, tuple[str, Params]], now: Time, around: Around
    ) -> int:
        """Queue what is to be told now; how many messages. Inside of the turn's transaction."""
        before, late = dict(self._calling.calls), {whom: dict(keys) for whom, keys in self._calling.late.items()}
        notices = self._calling.turn(alarms, self._rules, self._policy, now)
        floods.keep(self._db, self._calling.turned)
        self._calling.turned.clear()
        for notice in notices:
            self._queue(self._readable(notice), alarms, facts, now, around)
        queue.keep_calls(self._db, before, self._calling, late=late != self._calling.late)
        return len(notices)

    def _queue(
        self, notice: Notice, alarms: Mapping[Key, Alarm], facts: Mapping[Key, tuple[str, Params]], now: Time,
        around: Around,
    ) -> None:  # fmt: skip
        found = [
            Told(
                key, alarms.get(key), self._rules.get(key.rule), *facts.get(key, ("", ())), _under(alarms, key),
                self._link(key, around.console),
            )
            for key in notice.keys
        ]  # fmt: skip
        if way_to(notice.person):
            queue.put(self._db, _message(notice, notice.person, self._to_a_place(notice, found, around), now))
            return
        person = self._persons.get(notice.person)
        to = address(person, notice.channel) if person else ""
        if person is None or not to or not notice.keys:
            self.unreached += 1
            return
        wants_answer = notice.channel is Channel.SMS and notice.why in ANSWERED
        code = around.codes() if wants_answer else ""
        words = said(
            notice.why, found, around.calls, around.campus, person.language, code, self._policy.texts[person.language]
        )
        kept = queue.digest(code, to) if code else ""
        queue.put(self._db, _message(notice, to, words, now)._replace(code=kept))

    def _link(self, key: Key, console: str) -> str:
        """To this alarm's page, by a number that says nothing of it: whoever opens it signs in."""
        number = past.newest_of(self._db, key) if console else 0
        return f"{console}/a/{number}" if number else ""

    def _readable(self, notice: Notice) -> Notice:
        """What concerns money of persons is for those with a role, whoever else a route names."""
        person = self._persons.get(notice.person)
        if person is None or person.role:
            return notice
        return notice._replace(keys=tuple(key for key in notice.keys if not self._is_for_finance(key)))

    def _is_for_finance(self, key: Key) -> bool:
        rule = self._rules.get(key.rule)
        return rule is not None and rule.for_finance

    def _to_a_place(self, notice: Notice, found: Sequence[Told], around: Around) -> Said:
        """A program reads an event, a group of people what a person would in a mail."""
        if notice.channel is Channel.WEBHOOK:
            return Said("", event(notice.why, found, around.calls, around.campus), "")
        texts = self._policy.texts[Language.ZH]
        return said(notice.why, found, around.calls, around.campus, Language.ZH, templates=texts)

    def _in_force(self, calendar: Calendar) -> Policy:
        text = POLICIES.in_force(self._db)
        if not text:
            return Policy(_usual(tuple(self._persons)), calendar=calendar)
        try:
            return read_policy(text, names(self._db), calendar)
        except ConfigFault:  # it was checked when it was pushed; a stricter program keeps what it has
            return self._policy


def _usual(everybody: tuple[str, ...]) -> tuple[Route, ...]:
    """Without a policy: what is urgent (money, keys, an illegal terminal) wakes, what is important waits a night."""
    if not everybody:
        return ()
    steps = (Step(0, everybody, (Channel.MAIL,)),)
    return tuple(Route(str(grade), steps, grades=frozenset({grade}), wakes=wakes) for grade, wakes in _GRAVE.items())


def _under(alarms: Mapping[Key, Alarm], key: Key) -> int:
    cause = cause_text(key)
    return sum(alarm.is_active and alarm.suppressed_by == cause for alarm in alarms.values())


def _message(notice: Notice, to: str, words: Said, now: Time) -> Message:
    text = words.sms if notice.channel is Channel.SMS else words.text
    return Message(
        0, now.unix_ms, notice.person, notice.channel, to, notice.why, notice.keys, words.subject, text,
        next_ms=now.unix_ms,
    )  # fmt: skip
