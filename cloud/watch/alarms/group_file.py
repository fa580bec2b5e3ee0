"""The school's groups (TOML): what shares a switch, a power line or a place. Pure.

ConfigFault names line, key and reason, and the set that is in force stays so. Names of boxes and terminals are checked
where it is told which there are.
"""

import re
import tomllib
from collections.abc import Collection, Sequence
from typing import NamedTuple

from cloud.parameters.places import Places
from cloud.watch.alarms.groups import WITHIN_MS, Group, Groups, Hours, Shared
from shared.errors import ConfigFault
from shared.input.section import Section
from shared.words.voice import Text

FORMAT = 1
SIZE_MAX = 256 * 1024
GROUPS_MAX, MEMBERS_MAX, TITLE_MAX, WITHIN_MAX_S = 500, 1000, 40, 3600
_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
_SPAN = re.compile(r"(\d{1,4})([sm])")
_UNITS_S = {"s": 1, "m": 60}
_HOURS = re.compile(r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})")
_DAY_H, _HOUR_M, HOURS_MAX = 24, 60, 8


class Known(NamedTuple):
    """What the ledger has registered: boxes; terminals by name and by number."""

    boxes: Collection[str]
    terminals: Collection[str]


def read_groups(text: str, known: Known | None = None) -> Groups:
    """known None: nobody can tell now, and names are taken as they are. ConfigFault, with line, key and reason."""
    if len(text.encode()) > SIZE_MAX:
        raise ConfigFault(Text(f"文件超过 {SIZE_MAX} 字节", f"the file is above {SIZE_MAX} bytes"))
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise ConfigFault(Text(f"不是 TOML：{fault}", f"not TOML: {fault}")) from fault
    except RecursionError as fault:
        raise ConfigFault(Text("不是 TOML：嵌套过深", "not TOML: nested too deep")) from fault
    try:
        return _groups(Section(raw, file="TOML"), known)
    except ConfigFault as fault:
        raise Places(text).placed(fault) from fault


def _groups(top: Section, known: Known | None) -> Groups:
    if top.take("format", int) != FORMAT:
        raise ConfigFault(f"format: {Text(f'只认识 {FORMAT}', f'only {FORMAT} is known')}")
    watches_unnamed = top.take("unnamed", bool, True)
    named = tuple(_group(one, known) for one in top.rows("group", GROUPS_MAX, []))
    top.done()
    _require_own_names(named)
    _require_no_circle(named)
    return Groups(named, watches_unnamed=watches_unnamed)


def _group(one: Section, known: Known | None) -> Group:
    name = one.take("name", str)
    if not _NAME.fullmatch(name):
        raise ConfigFault(f"{one.name('name')}: {Text('小写字母、数字、连字符', 'small letters, digits, hyphens')}")
    group = Group(
        name, one.one_of("shares", Shared), _title(one), _names(one, "terminals", known and known.terminals),
        _names(one, "boxes", known and known.boxes), one.texts("places", MEMBERS_MAX, ()),
        frozenset(one.texts("groups", GROUPS_MAX, ())), _least(one), _within_ms(one),
        _closed(one),
    )  # fmt: skip
    one.done()
    if not (group.terminals or group.boxes or group.places or group.groups):
        wanted = "terminals, boxes, places, groups"
        raise ConfigFault(f"{one.name('name')}: {Text(f'没有成员：{wanted}', f'it has no member: {wanted}')}")
    return group


def _title(one: Section) -> str:
    title: str = one.take("title", str)
    if not title.strip() or not title.isprintable() or len(title) > TITLE_MAX:
        told = Text(f"1 至 {TITLE_MAX} 个字符", f"1 to {TITLE_MAX} characters")
        raise ConfigFault(f"{one.name('title')}: {told}")
    return title


def _names(one: Section, key: str, known: Collection[str] | None) -> frozenset[str]:
    found = one.texts(key, MEMBERS_MAX, ())
    for name in found:
        if known is not None and name not in known:
            raise ConfigFault(f"{one.name(key)}: {Text(f'没有登记：{name[:40]}', f'not registered: {name[:40]}')}")
    return frozenset(found)


def _least(one: Section) -> int:
    return one.within("least", 2, MEMBERS_MAX) if one.has("least") else 0


def _within_ms(one: Section) -> int:
    text = one.take("within", str, f"{WITHIN_MS // 1000}s")
    found = _SPAN.fullmatch(text)
    seconds = int(found[1]) * _UNITS_S[found[2]] if found else 0
    if not 0 < seconds <= WITHIN_MAX_S:
        raise ConfigFault(f"{one.name('within')}: {Text('应为 30s 至 60m', 'must look like 30s, up to 60m')}")
    return seconds * 1000


def _closed(one: Section) -> tuple[Hours, ...]:
    return tuple(_hours(text, one.name("closed")) for text in one.texts("closed", HOURS_MAX, ()))


def _hours(text: str, where: str) -> Hours:
    found = _HOURS.fullmatch(text)
    hour, minute, until_hour, until_minute = map(int, found.groups()) if found else (24, 0, 24, 0)
    hours = Hours(hour * 3600 + minute * 60, until_hour * 3600 + until_minute * 60)
    if max(hour, until_hour) >= _DAY_H or max(minute, until_minute) >= _HOUR_M or hours.from_s == hours.until_s:
        raise ConfigFault(f"{where}: {Text('应如 20:30-05:30', 'must look like 20:30-05:30')}")
    return hours


def _require_own_names(named: Sequence[Group]) -> None:
    names = [one.name for one in named]
    for n, one in enumerate(named):
        if names.count(one.name) > 1:
            raise ConfigFault(f"group[{n}].name: {Text(f'重名：{one.name}', f'there is one already: {one.name}')}")
        for below in sorted(one.groups - set(names)):
            told = Text(f"没有此分组：{below[:40]}", f"no such group: {below[:40]}")
            raise ConfigFault(f"group[{n}].groups: {told}")


def _require_no_circle(named: Sequence[Group]) -> None:
    """Take away what has nothing below it that is left, again and again: what stays turns in a circle."""
    left = {one.name: set(one.groups) for one in named}
    while free := {name for name, below in left.items() if not below & left.keys()}:
        left = {name: below for name, below in left.items() if name not in free}
    for n, one in enumerate(named):
        if one.name in left:
            told = Text("分组互相包含", "these groups contain each other")
            raise ConfigFault(f"group[{n}].groups: {told}")
