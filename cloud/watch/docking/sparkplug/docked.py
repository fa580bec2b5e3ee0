"""A node that docked, its devices and their metrics, as its births told them. Pure.

Everything is bounded: devices of a node, metrics of a source, messages that wait for one before them.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from cloud.watch.docking.sparkplug.nested import unit_of
from cloud.watch.docking.sparkplug.payload import DataType, Metric, Payload, Value, meant
from cloud.watch.docking.sparkplug.topics import Source, Verb
from shared.errors import WireFault

DEVICES_MAX = 256
"""Of a node; a birth of one more is refused, and the node's other devices go on."""
METRIC_COSTS = 500
"""Bytes that a metric costs beside a text or bytes of it: its name, its place."""
WAITING_MAX = 64
"""Messages of a node that came before their turn; one more, and a birth is asked for at once."""


class Shown(NamedTuple):
    """A metric as it stands. value None: null. is_stale: nobody knows whether it still holds. unit: as its birth said,
    empty where it did not."""

    datatype: DataType
    value: Value | None
    at_ms: int
    alias: int | None = None
    is_stale: bool = False
    unit: str = ""

    @property
    def weight(self) -> int:
        """What it costs to keep, in bytes, roughly."""
        return METRIC_COSTS + (len(self.value) if isinstance(self.value, str | bytes) else 0)


class Waiting(NamedTuple):
    """A message that came before its turn."""

    verb: Verb
    source: Source
    payload: Payload


@dataclass(slots=True)
class Docked:
    """One source, a node or a device of it."""

    is_online: bool = False
    since_ms: int = 0
    metrics: dict[str, Shown] = field(default_factory=dict)

    @property
    def weight(self) -> int:
        """Of all its metrics."""
        return sum(shown.weight for shown in self.metrics.values())

    def dies(self, at_ms: int) -> None:
        """What it said last is kept, and stale."""
        self.is_online, self.since_ms = False, at_ms
        self.metrics = {name: shown._replace(is_stale=True) for name, shown in self.metrics.items()}


@dataclass(slots=True)
class DockedNode(Docked):
    """A node: beside its own metrics its devices, and how far its sequence has come."""

    bd_seq: int | None = None
    born_ms: int = 0
    last_ms: int = 0
    next_seq: int = 0
    is_lost: bool = False
    """A message of it is lost, or nothing of it is known: what comes is believed again from its next birth on."""
    asked_ms: int | None = None
    asked: int = 0
    devices: dict[str, Docked] = field(default_factory=dict)
    waiting: dict[int, Waiting] = field(default_factory=dict)
    waits_since_ms: int = 0

    def of(self, source: Source) -> Docked | None:
        """That device, or the node itself."""
        return self.devices.get(source.device) if source.device else self

    def aliases(self, but: str) -> set[int]:
        """All that are taken beside that device's, for they hold for the whole node."""
        sources = (self, *(device for name, device in self.devices.items() if name != but))
        return {shown.alias for one in sources for shown in one.metrics.values() if shown.alias is not None}


def told(payload: Payload, taken: set[int], at_ms: int) -> dict[str, Shown]:
    """The metrics of a birth. WireFault: one without name or type, two of a name, an alias twice."""
    found: dict[str, Shown] = {}
    for one in payload.metrics:
        if one.name is None or one.datatype is None or one.name in found:
            raise WireFault("a birth without a metric's name or type, or with one twice")
        if one.alias in taken:
            raise WireFault("an alias twice")
        taken |= set() if one.alias is None else {one.alias}
        value, at = value_of(one.datatype, one), _at(one, payload, at_ms)
        found[one.name] = Shown(one.datatype, value, at, one.alias, unit=unit_of(one.properties))
    return found


def heard(docked: Docked, payload: Payload, at_ms: int) -> list[tuple[str, Shown, Metric]]:
    """The metrics of data, by name or alias. LookupError: one that no birth told. WireFault: one of another type."""
    names = {shown.alias: name for name, shown in docked.metrics.items()}
    names[None] = ""
    found = []
    for one in payload.metrics:
        name = names[one.alias] if one.name is None else one.name
        known = docked.metrics[name]
        shown = known._replace(value=value_of(known.datatype, one), at_ms=_at(one, payload, at_ms), is_stale=False)
        found.append((name, shown, one))
    return found


def value_of(datatype: DataType, one: Metric) -> Value | None:
    """Its value; None: null. WireFault: it is of another type."""
    if one.value is None and not one.is_null:
        raise WireFault("a metric that has no value and is not null")
    return None if one.value is None else meant(datatype, one.value)


def _at(one: Metric, payload: Payload, at_ms: int) -> int:
    return next(at for at in (one.timestamp_ms, payload.timestamp_ms, at_ms) if at is not None)
