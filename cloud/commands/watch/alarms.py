"""`cloud alarms`, `cloud person`: what stands, what happened to it, and what a known person does about it.

The watch need not run: what is said here is kept at once, and the watch sees it at its next turn.
"""

import json
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from cloud.commands.watch.around import fleet_of, now_ms, open_store, rules_in_force, say
from cloud.commands.watch.groups import in_force
from cloud.commands.watch.links import require_there
from cloud.watch import words
from cloud.watch.alarms import states
from cloud.watch.alarms.flood import CAMPUS
from cloud.watch.alarms.rule import Rule
from cloud.watch.alarms.states import Alarm, Step
from cloud.watch.alarms.terms import source_of
from cloud.watch.alarms.watching import Key, cause_text
from cloud.watch.kept import floods
from cloud.watch.notify import persons
from cloud.watch.notify.persons import Person
from cloud.watch.readings import Fleet
from cloud.watch.store import Listed
from cloud.watch.turn import BEAT, BEHIND, STALE_MS
from cloud.watch.words import Calls, Shown
from shared.errors import ConfigFault
from shared.words.voice import Language, Text

BENEATH_MAX = 20
"""Alarms that another one explains, of which it shows so many."""


@dataclass(frozen=True, slots=True)
class Word:
    """What somebody says of an alarm. for_s: how long a shelf or an acknowledgement is to hold; 0: not said."""

    step: str
    who: str
    note: str = ""
    for_s: int = 0
    to: str = ""


def listing(data: Path, dsn: str | None, *, as_json: bool) -> int:
    """Every alarm on a list. Always 0."""
    with closing(open_store(data)) as store, store.db.reading():
        rules = rules_in_force(store.db)
        found = [_shown(one, rules) for one in store.listed()]
        as_of_ms, behind = store.mark(BEAT), store.mark(BEHIND)
        flooded = floods.lasting(store.db)
    at_ms = now_ms()
    is_stale = at_ms - as_of_ms > STALE_MS
    if as_json:
        under = words.explained(one.alarm for one in found)
        rows = [
            words.alarm_json(one) | {"explains": under.get(f"{one.name} {one.source}", 0)} for one in found
        ]  # fmt: skip
        told = {"alarms": rows, "as_of_ms": as_of_ms, "stale": is_stale, "flood": flooded, "behind": behind}
        say(json.dumps(told, ensure_ascii=False))
        return 0
    if is_stale:
        say(words.stale_line(as_of_ms))
    if behind:
        say(words.behind_line(behind))
    calls = calls_of(data, dsn)
    say(*(words.flood_line(scope, since_ms, calls) for scope, since_ms in flooded.items()))
    if unknown := words.unknown_line(found):
        say(unknown)
    if found or not (is_stale or behind):
        lines = words.flood_lines if CAMPUS in flooded and found else words.alarm_lines
        say(*lines(found, calls, at_ms))
        say(*map(words.hint_line, [one for one in found if one.alarm.calls][:1]))
    return 0


def show(data: Path, dsn: str | None, rule: str, source: str, *, as_json: bool) -> int:
    """One alarm with what to do, what it explains and all that happened to it. ConfigFault: there was never one."""
    key = _key(rule, source)
    with closing(open_store(data)) as store:
        with store.db.reading():
            rules = rules_in_force(store.db)
            listed = [_shown(one, rules) for one in store.listed()]
        events = store.events_of(key)
    found = next((one for one in listed if Key(one.name, one.source) == key), None)
    beneath = [one for one in listed if one.alarm.is_active and one.alarm.suppressed_by == cause_text(key)]
    if found is None and not events:
        raise ConfigFault(Text(f"从未有过这条报警：{rule} {source}", f"there never was such an alarm: {rule} {source}"))
    if as_json:
        alarm = words.alarm_json(found) | {"explains": len(beneath)} if found else None
        told = [{"at_ms": e.at_ms, "deed": e.deed.value, "who": e.who, "note": e.note} for e in events]
        say(json.dumps({"alarm": alarm, "events": told}, ensure_ascii=False))
        return 0
    calls, at_ms = calls_of(data, dsn), now_ms()
    if found:
        say(words.alarm_line(found, calls, at_ms, len(beneath)))
    say(*words.advice_lines(rules.get(rule), calls(key.source)))
    say(*(f"  {words.alarm_line(one, calls, at_ms)}" for one in beneath[:BENEATH_MAX]))
    say(*(words.event_line(e.at_ms, e.deed, e.who, e.note) for e in events))
    if found and not found.alarm.is_acked:
        say(words.hint_line(found))
    return 0


