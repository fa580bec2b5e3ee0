"""Messages of mapped devices: JSON comes in, the same events as of a Sparkplug node go out. Pure.

Nothing that comes is believed: size, depth and type are looked at, and what does not fit is refused whole. A device is
there from its first message on, and away when nothing came for as long as its template says.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from cloud.watch.docking.mapping.template import TYPES, Form, Mapping, Pick, Step
from cloud.watch.docking.rights.accounts import JSON_GROUP
from cloud.watch.docking.rights.acl import MAPPED
from cloud.watch.docking.sparkplug.docked import Docked, Shown
from cloud.watch.docking.sparkplug.host import Born, Died, Event, Refused, Said, Why
from cloud.watch.docking.sparkplug.payload import Value
from cloud.watch.docking.sparkplug.topics import Source

BODY_MAX = 65_536
TEXT_MAX = 1_000
"""Characters of a text."""
_INT_MAX = 1 << 63


@dataclass(slots=True)
class _Device(Docked):
    last_ms: int = 0
    silent_ms: int = 0


class Mapped:
    """All devices that are read by a template, each once by its account."""

    def __init__(self) -> None:
        self._by_place: dict[tuple[str, str], Mapping] = {}
        self._devices: dict[str, _Device] = {}

    @property
    def online(self) -> int:
        """How many are there."""
        return sum(device.is_online for device in self._devices.values())

    def map_by(self, mappings: Sequence[Mapping]) -> None:
        """From now on by these; what was said before stands."""
        self._by_place = {(one.account, one.topic): one for one in mappings}

    def published(self, topic: str, octets: bytes, now_ms: int) -> list[Event]:
        """A message below docked/ACCOUNT/."""
        account, _, rest = topic.removeprefix(f"{MAPPED}/").partition("/")
        return self._read(topic, self._by_place.get((account, rest)) if rest else None, octets, now_ms)

    def posted(self, account: str, octets: bytes, now_ms: int) -> list[Event]:
        """A POST of that account."""
        return self._read(account, self._by_place.get((account, "")), octets, now_ms)

    def passed(self, now_ms: int) -> list[Event]:
        """Who has been silent for too long is away."""
        found: list[Event] = []
        for account, device in self._devices.items():
            if device.is_online and now_ms - device.last_ms >= device.silent_ms:
                device.dies(now_ms)
                found.append(Died(_source(account), now_ms))
        return found

    def _read(self, where: str, mapping: Mapping | None, octets: bytes, now_ms: int) -> list[Event]:
        if mapping is None:
            return [Refused(where, Why.UNMAPPED)]
        try:
            said = picked(mapping.picks, octets, now_ms)
        except ValueError:
            return [Refused(where, Why.MALFORMED)]
        if not said:
            return [Refused(where, Why.UNMAPPED)]
        device = self._devices.setdefault(mapping.account, _Device())
        device.last_ms, device.silent_ms = now_ms, mapping.silent_ms
        device.metrics |= said
        source = _source(mapping.account)
        if device.is_online:
            return [Said(source, name, shown, is_historical=False) for name, shown in said.items()]
        device.is_online, device.since_ms = True, now_ms
        return [Born(source, now_ms, dict(device.metrics))]


def picked(picks: Sequence[Pick], octets: bytes, now_ms: int) -> dict[str, Shown]:
    """The metrics that this JSON has. ValueError: it is none, too long, too deep, or of another type."""
    if len(octets) > BODY_MAX:
        raise ValueError("too long")
    try:
        told = json.loads(octets.decode(), parse_constant=_no_number)
    except RecursionError as fault:
        raise ValueError("too deep") from fault
    found = {}
    for pick in picks:
        there, value = _at(told, pick.path)
        if there:
            typed = None if value is None else _typed(pick.form, value)
            found[pick.name] = Shown(TYPES[pick.form], typed, now_ms, unit=pick.unit)
    return found


def _at(told: object, path: Sequence[Step]) -> tuple[bool, object]:
    for step in path:
        try:
            if isinstance(told, str):
                return False, None
            told = told[step]  # type: ignore[index]  # whatever it is
        except (LookupError, TypeError):
            return False, None
    return True, told


def _typed(form: Form, value: object) -> Value:
    match form:
        case Form.BOOLEAN if isinstance(value, bool):
            return value
        case Form.TEXT if isinstance(value, str) and len(value) <= TEXT_MAX:
            return value
        case Form.NUMBER if isinstance(value, int | float) and not isinstance(value, bool):
            return _real(value)
        case Form.INTEGER if type(value) is int and -_INT_MAX <= value < _INT_MAX:
            return value
    raise ValueError("a value of another type")


def _real(value: float) -> float:
    try:
        return float(value)
    except OverflowError as fault:
        raise ValueError("a number beyond any") from fault


def _no_number(name: str) -> object:
    raise ValueError(name)


def _source(account: str) -> Source:
    return Source(JSON_GROUP, account)
