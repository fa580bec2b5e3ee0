"""The campus's parameter file 参数文件 (TOML): limits by rules, meals, agreed issuers, the ladder, the school calendar.

ConfigFault names line, key and reason, and nothing is taken of a file that has one. Of rules that match the same card,
meal and terminal, the one further down counts, value by value.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import NamedTuple

from cloud.parameters.places import Places
from shared.clocks.school_days import SPANS_MAX, Calendar, Span, SpanKind, overlapping
from shared.errors import ConfigFault, WireFault
from shared.fleet.parameters import (
    AGREED_MAX,
    COUNT_MAX,
    DAY_S,
    EVERY_OTHER,
    FEN_MAX,
    MEALS_MAX,
    NAME_MAX,
    OFF_MAX,
    RUNGS_MAX,
    AgreedRow,
    Bearer,
    FaresRow,
    Limits,
    LineRow,
    MealRow,
    Price,
    RungRow,
)
from shared.input.amount import parse_yuan
from shared.input.section import Section
from shared.money import yuan
from shared.purse.profiles import APPLICATION_MAIN, ISSUER_SIZE, PROFILES
from shared.transit.fares import FareForm, parse_table
from shared.words.voice import Text

FORMAT = 1
SIZE_MAX = 256 * 1024
RULES_MAX = 500
NAMES_MAX = 500
OTHERS = {"其他": EVERY_OTHER, "other": EVERY_OTHER}
"""Every class that no rule names, and cards of agreed issuers."""
NONE = {"无": None, "none": None}
"""Lifts a limit that a rule further up has set."""
_SUMS = ("single", "meal", "day")
_FIELDS = {"single": "single_fen", "meal": "meal_fen", "day": "day_fen"}
_COUNTS = ("meal_count", "day_count")
BEARERS = {
    "商户": Bearer.MERCHANT, "merchant": Bearer.MERCHANT, "学校": Bearer.SCHOOL, "school": Bearer.SCHOOL,
    "补助": Bearer.SUBSIDY, "subsidy": Bearer.SUBSIDY,
}  # fmt: skip
NO_DISCOUNT = {"percent": 0, "off_fen": 0, "bearer": Bearer.MERCHANT}
PRICES = frozenset({"fixed_fen", *NO_DISCOUNT})
"""Values of a rule that are a price, and no limit."""
PIN = "above_fen"
_DAYS_1970 = date(2000, 1, 1).toordinal()


_ACCOUNT = ("never", "next", "first", "before")
"""Account payments 账户支付: none, where the purse cannot pay, or every sale."""


class Rule(NamedTuple):
    """Whom it is for, None: everybody, every meal, everywhere. values: by the names of Limits and of Price; None lifts
    one."""

    line: int
    classes: frozenset[int] | None
    meals: frozenset[int] | None
    terminals: frozenset[str] | None
    boxes: frozenset[str] | None
    merchants: frozenset[str] | None
    values: Mapping[str, int | bool | None]


class OnlineRule(NamedTuple):
    """When the tills of these places ask the centre about cards of these classes; None: everywhere, all. values: by the
    names of OnlineRow."""

    line: int
    terminals: frozenset[str] | None
    boxes: frozenset[str] | None
    merchants: frozenset[str] | None
    values: Mapping[str, bool]
    classes: frozenset[int] | None = None


@dataclass(frozen=True, slots=True)
class CampusFile:
    """All of it. classes: name → number."""

    text: str
    title: str
    day_start_s: int
    ceiling_fen: int
    classes: Mapping[str, int]
    meals: tuple[MealRow, ...]
    rules: tuple[Rule, ...]
    ladder: tuple[RungRow, ...]
    agreed: tuple[AgreedRow, ...] | None
    fares: FaresRow | None
    online: tuple[OnlineRule, ...]
    calendar: Calendar

    @property
    def hash(self) -> bytes:
        """Of the text as it was written."""
        return sha256(self.text.encode()).digest()

    def class_name(self, number: int) -> Text:
        """As the file calls it."""
        if number == EVERY_OTHER:
            return Text("其他卡类", "every other class")
        named = next((name for name, one in self.classes.items() if one == number), "")
        return Text(named, named) if named else Text(f"卡类 {number}", f"class {number}")

    def meal_name(self, number: int) -> Text:
        """As the file calls it."""
        named = next((row.name for row in self.meals if row.meal == number), "")
        if not number:
            return Text("首餐之前", "before the first meal")
        return Text(named, named) if named else Text(f"餐次 {number}", f"meal {number}")


def read_file(text: str) -> CampusFile:
    """ConfigFault, with line, key and reason."""
    if len(text.encode()) > SIZE_MAX:
        raise ConfigFault(Text(f"文件超过 {SIZE_MAX} 字节", f"the file is above {SIZE_MAX} bytes"))
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise ConfigFault(Text(f"不是 TOML：{fault}", f"not TOML: {fault}")) from fault
    except RecursionError as fault:
        raise ConfigFault(Text("不是 TOML：嵌套过深", "not TOML: nested too deep")) from fault
    places = Places(text)
    try:
        return _read(text, Section(raw, file="TOML"), places)
    except ConfigFault as fault:
        raise places.placed(fault) from fault


def _read(text: str, top: Section, places: Places) -> CampusFile:
    if top.take("format", int) != FORMAT:
        raise ConfigFault(Text(f"format: 只认识 {FORMAT}", f"format: only {FORMAT} is known"))
    day_start_s, ceiling_fen = _day(top.optional_section("day"))
    classes, meals = _classes(top), _meals(top, day_start_s)
    rules = tuple(_rules(top, classes, {row.name: row.meal for row in meals}, places))
    ladder = _ladder(top)
    agreed = tuple(map(_agreed, top.rows("agreed", AGREED_MAX))) if top.has("agreed") else None
    found = CampusFile(
        text, top.take("title", str, ""), day_start_s, ceiling_fen, classes, meals, rules, ladder, agreed,
        _fares(top.take("fares", dict)) if top.has("fares") else None,
        tuple(_online_rules(top, classes, places)), _calendar(top),
    )  # fmt: skip
    top.done()
    return found


def _day(row: Section | None) -> tuple[int, int]:
    if row is None:
        return 0, 0
    found = _clock(row, "start", "00:00"), _sum(row, "ceiling") or 0
    row.done()
    return found


def _classes(top: Section) -> dict[str, int]:
    row = top.optional_section("classes")
    if row is None:
        return {}
    found = {name: row.within(name, 0, 0xFF) for name in row.left()}
    taken: dict[int, str] = {}
    for name, number in found.items():
        if name in OTHERS or number in taken:
            raise ConfigFault(
                Text(f"{row.name(name)}: 卡类重名或重号", f"{row.name(name)}: a class, or its number, that is taken")
            )
        taken[number] = name
    return found


def _meals(top: Section, day_start_s: int) -> tuple[MealRow, ...]:
    found: list[MealRow] = []
    for row in top.rows("meal", MEALS_MAX, []):
        meal = MealRow(row.within("number", 1, 0xFF), _name(row, "name"), _clock(row, "from"))
        row.done()
        for other in found:
            _require_apart(row, meal, other, day_start_s)
        found.append(meal)
    return tuple(found)


def _require_apart(row: Section, meal: MealRow, before: MealRow, day_start_s: int) -> None:
    if meal.name == before.name:
        raise ConfigFault(Text(f"{row.name('name')}: 餐次重名", f"{row.name('name')}: two meals of one name"))
    if meal.meal <= before.meal:
        raise ConfigFault(
            Text(f"{row.name('number')}: 餐次号须递增", f"{row.name('number')}: the numbers of meals must rise")
        )
    if (meal.from_s - day_start_s) % DAY_S <= (before.from_s - day_start_s) % DAY_S:
        raise ConfigFault(
            Text(
                f"{row.name('from')}: 早于上一餐次（营业日自 day.start 起）",
                f"{row.name('from')}: not behind the meal before it, in a day that begins at day.start",
            )
        )


def _rules(
    top: Section, classes: Mapping[str, int], meals: Mapping[str, int], places: Places
) -> Iterator[Rule]:  # fmt: skip
    known = {**classes, **OTHERS}
    for row in top.rows("limit", RULES_MAX, []):
        rule = Rule(
            places.line(row.name("").rstrip(".")), _numbers(row, "classes", known), _numbers(row, "meals", meals),
            _names(row, "terminals"), _names(row, "boxes"), _names(row, "merchants"), _values(row),
        )  # fmt: skip
        row.done()
        yield rule


def _online_rules(top: Section, classes: Mapping[str, int], places: Places) -> Iterator[OnlineRule]:
    known = {**classes, **OTHERS}
    for row in top.rows("online", RULES_MAX, []):
        line = places.line(row.name("").rstrip("."))
        where = (_names(row, "terminals"), _names(row, "boxes"), _names(row, "merchants"))
        values, whom = dict(_online_values(row)), _numbers(row, "classes", known)
        if not values:
            name = row.name("").rstrip(".")
            raise ConfigFault(Text(f"{name}: 没有规则", f"{name}: a rule that says nothing"))
        row.done()
        yield OnlineRule(line, *where, values, whom)


def _online_values(row: Section) -> Iterator[tuple[str, bool]]:
    if row.has("account"):
        said = row.take("account", str)
        if said not in _ACCOUNT:
            words = ", ".join(_ACCOUNT)
            raise ConfigFault(
                Text(f"{row.name('account')}: 只认识 {words}", f"{row.name('account')}: only {words} are known")
            )
        yield "is_account_first", said in ("first", "before")
        yield "is_purse_behind", said == "before"
        yield "is_account_next", said == "next"
    if row.has("doubtful"):
        yield "asks_doubtful", row.take("doubtful", bool)


def _values(row: Section) -> dict[str, int | bool | None]:
    found: dict[str, int | bool | None] = {}
    for key in _SUMS:
        if row.has(key):
            found[_FIELDS[key]] = _sum(row, key)
    for key in _COUNTS:
        if row.has(key):
            found[key] = row.within(key, 1, COUNT_MAX)
    if row.has("serve"):
        found["is_refused"] = not row.take("serve", bool)
    if row.has("fixed"):
        found["fixed_fen"] = _sum(row, "fixed")
    if row.has("pin_above"):
        found["above_fen"] = _sum(row, "pin_above")
    found.update(_discount(row))
    if not found:
        name = row.name("").rstrip(".")
        raise ConfigFault(Text(f"{name}: 没有限额", f"{name}: a rule that says no limit"))
    return found


def _discount(row: Section) -> dict[str, int | bool | None]:
    """'20%', or a sum off each purchase, and always who bears it."""
    if not row.has("discount"):
        if row.has("bearer"):
            where = row.name("bearer")
            raise ConfigFault(Text(f"{where}: 没有折扣", f"{where}: there is no discount to bear"))
        return {}
    text, where = row.take("discount", object), row.name("discount")
    if text in NONE:
        return dict(NO_DISCOUNT)
    found = re.fullmatch(r"(\d{1,2})%", text) if isinstance(text, str) else None
    percent, off_fen = (int(found[1]), 0) if found else (0, _yuan(text, where))
    if not (percent or off_fen) or off_fen > OFF_MAX:
        most = yuan(OFF_MAX)
        raise ConfigFault(
            Text(f'{where}: "1%" 至 "99%"，或不超过 {most} 的金额', f'{where}: "1%" to "99%", or a sum up to {most}')
        )
    return {"percent": percent, "off_fen": off_fen, "bearer": _bearer(row)}


def _bearer(row: Section) -> Bearer:
    where, known = row.name("bearer"), "、".join(BEARERS)
    text: str = row.take("bearer", str, "")
    if text not in BEARERS:
        raise ConfigFault(Text(f"{where}: 折扣由谁承担：{known}", f"{where}: who bears the discount: {known}"))
    return BEARERS[text]


def _numbers(row: Section, key: str, known: Mapping[str, int]) -> frozenset[int] | None:
    names = _names(row, key)
    if names is None:
        return None
    for name in sorted(names - known.keys()):
        raise ConfigFault(
            Text(f"{row.name(key)}: 没有定义 {name}", f"{row.name(key)}: {name} is not defined in this file")
        )
    return frozenset(known[name] for name in names)


def _names(row: Section, key: str) -> frozenset[str] | None:
    if not row.has(key):
        return None
    names = frozenset(row.texts(key, NAMES_MAX))
    if not names:
        raise ConfigFault(Text(f"{row.name(key)}: 不能为空", f"{row.name(key)}: must not be empty"))
    return names


def _ladder(top: Section) -> tuple[RungRow, ...]:
    found: list[RungRow] = []
    for row in top.rows("rung", RUNGS_MAX, []):
        rung = RungRow(row.within("age_hours", 1, 8760) * 3600, _sum(row, "day") or 0)
        row.done()
        if not rung.day_fen:
            raise ConfigFault(Text(f"{row.name('day')}: 不能为零", f"{row.name('day')}: must not be zero"))
        if found and (rung.from_s <= found[-1].from_s or rung.day_fen > found[-1].day_fen):
            name = row.name("age_hours")
            raise ConfigFault(
                Text(f"{name}: 名单越旧，限额应越低", f"{name}: the older the hotlist, the lower the limit")
            )
        found.append(rung)
    return tuple(found)


def _agreed(row: Section) -> AgreedRow:
    name = _name(row, "profile")
    profile = PROFILES.get(name)
    if profile is None or profile.application != APPLICATION_MAIN:
        raise ConfigFault(
            Text(f"{row.name('profile')}: 没有此种主钱包", f"{row.name('profile')}: no main purse of that name")
        )
    made = AgreedRow(name, row.octets("issuer", ISSUER_SIZE[profile.form]))
    row.done()
    return made


def _fares(raw: dict[str, object]) -> FaresRow:
    """As in a plan (docs/rides.md), sums in fen; its version is the document's."""
    table = parse_table(Section({"version": 0, **raw}, "fares"))
    lines = (
        LineRow(one.line, one.form is FareForm.FLAT, one.name, one.fares_fen)
        for _, one in sorted(table.lines.items())
    )
    return FaresRow(
        table.discount_fen, table.window_s, table.transfers, table.ride_max_s, table.again_s, table.stand_s,
        tuple(lines),
    )  # fmt: skip


