"""What the tree of services is made of: states, reasons, nodes; sums go upward. Pure, and what every page renders."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from shared.words.voice import Text


class State(StrEnum):
    """From the best to the worst. A promise to programs: added to, never renamed."""

    UNUSED = "unused"
    """Registered, never heard of, and nobody has missed it: no part of any sum."""
    OK = "ok"
    WARN = "warn"
    """A rule that calls nobody holds."""
    UNKNOWN = "unknown"
    WRONG = "wrong"


_RANK = {state: rank for rank, state in enumerate(State)}


def worst(states: Iterable[State]) -> State:
    """The worst of them; UNUSED where there is none."""
    return max(states, key=_RANK.__getitem__, default=State.UNUSED)


class What(StrEnum):
    """What a node is. A promise as State."""

    CAMPUS = "campus"
    SERVER = "server"
    MACHINE = "machine"
    CERTIFICATE = "certificate"
    SERVICES = "services"
    SERVICE = "service"
    DEVICES = "devices"
    PLACE = "place"
    BOX = "box"
    LINE = "line"
    TERMINAL = "terminal"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a node is not well. rule: by which it was judged; empty: by none. since_ms 0: nobody knows since when."""

    text: Text
    rule: str = ""
    since_ms: int = 0


@dataclass(frozen=True, slots=True)
class Node:
    """One thing and what stands below it. own: what is said of itself; state: with what is below.

    says: its figures in words. as_of_ms: when it was last known; 0: never. waits: what it waits for. counts: of the
    leaves below, itself if it is one.
    """

    what: What
    name: str
    called: Text
    own: State
    reasons: tuple[Reason, ...] = ()
    says: Text | None = None
    since_ms: int = 0
    as_of_ms: int = 0
    version: str = ""
    waits: tuple[Text, ...] = ()
    children: tuple["Node", ...] = ()
    is_inherited: bool = False
    """Is it unknown because of what stands above it?"""
    state: State = field(init=False)
    counts: Mapping[State, int] = field(init=False)

    def __post_init__(self) -> None:
        """Sum up."""
        counted = Counter({self.own: 1}) if not self.children else Counter[State]()
        for child in self.children:
            counted.update(child.counts)
        object.__setattr__(self, "state", worst((self.own, *(child.state for child in self.children))))
        object.__setattr__(self, "counts", {state: counted[state] for state in State if counted[state]})

    def walk(self) -> Iterator["Node"]:
        """Itself and all below, each before its own."""
        yield self
        for child in self.children:
            yield from child.walk()


def unknown(node: Node, why: Reason) -> Node:
    """The same when what carries its news is gone: nothing of it is known, nor of what is below."""
    return replace(node, own=State.UNKNOWN, reasons=(why,), says=None, waits=(), children=inherited(node.children, why))


def inherited(nodes: Iterable[Node], why: Reason) -> tuple[Node, ...]:
    """What stands below something of which nothing is known; what was never in use is not missed."""
    return tuple(node if node.own is State.UNUSED else replace(unknown(node, why), is_inherited=True) for node in nodes)
