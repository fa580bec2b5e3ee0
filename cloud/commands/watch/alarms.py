"""`cloud alarms`, `cloud person`: what stands, what happened to it, and what a known person does about it.

The watch need not run: what is said here is kept at once, and the watch sees it at its next turn.
"""

import json
from contextlib import closing
from pathlib import Path

from cloud.commands.opening import wall_now
from cloud.commands.watch.around import fleet_of, now_ms, open_store, say
from cloud.ledger.read.reader import open_reader
from cloud.process.settings import load_settings
from cloud.watch import words
from cloud.watch.alarms.flood import CAMPUS
from cloud.watch.alarms.terms import source_of
from cloud.watch.alarms.watching import Key, cause_text
from cloud.watch.notify import persons
from cloud.watch.notify.persons import Person
from cloud.watch.people import standing as stands
from cloud.watch.people.answers import Word, answer
from cloud.watch.people.links import require_there
from cloud.watch.people.standing import groups_in_force, key_of, standing
from cloud.watch.words import Calls
from shared.errors import ConfigFault
from shared.words.voice import Language, Text

BENEATH_MAX = 20
"""Alarms that another one explains, of which it shows so many."""


def listing(data: Path, dsn: str | None, *, as_json: bool) -> int:
    """Every alarm on a list. Always 0."""
    with closing(open_store(data)) as store, store.db.reading():
        lists = standing(store)
    found, _, as_of_ms, behind, flooded = lists
    at_ms = now_ms()
    is_stale = lists.is_stale(at_ms)
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
            listed, rules, *_ = standing(store)
        events = store.events_of(key)
    found = next((one for one in listed if key_of(one) == key), None)
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
        with closing(open_reader(load_settings(data).books(dsn))) as reader:
            require_there(reader, word.to, wall_now())
    with closing(open_store(data)) as store:
        answer(store, key, word, at_ms)
        with store.db.reading():
            found = next((one for one in standing(store).shown if key_of(one) == key), None)
    if found:
        say(words.alarm_line(found, calls_of(data, dsn), at_ms))
    return 0


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


def calls_of(data: Path, dsn: str | None) -> Calls:
    """Names of the ledger's; with a ledger that is away, the numbers."""
    with closing(open_store(data)) as store, store.db.reading():
        groups = groups_in_force(store.db)
    return stands.calls_of(fleet_of(data, dsn), groups)
