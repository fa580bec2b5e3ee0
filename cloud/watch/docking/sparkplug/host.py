"""The core of a host application: whoever docks appears by births, with metrics, and is asked again where one is lost.

Sans-I/O: topics, bytes and the time come in; what is to be published and what was heard go out. A node is believed from
its birth on and in the order of its sequence: what comes early waits REORDER_MS, what came already is passed over, and
what stays away makes the host ask for a birth, each node once in ASK_MS at most. A node that nobody has met is asked as
well; one that has not answered ASKS_MAX times is away. Nothing is ever acknowledged: what was lost before a birth is
lost, and no money may ride on it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from cloud.watch.docking.sparkplug.docked import (
    DEVICES_MAX,
    WAITING_MAX,
    Docked,
    DockedNode,
    Shown,
    Waiting,
    heard,
    told,
)
from cloud.watch.docking.sparkplug.payload import SEQ_MAX, DataType, Metric, Payload, Value, decoded, encoded, wired
from cloud.watch.docking.sparkplug.state import HostState, read_state, state_message
from cloud.watch.docking.sparkplug.terms import AHEAD_MAX, REBIRTH, Command, after, bd_seq_of
from cloud.watch.docking.sparkplug.topics import (
    NAMESPACE,
    Publish,
    Source,
    StateTopic,
    Topic,
    Verb,
    read_topic,
    topic_of,
)
from cloud.watch.docking.sparkplug.topics import state_topic as _state_topic
from shared.errors import WireFault

NODES_MAX = 1_000
"""Of one host; one more is refused, and not asked for anything."""
WEIGHT_MAX = 64 << 20
"""Bytes that all metrics of all nodes may cost; a birth or data beyond is refused."""
REORDER_MS = 2_000
ASK_MS = 5_000
ASKS_MAX = 12


class Why(StrEnum):
    """Why a message was not taken up. A promise to whoever counts them: added to, never renamed."""

    MALFORMED = "malformed"
    FULL = "full"
    """Nodes, or a node's devices, are as many as there may be."""
    BEFORE_BIRTH = "before-birth"
    AGAIN = "again"
    """It came already, or is of a birth before this one."""
    PACE = "pace"
    """Its sender said more than one may."""
    STRANGER = "stranger"
    """Of a node that nobody has admitted."""
    UNMAPPED = "unmapped"
    """JSON that no template reads, or not so."""


class Born(NamedTuple):
    """A source is there, with all its metrics."""

    source: Source
    at_ms: int
    metrics: dict[str, Shown]


class Died(NamedTuple):
    """A source is away, and all its metrics are stale."""

    source: Source
    at_ms: int


class Said(NamedTuple):
    """A metric's value. is_historical: what it once was; what it is now has not changed."""

    source: Source
    name: str
    shown: Shown
    is_historical: bool


class Refused(NamedTuple):
    """A message was not taken up."""

    topic: str
    why: Why


Event = Born | Died | Said | Refused


@dataclass(slots=True)
class Outcome:
    """What a step gave: what is to be published, in this order, and what was heard."""

    publishes: list[Publish] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)


