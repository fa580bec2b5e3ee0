"""`cloud rules`: what is in force, a file checked, tried on what was recorded, pushed, compared, taken back."""

import json
from contextlib import closing
from difflib import unified_diff
from pathlib import Path

from cloud.commands.watch.around import moment, now_ms, open_store, push_line, pushed, say, text_of
from cloud.ledger.read.reader import LIST_MAX, open_reader
from cloud.process.settings import load_settings
from cloud.store.db import Database
from cloud.watch.alarms.backtest import UNKNOWN_MEALS, Eating, Trial, tried
from cloud.watch.alarms.rule import FactRule, Rule, When
from cloud.watch.alarms.rule_file import RuleFile, read_rules
from cloud.watch.alarms.rules import RULES
from cloud.watch.alarms.terms import FAMILIES, GRADES, Happening
from cloud.watch.notify import persons
from cloud.watch.pushes import RULESETS
from cloud.watch.samples import samples
from cloud.watch.subjects.meals import Meals
from cloud.watch.turn import happening
from shared.clocks.campus_clock import WALL
from shared.words.voice import Text

LOOK_MS = 5_000
"""How often the watch looks."""
SHOWN_MAX = 10
"""Times of a trial that are listed."""
NONE_YET = Text("还没有推送过：用出厂规则", "none yet: the rules of day one are in force")


def listing(data: Path, *, as_json: bool) -> int:
    """Every rule in force. Always 0."""
    with closing(open_store(data)) as store, store.db.reading():
        own = _own(store.db)
    rules = own.over(RULES)
    if as_json:
        rows = [{"rule": rule.name, "family": rule.family.value, "grade": rule.grade} for rule in rules]
        say(json.dumps({"rules": rows}, ensure_ascii=False))
        return 0
    for rule in rules:
        grade = GRADES[rule.grade] if rule.grade else Text("依事件", "the fact's")
        say(f"{rule.name}  {FAMILIES[rule.family]}  {grade}  {rule.advice.title}  {_looks_at(rule)}")
    return 0


def check(file: Path) -> int:
    """Read a file; change nothing. ConfigFault, with line, key and reason."""
    own = read_rules(text_of(file), RULES)
    rules, changes = len(own.rules), len(own.changes)
    say(Text(f"● 有效：{rules} 条规则，{changes} 处改动", f"● valid: {rules} rules, {changes} changes"))
    return 0


def trial(data: Path, dsn: str | None, file: Path, last_s: int) -> int:
    """What each rule of a file would have done. 1 when one would have flooded a person by itself."""
    own = read_rules(text_of(file), RULES)
    until_ms = now_ms()
    from_ms = until_ms - last_s * 1000
    has_flooded = False
    with closing(open_store(data)) as store:
        for rule in _tried_rules(own):
            found = _try(store.db, data, dsn, rule, from_ms, until_ms)
            has_flooded |= found.floods
            say(*_lines(rule, found))
    return int(has_flooded)


def push(data: Path, file: Path, who: str, why: str) -> int:
    """Put it in force. ConfigFault, PersonRefused: nothing has changed."""
    text = text_of(file)
    read_rules(text, RULES)
    with closing(open_store(data)) as store, store.db.writing():
        name = persons.known(store.db, who).name
        number = RULESETS.push(store.db, now_ms(), name, why, text)
    say(pushed(number))
    return 0


def rollback(data: Path, number: int, who: str, why: str) -> int:
    """Put an earlier one in force again, under a new number."""
    with closing(open_store(data)) as store, store.db.writing():
        name = persons.known(store.db, who).name
        text = RULESETS.text_of(store.db, number)
        read_rules(text, RULES)
        reason = why or str(Text(f"退回第 {number} 次", f"back to {number}"))
        fresh = RULESETS.push(store.db, now_ms(), name, reason, text)
    say(pushed(fresh))
    return 0


def diff(data: Path, file: Path) -> int:
    """Line by line against what is in force. 1 when they differ."""
    with closing(open_store(data)) as store, store.db.reading():
        before = RULESETS.in_force(store.db)
    found = list(unified_diff(before.splitlines(), text_of(file).splitlines(), lineterm="", n=1))[2:]
    say(*(found or (Text("● 相同", "● the same"),)))
    return int(bool(found))


def history(data: Path) -> int:
    """Every push, the newest first. Always 0."""
    with closing(open_store(data)) as store, store.db.reading():
        found = RULESETS.history(store.db)
    say(*(map(push_line, found) if found else (NONE_YET,)))
    return 0


def _own(db: Database) -> RuleFile:
    text = RULESETS.in_force(db)
    return read_rules(text, RULES) if text else RuleFile()


def _tried_rules(own: RuleFile) -> list[Rule]:
    """Its own, and those of day one that it changes and leaves on."""
    changed = {one.name for one in own.changes if not one.is_off}
    return [rule for rule in own.over(RULES) if rule in own.rules or rule.name in changed]


def _try(db: Database, data: Path, dsn: str | None, rule: Rule, from_ms: int, until_ms: int) -> Trial:
    if isinstance(rule, FactRule):
        return tried(rule, _facts(data, dsn, from_ms), (), from_ms, until_ms, LOOK_MS)
    with db.reading():
        recorded = samples(db, rule.signal, from_ms)
    eating = UNKNOWN_MEALS if rule.when is When.ALWAYS else _eating(data, dsn, from_ms, until_ms)
    return tried(rule, (), recorded, from_ms, until_ms, LOOK_MS, eating)


def _eating(data: Path, dsn: str | None, from_ms: int, until_ms: int) -> Eating:
    """By the meals and the calendar of now."""
    with closing(open_reader(load_settings(data).books(dsn))) as reader:
        meals = Meals(reader.meals_begin(), reader.calendar())
    begins = meals.changes(WALL.at(from_ms / 1000), WALL.at(until_ms / 1000))
    return Eating(lambda at_ms: meals.at(WALL.at(at_ms / 1000)), [(at - round(WALL.campus_s)) * 1000 for at in begins])


def _facts(data: Path, dsn: str | None, from_ms: int) -> list[Happening]:
    found: list[Happening] = []
    with closing(open_reader(load_settings(data).books(dsn))) as reader:
        number = 0
        while rows := reader.facts_after(number, LIST_MAX):
            number = rows[-1][0]
            found += [happening(own, view) for own, view in rows if view.at_ms >= from_ms]
    return found


def _lines(rule: Rule, found: Trial) -> list[str]:
    most, count, short = found.most_together, found.count, found.short
    mark = "✗" if found.floods else "●"
    said = Text(
        f"会触发 {count} 次，十分钟内最多 {most} 次，两分钟内自行恢复 {short} 次",
        f"would have come {count} times, at most {most} within ten minutes, {short} were over in two",
    )
    flood = Text("：会淹没值班人员，请加时长或收窄范围", ": a flood; let it last longer, or look at less")
    times = [f"    {moment(at)}  {source}" for at, source in found.raised[:SHOWN_MAX]]
    return [f"{mark} {rule.name}: {said}{flood if found.floods else ''}", *times]


def _looks_at(rule: Rule) -> str:
    if isinstance(rule, FactRule):
        return " ".join(sorted(rule.codes))
    return f"{rule.signal} {rule.condition}"
