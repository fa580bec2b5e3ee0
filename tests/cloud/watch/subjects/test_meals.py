"""Is it a meal? By what the school has said of its meals and its holidays; where it has said nothing, nobody knows."""

import pytest

from cloud.watch.alarms.rule import When
from cloud.watch.alarms.rules import RULES
from cloud.watch.alarms.states import Deed
from cloud.watch.alarms.terms import Kind, Signal, Source
from cloud.watch.alarms.watching import Watching
from cloud.watch.subjects.meals import Meals
from shared.clocks.clock import DAY_S
from shared.clocks.school_days import Calendar, Span, SpanKind
from shared.facts.told import Level
from tests.cloud.watch.alarms.test_watching import BOX, signal_rule

BREAKFAST, LUNCH, DINNER = 6 * 3600, 10 * 3600 + 1800, 16 * 3600 + 1800
MONDAY = 2
"""Day 0, 2000-01-01, was a Saturday."""
TILL = Source(Kind.TERMINAL, "0a")


def at(hour: float, day: int = MONDAY) -> int:
    return day * DAY_S + int(hour * 3600)


@pytest.mark.parametrize(
    ("hour", "is_meal"),
    [(5.9, False), (6, True), (8.9, True), (9.1, False), (10.5, True), (13.4, True), (13.6, False), (16.5, True),
     (23, False)],
)  # fmt: skip
def test_a_meal_lasts_from_its_beginning_and_for_three_hours_at_most(hour: float, is_meal: bool) -> None:
    assert Meals((BREAKFAST, LUNCH, DINNER)).at(at(hour)) is is_meal


def test_a_supper_goes_on_over_midnight() -> None:
    assert Meals((22 * 3600,)).at(at(0.5, MONDAY + 1)) is True


def test_of_a_school_that_has_said_nothing_it_is_not_known() -> None:
    assert Meals().at(at(12)) is None


def test_in_holidays_and_out_of_term_nobody_eats_and_on_a_free_weekend_one_does() -> None:
    spans = (
        Span(SpanKind.TERM, "秋", 0, 40),
        Span(SpanKind.HOLIDAY, "元旦", 10, 12),
        Span(SpanKind.TERM, "春", 60, 90),
    )
    meals = Meals((LUNCH,), Calendar(spans))
    assert [meals.at(at(12, day)) for day in (2, 7, 11, 50)] == [True, True, False, False]


def test_the_changes_of_a_day_are_where_it_becomes_another() -> None:
    meals = Meals((BREAKFAST, 22 * 3600))
    found = meals.changes(at(0), at(24))
    assert [(one - at(0)) / 3600 for one in found] == [1, 6, 9, 22]
    assert [meals.at(one) is not meals.at(one - 1) for one in found] == [True] * 4


def silent(watching: Watching, at_ms: int, *, is_meal: bool | None) -> list[tuple[str, Deed | None, Level]]:
    found = watching.read([Signal("terminal-silent", TILL, at_ms, 90)], is_meal=is_meal)
    return [(change.key.rule, change.deed, change.alarm.grade) for change in found]


@pytest.mark.parametrize(("is_meal", "grade"), [(True, Level.IMPORTANT), (False, Level.GENERAL), (None, Level.GENERAL)])
def test_a_silent_terminal_is_graver_while_people_eat(is_meal: bool | None, grade: Level) -> None:
    assert silent(Watching(RULES), 1, is_meal=is_meal) == [("terminal-silent", Deed.RAISED, grade)]


def test_one_that_is_silent_when_a_meal_begins_worsens_once_and_stays_so_after_it() -> None:
    watching = Watching(RULES)
    silent(watching, 1, is_meal=False)
    assert silent(watching, 2, is_meal=True) == [("terminal-silent", Deed.WORSENED, Level.IMPORTANT)]
    assert silent(watching, 3, is_meal=True) == silent(watching, 4, is_meal=False) == []


@pytest.mark.parametrize("when", [When.MEALS, When.NOT_MEALS])
def test_a_rule_of_meals_sleeps_where_nobody_knows_of_any(when: When) -> None:
    watching = Watching([signal_rule(when=when)])
    assert watching.read([Signal("s", BOX, 1, 99)], is_meal=None) == []
    assert watching.read([Signal("s", BOX, 2, 99)], is_meal=when is When.MEALS) != []
