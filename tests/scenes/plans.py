"""The campuses that the scenes play in, made once per run by the product's own commands and copied for each scene.

Small on purpose: three counters and a load machine, twenty cards, half of them so poor that they must load first, and
every other pair with a subsidy purse 补助 that pays a part of what is bought.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from compose.campus.campus import step
from compose.campus.lines import write_lines
from compose.campus.plan import (
    Box,
    Card,
    Link,
    LinkKind,
    Plan,
    Terminal,
    read_plan,
    with_load_and_validators_on_can,
    write_plan,
)
from provisioning.plan.demo import demo_plan

BOX, OTHER_BOX = "canteen", "annex"
CARDS = 20
RICH_FEN, POOR_FEN, SUBSIDY_FEN = 40_000, 1_000, 2_000
DEPOSIT_FEN = 200_000
DESK, TO_BE_LOST, LOST_FEN = "desk-1", "0100", 20_000
RADIO_MS = 100
"""What a Zigbee or LoRa module in a line adds, each way."""
STRANGER = "9999"
"""A card that nobody uses by itself and that has no deposit: a scene may."""
BALLAST_BYTES = 1 << 20
COMMAND_S = 240.0


def on_tcp() -> Plan:
    """Three counters and a load machine on TCP."""
    return _plan(_box(BOX, (_link("tcp"),), [_pos(n, "tcp", 0) for n in (1, 2, 3)] + [_load("load-1")]))


def with_a_spare() -> Plan:
    """As `on_tcp`, and a spare body that stands ready."""
    plan = on_tcp()
    (box,) = plan.boxes
    return replace(plan, boxes=(replace(box, spares=({"name": "spare-1", "kind": "pos"},)),))


def on_buses() -> Plan:
    """A counter on CAN, one on RS-485, one and the load machine on TCP."""
    links = (Link("can0", LinkKind.CAN, 125_000), Link("line0", LinkKind.RS485, 115_200), _link("tcp"))
    bodies = [_pos(1, "can0", 1), _pos(2, "line0", 1), _pos(3, "tcp", 0), _load("load-1")]
    return _plan(_box(BOX, links, bodies))


def on_can() -> Plan:
    """As `up --all-can` has it: a counter, the load machine and a validator on one CAN bus, a counter on RS-485."""
    plan = on_buses()
    (box,) = plan.boxes
    validator = Terminal("bus-1", "validator", "tcp", 0, "校车公司", "校车1号门")
    return with_load_and_validators_on_can(replace(plan, boxes=(replace(box, terminals=(*box.terminals, validator)),)))


def eight_on_can() -> Plan:
    """Eight counters on one CAN bus."""
    link = Link("can0", LinkKind.CAN, 125_000)
    return _plan(_box(BOX, (link,), [_pos(n, "can0", n) for n in range(1, 9)]))


def canteen_on_can() -> Plan:
    """Eight counters on one CAN bus, and a load machine on TCP."""
    links = (Link("can0", LinkKind.CAN, 125_000), _link("tcp"))
    return _plan(_box(BOX, links, [*(_pos(n, "can0", n) for n in range(1, 9)), _load("load-1")]))


def a_bus_that_leaves() -> Plan:
    """A counter and eight more bodies on TCP, and cards for a day of them."""
    bodies = [_pos(n, "tcp", 0) for n in range(1, 10)]
    plan = _plan(_box(BOX, (_link("tcp"),), bodies))
    return replace(plan, cards=(*plan.cards, *(Card(f"1{n:03d}", RICH_FEN) for n in range(100))))


def ten_behind_a_switch() -> Plan:
    """Eleven counters on TCP, and cards that need no load."""
    plan = _plan(_box(BOX, (_link("tcp"),), [_pos(n, "tcp", 0) for n in range(1, 12)]))
    return replace(plan, cards=tuple(replace(card, opening_fen=RICH_FEN) for card in plan.cards))


def sixteen_tills() -> Plan:
    """Sixteen counters on TCP, and cards for all of them."""
    plan = _plan(_box(BOX, (_link("tcp"),), [_pos(n, "tcp", 0) for n in range(1, 17)]))
    return replace(plan, cards=(*plan.cards, *(Card(f"1{n:03d}", RICH_FEN) for n in range(32))))


def three_tills() -> Plan:
    """Three counters on TCP."""
    return replace(sixteen_tills(), boxes=(_box(BOX, (_link("tcp"),), [_pos(n, "tcp", 0) for n in (1, 2, 3)]),))


def four_canteens() -> Plan:
    """Fifty counters in each, on TCP."""
    return _canteens(50)


def four_small_canteens() -> Plan:
    """Six counters in each, on TCP."""
    return _canteens(6)


def on_a_bus() -> Plan:
    """Two validators of a line by distance, on at the front and off at the back; one of a flat line; a load machine."""
    doors = (("front", "in", 1), ("back", "out", 1), ("loop", "both", 2))
    bodies = [Terminal(name, "validator", "tcp", 0, "校车公司", name, door, line) for name, door, line in doors]
    box = _box(BOX, (_link("tcp"),), [*bodies, _load("load-1"), _pos(1, "tcp", 0)])
    return replace(_plan(box), fares=demo_plan(0)["fares"])


def through_a_radio() -> Plan:
    """A counter on RS-485 at 9,600 baud whose line runs through a radio module, and the load machine on TCP."""
    line = Link("line0", LinkKind.RS485, 9_600, latency_ms=RADIO_MS)
    return _plan(_box(BOX, (line, _link("tcp")), [_pos(1, "line0", 1), _load("load-1")]))


def with_a_desk() -> Plan:
    """As `on_tcp`, with a card desk, and a card that is going to be lost."""
    plan = on_tcp()
    (box,) = plan.boxes
    desk = Terminal(DESK, "desk", "tcp", 0, "", "卡务中心")
    cards = (*plan.cards, Card(TO_BE_LOST, LOST_FEN))
    return replace(plan, boxes=(replace(box, terminals=(*box.terminals, desk)),), cards=cards)


def two_boxes() -> Plan:
    """The campus on TCP, and an annex with one counter of its own."""
    annex = _box(OTHER_BOX, (_link("tcp"),), [_pos(4, "tcp", 0)])
    first = on_tcp()
    return Plan(first.campus, first.name, first.demo, (*first.boxes, annex), first.cards, None, ())


def make(plan: Plan, folder: Path, extra: Mapping[str, Any] | None = None) -> Path:
    """A provisioned data folder with its inventory imported and its deposits posted. extra: keys that only
    provisioning reads.
    """
    folder.mkdir(parents=True)
    write_plan(folder / "plan.json", plan, extra)
    data = folder / "campus"
    command("provisioning", "campus", "--data", data, "--plan", folder / "plan.json")
    command("cloud", "import", "--data", data)
    cards = [card for card in plan.cards if card.label != STRANGER]
    deposits = ({"card": card.label, "fen": DEPOSIT_FEN, "key": f"first-{card.label}"} for card in cards)
    write_lines(folder / "deposits.jsonl", deposits)
    command("cloud", "deposit", "--data", data, "--file", folder / "deposits.jsonl")
    for box in plan.boxes:
        edit(data / "boxes" / box.box / "edge.json", outbox={"ballast_bytes": BALLAST_BYTES})
    return folder


def copy(made: Path, room: Path) -> Path:
    """A made campus for one scene."""
    shutil.copytree(made, room)
    return room


def in_plain(room: Path, box: str = BOX) -> Path:
    """The same campus without TLS on TCP, for a scene that reads along."""
    command("provisioning", "terminal-tls", "off", "--data", room / "campus", "--box", box)
    return room


def plan_of(room: Path) -> Plan:
    """The plan of a made campus."""
    return read_plan(room / "plan.json")


def edit(file: Path, **changes: object) -> None:
    """Change keys of a settings file."""
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))


def command(module: str, *words: object, code: int = 0, typed: str = "") -> str:
    """Run a command of the product to its end; what it said. Its exit code must be `code`. typed: at its input."""
    done = run(module, *words, typed=typed)
    assert done.returncode == code, f"{module} {words[0]}: exit {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def run(module: str, *words: object, typed: str = "") -> "subprocess.CompletedProcess[str]":
    """Run a command of the product to its end."""
    argv = step(module.replace(".", "-").replace("_", "-"), module, *map(str, words)).argv
    assert argv[0] == sys.executable
    return subprocess.run(argv, input=typed, capture_output=True, text=True, check=False, timeout=COMMAND_S)


def _plan(box: Box) -> Plan:
    return Plan(1, "演示校园", True, (box,), tuple(_cards()), None, ())


def _canteens(tills: int) -> Plan:
    """Four of them, and two cards: nobody comes."""
    numbers = (range(n * tills + 1, (n + 1) * tills + 1) for n in range(4))
    boxes = [
        _box(f"canteen-{at}", (_link("tcp"),), [_pos(n, "tcp", 0) for n in some]) for at, some in enumerate(numbers, 1)
    ]
    return replace(_plan(boxes[0]), boxes=tuple(boxes), cards=(Card("0001", 0), Card(STRANGER, 0)))


def _cards() -> Iterator[Card]:
    for n in range(1, CARDS + 1):
        yield Card(f"{n:04d}", POOR_FEN if n % 2 else RICH_FEN, SUBSIDY_FEN if n % 4 > 1 else None)
    yield Card(STRANGER, 0)


def _box(name: str, links: tuple[Link, ...], bodies: list[Terminal]) -> Box:
    return Box(name, "第一食堂", links, tuple(bodies))


def _link(name: str) -> Link:
    return Link(name, LinkKind.TCP, 0)


def _pos(number: int, link: str, address: int) -> Terminal:
    return Terminal(f"pos-{number}", "pos", link, address, f"商户{number}", f"{number}号窗口")


def _load(name: str) -> Terminal:
    return Terminal(name, "load", "tcp", 0, "", "一楼大厅")
