"""A small provisioned campus for the tests of the cloud, its real key process, and cards that make genuine TACs."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from compose.parts.part import Part
from compose.parts.standing import Standing
from provisioning.custody.files import open_level
from provisioning.keys.levels import CardKeySet, card_keys
from provisioning.keys.store import Level
from provisioning.plan.demo import demo_plan
from shared import inventory as inventories
from shared.clocks.campus_clock import WALL
from shared.clocks.clock import date_time_bcd
from shared.ids import BoxId, DeviceId, PsamId
from shared.inventory import CardRow, Inventory
from shared.online import LoadAnswer, LoadRequest
from shared.purse.crypto import (
    TYPE_CAPP_PURCHASE,
    TYPE_EP_LOAD,
    load_mac1,
    load_mac2,
    load_session_key,
    load_tac_input,
    purchase_tac_input,
    tac,
)
from shared.records import (
    VERSION,
    CounterKind,
    Flags,
    Kind,
    LoadRecord,
    Proof,
    PurchaseRecord,
    Stored,
    encode,
    purse_byte,
)
from tests.patience import PATIENCE_S

ROOT = Path(__file__).parents[2]
CARDS = 40
COMMAND_S = 120.0
FLEET, PHONES = "fleet.sock", "phones.sock"


def campus_now() -> int:
    """Campus seconds of this moment."""
    return WALL.at(time.time())


@dataclass(frozen=True, slots=True)
class Body:
    """A terminal: its body, its PSAM, the box that serves it."""

    device: DeviceId
    psam: PsamId
    box: BoxId


@dataclass(slots=True)
class Purse:
    """A card with its keys: spends and loads, and makes the records that a terminal would keep."""

    row: CardRow
    keys: CardKeySet
    balance_fen: int
    offline: int = 1
    online: int = 1

    def buy(self, body: Body, epoch: int, seq: int, amount_fen: int = 250, **changes: object) -> bytes:
        """A purchase record as the outbox stores it. ttn = seq. changes: fields that are made wrong after the TAC."""
        at = campus_now()
        stamp = purchase_tac_input(amount_fen, TYPE_CAPP_PURCHASE, body.psam, seq, date_time_bcd(at))
        record = PurchaseRecord(
            VERSION, Kind.PURCHASE, Flags(Proof.DEBIT, CounterKind.OFFLINE).to_int(), seq, seq, self.row.card,
            self.offline, TYPE_CAPP_PURCHASE, purse_byte(0, 2, 1), amount_fen, self.balance_fen, at,
            self.row.key_version, self.row.algorithm, tac(self.keys.tac, stamp), b"\0\0\0", 0, 1, 1, 0, 0,
        )  # fmt: skip
        self.offline += 1
        self.balance_fen -= amount_fen
        return Stored(body.device, epoch, body.psam, encode(record._replace(**changes))).to_bytes()

    def ask_load(self, body: Body, amount_fen: int) -> LoadRequest:
        """What INIT FOR LOAD answers. The card is unchanged by it."""
        rnd = b"\1\2\3\4"
        session = load_session_key(self.keys.load, rnd, self.online)
        mac1 = load_mac1(session, self.balance_fen, amount_fen, TYPE_EP_LOAD, body.psam)
        return LoadRequest(
            self.row.card, self.online, self.balance_fen, amount_fen, TYPE_EP_LOAD, self.row.key_version,
            self.row.algorithm, 1, rnd, mac1,
        )  # fmt: skip

    def accepts(self, body: Body, asked: LoadRequest, answer: LoadAnswer) -> bool:
        """Would the card take this MAC2?"""
        session = load_session_key(self.keys.load, asked.rnd, asked.counter)
        stamp = date_time_bcd(answer.time)
        return answer.mac2 == load_mac2(session, asked.amount_fen, TYPE_EP_LOAD, body.psam, stamp)

    def credit(self, body: Body, epoch: int, seq: int, request: int, asked: LoadRequest, answer: LoadAnswer) -> bytes:
        """The card takes it: the load record with its TAC."""
        after = self.balance_fen + asked.amount_fen
        stamp = load_tac_input(
            after, self.online, asked.amount_fen, TYPE_EP_LOAD, body.psam, date_time_bcd(answer.time)
        )
        record = LoadRecord(
            VERSION, Kind.LOAD, Flags(Proof.DEBIT, CounterKind.ONLINE, online=True).to_int(), seq, request,
            self.row.card, self.online, TYPE_EP_LOAD, purse_byte(0, 2, 1), asked.amount_fen, self.balance_fen,
            answer.time, self.row.key_version, self.row.algorithm, tac(self.keys.tac, stamp), 0, 1, 1, 0,
        )  # fmt: skip
        self.online += 1
        self.balance_fen = after
        return Stored(body.device, epoch, body.psam, encode(record)).to_bytes()


@dataclass(frozen=True, slots=True)
class Campus:
    """A data folder and what the tests know of it."""

    data: Path
    inventory: Inventory
    keys: dict[bytes, CardKeySet] = field(repr=False)

    def copy_to(self, data: Path) -> "Campus":
        """The parts that the cloud needs, in a folder of the test's own."""
        data.mkdir()
        shutil.copytree(self.data / "cloud", data / "cloud")
        for name in ("inventory.bin", "campus.json"):
            shutil.copy(self.data / name, data / name)
        return Campus(data, self.inventory, self.keys)

    def purses(self) -> list[Purse]:
        """All cards as issued."""
        return [Purse(row, self.keys[row.card], row.opening_fen) for row in self.inventory.cards]

    def bodies(self, kind: str = "pos") -> list[Body]:
        """The terminals of a kind with their PSAMs; a load machine has none and is its own."""
        psams = {row.device: row.psam for row in self.inventory.psams}
        rows = [row for row in self.inventory.devices if row.kind == kind]
        return [Body(row.device, psams.get(row.device, PsamId(row.device)), row.box) for row in rows]

    def partition(self, box: BoxId) -> int:
        """Topic partition of a box."""
        return next(row.partition for row in self.inventory.boxes if row.box == box)

    def ack_key(self) -> Ed25519PublicKey:
        """What a box checks ledger acks with."""
        return self._public("ack_key")

    def _public(self, name: str) -> Ed25519PublicKey:
        known = json.loads((self.data / "campus.json").read_text())
        return Ed25519PublicKey.from_public_bytes(bytes.fromhex(known[name]))


