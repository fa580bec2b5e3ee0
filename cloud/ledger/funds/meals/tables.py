"""Rosters 在册名单 and paper sheets 应急餐登记单 as tables: each line is what it says, or why it cannot be taken. Pure.

A roster has number, card as printed (may be empty), class, and perhaps whether enrolled. A sheet has number, and stall
or terminal, day and meal in columns of their own where they are not given beside it.
"""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from cloud.ledger.funds.meals.roster import CLASS_MAX
from shared.clocks.clock import ClockError, day_number, parse_time
from shared.errors import ConfigFault, WireFault
from shared.ids import person_id
from shared.input.table import Row, parse_label, read_table
from shared.words.voice import Text, told_by

ROSTER_MAX, SHEET_MAX = 100_000, 2_000
MEAL_MAX = 32
_ROSTER = (
    Text("学号", "number"), Text("工号", "number"), Text("卡号", "card"), Text("班级", "class"), Text("部门", "class"),
    Text("在册", "enrolled"),
)  # fmt: skip
_SHEET = (
    Text("学号", "number"), Text("工号", "number"), Text("档口", "stall"), Text("窗口", "stall"),
    Text("日期", "day"), Text("餐次", "meal"),
)  # fmt: skip
ROSTER_NAMES = {head: name.en for name in _ROSTER for head in (name.en, name.zh)}
SHEET_NAMES = {head: name.en for name in _SHEET for head in (name.en, name.zh)}
ROSTER_HELP = Text("学号,卡号,班级[,在册]", "number,card,class[,enrolled]")
SHEET_HELP = Text("学号[,档口,日期,餐次]", "number[,stall,day,meal]")
_YES = frozenset(("", "1", "yes", "y", Text("是", "yes").zh, Text("在册", "enrolled").zh))
_NO = frozenset(("0", "no", "n", Text("否", "no").zh, Text("离校", "left").zh))


class RosterLine(NamedTuple):
    """label: of the card, "": none. fault: why it cannot be taken."""

    at: int
    number: str
    label: str = ""
    group: str = ""
    is_enrolled: bool = True
    fault: Text | None = None


class SheetLine(NamedTuple):
    """stall: as written, a merchant's or a terminal's name. day: number of it."""

    at: int
    number: str
    stall: str = ""
    day: int = 0
    meal: int = 0
    fault: Text | None = None


class Beside(NamedTuple):
    """What a sheet says once for all of its lines; "": its columns do."""

    stall: str = ""
    day: str = ""
    meal: str = ""


def read_roster(raw: bytes, what: str) -> list[RosterLine]:
    """ConfigFault, which begins with `what`: it is no such table, or too long."""
    table = read_table(raw, ROSTER_NAMES, ("number", "card", "class"), ROSTER_MAX, what)
    lines = [_roster_line(row) for row in table.rows]
    twice = _twice([one.number for one in lines if not one.fault])
    cards = _twice([one.label for one in lines if one.label and one.is_enrolled and not one.fault])
    said = Text("学号出现不止一次", "the number stands more than once")
    told = Text("同一张卡给了不止一人", "one card is given to more than one person")
    lines = [one._replace(fault=said) if one.number in twice and not one.fault else one for one in lines]
    return [one._replace(fault=told) if one.label in cards and not one.fault else one for one in lines]


def read_sheet(raw: bytes, what: str, beside: Beside) -> list[SheetLine]:
    """As read_roster. Whoever stands twice in a meal, at whichever stall, contradicts the sheet."""
    needed = ["number", *(name for name, given in beside._asdict().items() if not given)]
    table = read_table(raw, SHEET_NAMES, needed, SHEET_MAX, what)
    both = [name for name, given in beside._asdict().items() if given and name in table.columns]
    if both:
        said = Text("列与选项重复", "a column, and an option that says the same")
        raise ConfigFault(f"{what}: {said}: {', '.join(both)}")
    lines = [_sheet_line(row, beside) for row in table.rows]
    times = Counter((one.number, one.day, one.meal) for one in lines if not one.fault)
    told = Text("同一餐次出现不止一次", "stands more than once in one meal")
    return [
        one._replace(fault=told) if times[one.number, one.day, one.meal] > 1 and not one.fault else one for one in lines
    ]


def parse_meal(cell: str) -> int:
    """Number of a meal period. WireFault."""
    if not (cell.isascii() and cell.isdecimal() and 0 <= int(cell[:4]) <= MEAL_MAX):
        raise WireFault(Text(f"餐次应为 0..{MEAL_MAX}", f"a meal is 0..{MEAL_MAX}"))
    return int(cell)


def parse_day(cell: str) -> int:
    """2026-11-28 as a number. WireFault."""
    try:
        return day_number(parse_time(cell[:10]))
    except ClockError as fault:
        raise WireFault(Text("日期应如 2026-11-28", "a day is like 2026-11-28")) from fault


def _roster_line(row: Row) -> RosterLine:
    number = row.cells.get("number", "")
    try:
        if row.fault:
            raise WireFault(row.fault)
        number = _number(number)
        label = row.cells["card"] and parse_label(row.cells["card"], Text("卡号", "card"))
        group, is_enrolled = _group(row.cells["class"]), _enrolled(row.cells.get("enrolled", ""))
        return RosterLine(row.number, number, label, group, is_enrolled)
    except WireFault as fault:
        return RosterLine(row.number, number, fault=told_by(fault))


def _sheet_line(row: Row, beside: Beside) -> SheetLine:
    number = row.cells.get("number", "")
    try:
        if row.fault:
            raise WireFault(row.fault)
        number = _number(number)
        stall = parse_label(beside.stall or row.cells["stall"], Text("档口", "stall"))
        day, meal = beside.day or row.cells["day"], beside.meal or row.cells["meal"]
        return SheetLine(row.number, number, stall, parse_day(day), parse_meal(meal))
    except WireFault as fault:
        return SheetLine(row.number, number, fault=told_by(fault))


_NUMBERS = Text(
    "学号应为 3 到 16 位数字，或至多 12 位数字和大写字母", "a number is 3 to 16 digits, or up to 12 digits and capitals"
)


def _number(cell: str) -> str:
    plain = parse_label(cell, Text("学号", "number"))
    try:
        person_id(plain)
    except WireFault as fault:
        raise WireFault(_NUMBERS) from fault
    return plain


def _group(cell: str) -> str:
    if len(cell) > CLASS_MAX or not cell.isprintable():
        raise WireFault(Text(f"班级最多 {CLASS_MAX} 个字", f"a class has at most {CLASS_MAX} letters"))
    return cell


def _enrolled(cell: str) -> bool:
    plain = cell.strip().lower()
    if plain not in _YES | _NO:
        raise WireFault(Text("在册应为 是 或 否", "enrolled is yes or no"))
    return plain in _YES


def _twice(of: list[str]) -> frozenset[str]:
    return frozenset(one for one, times in Counter(of).items() if times > 1)


def faults_of(lines: list[RosterLine] | list[SheetLine]) -> Iterator[RosterLine | SheetLine]:
    """Those that cannot be taken."""
    return (one for one in lines if one.fault)
