"""Rules tried on what was recorded: what each would have done. Opens its own transactions."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

from cloud.ledger.read.reader import LIST_MAX, Reader
from cloud.store.db import Database
from cloud.watch.alarms.backtest import UNKNOWN_MEALS, Eating, Trial, tried
from cloud.watch.alarms.rule import FactRule, Rule, When
from cloud.watch.alarms.rule_file import RuleFile
from cloud.watch.alarms.rules import RULES
from cloud.watch.alarms.terms import Happening
from cloud.watch.samples import samples
from cloud.watch.subjects.meals import Meals
from cloud.watch.turn import happening
from shared.clocks.campus_clock import WALL

Books = Callable[[], AbstractContextManager[Reader]]
"""The ledger's read side, opened where a rule wants it."""
LOOK_MS = 5_000
"""How often the watch looks."""


def trials(db: Database, books: Books, own: RuleFile, from_ms: int, until_ms: int) -> Iterator[tuple[Rule, Trial]]:
    """Of a file's own rules, and of those of day one that it changes and leaves on. StoreFault."""
    changed = {one.name for one in own.changes if not one.is_off}
    for rule in own.over(RULES):
        if rule in own.rules or rule.name in changed:
            yield rule, _try(db, books, rule, from_ms, until_ms)


def _try(db: Database, books: Books, rule: Rule, from_ms: int, until_ms: int) -> Trial:
    if isinstance(rule, FactRule):
        return tried(rule, _facts(books, from_ms), (), from_ms, until_ms, LOOK_MS)
    with db.reading():
        recorded = samples(db, rule.signal, from_ms)
    eating = UNKNOWN_MEALS if rule.when is When.ALWAYS else _eating(books, from_ms, until_ms)
    return tried(rule, (), recorded, from_ms, until_ms, LOOK_MS, eating)


def _eating(books: Books, from_ms: int, until_ms: int) -> Eating:
    """By the meals and the calendar of now."""
    with books() as reader:
        meals = Meals(reader.meals_begin(), reader.calendar())
    begins = meals.changes(WALL.at(from_ms / 1000), WALL.at(until_ms / 1000))
    return Eating(lambda at_ms: meals.at(WALL.at(at_ms / 1000)), [(at - round(WALL.campus_s)) * 1000 for at in begins])


def _facts(books: Books, from_ms: int) -> list[Happening]:
    found: list[Happening] = []
    number = 0
    with books() as reader:
        while rows := reader.facts_after(number, LIST_MAX):
            number = rows[-1][0]
            found += [happening(own, view) for own, view in rows if view.at_ms >= from_ms]
    return found
