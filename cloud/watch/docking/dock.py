"""All that docks, behind the doors: messages, commands and time come in; what to publish and what to keep go out. Pure.

A sender that says more than its pace is not listened to for a while, and counted; so whatever it does costs the others
nothing. What is to be kept is gathered by source, the newest of each, until somebody takes it.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from cloud.watch.docking.keeping.values import (
    Moved,
    Ordered,
    Standing,
    State,
    Update,
    source_named,
    text,
)
from cloud.watch.docking.mapping.reading import Mapped
from cloud.watch.docking.mapping.template import Mapping
from cloud.watch.docking.pace import Pace
from cloud.watch.docking.rights.acl import MAPPED
from cloud.watch.docking.sparkplug.docked import Shown
from cloud.watch.docking.sparkplug.host import Born, Died, Event, Host, Outcome, Refused, Said, Why
from cloud.watch.docking.sparkplug.payload import DataType, Value
from cloud.watch.docking.sparkplug.terms import Command
from cloud.watch.docking.sparkplug.topics import Publish, Source, StateTopic, read_topic
from shared.errors import ConfigFault, WireFault

LATE_MS = 5_000
"""A command that could not be sent for so long is not sent any more."""
TOLD_MS = 10_000
"""Longest that a device may take to tell a value back; then what became of it is unknown."""
STRANGERS_MAX = 1_000
"""Nodes that spoke and were not admitted, of which it is known; of more it is not."""
OPEN_MAX = 100
"""Commands that wait for a value; one more is refused."""


class _Open(NamedTuple):
    number: int
    sent_ms: int


@dataclass(slots=True)
class _Pending:
    """What of a source is not kept yet."""

    is_online: bool
    since_ms: int
    metrics: dict[str, Shown] = field(default_factory=dict)
    is_whole: bool = False
    is_stale: bool = False


class Dock:
    """One, with one host. Not thread-safe."""

    def __init__(self, host: Host, pace: Pace | None = None) -> None:
        self.host = host
        self.counts: Counter[str] = Counter()
        self._mapped = Mapped()
        self._pace = pace or Pace()
        self._pending: dict[Source, _Pending] = {}
        self._refused: Counter[str] = Counter()
        self._open: dict[tuple[Source, str], _Open] = {}
        self._moved: list[Moved] = []
        self._lost: set[Source] = set()
        self._admitted: frozenset[Source] | None = None
        self._strangers: set[Source] = set()

    @property
    def online(self) -> int:
        """Nodes that are there."""
        return sum(node.is_online for node in self.host.nodes.values()) + self._mapped.online

    def admit(self, nodes: Iterable[Source]) -> None:
        """From now on these alone are listened to; of others nothing is known any more.

        A broker may let a new device in before we have heard of it: whose birth was refused is asked for another.
        """
        self._admitted = frozenset(nodes)
        self.host.remember(self._strangers & self._admitted)
        self._strangers -= self._admitted
        for source in [one for one in self.host.nodes if one not in self._admitted]:
            self.host.forget(source)
        self._pending = {one: kept for one, kept in self._pending.items() if one.of_node in self._admitted}

    def map_by(self, mappings: Sequence[Mapping]) -> None:
        """These read what is no Sparkplug, from now on."""
        self._mapped.map_by(mappings)

    def received(self, topic: str, octets: bytes, now_ms: int, *, is_retained: bool = False) -> list[Publish]:
        """A message of the broker."""
        self.counts["messages"] += 1
        sender = _sender(topic)
        if not self._pace.lets(sender, now_ms):
            self._refuse(Why.PACE)
            return []
        if topic.startswith(f"{MAPPED}/"):
            self._hear(self._mapped.published(topic, octets, now_ms), now_ms)
            return []
        if isinstance(sender, Source) and not self._is_admitted(sender):
            self._refuse(Why.STRANGER)
            if len(self._strangers) < STRANGERS_MAX:
                self._strangers.add(sender)
            return []
        out = self.host.received(topic, octets, now_ms, is_retained=is_retained)
        self._look_at(sender, now_ms)
        return self._taken(out, now_ms)

    def posted(self, account: str, octets: bytes, now_ms: int) -> Why | None:
        """A POST of that account. None: it was taken up."""
        self.counts["messages"] += 1
        if not self._pace.lets(account, now_ms):
            self._refuse(Why.PACE)
            return Why.PACE
        events = self._mapped.posted(account, octets, now_ms)
        self._hear(events, now_ms)
        return next((one.why for one in events if isinstance(one, Refused)), None)

    def lost(self, now_ms: int) -> None:
        """The connection to the broker is gone."""
        self._hear(self.host.disconnected(now_ms).events, now_ms)

    def passed(self, now_ms: int) -> list[Publish]:
        """Time has passed."""
        self._hear(self._mapped.passed(now_ms), now_ms)
        for place, one in list(self._open.items()):
            if now_ms - one.sent_ms >= TOLD_MS:
                del self._open[place]
                self._moved.append(Moved(one.number, State.UNKNOWN))
        out = self.host.passed(now_ms)
        for source in self.host.nodes:
            self._look_at(source, now_ms)
        return self._taken(out, now_ms)

    def order(self, one: Ordered, now_ms: int) -> list[Publish]:
        """A command that waits. What becomes of it is among `moved`."""
        try:
            message, place = self._ordered(one, now_ms)
        except (ConfigFault, ValueError) as fault:
            self._moved.append(Moved(one.number, State.REFUSED, str(fault)))
            return []
        before = self._open.pop(place, None)
        if before is not None:
            self._moved.append(Moved(before.number, State.UNKNOWN))
        self._open[place] = _Open(one.number, now_ms)
        self._moved.append(Moved(one.number, State.SENT))
        return [message]

    def taken(self) -> tuple[list[Update], dict[str, int], list[Moved]]:
        """What is to be kept: sources, what was refused, commands; from now on it is the taker's."""
        updates = [
            Update(Standing(source, one.is_online, one.since_ms), one.metrics, one.is_whole, one.is_stale)
            for source, one in self._pending.items()
        ]
        found = updates, dict(self._refused), self._moved
        self._pending, self._refused, self._moved = {}, Counter(), []
        return found

    def not_kept(self, refused: dict[str, int], moved: Sequence[Moved], now_ms: int) -> None:
        """What was taken could not be kept: all is to be kept anew."""
        self._refused.update(refused)
        self._moved = [*moved, *self._moved]
        for node_source, node in self.host.nodes.items():
            for name in ("", *node.devices):
                docked = node.of(node_source._replace(device=name))
                if docked is not None and docked.metrics:
                    self._pending[node_source._replace(device=name)] = _Pending(
                        docked.is_online, now_ms, dict(docked.metrics), is_whole=True
                    )

    def _is_admitted(self, source: Source) -> bool:
        return self._admitted is None or source.of_node in self._admitted

    def _ordered(self, one: Ordered, now_ms: int) -> tuple[Publish, tuple[Source, str]]:
        source = source_named(one.source)
        node = self.host.nodes.get(source.of_node)
        docked = node.of(source) if node else None
        if not 0 <= now_ms - one.at_ms <= LATE_MS:
            raise ValueError("late")
        if node is None or docked is None or not docked.is_online or node.is_lost:
            raise ValueError("away")
        if one.metric not in docked.metrics:
            raise ValueError("no such metric")
        if len(self._open) >= OPEN_MAX:
            raise ValueError("too many")
        value = written(docked.metrics[one.metric].datatype, one.value)
        return self.host.command(Command(source, one.metric, value), now_ms), (source, one.metric)

    def _taken(self, out: Outcome, now_ms: int) -> list[Publish]:
        self._hear(out.events, now_ms)
        return out.publishes

    def _hear(self, events: Iterable[Event], now_ms: int) -> None:
        for event in events:
            if not isinstance(event, Refused) and not self._is_admitted(event.source):
                continue
            match event:
                case Born():
                    self._pending[event.source] = _Pending(
                        is_online=True, since_ms=now_ms, metrics=dict(event.metrics), is_whole=True
                    )
                    for name, shown in event.metrics.items():
                        self._tell(event.source, name, shown)
                case Died():
                    self._doubt(self._of(event.source, now_ms, is_online=False))
                case Said() if not event.is_historical:
                    self._of(event.source, now_ms).metrics[event.name] = event.shown
                    self._tell(event.source, event.name, event.shown)
                case Refused():
                    self._refuse(event.why)

    def _of(self, source: Source, now_ms: int, *, is_online: bool = True) -> _Pending:
        found = self._pending.get(source)
        if found is None or found.is_online is not is_online:
            made = _Pending(is_online, now_ms)
            if found is not None:
                made.metrics, made.is_whole, made.is_stale = found.metrics, found.is_whole, found.is_stale
            found = self._pending[source] = made
        return found

    def _doubt(self, pending: _Pending) -> None:
        pending.is_stale = True
        pending.metrics = {name: shown._replace(is_stale=True) for name, shown in pending.metrics.items()}

    def _look_at(self, sender: object, now_ms: int) -> None:
        """A node whose order is lost: its values are stale, once."""
        if not isinstance(sender, Source):
            return
        node = self.host.nodes.get(sender)
        if node is None or not node.is_lost:
            self._lost.discard(sender)
        elif sender not in self._lost and node.is_online:
            self._lost.add(sender)
            for device in ("", *node.devices):
                source = sender._replace(device=device)
                docked = node.of(source)
                if docked is not None and docked.is_online:
                    self._doubt(self._of(source, now_ms))

    def _tell(self, source: Source, name: str, shown: Shown) -> None:
        one = self._open.pop((source, name), None)
        if one is not None:
            self._moved.append(Moved(one.number, State.TOLD, text(shown) or ""))

    def _refuse(self, why: Why) -> None:
        self._refused[why.value] += 1
        self.counts["refused"] += 1


