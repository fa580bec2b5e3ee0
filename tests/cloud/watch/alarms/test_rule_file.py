"""Operators' rules: read whole, or refused with line, key and reason; and what they change of the first ones."""

import pytest

from cloud.watch.alarms.rule import Condition, SignalRule, When
from cloud.watch.alarms.rule_file import SIZE_MAX, RuleFile, read_rules
from cloud.watch.alarms.rules import RULES
from cloud.watch.alarms.terms import Family, Kind
from shared.errors import ConfigFault
from shared.facts.told import Level

FILE = """format = 1
[[rule]]
name = "outbox-slow"
family = "offline"
grade = "important"
signal = "box-unsettled"
scope = "canteen-*"
when = "> 500"
for = "5m"
clear = "< 100"
clear_for = "1m"
during = "always"
[rule.text]
title = "积压变多"
title_en = "records pile up"
cause = "上行慢"
consequence = "对账变慢"
action = "看网络"
[[change]]
rule = "disk"
grade = "urgent"
[[change]]
rule = "memory"
off = true
"""


def read(text: str) -> RuleFile:
    return read_rules(text, RULES)


def test_a_file_says_all_of_it() -> None:
    (rule,) = read(FILE).rules
    assert (rule.name, rule.family, rule.kind, rule.scope) == ("outbox-slow", Family.OFFLINE, Kind.BOX, "canteen-*")
    assert (rule.condition, rule.clear) == (Condition(">", 500), Condition("<", 100))
    assert (rule.for_ms, rule.off_ms, rule.when) == (300_000, 60_000, When.ALWAYS)
    assert (rule.advice.title.en, rule.advice.cause.en) == ("records pile up", "上行慢")


def test_rules_of_day_one_are_changed_and_switched_off() -> None:
    rules = {rule.name: rule for rule in read(FILE).over(RULES)}
    assert rules["disk"].grade is Level.URGENT
    assert "memory" not in rules
    assert isinstance(rules["outbox-slow"], SignalRule)
    assert len(rules) == len(RULES)


def test_a_grade_that_a_school_gives_holds_in_meals_too() -> None:
    text = FILE.replace('rule = "disk"\ngrade = "urgent"', 'rule = "terminal-silent"\ngrade = "notice"')
    rule = next(rule for rule in read(text).over(RULES) if rule.name == "terminal-silent")
    assert isinstance(rule, SignalRule)
    assert rule.grade_at(is_meal=True) is Level.NOTICE


def test_a_dry_rule_calls_nobody() -> None:
    (rule,) = read(FILE.replace('scope = "canteen-*"', "dry = true")).rules
    assert rule.grade is Level.NOTICE


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ('"box-unsettled"', '"box-mood"', 6, "没有此信号"),
        ('"> 500"', '"about 500"', 8, "when"),
        ('"5m"', '"5 minutes"', 9, "for"),
        ('"important"', '"grave"', 5, "grade"),
        ('"outbox-slow"', '"Outbox slow"', 3, "name"),
        ('"outbox-slow"', '"disk"', 3, "重名"),
        ('action = "看网络"\n', "", 13, "action"),
        ('cause = "上行慢"', 'cause = " "', 16, "cause"),
        ('rule = "disk"', 'rule = "disc"', 20, "没有此规则"),
        ('during = "always"', 'durring = "always"', 12, "durring"),
        ('during = "always"', 'during = "lunch"', 12, "during"),
        ('scope = "canteen-*"', "times = 5\nof = 3", 7, "times"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(old: str, new: str, line: int, said: str) -> None:
    with pytest.raises(ConfigFault, match=rf"^第 {line} 行 .*{said}"):
        read(FILE.replace(old, new, 1))


@pytest.mark.parametrize("text", ["format = ", "x" * (SIZE_MAX + 1), "a = " + "[" * 20_000, "format = 2"])
def test_what_is_no_file_of_ours_is_refused(text: str) -> None:
    with pytest.raises(ConfigFault):
        read(text)