class Host:
    """One, with one connection."""

    def __init__(self, host_id: str, reorder_ms: int = REORDER_MS) -> None:
        self._id = host_id
        self._reorder_ms = reorder_ms
        self._state_topic = _state_topic(host_id)
        self._since_ms = 0
        self._is_connected = False
        self._weight = 0
        self.nodes: dict[Source, DockedNode] = {}

    def remember(self, nodes: Iterable[Source]) -> None:
        """These were known before a start: each is asked for a birth."""
        for source in nodes:
            node = self._node(source.of_node)
            if node is not None:
                node.is_lost = True

    def forget(self, source: Source) -> None:
        """Nothing is known of that node any more."""
        node = self.nodes.pop(source.of_node, None)
        if node is not None:
            self._weight -= node.weight + sum(device.weight for device in node.devices.values())

    @property
    def subscriptions(self) -> tuple[tuple[str, int], ...]:
        """Filters and their QoS, subscribed before anything is published."""
        return (self._state_topic, 1), (f"{NAMESPACE}/#", 0)

    def connecting(self, now_ms: int) -> Publish:
        """The will, for the CONNECT. The session is to be a clean one."""
        self._since_ms = now_ms
        return state_message(self._id, HostState(is_online=False, timestamp_ms=now_ms))

    def connected(self) -> Publish:
        """The first message, behind the subscriptions: with the time of the will."""
        self._is_connected = True
        return self._birth()

    def closing(self, now_ms: int) -> Publish:
        """The last message, before a DISCONNECT on purpose."""
        self._is_connected = False
        return state_message(self._id, HostState(is_online=False, timestamp_ms=now_ms))

    def disconnected(self, now_ms: int) -> Outcome:
        """The connection is gone: nobody knows what holds still."""
        self._is_connected = False
        out = Outcome()
        for source, node in self.nodes.items():
            self._dies(source, node, now_ms, out)
            node.asked_ms = None
        return out

    def received(self, topic: str, octets: bytes, now_ms: int, *, is_retained: bool = False) -> Outcome:
        """A message has come. Nothing that is wrong with it raises; it is refused, and its node asked again."""
        out = Outcome()
        try:
            to = read_topic(topic)
        except WireFault:
            out.events.append(Refused(topic, Why.MALFORMED))
            return out
        if isinstance(to, StateTopic):
            self._state(to, octets, out)
        elif not to.verb.is_command and not is_retained:
            self._of_node(to, topic, octets, now_ms, out)
        return out

    def passed(self, now_ms: int) -> Outcome:
        """Time has passed: what was awaited too long is asked for."""
        out = Outcome()
        for source, node in self.nodes.items():
            if node.waiting and now_ms - node.waits_since_ms >= self._reorder_ms:
                self._lose(node)
            if node.is_lost:
                self._ask(source, node, now_ms, out)
        return out

    def command(self, command: Command, now_ms: int) -> Publish:
        """The message that wants it. ValueError: no such metric is known, or it is of another type."""
        source, name = command.source, command.name
        node = self.nodes.get(source.of_node)
        docked = node.of(source) if node else None
        if docked is None or name not in docked.metrics:
            raise ValueError("no such metric")
        known = docked.metrics[name]
        return _command(source, name, known.alias, known.datatype, command.value, now_ms)

    def _birth(self) -> Publish:
        return state_message(self._id, HostState(is_online=True, timestamp_ms=self._since_ms))

    def _state(self, to: StateTopic, octets: bytes, out: Outcome) -> None:
        """Our own will of before may come late: who is there says so again. Other hosts are none of our business."""
        if to.host != self._id or not self._is_connected:
            return
        try:
            state = read_state(octets)
        except WireFault:
            state = HostState(is_online=False, timestamp_ms=0)
        if not state.is_online:
            out.publishes.append(self._birth())

    def _of_node(self, to: Topic, topic: str, octets: bytes, now_ms: int, out: Outcome) -> None:
        if to.verb is Verb.NDEATH and to.source not in self.nodes:
            out.events.append(Refused(topic, Why.BEFORE_BIRTH))
            return
        node = self._node(to.source.of_node)
        if node is None:
            out.events.append(Refused(topic, Why.FULL))
            return
        try:
            self._step(node, to, decoded(octets), now_ms, out)
        except WireFault:
            out.events.append(Refused(topic, Why.MALFORMED))
            if to.verb is not Verb.NDEATH:
                self._lose(node)
                self._ask(to.source.of_node, node, now_ms, out)

    def _node(self, source: Source) -> DockedNode | None:
        if source not in self.nodes and len(self.nodes) < NODES_MAX:
            self.nodes[source] = DockedNode()
        return self.nodes.get(source)

    def _step(self, node: DockedNode, to: Topic, payload: Payload, now_ms: int, out: Outcome) -> None:
        if to.verb is Verb.NDEATH:
            self._death(node, to.source, payload, now_ms, out)
        elif to.verb is Verb.NBIRTH:
            self._born(node, to.source, payload, now_ms, out)
        elif payload.seq is None:
            raise WireFault("a message without a sequence number")
        elif not node.is_online or node.is_lost:
            out.events.append(Refused(topic_of(*to), Why.BEFORE_BIRTH))
            node.is_lost = True
            self._ask(to.source.of_node, node, now_ms, out)
        else:
            self._in_order(node, payload.seq, Waiting(to.verb, to.source, payload), now_ms, out)

    def _death(self, node: DockedNode, source: Source, payload: Payload, now_ms: int, out: Outcome) -> None:
        """Only the death that belongs to the birth: an older session's will may come when the next is born already."""
        if node.is_online and bd_seq_of(payload) == node.bd_seq:
            self._dies(source, node, now_ms, out)
        else:
            out.events.append(Refused(topic_of(Verb.NDEATH, source), Why.AGAIN))

    def _dies(self, source: Source, node: DockedNode, at_ms: int, out: Outcome) -> None:
        for name, device in node.devices.items():
            self._source_dies(source._replace(device=name), device, at_ms, out)
        self._source_dies(source, node, at_ms, out)
        node.waiting.clear()
        node.is_lost, node.asked = False, 0

    def _source_dies(self, source: Source, docked: Docked, at_ms: int, out: Outcome) -> None:
        if docked.is_online:
            docked.dies(at_ms)
            out.events.append(Died(source, at_ms))

    def _born(self, node: DockedNode, source: Source, payload: Payload, now_ms: int, out: Outcome) -> None:
        """A birth starts anew: devices are away until their own come."""
        bd_seq = bd_seq_of(payload)
        if bd_seq is None or payload.seq is None or payload.timestamp_ms is None:
            raise WireFault("a birth without its number, sequence or time")
        again = bd_seq == node.bd_seq and payload.timestamp_ms <= node.born_ms
        if node.is_online and not node.is_lost and again:
            out.events.append(Refused(topic_of(Verb.NBIRTH, source), Why.AGAIN))
            return
        metrics = told(payload, set(), now_ms)
        for name, device in node.devices.items():
            self._source_dies(source._replace(device=name), device, now_ms, out)
            self._weight -= device.weight
        node.devices.clear()
        node.waiting.clear()
        node.bd_seq, node.born_ms, node.next_seq = bd_seq, payload.timestamp_ms, after(payload.seq)
        node.is_lost, node.asked_ms, node.asked, node.last_ms = False, None, 0, node.born_ms
        self._appears(node, source, metrics, payload, out)

    def _appears(
        self, docked: Docked, source: Source, metrics: dict[str, Shown], payload: Payload, out: Outcome
    ) -> None:
        at_ms = payload.timestamp_ms or 0
        more = sum(shown.weight for shown in metrics.values()) - docked.weight
        if more > 0 and self._weight + more > WEIGHT_MAX:
            out.events.append(Refused(topic_of(Verb.DBIRTH if source.device else Verb.NBIRTH, source), Why.FULL))
            return
        self._weight += more
        docked.is_online, docked.since_ms, docked.metrics = True, at_ms, metrics
        out.events.append(Born(source, at_ms, dict(metrics)))

    def _in_order(self, node: DockedNode, seq: int, message: Waiting, now_ms: int, out: Outcome) -> None:
        ahead = (seq - node.next_seq) % (SEQ_MAX + 1)
        sent_ms = _at(message.payload, now_ms)
        if (ahead >= AHEAD_MAX and sent_ms > node.last_ms) or (ahead == 0 and sent_ms < node.born_ms):
            self._lose(node)
            self._ask(message.source.of_node, node, now_ms, out)
            return
        if ahead >= AHEAD_MAX or seq in node.waiting:
            out.events.append(Refused(topic_of(message.verb, message.source), Why.AGAIN))
            return
        if ahead:
            self._waits(node, seq, message, now_ms, out)
            return
        self._take(node, message, now_ms, out)
        while not node.is_lost and node.next_seq in node.waiting:
            node.waits_since_ms = now_ms
            self._take(node, node.waiting.pop(node.next_seq), now_ms, out)

    def _waits(self, node: DockedNode, seq: int, message: Waiting, now_ms: int, out: Outcome) -> None:
        if not node.waiting:
            node.waits_since_ms = now_ms
        if len(node.waiting) < WAITING_MAX:
            node.waiting[seq] = message
            return
        self._lose(node)
        self._ask(message.source.of_node, node, now_ms, out)

    def _take(self, node: DockedNode, message: Waiting, now_ms: int, out: Outcome) -> None:
        """One message in its turn. What cannot be understood shows that a birth was missed."""
        node.next_seq, node.last_ms = after(node.next_seq), _at(message.payload, now_ms)
        try:
            self._apply(node, message, now_ms, out)
        except (WireFault, LookupError):
            out.events.append(Refused(topic_of(message.verb, message.source), Why.MALFORMED))
            self._lose(node)
            self._ask(message.source.of_node, node, now_ms, out)

    def _apply(self, node: DockedNode, message: Waiting, now_ms: int, out: Outcome) -> None:
        verb, source, payload = message
        if verb is Verb.DBIRTH:
            self._device_born(node, source, payload, now_ms, out)
        elif verb is Verb.DDEATH:
            self._source_dies(source, node.devices[source.device], _at(payload, now_ms), out)
        else:
            self._data(node, source, payload, now_ms, out)

    def _device_born(self, node: DockedNode, source: Source, payload: Payload, now_ms: int, out: Outcome) -> None:
        if source.device not in node.devices and len(node.devices) >= DEVICES_MAX:
            out.events.append(Refused(topic_of(Verb.DBIRTH, source), Why.FULL))
            return
        metrics = told(payload, node.aliases(but=source.device), now_ms)
        device = node.devices.setdefault(source.device, Docked())
        self._appears(device, source, metrics, payload, out)

    def _data(self, node: DockedNode, source: Source, payload: Payload, now_ms: int, out: Outcome) -> None:
        docked = node.of(source)
        if docked is None and len(node.devices) >= DEVICES_MAX:
            out.events.append(Refused(topic_of(Verb.DDATA, source), Why.FULL))
            return
        if docked is None or not docked.is_online:
            raise LookupError("a device that was not born")
        if self._weight > WEIGHT_MAX:
            out.events.append(Refused(topic_of(Verb.DDATA if source.device else Verb.NDATA, source), Why.FULL))
            return
        for name, shown, one in heard(docked, payload, now_ms):
            if not one.is_historical:
                self._weight += shown.weight - docked.metrics[name].weight
                docked.metrics[name] = shown
            out.events.append(Said(source, name, shown, one.is_historical))

    def _lose(self, node: DockedNode) -> None:
        """Its order is lost; until it is born again its values stand as they are, and stale."""
        node.is_lost = True
        node.waiting.clear()
        for docked in (node, *node.devices.values()):
            docked.metrics = {name: shown._replace(is_stale=True) for name, shown in docked.metrics.items()}

    def _ask(self, source: Source, node: DockedNode, now_ms: int, out: Outcome) -> None:
        if node.asked >= ASKS_MAX:
            self._dies(source, node, now_ms, out)
        elif node.asked_ms is None or now_ms - node.asked_ms >= ASK_MS:
            node.asked_ms = now_ms
            node.asked += 1
            out.publishes.append(_command(source, REBIRTH, None, DataType.BOOLEAN, value=True, now_ms=now_ms))


def _command(source: Source, name: str, alias: int | None, datatype: DataType, value: Value, now_ms: int) -> Publish:
    """By alias where there is one. With its type: peers that keep no births could not read it otherwise."""
    one = Metric(name if alias is None else None, alias, now_ms, datatype, wired(datatype, value))
    verb = Verb.DCMD if source.device else Verb.NCMD
    return Publish(topic_of(verb, source), encoded(Payload(now_ms, None, (one,))))


def _at(payload: Payload, now_ms: int) -> int:
    return now_ms if payload.timestamp_ms is None else payload.timestamp_ms
