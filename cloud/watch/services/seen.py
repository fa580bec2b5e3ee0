"""What was seen of a campus at one moment, as plain values: what the tree is made of, and nothing else. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from cloud.ledger.fleet.views import BoxView, TerminalView
from cloud.watch.alarms.rule import Rule
from cloud.watch.alarms.terms import Signal, Source
from cloud.watch.services.judging import Alarms
from cloud.watch.services.terms import Reason, State
from shared.words.voice import Text


class Part(NamedTuple):
    """A process as its launcher last told of it. why: how it ended last. after: the parts that must be ready first.

    is_silent: it used to say how it is each second, and does no more. is_connected: to the broker, as it says itself;
    None: it says nothing of that.
    """

    name: str
    state: str
    is_alive: bool
    since_ms: int
    restarts: int
    why: str
    after: tuple[str, ...]
    is_silent: bool = False
    is_connected: bool | None = None

    @property
    def ended_ms(self) -> int:
        """When its process ended; 0 while it runs, whatever it does."""
        return 0 if self.is_alive else self.since_ms

    @property
    def is_ready(self) -> bool:
        """Does it run, and do its work as far as it says?"""
        return self.is_alive and self.state == READY and not self.is_silent and self.is_connected is not False


READY = "ready"
_PLANNED = Reason(Text("计划检修中", "planned work goes on"))


class Parts(NamedTuple):
    """The launcher's word. is_running: does it live? told_ms: when it last wrote."""

    is_running: bool
    told_ms: int
    version: str
    of: Mapping[str, Part]


class Fleet(NamedTuple):
    """Boxes, of each terminal the epoch in which it sells, and the release that each says it runs."""

    boxes: Sequence[BoxView]
    terminals: Sequence[TerminalView]
    running: Mapping[bytes, int]


@dataclass(frozen=True, slots=True)
class Seen:
    """All of it. A thing that could not be asked within its bound is None or missing, and `why` says so by its name.

    beat_ms: when the watch last looked; 0: never. since: of each source, how the watch last found it and since when.
    fleet None: the ledger could not be read. load: of the machine, a processor. has_store: is there a store of metrics?
    why: of what gave no answer.
    """

    at_ms: int
    campus: str
    signals: Sequence[Signal] = ()
    rules: Sequence[Rule] = ()
    alarms: Alarms = field(default_factory=dict)
    since: Mapping[Source, tuple[State, int]] = field(default_factory=dict)
    beat_ms: int = 0
    parts: Parts | None = None
    fleet: Fleet | None = None
    load: float | None = None
    has_store: bool = False
    versions: Mapping[str, str] = field(default_factory=dict)
    why: Mapping[str, Text] = field(default_factory=dict)
    planned: frozenset[Source] = frozenset()
    """Somebody has planned work on these that goes on now."""

    def plan(self, source: Source, state: State) -> tuple[Reason, ...]:
        """What is not well under planned work says so; it is no better for it."""
        return (_PLANNED,) if source in self.planned and state not in (State.OK, State.UNUSED) else ()

    def since_ms(self, source: Source, state: State) -> int:
        """Since when it is so; 0 where the watch has not seen it so."""
        kept, since_ms = self.since.get(source, (State.UNKNOWN, 0))
        return since_ms if kept is state else 0


def process_text(part: Part) -> Text:
    """How the process is, in words."""
    if part.is_alive and part.is_silent:
        return Text("进程在，没有回音", "its process runs and says nothing any more")
    if part.is_alive and part.is_connected is False:
        return Text("连不上消息代理", "it does not reach the broker")
    if part.is_alive and part.state == READY:
        return Text("进程在，不应答", "its process runs and does not answer")
    if part.is_alive:
        return Text("正在启动", "it is starting")
    why_zh = f"（{part.why}）" if part.why else ""
    why_en = f" ({part.why})" if part.why else ""
    return Text(f"进程已退出{why_zh}", f"its process has ended{why_en}")
