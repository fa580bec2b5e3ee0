"""The plan of a campus as the launcher reads it: which boxes, buses, terminals and cards there are.

PLAN.json (docs/formats.md) is written once into the data folder and read at every later start; a plan that names a
link it does not have, or too many terminals on a bus, stops the start.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from compose.place import WrongUse
from shared.words.voice import Text

BY_HAND = "hand-"
"""Bodies whose names begin so are not started: they wait for a person (`./ykt terminal --interactive`)."""
_NO_PLAN = Text("不是校园计划", "not a plan")
_ALWAYS = ("address", "merchant", "place")
"""Keys of a terminal that are written though empty; door and line are not."""
_CANTEEN, _LOAD_MACHINE = Text("第一食堂", "canteen 1"), Text("圈存机", "load machine ")
_DEMO = Text("演示校园", "demonstration campus")
"""Names of the replayed campus; the plan is kept, and has the Chinese ones whatever is spoken."""
BUS_MAX = 32
"""Most terminals on one bus; the rest goes to TCP."""


class LinkKind(StrEnum):
    """What a terminal hangs on."""

    CAN = "can"
    RS485 = "rs485"
    TCP = "tcp"


@dataclass(frozen=True, slots=True)
class Terminal:
    """A body: its name, kind (pos, validator, load), link of its box, address on a bus (0 on TCP), place, merchant.

    door, line: of a validator that takes rides by the plan's fares; one without takes keyed amounts.
    """

    name: str
    kind: str
    link: str
    address: int
    merchant: str
    place: str
    door: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Link:
    """A line of a box; rate is bit/s on CAN, baud on RS-485, 0 on TCP. latency_ms: of a radio module in an RS-485
    line, each way. is_plain: a TCP link without TLS."""

    name: str
    kind: LinkKind
    rate: int
    latency_ms: int = 0
    is_plain: bool = False


@dataclass(frozen=True, slots=True)
class Box:
    """An edge box with its lines and bodies."""

    box: str
    name: str
    links: tuple[Link, ...]
    terminals: tuple[Terminal, ...]
    spares: tuple[dict[str, str], ...] = ()
    """Spare bodies, for provisioning alone: nobody starts one."""

    def link_of(self, terminal: Terminal) -> Link:
        """The line of one of its terminals; WrongUse when the plan does not have it."""
        for link in self.links:
            if link.name == terminal.link:
                return link
        none = Text(f"{self.box} 没有线路 {terminal.link!r}", f"no link {terminal.link!r} at {self.box}")
        raise WrongUse(f"plan: {terminal.name}: {none}")


@dataclass(frozen=True, slots=True)
class Card:
    """A card to be made: its printed label (text) and what is in its purses at the start, in fen.

    subsidy_fen None: it has no subsidy purse 补助. group: its holder's class, '' unknown; it goes to provisioning."""

    label: str
    opening_fen: int
    subsidy_fen: int | None = None
    group: str = ""

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> "Card":
        """Of a plan. TypeError for a key that is none."""
        return cls(**{"group" if key == "class" else key: value for key, value in raw.items()})

    def to_json(self) -> dict[str, Any]:
        """The same; without a class as it was before there were any."""
        told = asdict(self)
        group = told.pop("group")
        return told | ({"class": group} if group else {})


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole campus. caps, hotlist and fares go to provisioning as they are."""

    campus: int
    name: str
    demo: bool
    boxes: tuple[Box, ...]
    cards: tuple[Card, ...]
    caps: Any
    hotlist: tuple[str, ...]
    fares: Any = None

    def terminals(self) -> Iterator[tuple[Box, Link, Terminal]]:
        """Every body with its line and box."""
        for box in self.boxes:
            for terminal in box.terminals:
                yield box, box.link_of(terminal), terminal


def trace_plan(cards: list[str], terminals: list[str], load_machines: int) -> Plan:
    """The campus of a trace: its own terminals, at most 32 on the bus, and load machines; every card starts empty."""
    bodies = [
        Terminal(f"t{n:04d}", "pos", *(("can0", n) if n <= BUS_MAX else ("tcp", 0)), label, label)
        for n, label in enumerate(terminals, 1)
    ]
    machines = range(1, load_machines + 1)
    bodies += [Terminal(f"load-{n:02d}", "load", "tcp", 0, "", f"{_LOAD_MACHINE.zh}{n}") for n in machines]
    box = Box("canteen-1", _CANTEEN.zh, (Link("can0", LinkKind.CAN, 125_000), _tcp()), tuple(bodies))
    return Plan(1, _DEMO.zh, True, (box,), tuple(Card(label, 0) for label in cards), None, ())


def with_load_and_validators_on_can(plan: Plan) -> Plan:
    """The same campus with its load machines and validators on CAN as well."""
    return replace(plan, boxes=tuple(_on_can(box) for box in plan.boxes))


def write_plan(path: Path, plan: Plan, extra: Mapping[str, Any] | None = None) -> None:
    """Write PLAN.json; extra: optional keys that only provisioning reads (issued, expires, ceiling_fen)."""
    boxes, cards = [_box_json(box) for box in plan.boxes], [card.to_json() for card in plan.cards]
    text = json.dumps({**asdict(plan), "boxes": boxes, "cards": cards, **(extra or {})}, ensure_ascii=False, indent=1)
    path.write_text(text, encoding="utf-8")


def read_plan(path: Path) -> Plan:
    """Read PLAN.json back; WrongUse when it is not one."""
    try:
        return parse_plan(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError) as fault:
        raise WrongUse(f"{path.name}: {_NO_PLAN}: {fault}") from fault


def parse_plan(raw: dict[str, Any]) -> Plan:
    """The plan of its JSON; WrongUse when it is not one. What only provisioning needs is left to it."""
    try:
        boxes = tuple(_box(box) for box in raw["boxes"])
        cards = tuple(Card.from_json(card) for card in raw["cards"])
        rules = raw["caps"], tuple(raw["hotlist"]), raw.get("fares")
        plan = Plan(raw["campus"], raw["name"], raw["demo"], boxes, cards, *rules)
    except (ValueError, KeyError, TypeError) as fault:
        raise WrongUse(f"{_NO_PLAN}: {fault}") from fault
    list(plan.terminals())
    return plan


def _tcp() -> Link:
    return Link("tcp", LinkKind.TCP, 0)


def _on_can(box: Box) -> Box:
    links = (
        box.links
        if any(link.kind is LinkKind.CAN for link in box.links)
        else (
            Link("can0", LinkKind.CAN, 125_000),
            *box.links,
        )
    )
    taken = max((t.address for t in box.terminals if t.link == "can0"), default=0)
    moved = []
    for terminal in box.terminals:
        by_hand = terminal.name.startswith(BY_HAND)
        if terminal.kind in ("load", "validator") and terminal.link == "tcp" and not by_hand:
            taken += 1
            moved.append(replace(terminal, link="can0", address=taken))
        else:
            moved.append(terminal)
    return replace(box, links=links, terminals=tuple(moved))


def _box_json(box: Box) -> dict[str, Any]:
    terminals = [{key: value for key, value in asdict(one).items() if value or key in _ALWAYS} for one in box.terminals]
    return {**asdict(box), "links": [_link_json(link) for link in box.links], "terminals": terminals}


def _link_json(link: Link) -> dict[str, Any]:
    rate = {LinkKind.CAN: "bitrate", LinkKind.RS485: "baud"}.get(link.kind)
    beside = {"latency_ms": link.latency_ms} if link.latency_ms else {"plain": True} if link.is_plain else {}
    return {"name": link.name, "kind": link.kind.value} | ({rate: link.rate} if rate else {}) | beside


def _box(raw: dict[str, Any]) -> Box:
    links = tuple(_link(link) for link in raw["links"])
    terminals = tuple(Terminal(**terminal) for terminal in raw["terminals"])
    return Box(raw["box"], raw["name"], links, terminals, tuple(raw.get("spares", ())))


def _link(raw: dict[str, Any]) -> Link:
    rate = raw.get("bitrate", raw.get("baud", 0))
    return Link(raw["name"], LinkKind(raw["kind"]), rate, raw.get("latency_ms", 0), raw.get("plain", False))
