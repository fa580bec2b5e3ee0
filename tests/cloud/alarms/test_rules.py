"""The rules of day one: each has its words in both languages, its own name, and a signal that there is."""

import pytest

from cloud.alarms.rule import FactRule, Rule, SignalRule
from cloud.alarms.rules import RULES
from cloud.alarms.signals import SIGNALS
from shared.facts.catalogue import CATALOGUE

CODES = {code for code, _ in CATALOGUE} | {f"{code}/{case}" for code, case in CATALOGUE if case}


def test_names_are_each_ones_own() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_says_all_that_a_person_needs(rule: Rule) -> None:
    advice = rule.advice
    for text in (advice.title, advice.cause, advice.consequence, advice.action):
        assert text.zh.strip()
        assert text.en.strip()
    assert len(advice.title.zh) <= 12
    assert len(advice.title.en) <= 40


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_what_a_rule_looks_at_is_there(rule: Rule) -> None:
    if isinstance(rule, SignalRule):
        assert rule.kind is SIGNALS[rule.signal].kind
        assert 1 <= rule.times <= rule.of
    if isinstance(rule, FactRule):
        assert rule.codes
        assert (rule.codes | rule.over) <= CODES
