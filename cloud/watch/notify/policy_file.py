"""The file that says who is told (TOML): duty, swaps, routes, nights, a person's measure. Pure.

ConfigFault names line, key and reason, and the set that is in force stays so. Names of persons are checked against
those who are known; without a file everything important goes to whoever is on duty, and nobody is.
"""

import re
import tomllib
from collections.abc import Collection
from dataclasses import replace
from datetime import date
from enum import StrEnum
from typing import TypeVar

from cloud.parameters.places import Places
from cloud.watch.alarms.terms import Family
from cloud.watch.notify.duty import Days, Rota, Shift
from cloud.watch.notify.routes import DUTY, Measure, Night, Policy, Route, Step
from cloud.watch.notify.templates import STANDARD, read_templates
from cloud.watch.notify.terms import PLACES, Channel, way_to
from shared.clocks.school_days import Calendar
from shared.errors import ConfigFault
from shared.facts.told import Level
from shared.input.section import Section
from shared.words.voice import Text

FORMAT = 1
SIZE_MAX = 64 * 1024
ROUTES_MAX, STEPS_MAX, SHIFTS_MAX, SWAPS_MAX, NAMES_MAX = 100, 8, 32, 400, 64
AFTER_MAX_S = 86_400
PER_TEN_MAX = 1000
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})")
_PLACE = re.compile(rf"(?:{'|'.join(PLACES)})[a-z0-9-]{{1,32}}")
_SPAN = re.compile(r"(\d{1,5})([smh])")
_UNITS = {"s": 1, "m": 60, "h": 3600}
_DAY_S = 86_400
_DAYS_2000 = date(2000, 1, 1).toordinal()
_Kind = TypeVar("_Kind", bound=StrEnum)


def read_policy(text: str, known: Collection[str], calendar: Calendar, places: Collection[str] | None = None) -> Policy:
    """known: names of persons that there are. places: of the file of ways, as `hook:ops`; None: any name will do, for
    they were there when this was pushed. ConfigFault, with line, key and reason."""
    if len(text.encode()) > SIZE_MAX:
        raise ConfigFault(Text(f"文件超过 {SIZE_MAX} 字节", f"the file is above {SIZE_MAX} bytes"))
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise ConfigFault(Text(f"不是 TOML：{fault}", f"not TOML: {fault}")) from fault
    except RecursionError as fault:
        raise ConfigFault(Text("不是 TOML：嵌套过深", "not TOML: nested too deep")) from fault
    try:
        return _Reading(known, places).policy(Section(raw, file="TOML"), calendar)
    except ConfigFault as fault:
        raise Places(text).placed(fault) from fault


