"""A rule on what was recorded: the same as the watch would have raised, look by look."""

import random
from dataclasses import replace

import pytest

from cloud.watch.alarms.backtest import Eating, tried
from cloud.watch.alarms.rule import Condition, When
from cloud.watch.alarms.states import Deed
from cloud.watch.alarms.terms import Signal
from cloud.watch.alarms.watching import Watching
from shared.facts.told import Level
from tests.cloud.watch.alarms.test_watching import BOX, OTHER, fact, fact_rule, signal_rule

LOOK = 5_000
DAY = 86_400_000
T0 = 1_000_000


def samples(*values: tuple[int, float | None]) -> list[Signal]:
    return [Signal("s", BOX, T0 + at_s * 1000, value) for at_s, value in values]


def test_it_says_how_often_and_how_close_together() -> None:
    recorded = [one for n in range(12) for one in samples((n * 60, 99), (n * 60 + 30, 1))]
    found = tried(signal_rule(), (), recorded, 0, DAY, LOOK)
    assert (found.count, found.most_together, found.short, found.floods) == (12, 11, 12, True)
    assert found.raised[0] == (T0, BOX)


def test_a_duration_is_exact_between_samples() -> None:
    rule = signal_rule(for_ms=120_000)
    assert tried(rule, (), samples((0, 99), (119, 1)), 0, DAY, LOOK).count == 0
    (raised,) = tried(rule, (), samples((0, 99), (121, 1)), 0, DAY, LOOK).raised
    assert raised == (T0 + 120_000, BOX)


def test_what_stood_before_counts_and_is_not_counted() -> None:
    recorded = samples((0, 99), (1000, 1), (2000, 99))
    assert tried(signal_rule(), (), recorded, T0 + 500_000, DAY, LOOK).count == 1


def test_n_of_m_is_looked_at_as_the_watch_would() -> None:
    rule = signal_rule(times=3, of=5)
    assert tried(rule, (), samples((0, 99), (9, 1)), 0, DAY, LOOK).count == 0
    assert tried(rule, (), samples((0, 99), (11, 1)), 0, DAY, LOOK).count == 1


def test_facts_are_tried_too() -> None:
    facts = [fact(n, at_ms=T0 + n * 3_600_000, level=Level.URGENT) for n in range(5)]
    assert tried(fact_rule(), facts, (), 0, DAY, LOOK).count == 5


@pytest.mark.parametrize("seed", range(30))
def test_it_is_what_the_watch_itself_would_have_raised(seed: int) -> None:
    chance = random.Random(seed)
    rule = signal_rule(
        for_ms=chance.choice((0, 10_000, 35_000)), clear=chance.choice((None, Condition("<", 50))),
        off_ms=chance.choice((0, 15_000)),
    )  # fmt: skip
    values = {source: [chance.choice((20, 60, 99, None)) for _ in range(40)] for source in (BOX, OTHER)}
    held = {source: [one for one in own for _ in range(chance.randrange(1, 6))] for source, own in values.items()}
    watch, raised, recorded = Watching([rule]), set(), []
    for n in range(max(map(len, held.values()))):
        for source, own in held.items():
            if n < len(own):
                reading = Signal("s", source, T0 + n * LOOK, own[n])
                raised |= {(c.at_ms, source) for c in watch.read([reading], is_meal=False) if c.deed is Deed.RAISED}
                if n == 0 or own[n] != own[n - 1]:
                    recorded.append(reading)
    until = T0 + min(map(len, held.values())) * LOOK
    found = tried(rule, (), [one for one in recorded if one.at_ms < until], 0, until, LOOK)
    assert set(found.raised) == {one for one in raised if one[0] < until}


def test_a_rule_of_day_one_with_another_bound_is_tried() -> None:
    rule = replace(signal_rule(), condition=Condition(">", 10))
    assert tried(rule, (), samples((0, 20)), 0, DAY, LOOK).count == 1


def test_a_rule_of_meals_is_tried_in_them_and_wakes_when_one_begins() -> None:
    rule = signal_rule(when=When.MEALS, for_ms=60_000)
    begins, ends = T0 + 600_000, T0 + 1_200_000
    eating = Eating(lambda at_ms: begins <= at_ms < ends, [begins, ends])
    (raised,) = tried(rule, (), samples((0, 99)), 0, DAY, LOOK, eating).raised
    assert raised == (begins + 60_000, BOX)
    assert tried(rule, (), samples((0, 99)), 0, DAY, LOOK).count == 0, "nobody knows of a meal"
    short = Eating(lambda at_ms: begins <= at_ms < begins + 30_000, [begins, begins + 30_000])
    assert tried(rule, (), samples((0, 99)), 0, DAY, LOOK, short).count == 0