def _calendar(top: Section) -> Calendar:
    spans = [_span(kind, row) for kind in SpanKind for row in top.rows(kind, SPANS_MAX, [])]
    twice = overlapping(spans)
    if twice is not None:
        one, other = twice
        name = f"{other.kind}[{[span for span in spans if span.kind is other.kind].index(other)}]"
        raise ConfigFault(
            Text(f"{name}: {one.name} 与 {other.name} 重叠", f"{name}: {one.name} and {other.name} overlap")
        )
    return Calendar(tuple(spans))


def _span(kind: SpanKind, row: Section) -> Span:
    span = Span(kind, _name(row, "name"), _date(row, "first"), _date(row, "last"))
    row.done()
    if span.last < span.first:
        raise ConfigFault(Text(f"{row.name('last')}: 早于开始日", f"{row.name('last')}: before its first day"))
    return span


def _date(row: Section, key: str) -> int:
    found: date = row.take(key, date)
    day = found.toordinal() - _DAYS_1970
    if isinstance(found, datetime) or not 0 <= day <= 0xFFFF:
        raise ConfigFault(
            Text(f"{row.name(key)}: 应为日期，如 2026-10-01", f"{row.name(key)}: must be a date, as 2026-10-01")
        )
    return day


def _name(row: Section, key: str) -> str:
    name: str = row.take(key, str)
    if not 0 < len(name.encode()) <= NAME_MAX or not name.isprintable():
        raise ConfigFault(Text(f"{row.name(key)}: 1..{NAME_MAX} 字节", f"{row.name(key)}: 1..{NAME_MAX} bytes"))
    return name


