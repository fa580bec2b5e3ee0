"""The template file (TOML): of which account, on which topic, which path is which metric. Pure.

ConfigFault names line, key and reason, and the set that is in force stays so.
"""

import re
import tomllib
from enum import StrEnum
from typing import NamedTuple

from cloud.parameters.places import Places
from cloud.watch.docking.rights.accounts import NAME
from cloud.watch.docking.sparkplug.payload import NAME_MAX, DataType
from shared.errors import ConfigFault
from shared.input.section import Section
from shared.words.voice import Text

FORMAT = 1
SIZE_MAX = 256 * 1024
MAPS_MAX = 400
METRICS_MAX = 100
"""Of a map."""
UNIT_MAX = 16
_PATH = re.compile(r"[^.\[\]\s]{1,64}(\[\d{1,3}\])*(\.[^.\[\]\s]{1,64}(\[\d{1,3}\])*){0,7}")
_TOPIC = re.compile(r"[A-Za-z0-9._-]{1,64}(/[A-Za-z0-9._-]{1,64}){0,5}")
_SPAN = re.compile(r"(\d{1,4})([smhd])")
_UNITS_MS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_STEP = re.compile(r"[^.\[\]]+|\[\d+\]")


class Form(StrEnum):
    """Of a metric."""

    NUMBER = "number"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    TEXT = "text"


TYPES = {
    Form.NUMBER: DataType.DOUBLE, Form.INTEGER: DataType.INT64, Form.BOOLEAN: DataType.BOOLEAN,
    Form.TEXT: DataType.STRING,
}  # fmt: skip
Step = str | int


class Pick(NamedTuple):
    """One metric. path: keys, and numbers of lists."""

    path: tuple[Step, ...]
    name: str
    form: Form
    unit: str


class Mapping(NamedTuple):
    """What is read of an account's messages. topic '': of its POSTs; otherwise below docked/ACCOUNT/. silent_ms: after
    so long without one it is away."""

    account: str
    topic: str
    silent_ms: int
    picks: tuple[Pick, ...]


def read_template(text: str) -> tuple[Mapping, ...]:
    """ConfigFault, with line, key and reason."""
    if len(text.encode()) > SIZE_MAX:
        raise ConfigFault(Text(f"文件超过 {SIZE_MAX} 字节", f"the file is above {SIZE_MAX} bytes"))
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise ConfigFault(Text(f"不是 TOML：{fault}", f"not TOML: {fault}")) from fault
    except RecursionError as fault:
        raise ConfigFault(Text("不是 TOML：嵌套过深", "not TOML: nested too deep")) from fault
    try:
        return _read(Section(raw, file="TOML"))
    except ConfigFault as fault:
        raise Places(text).placed(fault) from fault


def _read(top: Section) -> tuple[Mapping, ...]:
    if top.take("format", int) != FORMAT:
        raise ConfigFault(f"format: {Text(f'只认识 {FORMAT}', f'only {FORMAT} is known')}")
    found = tuple(_map(one) for one in top.rows("map", MAPS_MAX))
    top.done()
    places = [(one.account, one.topic) for one in found]
    names = [(one.account, pick.name) for one in found for pick in one.picks]
    for n, one in enumerate(found):
        if places.count((one.account, one.topic)) > 1:
            raise ConfigFault(f"map[{n}].account: {Text('同一账号同一主题有两段', 'twice for an account and topic')}")
        if any(names.count((one.account, pick.name)) > 1 for pick in one.picks):
            raise ConfigFault(f"map[{n}].metric: {Text('指标重名', 'two metrics of one name')}")
    return found


def _map(one: Section) -> Mapping:
    account, topic = one.take("account", str), one.take("topic", str, "")
    if not NAME.fullmatch(account):
        raise ConfigFault(f"{one.name('account')}: {Text('小写字母、数字、连字符', 'small letters, digits, hyphens')}")
    if topic and not _TOPIC.fullmatch(topic):
        raise ConfigFault(f"{one.name('topic')}: {Text('应为 a/b，不含通配符', 'must be like a/b, without wildcards')}")
    found = Mapping(account, topic, _silent_ms(one), tuple(_pick(row) for row in one.rows("metric", METRICS_MAX)))
    one.done()
    if not found.picks:
        raise ConfigFault(f"{one.name('metric')}: {Text('缺少', 'is missing')}")
    return found


def _silent_ms(one: Section) -> int:
    found = _SPAN.fullmatch(one.take("silent", str, "5m"))
    if not found or int(found[1]) == 0:
        raise ConfigFault(f"{one.name('silent')}: {Text('应为 30s、15m、2h', 'must look like 30s, 15m, 2h')}")
    return int(found[1]) * _UNITS_MS[found[2]]


def _pick(one: Section) -> Pick:
    path, name, unit = one.take("path", str), one.take("name", str), one.take("unit", str, "")
    if not _PATH.fullmatch(path):
        raise ConfigFault(f"{one.name('path')}: {Text('应为 a.b[0].c', 'must be like a.b[0].c')}")
    if not name.strip() or len(name.encode()) > NAME_MAX or not name.isprintable():
        raise ConfigFault(f"{one.name('name')}: {Text(f'1 至 {NAME_MAX} 字节', f'1 to {NAME_MAX} bytes')}")
    if len(unit) > UNIT_MAX or not unit.isprintable():
        raise ConfigFault(f"{one.name('unit')}: {Text(f'至多 {UNIT_MAX} 字', f'at most {UNIT_MAX} characters')}")
    form = one.one_of("type", Form)
    one.done()
    return Pick(tuple(_step(step) for step in _STEP.findall(path)), name, form, unit)


def _step(text: str) -> Step:
    return int(text[1:-1]) if text.startswith("[") else text
