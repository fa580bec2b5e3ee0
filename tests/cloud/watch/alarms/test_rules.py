"""The rules of day one: each has its words in both languages, its own name, and a signal that there is."""

from dataclasses import replace

import pytest

from cloud.watch.alarms.rule import UNKNOWN, FactRule, Rule, SignalRule
from cloud.watch.alarms.rules import DEEDS, RULES
from cloud.watch.alarms.signals import SIGNALS
from cloud.watch.alarms.terms import Family, Happening, Kind, Signal, Source
from cloud.watch.alarms.watching import Watching
from shared.facts.catalogue import CATALOGUE
from shared.facts.terms import REASONS, REFUSALS
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


def signals() -> list[SignalRule]:
    """Every rule that reads a signal."""
    return [rule for rule in RULES if isinstance(rule, SignalRule)]


def bad(rule: SignalRule) -> float | None:
    """A value that its condition holds of, and no graver rule's beside it."""
    condition = rule.condition
    step = {">": 1, ">=": 0, "<": -0.5, "<=": 0}.get(condition.comparison, 0)
    return None if condition.comparison == UNKNOWN else condition.bound + step


@pytest.mark.parametrize("rule", signals(), ids=lambda rule: rule.name)
def test_a_bad_signal_raises_its_rule_and_no_other_and_a_good_one_ends_it(rule: SignalRule) -> None:
    name = "" if rule.kind is Kind.CAMPUS else rule.scope.replace("*", "one")
    source, watching, value = Source(rule.kind, name), Watching(RULES), bad(rule)
    times = [1, 1 + rule.for_ms] if rule.of == 1 else range(1, rule.times + 1)
    found = [
        change.key for at in times for change in watching.read([Signal(rule.signal, source, at, value)], is_meal=False)
    ]
    assert [key.rule for key in found] == [rule.name]
    good = next(one for one in (50, 0, 1, 100, 1e6, 1e9, -1) if rule.is_clear(one))
    after = [1_000_000_000, 1_000_000_000 + rule.off_ms]
    ended = [
        change.key.rule
        for at in after
        for change in watching.read([Signal(rule.signal, source, at, good)], is_meal=False)
    ]
    assert ended == [rule.name], "and a good one ends it"


@pytest.mark.parametrize("rule", signals(), ids=lambda rule: rule.name)
def test_what_is_unknown_neither_raises_nor_ends(rule: SignalRule) -> None:
    name = "" if rule.kind is Kind.CAMPUS else rule.scope.replace("*", "one")
    signal = Signal(rule.signal, Source(rule.kind, name), 1, None)
    watching = Watching(RULES)
    found = [each for at in (1, 10**9) for each in watching.read([signal._replace(at_ms=at)], is_meal=False)]
    assert found == []


def raised(code: str, *told: tuple[str, str]) -> list[str]:
    """Which rules a fact raises."""
    happening = Happening(1, 1, Level.IMPORTANT, code, "b1", b"\1", told)
    return [change.key.rule for change in Watching(RULES).happened([happening])]


SIX = {
    "terminal-unknown": "unknown-terminal", "terminal-wrong-key": "wrong-key", "terminal-live-twice": "live-twice",
    "terminal-mac-failures": "mac-failures", "record-fork": "record-fork",
    "terminal-unauthenticated": "unauthenticated",
}  # fmt: skip
"""DESIGN 2: the six cases of an illegal terminal, each its own alarm."""


@pytest.mark.parametrize(("code", "rule"), SIX.items())
def test_each_of_the_six_illegal_cases_is_its_own_alarm(code: str, rule: str) -> None:
    assert raised(code) == [rule]
    assert next(one for one in RULES if one.name == rule).family is Family.ILLEGAL


@pytest.mark.parametrize(
    ("code", "reason", "rule"),
    [
        ("epoch-refused", "unknown-psam", "foreign-psam"), ("epoch-refused", "psam-moved", "foreign-psam"),
        ("epoch-refused", "too-many-epochs", "terminal-store"), ("terminal-no-epoch", "unknown-psam", "foreign-psam"),
        ("terminal-no-epoch", "epoch-ahead", "terminal-store"), ("record-held", "psam-unknown", "foreign-psam"),
        ("record-held", "psam-moved", "foreign-psam"), ("record-held", "other-box", "held"),
    ],
)  # fmt: skip
def test_a_wrong_or_foreign_psam_is_its_own_alarm(code: str, reason: str, rule: str) -> None:
    assert raised(code, ("reason", reason)) == [rule]


