"""Routes: which alarms are told to whom, by which ways, and what happens when nobody answers. Pure.

Every route that matches counts. At night only what its route calls waking is told at once, the rest in the morning.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from cloud.watch.alarms.terms import Family, Source
from cloud.watch.notify.duty import Days, Rota, is_day
from cloud.watch.notify.templates import STANDARD, Templates
from cloud.watch.notify.terms import Channel
from shared.clocks.school_days import Calendar
from shared.facts.told import Level
from shared.words.voice import Language

DUTY = "duty"
"""In place of a name: whoever is on duty at that moment."""
FINANCE = "finance, by default"
"""The route that there is where the school has none of its own."""
_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Step:
    """So long after the alarm, unless somebody has answered: to these, by these ways."""

    after_s: int
    to: tuple[str, ...]
    channels: tuple[Channel, ...]


@dataclass(frozen=True, slots=True)
class Route:
    """families, grades None: all of them. sources: patterns over `kind:name`. days: those of the school calendar on
    which it counts. from_s, until_s: of the day; until_s may be beyond midnight. tells_return: those who were told hear
    that it is over."""

    name: str
    steps: tuple[Step, ...]
    families: frozenset[Family] | None = None
    grades: frozenset[Level] | None = None
    sources: tuple[str, ...] = ("*",)
    days: Days = Days.ALWAYS
    from_s: int = 0
    until_s: int = _DAY_S
    wakes: bool = False
    tells_return: bool = True
    for_finance: bool = False
    """It takes what concerns the money of persons, and nothing else; others take none of that."""

    def is_on(self, calendar: Calendar, campus_s: int) -> bool:
        """Does it count at this moment? Beyond midnight the day is that on which it began."""
        return any(
            self.from_s <= campus_s - day * _DAY_S < self.until_s and is_day(self.days, calendar, day)
            for day in (campus_s // _DAY_S, campus_s // _DAY_S - 1)
        )

    def takes(self, family: Family | None, grade: Level, source: Source, *, for_finance: bool = False) -> bool:
        """Is this alarm one of its own? An alarm whose rule is gone has no family, and goes where all go."""
        return (
            self.for_finance is for_finance
            and (self.families is None or family in self.families)
            and (self.grades is None or grade in self.grades)
            and any(fnmatchcase(str(source), pattern) for pattern in self.sources)
        )


@dataclass(frozen=True, slots=True)
class Night:
    """From when on nobody is woken, and when the day begins; seconds of the day."""

    from_s: int = 22 * 3600
    until_s: int = 6 * 3600 + 1800

    def morning(self, campus_s: int) -> int | None:
        """When this night ends, in campus seconds; None: it is day."""
        day, second = divmod(campus_s, _DAY_S)
        if second >= self.from_s:
            return (day + 1) * _DAY_S + self.until_s
        return day * _DAY_S + self.until_s if second < self.until_s else None


@dataclass(frozen=True, slots=True)
class Measure:
    """A person's own. per_ten_minutes 0: as everybody's. In his quiet hours only a route that wakes reaches him, and
    the rest comes together when they are over; until_s may be beyond midnight, both 0: he has none."""

    per_ten_minutes: int = 0
    from_s: int = 0
    until_s: int = 0

    def is_quiet(self, campus_s: int) -> bool:
        """Is it, at this moment?"""
        second = campus_s % _DAY_S
        return self.from_s <= second < self.until_s or self.from_s <= second + _DAY_S < self.until_s


_USUAL = Measure()


@dataclass(frozen=True, slots=True)
class Policy:
    """All that is decided about telling."""

    routes: Sequence[Route] = ()
    rota: Rota = field(default_factory=Rota)
    night: Night = field(default_factory=Night)
    calendar: Calendar = field(default_factory=Calendar)
    per_ten_minutes: int = 10
    """Messages to one person by one way in ten minutes; what is beyond comes together, as a digest."""
    measures: Mapping[str, Measure] = field(default_factory=dict)
    texts: Mapping[Language, Templates] = field(default_factory=lambda: STANDARD)

    def with_finance(self, names: Sequence[str]) -> "Policy":
        """Where no route is for finance, one that tells these, all of them, by mail, of whatever calls."""
        if not names or any(route.for_finance for route in self.routes):
            return self
        route = Route(FINANCE, (Step(0, tuple(names), (Channel.MAIL,)),), for_finance=True)
        return replace(self, routes=(*self.routes, route))

    def matching(
        self, family: Family | None, grade: Level, source: Source, campus_s: int, *, for_finance: bool = False
    ) -> list[Route]:
        """Those that take this alarm now."""
        return [
            route for route in self.routes
            if route.takes(family, grade, source, for_finance=for_finance) and route.is_on(self.calendar, campus_s)
        ]  # fmt: skip

    def most(self, person: str) -> int:
        """Messages to him by one way in ten minutes."""
        return self.measures.get(person, _USUAL).per_ten_minutes or self.per_ten_minutes

    def is_quiet(self, person: str, campus_s: int) -> bool:
        """Are these his quiet hours?"""
        return self.measures.get(person, _USUAL).is_quiet(campus_s)

    def persons(self, names: Sequence[str], campus_s: int) -> tuple[str, ...]:
        """Names and whoever is on duty, each once."""
        found: dict[str, None] = {}
        for name in names:
            found.update(dict.fromkeys(self.rota.on(campus_s, self.calendar) if name == DUTY else (name,)))
        return tuple(found)
