"""What a rule is: what it looks at, how grave that is, and what a person should know and do. Pure.

Two forms. A fact rule hears of what happened: it is raised by facts of its codes, and returns when a fact says that it
is over, or when nothing of it came for a while. A signal rule reads what is: a condition over one signal, which must
hold for a time, or n times of m, and is over when another condition (hysteresis) has held for a time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from operator import ge, gt, le, lt

from cloud.watch.alarms.terms import CAMPUS, Family, Happening, Kind, Source
from cloud.watch.alarms.topology import segment
from shared.facts.told import Level
from shared.words.voice import Text

QUIET_MS = 600_000
"""A fact says that something happened, not that it lasts: its alarm returns when none came for so long."""
WINDOW_MAX = 60
"""Most readings that a rule of n out of m looks back at."""


@dataclass(frozen=True, slots=True)
class Advice:
    """What the list says of an alarm: its name, why it comes, what follows from it, what to do. All are wanted."""

    title: Text
    cause: Text
    consequence: Text
    action: Text

    def cause_of(self, name: str) -> Text:
        """The cause, where it names what the alarm is about: `{source}` stands for what people call that."""
        return Text(self.cause.zh.replace(SOURCE, name), self.cause.en.replace(SOURCE, name))


SOURCE = "{source}"


class When(StrEnum):
    """During which a rule is awake: always, in meal periods, out of them; where these are not known, only `always`."""

    ALWAYS = "always"
    MEALS = "meals"
    NOT_MEALS = "not-meals"


def about(happening: Happening) -> Source:
    """The terminal that a fact names, else its box, else the campus."""
    if happening.device:
        return Source(Kind.TERMINAL, happening.device.hex())
    return Source(Kind.BOX, happening.box) if happening.box else CAMPUS


def about_card(happening: Happening) -> Source:
    """The card that a fact names by its label, wherever it was used; without one, as `about`."""
    card = dict(happening.told).get("card")
    return Source(Kind.CARD, card) if isinstance(card, str) else about(happening)


def about_bus(happening: Happening) -> Source:
    """The bus that a fact of a box names as its `link`; without one, as `about`."""
    link = dict(happening.told).get("link")
    return Source(Kind.BUS, f"{happening.box}/{link}") if isinstance(link, str) else about(happening)


def about_segment(happening: Happening) -> Source:
    """The part of a bus behind the terminal that a fact names as `before`; without one, as `about_bus`."""
    told = dict(happening.told)
    link, before = told.get("link"), told.get("before")
    if not isinstance(link, str) or not isinstance(before, str):
        return about_bus(happening)
    return segment(happening.box, link, before)


@dataclass(frozen=True, slots=True)
class FactRule:
    """Raised by facts. codes: `code`, or `code/case` for one case of it; over: those that end it. grade None: as grave
    as the fact says. quiet_ms 0: it never returns by itself. hides, is_hidden, for_finance: as of SignalRule.

    only, but: parameters by name and value; a fact must have one of `only`, where there are any, and none of `but`.
    """

    name: str
    family: Family
    codes: frozenset[str]
    advice: Advice
    over: frozenset[str] = frozenset()
    grade: Level | None = None
    source: Callable[[Happening], Source] = about
    quiet_ms: int = QUIET_MS
    hides: bool = False
    is_hidden: bool = False
    only: frozenset[tuple[str, str]] = frozenset()
    but: frozenset[tuple[str, str]] = frozenset()
    for_finance: bool = False

    def is_raised_by(self, happening: Happening) -> bool:
        """Does this fact raise it?"""
        if not _names(self.codes, happening):
            return False
        told = set(happening.told)
        return (not self.only or bool(told & self.only)) and not told & self.but

    def is_ended_by(self, happening: Happening) -> bool:
        """Does this fact say that it is over?"""
        return _names(self.over, happening)


def _names(codes: frozenset[str], happening: Happening) -> bool:
    return happening.code in codes or f"{happening.code}/{happening.case}" in codes


COMPARISONS: dict[str, Callable[[float, float], bool]] = {">": gt, ">=": ge, "<": lt, "<=": le}


@dataclass(frozen=True, slots=True)
class Condition:
    """A comparison with a number; `unknown` holds where the signal is not known. least: what is below is another
    rule's."""

    comparison: str
    bound: float = 0.0
    least: float | None = None

    def holds(self, value: float | None) -> bool:
        """Of what is not known no comparison holds: neither is it bad, nor is it good."""
        if self.comparison == UNKNOWN:
            return value is None
        if value is None or (self.least is not None and value < self.least):
            return False
        return COMPARISONS[self.comparison](value, self.bound)

    def __str__(self) -> str:
        return UNKNOWN if self.comparison == UNKNOWN else f"{self.comparison} {self.bound:g}"


UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class SignalRule:
    """Raised by a signal of sources of a kind whose name matches a pattern.

    The condition must hold for `for_ms` without a break, or in `times` of the last `of` readings. It is over when
    `clear` (the condition's opposite where there is none) has held for `off_ms`. hides: while it stands, alarms of
    hidden rules below its source are suppressed, for this one explains them. but: names that another rule looks at.
    for_finance: money of persons; it is told by routes of finance alone. meal_grade: how grave it is while people eat;
    None: as at other times.
    """

    name: str
    family: Family
    grade: Level
    signal: str
    kind: Kind
    condition: Condition
    advice: Advice
    scope: str = "*"
    for_ms: int = 0
    times: int = 1
    of: int = 1
    clear: Condition | None = None
    off_ms: int = 0
    when: When = When.ALWAYS
    hides: bool = False
    is_hidden: bool = False
    but: frozenset[str] = frozenset()
    for_finance: bool = False
    meal_grade: Level | None = None

    def grade_at(self, *, is_meal: bool | None) -> Level:
        """Where it is not known whether it is a meal, it counts as none."""
        return self.meal_grade if is_meal and self.meal_grade is not None else self.grade

    def looks_at(self, source: Source) -> bool:
        """Is this one of its sources?"""
        return source.kind is self.kind and fnmatchcase(source.name, self.scope) and source.name not in self.but

    def is_clear(self, value: float | None) -> bool:
        """Does this reading speak for the end? What is not known never does, but to a rule about just that."""
        if self.clear is not None:
            return self.clear.holds(value)
        if self.condition.comparison == UNKNOWN:
            return value is not None
        return value is not None and not self.condition.holds(value)


Rule = FactRule | SignalRule