@pytest.mark.parametrize(
    ("reason", "rule"),
    [
        ("wrong-tac", "tac-failures"), ("void-mac", "tac-failures"), ("payment-mac", "tac-failures"),
        ("void-witness", "tac-failures"), ("card-key-taken", "card-counter"), ("ttn-taken", "card-counter"),
        ("undecodable", "quarantine"), ("card-unknown", "quarantine"),
    ],
)  # fmt: skip
def test_why_a_record_is_in_quarantine_says_whose_alarm_it_is(reason: str, rule: str) -> None:
    assert raised("record-quarantined", ("reason", reason)) == [rule]


def test_reasons_that_rules_name_are_words_that_facts_say() -> None:
    named = {word for rule in RULES if isinstance(rule, FactRule) for _, word in rule.only | rule.but}
    assert named <= {*REASONS, *REFUSALS}


@pytest.mark.parametrize(
    ("code", "rule"),
    [("bus-node-back", "bus-off"), ("bus-error-passive", "bus-passive"), ("bus-errors-rise", "bus-errors")],
)
def test_what_precedes_a_fault_of_a_bus_is_an_alarm_of_the_bus(code: str, rule: str) -> None:
    happening = Happening(1, 1, Level.NOTICE, code, "b1", b"\1", (("link", "can0"),))
    watching = Watching(RULES)
    (raised_,) = watching.happened([happening])
    assert (raised_.key.rule, raised_.key.source) == (rule, Source(Kind.BUS, "b1/can0"))
    (ended,) = watching.happened([replace(happening, number=2, at_ms=2, code="bus-clean")])
    assert ended.key == raised_.key


def test_a_full_bus_is_an_alarm_until_it_has_room() -> None:
    watching = Watching(RULES)
    for n, case in enumerate(("high", "over"), 1):
        told = ((CASE, case), ("link", "can0"))
        (change,) = watching.happened([Happening(n, n, Level.GENERAL, "bus-load", "b1", b"", told)])
        assert (change.key.rule, change.alarm.is_active) == ("bus-load", case == "high")


def test_the_broker_and_the_key_process_have_their_own_alarms() -> None:
    for name, rule in (("broker", "broker-down"), ("keys", "keys-down"), ("console", "service-down")):
        watching, source = Watching(RULES), Source(Kind.SERVICE, name)
        found = [
            change.key.rule
            for at in (1, 10_001)
            for change in watching.read([Signal("service-down", source, at, 1)], is_meal=False)
        ]
        assert found == [rule]


BLAME = ("责任", "过错", "舞弊", "贪", "窃", "fault", "guilt", "blame", "theft", "fraud")


def test_what_is_for_finance_is_worded_as_a_difference_and_as_nobodys_fault() -> None:
    found = [rule for rule in RULES if rule.for_finance]
    assert {"cash", "void"} <= {rule.name for rule in found}
    for rule in found:
        said = "".join(f"{text.zh} {text.en}" for text in (
            rule.advice.title, rule.advice.cause, rule.advice.consequence, rule.advice.action,
        )).lower()  # fmt: skip
        assert not [word for word in BLAME if word in said]


@pytest.mark.parametrize(
    ("rule", "case"), [("balance-chain", "chain"), ("purse-overdrawn", "negative"), ("lost-card", "lost")]
)
def test_a_difference_is_an_alarm_of_its_card_and_over_when_the_ledger_says_so(rule: str, case: str) -> None:
    def fact(number: int, code: str, card: str, device: bytes = b"") -> Happening:
        return Happening(number, number, Level.URGENT, code, "", device, ((CASE, case), ("card", card)))

    watching = Watching(RULES)
    first = fact(1, "difference", "0006", b"\0\1\0\0\0\7")
    watching.happened([first, fact(2, "difference", "0007"), fact(3, "difference-over", "0006")])
    standing = {key: alarm.is_active for key, alarm in watching.memory.alarms.items()}
    assert standing == {(rule, Source(Kind.CARD, "0006")): False, (rule, Source(Kind.CARD, "0007")): True}
