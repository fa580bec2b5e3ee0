"""A made campus read back from its own files: the signed inventory says who there is, edge.json how they are wired.

No second copy of the plan is believed: a campus of release 0.1 has none, and what is wired is in these files. RETIRED
is a list of names: retired bodies, spares and boxes stay in every other file, for they may still owe records.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from provisioning.issue.campus_facts import CampusFacts
from provisioning.plan.extension import Standing
from provisioning.plan.plan import BoxPlan, CardPlan, LinkPlan, SparePlan, TerminalPlan, parse_link
from shared.errors import ConfigFault
from shared.ids import BoxId, DeviceId
from shared.input.section import Section, from_json
from shared.inventory import DeviceRow, Inventory
from shared.transit.door import Door
from shared.words.voice import Text

RETIRED = "retired.json"


@dataclass(frozen=True, slots=True)
class Made:
    """A standing campus, and which number each of its bodies has, by name."""

    standing: Standing
    devices: dict[str, DeviceId]


def read_made(facts: CampusFacts) -> Made:
    """ConfigFault for a file that cannot be understood, OSError."""
    data, inventory = facts.data, facts.inventory
    standing = Standing(
        campus=inventory.campus,
        region=int(read_json(data / "campus.json")["region"]),
        name=inventory.name,
        demo=inventory.demo,
        profile=inventory.cards[0].profile if inventory.cards else "",
        boxes={row.box: _box(data, inventory, row.box, row.name) for row in inventory.boxes},
        cards={row.label: CardPlan(row.label, row.opening_fen, row.subsidy_fen, row.group) for row in inventory.cards},
        retired=frozenset(retired_names(data)),
    )
    devices = {row.name: row.device for row in inventory.devices}
    return Made(standing, devices | {row.name: row.device for row in inventory.spares})


def retired_names(data: Path) -> list[str]:
    """Of what the plan has no more."""
    file = data / RETIRED
    names: Any = from_json(file.read_bytes(), RETIRED) if file.exists() else []
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ConfigFault(Text(f"{file}: 已损坏", f"{file}: is damaged"))
    return names


def read_json(file: Path) -> dict[str, Any]:
    """One of our settings files; ConfigFault, OSError."""
    raw = from_json(file.read_bytes(), str(file))
    if not isinstance(raw, dict):
        raise ConfigFault(Text(f"{file}: 已损坏", f"{file}: is damaged"))
    return raw


def _box(data: Path, inventory: Inventory, box: BoxId, name: str) -> BoxPlan:
    raw = read_json(data / "boxes" / box / "edge.json")
    wired = {str(one["name"]): one for one in raw["terminals"]}
    rows = [row for row in inventory.devices if row.box == box]
    spares = tuple(SparePlan(row.name, row.kind) for row in inventory.spares if row.box == box)
    links = _links(raw["links"])
    return BoxPlan(box, name, links, tuple(_body(data, row, wired.get(row.name, {})) for row in rows), spares)


def _links(rows: object) -> tuple[LinkPlan, ...]:
    return tuple(parse_link(row) for row in Section({"links": rows}, file="edge.json").rows("links"))


def _body(data: Path, row: DeviceRow, wired: dict[str, Any]) -> TerminalPlan:
    """One that its box does not list any more hangs nowhere."""
    file = data / "terminals" / row.name / "terminal.json"
    ride = read_json(file).get("ride", {}) if file.exists() else {}
    door = Door(ride["door"]) if ride else None
    link, address = str(wired.get("link", "")), int(wired.get("address", 0))
    return TerminalPlan(row.name, row.kind, link, address, row.merchant, row.place, door, int(ride.get("line", 0)))
