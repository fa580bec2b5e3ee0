"""Rules that are asked together say what each of them would say alone."""

from random import Random

import pytest

from cloud.watch.alarms.looking import Lookings
from cloud.watch.alarms.rule import COMPARISONS, UNKNOWN, Advice, Condition, SignalRule
from cloud.watch.alarms.terms import Family, Kind, Signal, Source
from cloud.watch.alarms.watching import Change, Watching
from shared.facts.told import Level
from shared.words.voice import Text

ADVICE = Advice(*(Text("甲", "a"),) * 4)
SIGNALS, NAMES, SCOPES = ("s", "t"), ("b1", "b2", "c1"), ("*", "b*", "b1", "[bc]1", "nobody")


def rule(number: int, chance: Random) -> SignalRule:
    comparison = chance.choice((*COMPARISONS, UNKNOWN))
    clear = chance.choice((None, Condition("<", chance.randrange(5)), Condition(">", chance.randrange(5))))
    return SignalRule(
        f"r{number}", Family.BUS, Level.GENERAL, chance.choice(SIGNALS), chance.choice((Kind.BOX, Kind.TERMINAL)),
        Condition(comparison, chance.randrange(5), chance.choice((None, 2.0))), ADVICE, chance.choice(SCOPES),
        for_ms=chance.choice((0, 2000)), times=(n := chance.choice((1, 1, 2))), of=n + 1 if n > 1 else 1, clear=clear,
        off_ms=chance.choice((0, 1000)), but=chance.choice((frozenset(), frozenset({"b2"}))),
    )  # fmt: skip


def readings(chance: Random, at_ms: int) -> list[Signal]:
    return [
        Signal(name, Source(chance.choice((Kind.BOX, Kind.TERMINAL)), of), at_ms, chance.choice((None, 0, 1, 2, 3, 4)))
        for name in SIGNALS for of in NAMES if chance.random() < 0.8
    ]  # fmt: skip


def said(changes: list[Change]) -> list[str]:
    return sorted(f"{one.key} {one.at_ms} {one.deed} {one.alarm}" for one in changes)


@pytest.mark.parametrize("seed", range(30))
def test_asked_together_or_each_alone(seed: int) -> None:
    chance = Random(seed)
    rules = [rule(number, chance) for number in range(25)]
    together, alone = Watching(rules), [Watching([one]) for one in rules]
    for at_ms in range(1000, 40_000, 1000):
        signals = readings(chance, at_ms)
        each = [change for one in alone for change in one.read(signals, is_meal=False)]
        assert said(together.read(signals, is_meal=False)) == said(each)
    assert together.memory.alarms


@pytest.mark.parametrize("seed", range(30))
def test_what_lies_between_is_bad_for_none(seed: int) -> None:
    chance = Random(seed)
    rules = [rule(number, chance) for number in range(chance.randrange(1, 12))]
    lookings = Lookings(rules)
    for signal in [one for at_ms in range(20) for one in readings(chance, at_ms)]:
        looking = lookings.of(signal)
        assert {one.name for one in looking.rules} == {
            one.name for one in rules if one.signal == signal.name and one.looks_at(signal.source)
        }
        is_bad = any(one.condition.holds(signal.value) for one in looking.rules)
        assert looking.may_be_bad(signal.value) or not is_bad


def test_sources_of_the_same_rules_share_what_was_found() -> None:
    lookings = Lookings([rule(1, Random(1))])
    sources = [Source(Kind.CAMPUS, str(n)) for n in range(100)]
    assert len({id(lookings.of(Signal("s", source, 0, 0))) for source in sources}) == 1