def _sender(topic: str) -> object:
    """Who is to be held to a pace: a node, an account of a mapping, else all others together."""
    if topic.startswith(f"{MAPPED}/"):
        return topic.split("/", 2)[1]
    try:
        to = read_topic(topic)
    except WireFault:
        return None
    return to if isinstance(to, StateTopic) else to.source.of_node


WORDS = {"true": True, "1": True, "false": False, "0": False}
_TEXTS = (DataType.STRING, DataType.TEXT, DataType.UUID)
_REALS = (DataType.FLOAT, DataType.DOUBLE)
_WHOLE = range(DataType.INT8, DataType.UINT64 + 1)


def written(datatype: DataType, words: str) -> Value:
    """A value of that type as people write it. ValueError: it is none, or of a type that nobody writes."""
    if datatype is DataType.BOOLEAN:
        if words.lower() not in WORDS:
            raise ValueError("true or false")
        return WORDS[words.lower()]
    if datatype in _TEXTS:
        return words
    if datatype in _REALS:
        return float(words)
    if datatype in _WHOLE or datatype is DataType.DATETIME:
        return int(words)
    raise ValueError("a type that is not written")


def is_same(one: str, other: str) -> bool:
    """Is what was told back what was written? Numbers by their value."""
    try:
        return abs(float(one) - float(other)) <= 1e-6 * max(1.0, abs(float(one)))
    except ValueError:
        return one.lower() == other.lower() or WORDS.get(one.lower()) == WORDS.get(other.lower(), one)
