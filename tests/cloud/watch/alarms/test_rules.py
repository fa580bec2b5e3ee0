"""The rules of day one: each has its words in both languages, its own name, and a signal that there is."""

import pytest

from cloud.watch.alarms.rule import FactRule, Rule, SignalRule
from cloud.watch.alarms.rules import DEEDS, RULES
from cloud.watch.alarms.signals import SIGNALS
from cloud.watch.alarms.terms import Happening
from cloud.watch.alarms.watching import Watching
from shared.facts.catalogue import CATALOGUE
from shared.facts.told import CASE, Level

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


def graves() -> list[tuple[str, str]]:
    """Code and case of every fact that is urgent or important."""
    return [where for where, kind in CATALOGUE.items() if kind.level in (Level.URGENT, Level.IMPORTANT)]


@pytest.mark.parametrize(("code", "case"), graves())
def test_what_is_grave_is_of_exactly_one_rule_or_somebodys_deed(code: str, case: str) -> None:
    told = ((CASE, case),) if case else ()
    happening = Happening(1, 1, CATALOGUE[code, case].level, code, "b1", b"", told)
    found = [rule.name for rule in RULES if isinstance(rule, FactRule) and rule.is_raised_by(happening)]
    assert len(found) == (code not in DEEDS), found
    changes = Watching(RULES).happened([happening])
    assert [change.key.rule for change in changes] == found, "and raises no other"


def test_a_deed_is_in_the_catalogue() -> None:
    assert {code for code, _ in CATALOGUE} >= DEEDS