def act(data: Path, dsn: str | None, rule: str, source: str, word: Word) -> int:
    """What a known person does. AlarmRefused, PersonRefused: nothing has changed."""
    key, at_ms = _key(rule, source), now_ms()
    if word.step == "link":
        require_there(data, dsn, word.to)
    with closing(open_store(data)) as store:
        with store.one(key) as one:
            who = persons.known(store.db, word.who).name
            if word.step == "assign":
                persons.known(store.db, word.to)
            to = word.to if word.step in ("assign", "link") else ""
            note = "  ".join(part for part in (to, word.note) if part)
            one.keep(_step(one.listed.alarm, replace(word, who=who), at_ms), at_ms, who, note)
        with store.db.reading():
            rules = rules_in_force(store.db)
            found = next((_shown(one, rules) for one in store.listed() if one.key == key), None)
    if found:
        say(words.alarm_line(found, calls_of(data, dsn), at_ms))
    return 0


def _step(alarm: Alarm, word: Word, at_ms: int) -> Step:
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
    return steps[word.step]()


def add_person(data: Path, person: Person) -> int:
    """Take somebody up. PersonRefused."""
    with closing(open_store(data)) as store, store.db.writing():
        persons.add(store.db, person)
    say(Text(f"已登记：{person.name}", f"taken up: {person.name}"))
    return 0


def change_person(data: Path, said: Person, language: Language | None) -> int:
    """Another phone, mail, role or language; what is empty stays as it was. PersonRefused."""
    with closing(open_store(data)) as store, store.db.writing():
        one = persons.known(store.db, said.name)
        fresh = one._replace(
            phone=said.phone or one.phone, mail=said.mail or one.mail, role=said.role or one.role,
            language=language or one.language,
        )  # fmt: skip
        persons.change(store.db, fresh)
    say(Text(f"已更改：{said.name}", f"changed: {said.name}"))
    return 0


def person_leaves(data: Path, name: str) -> int:
    """He answers nothing any more. PersonRefused."""
    with closing(open_store(data)) as store, store.db.writing():
        persons.leave(store.db, name)
    say(Text(f"已离开：{name}", f"gone: {name}"))
    return 0


def list_persons(data: Path, *, as_json: bool) -> int:
    """Everybody who is known. Always 0."""
    with closing(open_store(data)) as store, store.db.reading():
        found = persons.persons(store.db)
    if as_json:
        rows = [
            {
                "name": p.name, "phone": p.phone, "mail": p.mail, "language": p.language.value, "gone": p.is_gone,
                "role": p.role,
            }
            for p in found
        ]  # fmt: skip
        say(json.dumps({"persons": rows}, ensure_ascii=False))
        return 0
    if not found:
        say(Text("还没有登记任何人：cloud person add", "nobody is known yet: cloud person add"))
    for one in found:
        say("  ".join(part for part in (one.name, one.phone, one.mail, _role(one), _gone(one)) if part))
    return 0


def _role(one: Person) -> str:
    return str(persons.ROLES[one.role]) if one.role else ""


def _gone(one: Person) -> str:
    return str(Text("已离开", "gone")) if one.is_gone else ""


def _key(rule: str, source: str) -> Key:
    try:
        return Key(rule, source_of(source))
    except ValueError as fault:
        raise ConfigFault(Text(f"不是报警来源：{source}", f"not a source: {source}")) from fault


def _shown(one: Listed, rules: Mapping[str, Rule]) -> Shown:
    return Shown(one.key.rule, one.key.source, one.alarm, rules.get(one.key.rule), one.code, one.told)


def calls_of(data: Path, dsn: str | None) -> Calls:
    """Names of the ledger's; with a ledger that is away, the numbers."""
    with closing(open_store(data)) as store, store.db.reading():
        groups = in_force(store.db)
    fleet = fleet_of(data, dsn) or Fleet((), ())
    boxes = {box.box: box.name for box in fleet.boxes}
    return words.names(boxes, {one.device: f"{one.name} {one.place}".strip() for one in fleet.terminals}, groups)