class _Reading:
    def __init__(self, known: Collection[str], places: Collection[str] | None) -> None:
        self._known, self._places = known, places

    def policy(self, top: Section, calendar: Calendar) -> Policy:
        if top.take("format", int) != FORMAT:
            raise ConfigFault(f"format: {Text(f'只认识 {FORMAT}', f'only {FORMAT} is known')}")
        night, text = top.optional_section("night"), top.optional_section("text")
        policy = Policy(
            tuple(self._route(one) for one in top.rows("route", ROUTES_MAX, [])),
            Rota(
                tuple(self._shift(one) for one in top.rows("shift", SHIFTS_MAX, [])),
                dict(self._swap(one) for one in top.rows("swap", SWAPS_MAX, [])),
            ),
            _night(night) if night else Night(),
            calendar,
            top.within("per_ten_minutes", 1, PER_TEN_MAX, 10),
            dict(self._measure(one) for one in top.rows("person", NAMES_MAX, [])),
            read_templates(text) if text else STANDARD,
        )
        top.done()
        _require_own_names(policy)
        return policy

    def _route(self, one: Section) -> Route:
        families = tuple(_one_of(one, "families", name, Family) for name in one.texts("families", default=()))
        grades = tuple(_one_of(one, "grades", name, Level) for name in one.texts("grades", default=()))
        steps = tuple(self._step(step) for step in one.rows("step", STEPS_MAX))
        from_s, until_s = _hours(one, "00:00", "24:00")
        route = Route(
            one.take("name", str), steps, frozenset(families) or None, frozenset(grades) or None,
            one.texts("sources", default=("*",)), one.one_of("days", Days, Days.ALWAYS), from_s, until_s,
            one.take("wakes", bool, False), one.take("tells_return", bool, True),
        )  # fmt: skip
        route = replace(route, for_finance=one.take("finance", bool, False))
        one.done()
        if not steps or [step.after_s for step in steps] != sorted({step.after_s for step in steps}):
            said = Text("至少一步，且 after 逐步加长", "one step at least, each after longer than the one before")
            raise ConfigFault(f"{one.name('step')}: {said}")
        return route

    def _step(self, one: Section) -> Step:
        after_s = span_of(one, "after", "0s")
        to = tuple(self._place(one, name) or self._name(one, "to", name) for name in one.texts("to", NAMES_MAX))
        ways = tuple(_one_of(one, "by", name, Channel) for name in one.texts("by"))
        one.done()
        if not to or not ways:
            raise ConfigFault(f"{one.name('to' if not to else 'by')}: {Text('不能为空', 'is empty')}")
        if any({way_to(name)} != {way if way in PLACES.values() else None for way in ways} for name in to):
            said = Text(
                "hook:… 只走 webhook，chat:… 只走 chat，人都不走", "hook:… takes webhook, chat:… chat, no person either"
            )
            raise ConfigFault(f"{one.name('by')}: {said}")
        return Step(after_s, to, ways)

    def _place(self, one: Section, name: str) -> str:
        if not _PLACE.fullmatch(name):
            return ""
        if self._places is not None and name not in self._places:
            said = Text(f"channels.toml 里没有：{name}", f"not in channels.toml: {name}")
            raise ConfigFault(f"{one.name('to')}: {said}")
        return name

    def _shift(self, one: Section) -> Shift:
        from_s, until_s = _hours(one)
        days = one.take("days", str, "1234567")
        if not set(days) <= set("1234567"):
            raise ConfigFault(f"{one.name('days')}: {Text('应为 1 至 7 的数字', 'must be digits from 1 to 7')}")
        shift = Shift(
            one.take("name", str), from_s, until_s, frozenset(int(day) - 1 for day in days),
            self._names(one, "persons"), one.take("in_turn", bool, False), one.one_of("on", Days, Days.ALWAYS),
        )  # fmt: skip
        one.done()
        return shift

    def _swap(self, one: Section) -> tuple[tuple[int, str], str]:
        try:
            number = date.fromisoformat(one.take("day", str)).toordinal() - _DAYS_2000
        except ValueError as fault:
            raise ConfigFault(f"{one.name('day')}: {Text('应为 2026-12-01', 'must look like 2026-12-01')}") from fault
        who, instead = (self._name(one, key, one.take(key, str)) for key in ("instead_of", "by"))
        one.done()
        return (number, who), instead

    def _measure(self, one: Section) -> tuple[str, Measure]:
        name = self._name(one, "name", one.take("name", str))
        most = one.within("per_ten_minutes", 0, PER_TEN_MAX, 0)
        is_quiet = one.has("quiet_from") or one.has("quiet_until")
        hours = _hours(one, start="quiet_from", end="quiet_until") if is_quiet else (0, 0)
        one.done()
        return name, Measure(most, *hours)

    def _names(self, one: Section, key: str) -> tuple[str, ...]:
        return tuple(self._name(one, key, name) for name in one.texts(key, NAMES_MAX))

    def _name(self, one: Section, key: str, name: str) -> str:
        if name != DUTY and name not in self._known:
            said = Text(f"没有登记此人：{name}", f"no such person: {name}")
            raise ConfigFault(f"{one.name(key)}: {said}")
        return name


def _require_own_names(policy: Policy) -> None:
    names = [route.name for route in policy.routes]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ConfigFault(f"route: {Text(f'重名：{twice}', f'twice: {twice}')}")


def _night(one: Section) -> Night:
    night = Night(_clock(one, "from", one.take("from", str)), _clock(one, "until", one.take("until", str)))
    one.done()
    if night.until_s > night.from_s:
        said = Text("夜间跨越零点：from 晚于 until", "a night reaches over midnight: from is later than until")
        raise ConfigFault(f"{one.name('from')}: {said}")
    return night


def _hours(
    one: Section, first: str | None = None, last: str | None = None, *, start: str = "from", end: str = "until"
) -> tuple[int, int]:
    """The end is beyond midnight where it is not behind the start."""
    from_s, until_s = _clock(one, start, one.take(start, str, first)), _clock(one, end, one.take(end, str, last))
    return from_s, until_s if until_s > from_s else until_s + _DAY_S


def _clock(one: Section, key: str, text: str) -> int:
    found = _CLOCK.fullmatch(text)
    second = int(found[1]) * 3600 + int(found[2]) * 60 if found and int(found[2]) < 60 else _DAY_S + 1
    if second > _DAY_S:
        raise ConfigFault(f"{one.name(key)}: {Text('应为 06:30', 'must look like 06:30')}")
    return second


def span_of(one: Section, key: str, usual: str) -> int:
    """Seconds, from `15m`. ConfigFault."""
    text: str = one.take(key, str, usual)
    found = _SPAN.fullmatch(text)
    second = int(found[1]) * _UNITS[found[2]] if found else AFTER_MAX_S + 1
    if second > AFTER_MAX_S:
        raise ConfigFault(f"{one.name(key)}: {Text('应为 30s、15m、2h', 'must look like 30s, 15m, 2h')}")
    return second


def _one_of(one: Section, key: str, text: str, kinds: type[_Kind]) -> _Kind:
    if text not in list(kinds):
        raise ConfigFault(f"{one.name(key)}: {Text('应为其中之一：', 'must be one of ')}{', '.join(kinds)}")
    return kinds(text)
