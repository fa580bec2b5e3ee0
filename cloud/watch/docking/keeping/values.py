"""What docking keeps, as values: how a source stands, a metric, a command. Pure."""

from enum import StrEnum
from math import isfinite
from typing import NamedTuple

from cloud.watch.docking.sparkplug.docked import Shown
from cloud.watch.docking.sparkplug.nested import array, data_set, template
from cloud.watch.docking.sparkplug.payload import DataType, Value
from cloud.watch.docking.sparkplug.topics import Source
from shared.errors import ConfigFault, WireFault
from shared.words.voice import Text

ELEMENTS_MAX = 8
"""Elements of an array, and metrics of a template, that are shown."""
TEXT_MAX = 200
"""Characters of a value that are kept to be shown."""


class State(StrEnum):
    """Of a command. A promise: added to, never renamed."""

    WAITING = "waiting"
    SENT = "sent"
    TOLD = "told"
    """The device has told a value back, which may be another one."""
    UNKNOWN = "unknown"
    """Sent, and nothing was told back in time."""
    REFUSED = "refused"
    """Not sent: too late, nobody there, or no such metric."""


OPEN = (State.WAITING, State.SENT)


class Standing(NamedTuple):
    """A source as it stands."""

    source: Source
    is_online: bool
    since_ms: int


class Kept(NamedTuple):
    """A metric as it stands. number: of what is one, yes and no as 1 and 0. text None: null."""

    source: str
    name: str
    datatype: DataType
    number: float | None
    text: str | None
    unit: str
    at_ms: int
    is_stale: bool


class Ordered(NamedTuple):
    """A command. told: the value that came back."""

    number: int
    at_ms: int
    who: str
    source: str
    metric: str
    value: str
    state: State
    told: str = ""
    done_ms: int = 0


class Moved(NamedTuple):
    """A command stands otherwise."""

    number: int
    state: State
    told: str = ""


class Update(NamedTuple):
    """What of a source is new: how it stands, metrics by name. is_whole: these are all it has. is_stale: of the others
    nobody knows whether they hold still."""

    standing: Standing
    metrics: dict[str, Shown]
    is_whole: bool = False
    is_stale: bool = False


def name_of(source: Source) -> str:
    """How a source is called: group/node, or group/node/device."""
    return "/".join(part for part in source if part)


def source_named(text: str) -> Source:
    """The one that is called so. ConfigFault: nobody can be."""
    parts = text.split("/", 2)
    if len(parts) < 2 or not all(parts):
        raise ConfigFault(Text("应为 组/节点 或 组/节点/设备", "must be group/node or group/node/device"))
    return Source(*parts)


def number(shown: Shown) -> float | None:
    """The value as a number, where it is one. Not a number, and what is beyond any, is none."""
    value = shown.value
    if isinstance(value, bool | int | float):
        try:
            found = float(value)
        except OverflowError:
            return None
        return found if isfinite(found) else None
    return None


def text(shown: Shown) -> str | None:
    """The value for people: a table's size, an array's first elements, of other bytes how many. None: null."""
    if not isinstance(shown.value, bytes):
        return None if shown.value is None else value_text(shown.value)
    try:
        return _looked_into(shown.datatype, shown.value)
    except WireFault:
        return f"? {value_text(shown.value)}"


def _looked_into(datatype: DataType, octets: bytes) -> str:
    if datatype is DataType.DATASET:
        table = data_set(octets)
        return f"{len(table.rows)} × {len(table.columns)}"
    if datatype is DataType.TEMPLATE:
        found = template(octets)
        names = ", ".join(one.name or "" for one in found.metrics[:ELEMENTS_MAX])
        return value_text(f"{found.ref or found.version}: {names}")
    if datatype >= DataType.INT8_ARRAY:
        elements = array(datatype, octets)
        return ", ".join(map(value_text, elements[:ELEMENTS_MAX])) + (", …" if len(elements) > ELEMENTS_MAX else "")
    return value_text(octets)


def value_text(value: Value) -> str:
    """One value for people."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return f"{len(value)} B"
    if isinstance(value, float):
        return f"{value:.9g}"
    printable = "".join(one if one.isprintable() else "·" for one in str(value)[: TEXT_MAX + 1])
    return printable if len(printable) <= TEXT_MAX else printable[:TEXT_MAX] + "…"
