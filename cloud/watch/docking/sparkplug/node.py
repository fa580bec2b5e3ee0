"""The core of an edge node: shows our own devices to any host of Sparkplug B 3.0.

Sans-I/O: topics, bytes, values and the time come in; what is to be published and what is commanded go out. The caller
keeps the number of births and deaths durably: `terms.after` of the kept one is the next CONNECT's, kept before it is
sent. A node with a primary host speaks only while that host is there; until then what changes is kept, the newest
STORE_MAX of it, and told as historical when it is back. Handed out is gone: the standard knows no acknowledgement.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from cloud.watch.docking.sparkplug.payload import (
    METRICS_MAX,
    SEQ_MAX,
    DataType,
    Metric,
    Payload,
    Value,
    decoded,
    encoded,
    meant,
    wired,
)
from cloud.watch.docking.sparkplug.payload import metric as _metric
from cloud.watch.docking.sparkplug.state import HostState, read_state
from cloud.watch.docking.sparkplug.terms import ALIASLESS, REBIRTH, Command, after, bd_metric
from cloud.watch.docking.sparkplug.topics import Publish, Source, StateTopic, Verb, read_topic, state_topic, topic_of
from shared.errors import WireFault

STORE_MAX = 10_000
"""Values that wait for the host; of more the oldest is dropped, and counted."""
FLUSH_MAX = 100
"""Values of one message of what waited."""
DEVICES_MAX = 256


class Telling(NamedTuple):
    """A metric to show. value None: null."""

    datatype: DataType
    value: Value | None = None


@dataclass(slots=True)
class Step:
    """What a step gave. must_leave: NDEATH is among what to publish, then DISCONNECT, then a new CONNECT."""

    publishes: list[Publish] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    must_leave: bool = False


class _Kept(NamedTuple):
    datatype: DataType
    value: Value | None
    at_ms: int
    alias: int | None


class _Past(NamedTuple):
    device: str
    name: str
    datatype: DataType
    value: Value | None
    at_ms: int


class Node:
    """One, with one connection to one server at a time. primary_host '': it speaks to whoever listens."""

    def __init__(self, source: Source, metrics: Mapping[str, Telling], now_ms: int, primary_host: str = "") -> None:
        self._source = source
        self._host = primary_host
        self._heard: HostState | None = None
        self._bd_seq = self._seq = 0
        self._is_connected = self._is_born = False
        self._aliases = 0
        self._sources: dict[str, dict[str, _Kept]] = {"": {REBIRTH: _Kept(DataType.BOOLEAN, False, now_ms, None)}}
        self._sources[""] |= self._known(metrics, now_ms)
        self._store: deque[_Past] = deque(maxlen=STORE_MAX)
        self.dropped = 0
        """Values that no host will ever see."""
        self.refused = 0
        """Messages and commands that were none."""

    @property
    def subscriptions(self) -> tuple[tuple[str, int], ...]:
        """Filters and their QoS, subscribed before any birth."""
        commands = topic_of(Verb.NCMD, self._source), f"{topic_of(Verb.DCMD, self._source._replace(device='d'))[:-1]}+"
        return tuple((one, 1) for one in (*commands, *([state_topic(self._host)] if self._host else [])))

    def connecting(self, bd_seq: int, now_ms: int) -> Publish:
        """The will, for the CONNECT, with the number that the caller has kept. The session is to be a clean one."""
        if not 0 <= bd_seq <= SEQ_MAX:
            raise ValueError("a number beyond 255")
        self._bd_seq = bd_seq
        self._is_connected = self._is_born = False
        self._heard = None
        return self._death(now_ms)

    def connected(self, now_ms: int) -> Step:
        """The session stands and is subscribed: births, unless a primary host has yet to say that it is there."""
        self._is_connected = True
        step = Step()
        if not self._host:
            self._births(now_ms, step)
        return step

    def disconnected(self) -> None:
        """The connection is gone; the server tells the will."""
        self._is_connected = self._is_born = False

    def closing(self, now_ms: int) -> Step:
        """On purpose: the death is told, for a DISCONNECT takes the will back."""
        step = Step([self._death(now_ms)] if self._is_connected else [], must_leave=True)
        self.disconnected()
        return step

    def received(self, topic: str, octets: bytes, now_ms: int) -> Step:
        """A message has come. Nothing that is wrong with it raises; it is counted."""
        step = Step()
        try:
            to = read_topic(topic)
            if isinstance(to, StateTopic):
                self._state(to, read_state(octets), now_ms, step)
            elif to.verb.is_command and to.source.of_node == self._source:
                self._commanded(to.source, decoded(octets), now_ms, step)
        except WireFault:
            self.refused += 1
        return step

    def joins(self, device: str, metrics: Mapping[str, Telling], now_ms: int) -> Step:
        """A device is there. ValueError: its metrics are none, or it is one too many."""
        if not device or (device not in self._sources and len(self._sources) > DEVICES_MAX):
            raise ValueError("no device, or one too many")
        topic_of(Verb.DBIRTH, self._source._replace(device=device))
        self._sources[device] = self._known(metrics, now_ms)
        step = Step()
        if self._is_born:
            self._device_birth(device, now_ms, step)
        return step

    def leaves(self, device: str, now_ms: int) -> Step:
        """A device is away."""
        step = Step()
        if self._sources.pop(device, None) is not None and self._is_born:
            self._publish(Verb.DDEATH, device, (), now_ms, step)
        return step

    def changed(self, device: str, name: str, value: Value | None, now_ms: int) -> Step:
        """A value of the node ('') or a device: told now, or kept. KeyError: not shown. ValueError: another type."""
        if name == REBIRTH:
            raise KeyError(name)
        kept = self._sources[device][name]
        one = self._one(name, kept._replace(value=value, at_ms=now_ms))
        self._sources[device][name] = kept._replace(value=value, at_ms=now_ms)
        step = Step()
        if self._is_born:
            self._publish(Verb.DDATA if device else Verb.NDATA, device, (one,), now_ms, step)
        else:
            self.dropped += len(self._store) == STORE_MAX
            self._store.append(_Past(device, name, kept.datatype, value, now_ms))
        return step

    def _known(self, metrics: Mapping[str, Telling], now_ms: int) -> dict[str, _Kept]:
        if len(metrics) > METRICS_MAX - len(ALIASLESS) or any(name in ALIASLESS or not name for name in metrics):
            raise ValueError("metrics that are too many, or of the standard's own names")
        found = {}
        for name, telling in metrics.items():
            _metric(name, telling.datatype, telling.value, now_ms)
            self._aliases += 1
            found[name] = _Kept(telling.datatype, telling.value, now_ms, self._aliases)
        return found

    def _one(self, name: str, kept: _Kept, *, is_historical: bool = False) -> Metric:
        """As data tell it: by alias, without its type."""
        value = None if kept.value is None else wired(kept.datatype, kept.value)
        by_name = name if kept.alias is None else None
        return Metric(by_name, kept.alias, kept.at_ms, None, value, is_historical, is_null=value is None)

    def _death(self, now_ms: int) -> Publish:
        payload = Payload(now_ms, None, (bd_metric(self._bd_seq, now_ms),))
        return Publish(topic_of(Verb.NDEATH, self._source), encoded(payload), qos=1)

    def _births(self, now_ms: int, step: Step) -> None:
        """All that it has, from sequence number 0 on; then what waited."""
        self._seq = SEQ_MAX
        own = (*self._told(""), bd_metric(self._bd_seq, now_ms))
        self._publish(Verb.NBIRTH, "", own, now_ms, step)
        self._is_born = True
        for device in self._sources:
            if device:
                self._device_birth(device, now_ms, step)
        self._flush(now_ms, step)

    def _device_birth(self, device: str, now_ms: int, step: Step) -> None:
        self._publish(Verb.DBIRTH, device, self._told(device), now_ms, step)

    def _told(self, device: str) -> tuple[Metric, ...]:
        kept = sorted(self._sources[device].items(), key=lambda item: item[1].at_ms)
        return tuple(_metric(name, one.datatype, one.value, one.at_ms, one.alias) for name, one in kept)

    def _flush(self, now_ms: int, step: Step) -> None:
        while self._store:
            device = self._store[0].device
            some: list[Metric] = []
            while self._store and self._store[0].device == device and len(some) < FLUSH_MAX:
                some += self._past(self._store.popleft())
            if some:
                self._publish(Verb.DDATA if device else Verb.NDATA, device, tuple(some), now_ms, step)

    def _past(self, past: _Past) -> list[Metric]:
        """None, if its device has left, or is another one by now."""
        kept = self._sources.get(past.device, {}).get(past.name)
        if kept is not None and kept.datatype is past.datatype:
            return [self._one(past.name, kept._replace(value=past.value, at_ms=past.at_ms), is_historical=True)]
        self.dropped += 1
        return []

    def _publish(self, verb: Verb, device: str, metrics: tuple[Metric, ...], now_ms: int, step: Step) -> None:
        self._seq = after(self._seq)
        topic = topic_of(verb, self._source._replace(device=device))
        step.publishes.append(Publish(topic, encoded(Payload(now_ms, self._seq, metrics))))

    def _state(self, to: StateTopic, state: HostState, now_ms: int, step: Step) -> None:
        """Of two the later counts; one that is older than what was heard is a will that came late."""
        if to.host != self._host or not self._is_connected:
            return
        if self._heard is not None and state.timestamp_ms < self._heard.timestamp_ms:
            return
        self._heard = state
        if state.is_online and not self._is_born:
            self._births(now_ms, step)
        elif not state.is_online and self._is_born:
            left = self.closing(now_ms)
            step.publishes += left.publishes
            step.must_leave = True

    def _commanded(self, source: Source, payload: Payload, now_ms: int, step: Step) -> None:
        known = self._sources.get(source.device, {})
        for one in payload.metrics:
            name = self._name(known, one)
            if name is None or one.value is None:
                self.refused += 1
            elif name == REBIRTH:
                self._reborn(one, now_ms, step)
            else:
                step.commands.append(Command(source, name, meant(known[name].datatype, one.value)))

    def _reborn(self, one: Metric, now_ms: int, step: Step) -> None:
        if one.value is not None and one.value.value is True and self._is_born:
            self._births(now_ms, step)

    def _name(self, known: Mapping[str, _Kept], one: Metric) -> str | None:
        if one.name is not None:
            return one.name if one.name in known else None
        return next((name for name, kept in known.items() if one.alias is not None and kept.alias == one.alias), None)
