"""`cloud rules`: what is in force, a file checked, tried on what was recorded, pushed, compared, taken back."""

import json
from contextlib import closing
from pathlib import Path

from cloud.commands.watch.around import moment, now_ms, open_store, push_line, pushed, say, text_of
from cloud.ledger.read.reader import open_reader
from cloud.process.settings import load_settings
from cloud.watch.alarms.backtest import Trial
from cloud.watch.alarms.rule import FactRule, Rule
from cloud.watch.alarms.rule_file import read_rules
from cloud.watch.alarms.rules import RULES
from cloud.watch.alarms.terms import FAMILIES, GRADES
from cloud.watch.people import texts
from cloud.watch.people.standing import own_rules
from cloud.watch.people.trials import trials
from cloud.watch.pushes import RULESETS
from shared.words.voice import Text

SHOWN_MAX = 10
"""Times of a trial that are listed."""
NONE_YET = Text("还没有推送过：用出厂规则", "none yet: the rules of day one are in force")


def listing(data: Path, *, as_json: bool) -> int:
    """Every rule in force. Always 0."""
    with closing(open_store(data)) as store, store.db.reading():
        own = own_rules(store.db)
    rules = own.over(RULES)
    if as_json:
        rows = [{"rule": rule.name, "family": rule.family.value, "grade": rule.grade} for rule in rules]
        say(json.dumps({"rules": rows}, ensure_ascii=False))
        return 0
    for rule in rules:
        grade = GRADES[rule.grade] if rule.grade else Text("依事件", "the fact's")
        say(f"{rule.name}  {FAMILIES[rule.family]}  {grade}  {rule.advice.title}  {_looks_at(rule)}")
    return 0


def check(data: Path, file: Path) -> int:
    """Read a file; change nothing. ConfigFault, with line, key and reason."""
    text = text_of(file)
    with closing(open_store(data)) as store, store.db.reading():
        found = texts.check_rules(store.db, text)
    say(found.said)
    return 0


def trial(data: Path, dsn: str | None, file: Path, last_s: int) -> int:
    """What each rule of a file would have done. 1 when one would have flooded a person by itself."""
    own = read_rules(text_of(file), RULES)
    until_ms = now_ms()
    from_ms = until_ms - last_s * 1000
    has_flooded = False
    with closing(open_store(data)) as store:
        dsn_of_books = load_settings(data).books
        for rule, found in trials(store.db, lambda: closing(open_reader(dsn_of_books(dsn))), own, from_ms, until_ms):
            has_flooded |= found.floods
            say(*_lines(rule, found))
    return int(has_flooded)


def push(data: Path, file: Path, who: str, why: str) -> int:
    """Put it in force. ConfigFault, PersonRefused: nothing has changed."""
    text = text_of(file)
    with closing(open_store(data)) as store, store.db.writing():
        number = texts.push(store.db, RULESETS, texts.check_rules, text, who, why, now_ms())
    say(pushed(number))
    return 0


def rollback(data: Path, number: int, who: str, why: str) -> int:
    """Put an earlier one in force again, under a new number."""
    with closing(open_store(data)) as store, store.db.writing():
        fresh = texts.roll_back(store.db, RULESETS, texts.check_rules, number, who, why, now_ms())
    say(pushed(fresh))
    return 0


def diff(data: Path, file: Path) -> int:
    """Line by line against what is in force. 1 when they differ."""
    with closing(open_store(data)) as store, store.db.reading():
        before = RULESETS.in_force(store.db)
    found = texts.compared(before, text_of(file))
    say(*(found or (Text("● 相同", "● the same"),)))
    return int(bool(found))


def history(data: Path) -> int:
    """Every push, the newest first. Always 0."""
    with closing(open_store(data)) as store, store.db.reading():
        found = RULESETS.history(store.db)
    say(*(map(push_line, found) if found else (NONE_YET,)))
    return 0


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
