"""What rules speak of: families, the source of an alarm, a fact that came, a signal that was read. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from shared.facts.told import CASE, Level, Params
from shared.words.voice import Text


class Family(StrEnum):
    """The mission's five, then bus, service and security. A promise to routes: added to, never renamed."""

    LEDGER = "ledger"
    OFFLINE = "offline"
    LOAD = "load"
    ILLEGAL = "illegal"
    CARD = "card"
    BUS = "bus"
    SERVICE = "service"
    SECURITY = "security"


FAMILIES = {
    Family.LEDGER: Text("账目", "ledger"),
    Family.OFFLINE: Text("脱机", "offline"),
    Family.LOAD: Text("圈存", "load"),
    Family.ILLEGAL: Text("非法终端", "illegal terminal"),
    Family.CARD: Text("卡片钱包", "card purse"),
    Family.BUS: Text("总线", "bus"),
    Family.SERVICE: Text("服务", "service"),
    Family.SECURITY: Text("安全", "security"),
}
GRADES = {
    Level.URGENT: Text("紧急", "urgent"),
    Level.IMPORTANT: Text("重要", "important"),
    Level.GENERAL: Text("一般", "general"),
    Level.NOTICE: Text("提示", "notice"),
}
"""From the gravest down. 提示 is kept and shown, and calls nobody."""
_RANK = {level: rank for rank, level in enumerate(GRADES)}


def is_graver(one: Level, other: Level) -> bool:
    """Does the one go before the other?"""
    return _RANK[one] < _RANK[other]


class Kind(StrEnum):
    """What an alarm may be about. A promise to scopes and routes: added to, never renamed."""

    CAMPUS = "campus"
    BOX = "box"
    BUS = "bus"
    TERMINAL = "terminal"
    CARD = "card"
    PERSON = "person"
    SERVICE = "service"
    GROUP = "group"
    """Terminals behind one thing that somebody has named: a switch, a riser."""
    DOCKED = "docked"
    """A stranger's device: group/node, or group/node/device."""
    METRIC = "metric"
    """One value of such a device: group/node/device:name."""


class Source(NamedTuple):
    """One thing that an alarm is about. name: a box's id, `box/link` of a bus, a device's hex, a card's label."""

    kind: Kind
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}" if self.name else str(self.kind)


CAMPUS = Source(Kind.CAMPUS)


def source_of(text: str) -> Source:
    """What str(source) gave; ValueError for a kind that there is not."""
    kind, _, name = text.partition(":")
    return Source(Kind(kind), name)


@dataclass(frozen=True, slots=True)
class Happening:
    """A fact as the ledger keeps it. number: its place in the ledger's order. told: empty for a text of before."""

    number: int
    at_ms: int
    level: Level
    code: str
    box: str
    device: bytes
    told: Params

    @property
    def case(self) -> str:
        """What tells apart facts of one code; empty where there is nothing to."""
        return str(dict(self.told).get(CASE, ""))


class Signal(NamedTuple):
    """One reading. value None: it is not known now, which is never the same as good."""

    name: str
    source: Source
    at_ms: int
    value: float | None
