"""Rules 规则: what is in force, dry or off, how often each has come in a week, and the school's file of its own.

A file is tried on the week that was recorded before anybody can push it.
"""

from contextlib import nullcontext
from typing import Any

from flask import render_template, request

from cloud.console.access.rights import Right
from cloud.console.frame.page import Menu, Page, Reply
from cloud.console.frame.sources import Sources
from cloud.console.frame.table import Column, asked, listed
from cloud.console.pages.alarms import texts
from cloud.console.pages.alarms.reading import moment, now_ms, signed
from cloud.console.pages.alarms.rows import named
from cloud.console.pages.alarms.seeing import sees
from cloud.console.pages.alarms.texts import Edited, Tried
from cloud.store.db import Database
from cloud.watch.alarms.backtest import Trial
from cloud.watch.alarms.rule import FactRule, Rule
from cloud.watch.alarms.rule_file import RuleFile, read_rules
from cloud.watch.alarms.rules import RULES
from cloud.watch.alarms.terms import FAMILIES, GRADES
from cloud.watch.kept import past
from cloud.watch.people import texts as checks
from cloud.watch.people.standing import own_rules
from cloud.watch.people.trials import trials
from cloud.watch.pushes import RULESETS, Push
from cloud.watch.store import WatchStore
from shared.errors import ConfigFault
from shared.facts.told import Level
from shared.words.voice import Text

WEEK_MS = 7 * 86_400_000
SHOWN_MAX = 10
"""Times of a trial that are listed."""
LOOKED_BACK = 20
"""Pushes that are looked through for when a rule was changed last."""
Row = dict[str, Any]
COLUMNS: tuple[Column[Row], ...] = (
    Column("alarm_rule_state", lambda row: row["state_word"]),
    Column("alarm_rule", lambda row: f"{row['title']} {row['name']}"),
    Column("alarm_family", lambda row: row["family"]),
    Column("alarm_grade", lambda row: row["grade_word"]),
    Column("alarm_looks_at", lambda row: row["looks_at"]),
    Column("alarm_fired", lambda row: row["fired"], numeric=True),
    Column("alarm_changed_last", lambda row: row["changed"]),
)
STATES = {"on": Text("在用", "on"), "dry": Text("试行", "dry run"), "off": Text("关闭", "off")}
FILTERS = ("rule_state", "family")
EXAMPLE = """format = 1
# [[rule]]
# name = "outbox-slow"
# family = "offline"
# grade = "important"
# signal = "box-unsettled"
# when = "> 500"
# for = "5m"
# dry = true
# [rule.text]
# title = "…"
# cause = "…"
# consequence = "…"
# action = "…"
# [[change]]
# rule = "memory"
# off = true
"""
FACTS_GRADE = Text("依事件", "the fact's")


def _rules(sources: Sources) -> Reply:
    wanted = asked(request.args, FILTERS)
    with sources.watch() as store, store.db.reading():
        found = _rows(store.db)
    kept = dict(wanted.kept)
    fields = {"rule_state": "state", "family": "family_key"}
    chosen = [row for row in found if all(row[fields[name]] == value for name, value in kept.items())]
    return render_template(
        "alarms/rules.html", list=listed(chosen, COLUMNS, wanted), kept=kept, families=named(FAMILIES),
        states=[(key, str(text)) for key, text in STATES.items()], as_of=moment(now_ms()),
        pushed=request.args.get("pushed", "")[:6],
    )  # fmt: skip


def _rows(db: Database) -> list[Row]:
    """Those of day one as the school has changed them, those that it has switched off, and its own."""
    own = own_rules(db)
    in_force = {rule.name: rule for rule in own.over(RULES)}
    every = {**{rule.name: rule for rule in RULES}, **in_force}
    counts, changed = past.raised_by_rule(db, now_ms() - WEEK_MS), _changed(db, own)
    return [_row(rule, own, in_force, counts, changed) for rule in every.values()]


def _row(rule: Rule, own: RuleFile, in_force: dict[str, Rule], counts: dict[str, int], changed: dict[str, Push]) -> Row:
    state = "off" if rule.name not in in_force else "dry" if rule in own.rules and rule.grade is Level.NOTICE else "on"
    push = changed.get(rule.name)
    return {
        "name": rule.name, "title": str(rule.advice.title), "family": str(FAMILIES[rule.family]),
        "family_key": rule.family.value, "grade": rule.grade.value if rule.grade else "",
        "grade_word": str(GRADES[rule.grade] if rule.grade else FACTS_GRADE), "state": state,
        "state_word": str(STATES[state]), "looks_at": _looks_at(rule), "is_own": rule in own.rules,
        "fired": counts.get(rule.name, 0) if sees(signed(), (), rule) else None,
        "changed": f"{moment(push.at_ms)} {push.who}" if push else "",
    }  # fmt: skip


def _looks_at(rule: Rule) -> str:
    return " ".join(sorted(rule.codes)) if isinstance(rule, FactRule) else f"{rule.signal} {rule.condition}"


def _changed(db: Database, own: RuleFile) -> dict[str, Push]:
    """Of each rule that the file speaks of the push since which it says so; of the last LOOKED_BACK."""
    said, found = _said_by(own), dict[str, Push]()
    open_names = set(said)
    for push in RULESETS.history(db)[:LOOKED_BACK]:
        try:
            then = _said_by(read_rules(RULESETS.text_of(db, push.number), RULES))
        except ConfigFault:  # of another version of this program: no push of it is the same
            then = {}
        open_names = {name for name in open_names if then.get(name) == said[name]}
        found.update(dict.fromkeys(open_names, push))
    return found


def _said_by(own: RuleFile) -> dict[str, object]:
    return {**{one.name: one for one in own.rules}, **{one.name: one for one in own.changes}}


def _tried(sources: Sources, store: WatchStore, text: str) -> list[Tried]:
    until_ms = now_ms()
    own = read_rules(text, RULES)
    found = trials(store.db, lambda: nullcontext(sources.reader), own, until_ms - WEEK_MS, until_ms)
    return [_trial(rule, one) for rule, one in found]


def _trial(rule: Rule, one: Trial) -> Tried:
    said = Text(
        f"会触发 {one.count} 次，十分钟内最多 {one.most_together} 次，两分钟内自行恢复 {one.short} 次",
        f"would have come {one.count} times, at most {one.most_together} within ten minutes, "
        f"{one.short} were over in two",
    )
    times = [f"{moment(at_ms)}  {source}" for at_ms, source in one.raised[:SHOWN_MAX]]
    return Tried(f"{rule.name} · {rule.advice.title}", str(said), one.floods, times)


EDITED = Edited(
    "rules", Right.SET_RULES, RULESETS, Text("报警规则", "alarm rules"), lambda _: checks.check_rules, EXAMPLE, _tried
)
PAGES = (Page("rules", "/rules", Right.SEE_ALARMS, _rules, Menu.ALARMS), *texts.pages(EDITED))