def _clock(row: Section, key: str, default: str | None = None) -> int:
    text: str = row.take(key, str, default)
    hour, _, minute = text.partition(":")
    if len(text) != 5 or not (hour + minute).isdecimal() or int(hour) > 23 or int(minute) > 59:
        raise ConfigFault(Text(f"{row.name(key)}: 应如 \"06:30\"", f'{row.name(key)}: as "06:30"'))
    return int(hour) * 3600 + int(minute) * 60


def _sum(row: Section, key: str) -> int | None:
    """Fen; None for a limit that is lifted, or a key that is not there."""
    if not row.has(key):
        return None
    text, where = row.take(key, object), row.name(key)
    return None if text in NONE else _yuan(text, where)


def _yuan(text: object, where: str) -> int:
    """Fen."""
    if not isinstance(text, str):
        raise ConfigFault(
            Text(f'{where}: 金额以元写成文字，如 "30.00"', f'{where}: a sum in yuan as a text: "30.00"')
        )
    try:
        found = int(parse_yuan(text))
    except WireFault as fault:
        raise ConfigFault(Text(f"{where}: {fault}", f"{where}: {fault}")) from fault
    if not 0 < found <= FEN_MAX:
        raise ConfigFault(Text(f"{where}: 金额超出范围", f"{where}: a sum out of bounds"))
    return found


def limits_with(limits: Limits, values: Mapping[str, int | bool | None]) -> Limits:
    """What a rule makes of limits."""
    own = {key: value for key, value in values.items() if key not in PRICES and key != PIN}
    return Limits._make({**limits._asdict(), **own}.values())


def pin_with(above_fen: int | None, values: Mapping[str, int | bool | None]) -> int | None:
    """What a rule makes of the sum that goes without a PIN."""
    return values.get(PIN, above_fen)


def price_with(price: Price, values: Mapping[str, int | bool | None]) -> Price:
    """What a rule makes of a price."""
    return Price._make({**price._asdict(), **{k: v for k, v in values.items() if k in PRICES}}.values())