def make_campus(folder: Path, wanted: dict[str, Any] | None = None, within_s: float = COMMAND_S) -> Campus:
    """Provision the demonstration campus, or the wanted plan, by its real command."""
    plan, data = folder / "plan.json", folder / "campus"
    plan.write_text(json.dumps(wanted or demo_plan(CARDS)))
    run_part("provisioning", "campus", "--data", data, "--plan", plan, within_s=within_s)
    signer = bytes.fromhex(json.loads((data / "campus.json").read_text())["campus_key"])
    made = inventories.open_sealed((data / "inventory.bin").read_bytes(), Ed25519PublicKey.from_public_bytes(signer))
    school = open_level(data, Level.SCHOOL)
    keys = card_keys(school, made.cards[0].key_version, [row.card[2:] for row in made.cards])
    return Campus(data, made, {row.card: of for row, of in zip(made.cards, keys, strict=True)})


def run_part(module: str, *words: object, code: int = 0, within_s: float = COMMAND_S) -> str:
    """Run a command of the product to its end; its output."""
    command = [sys.executable, "-P", "-m", module, *map(str, words)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=within_s)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def part(name: str, module: str, *words: object) -> Part:
    """A lasting part of the product."""
    return patient(Part(name, (sys.executable, "-P", "-m", module, *map(str, words), "--end-with-stdin")))


def patient(part: Part) -> Part:
    """It may take as long as on a busy machine until it is ready, and until it has ended."""
    return replace(part, ready_timeout_s=2 * PATIENCE_S, stop_timeout_s=PATIENCE_S)


@contextmanager
def key_process(campus: Campus, folder: Path) -> Iterator[tuple[Standing, Path]]:
    """The real key process of this campus and its socket; beside it FLEET, where orders are signed, and PHONES, where
    phones are certified."""
    socket, fleet, phones = folder / "keys.sock", folder / FLEET, folder / PHONES
    words = "--data", campus.data, "--socket", socket, "--fleet-socket", fleet, "--wallet-socket", phones
    with Standing(part("keys", "provisioning", "keys", *words), folder) as standing:
        yield standing, socket
