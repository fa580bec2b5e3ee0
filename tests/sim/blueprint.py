"""The campus that every seed plays on: a plan, and all that provisioning makes of it. Built once per process."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from random import Random

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from edge import settings as edge_settings
from edge.terminal.settings import settings as terminal_settings
from provisioning.campus.campus import Making, campus_files
from provisioning.keeper.software import keeper_of
from provisioning.keys.documents import document_keys
from provisioning.keys.store import KeyStore, Level, Unlock, open_store
from provisioning.plan.plan import parse_plan
from provisioning.process.operations import KeyOperations
from shared import inventory
from shared.clocks.clock import DAY_S
from shared.ids import CardId
from shared.inventory import Inventory
from shared.records.slot_file import choose
from tests.sim.rides import FARES
from tests.sim.truth import require_layout

CAMPUS_S = 9_558 * DAY_S
"""Midnight before the simulated day, in campus seconds: 2026-03-03."""
CARDS = 60
"""Every third one is poor and must load; the others are rich enough for a long day."""
SUBSIDISED = ("pos-2", "pos-3", "pos-5")
"""Counters that take the subsidy purse first, which every other card has."""
HOSTILE = "odd-1"
"""A body at which nobody buys: see hostile_terminal.py."""
RING_SLOTS = 256
"""Small enough to run round in a day; large enough for an outage of a meal."""


@dataclass(frozen=True, slots=True)
class CardMade:
    """A card as issued."""

    card: CardId
    label: str
    image: bytes


@dataclass(frozen=True, slots=True)
class TerminalMade:
    """A body as delivered: its settings, its PSAM, where it hangs."""

    settings: terminal_settings.BodySettings
    psam_image: bytes | None
    """None: a load machine sells nothing and has none."""
    box: str
    link: str
    on_bus: bool


@dataclass(frozen=True, slots=True)
class Blueprint:
    """Everything, as values that nobody changes."""

    cards: tuple[CardMade, ...]
    terminals: tuple[TerminalMade, ...]
    boxes: tuple[edge_settings.BoxSettings, ...]
    inventory: Inventory
    campus_key: Ed25519PublicKey
    ack_key: Ed25519PrivateKey
    sealed_keys: bytes
    unlock: Unlock
    operator: CardMade
    """The supervisor's card, which every counter knows."""

    def key_operations(self) -> KeyOperations:
        """The key process, without the process."""
        school = self.school()
        return KeyOperations(keeper_of(school), school.campus, document_keys(school))

    def school(self) -> KeyStore:
        """The school's keys."""
        return open_store(self.sealed_keys, self.unlock, Level.SCHOOL)


@lru_cache(maxsize=1)
def blueprint() -> Blueprint:
    """The one campus: two boxes, six counters, a bus door that takes rides, a load machine, sixty cards."""
    files = {file.path: file.body for file in campus_files(_making())}
    campus = json.loads(files["campus.json"])
    campus_key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(campus["campus_key"]))
    made = inventory.open_sealed(files["inventory.bin"], campus_key)
    ack_key = load_pem_private_key(files["cloud/ack.key"], None)
    if not isinstance(ack_key, Ed25519PrivateKey):
        raise TypeError("the ack key is Ed25519")
    boxes = tuple(_box(body) for path, body in files.items() if path.endswith("/edge.json"))
    built = Blueprint(
        cards=tuple(_cards(files)),
        terminals=tuple(_terminal(files, row.name) for row in made.devices),
        boxes=boxes,
        inventory=made,
        campus_key=campus_key,
        ack_key=ack_key,
        sealed_keys=files[f"keys/{Level.SCHOOL.value}.keys"],
        unlock=Unlock(files["keys/unlock"]),
        operator=_operator(files),
    )
    for card in built.cards:
        require_layout(card.image)
    return built


def _making() -> Making:
    return Making(parse_plan(_plan()), CAMPUS_S, datetime(2026, 3, 3, tzinfo=UTC), Random(2026).randbytes)


def _plan() -> dict[str, object]:
    can, tcp = {"name": "can0", "kind": "can", "bitrate": 125_000}, {"name": "tcp", "kind": "tcp"}
    canteen = [_body(f"pos-{n}", "pos", "can0", n, f"stall-{n % 2}") for n in range(1, 5)]
    canteen += [_body("pos-5", "pos", "tcp", 0, "stall-0"), _body("load-1", "load", "tcp", 0, "")]
    canteen += [_body(HOSTILE, "pos", "tcp", 0, "odd")]
    ride = {"door": "both", "line": 1}
    bus = [_body("bus-1", "validator", "tcp", 0, "bus") | ride, _body("bus-2", "validator", "can0", 2, "bus")]
    return {
        "campus": 1,
        "name": "演示校园",
        "demo": True,
        "boxes": [
            {"box": "canteen-1", "name": "第一食堂", "links": [can, tcp], "terminals": canteen},
            {"box": "bus-1", "name": "校车", "links": [can, tcp], "terminals": bus},
        ],
        "cards": [_card(n) for n in range(1, CARDS + 1)],
        "caps": None,
        "hotlist": [],
        "operators": [{"label": "主管01"}],
        "fares": FARES,
        "issued": "2025-09-01",
        "expires": "2030-09-01",
    }


def _card(number: int) -> dict[str, object]:
    card = {"label": f"{number:04d}", "opening_fen": (60_000 if number % 3 else 3_000) + number * 70}
    return card | ({"subsidy_fen": 1_500 + number * 10} if number % 2 else {})


def _body(name: str, kind: str, link: str, address: int, merchant: str) -> dict[str, object]:
    return {"name": name, "kind": kind, "link": link, "address": address, "merchant": merchant, "place": ""}


def _cards(files: dict[str, bytes]) -> list[CardMade]:
    index = json.loads(files["cards/index.json"])
    return [
        CardMade(CardId(bytes.fromhex(row["card"])), label, choose(files[f"cards/{row['file']}"]).body)
        for label, row in index.items()
    ]


def _operator(files: dict[str, bytes]) -> CardMade:
    ((label, row),) = json.loads(files["operators/index.json"]).items()
    return CardMade(CardId(bytes.fromhex(row["card"])), label, choose(files[f"operators/{row['file']}"]).body)


def _terminal(files: dict[str, bytes], name: str) -> TerminalMade:
    raw = json.loads(files[f"terminals/{name}/terminal.json"])
    chip = files.get(f"terminals/{name}/psam.bin")
    psam = None if chip is None else choose(chip).body
    link = raw["link"]
    settings = terminal_settings.parse({**raw, "ring_slots": RING_SLOTS, "subsidy": name in SUBSIDISED})
    return TerminalMade(settings, psam, raw["box"], link["name"], link["kind"] != "tcp")


def _box(raw: bytes) -> edge_settings.BoxSettings:
    return edge_settings.parse(json.loads(raw), Path())
