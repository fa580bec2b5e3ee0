"""A small campus of real processes for the bench: broker, key process, ingest and one edge with terminals on TCP."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from compose.campus.campus import Where, core_parts, field_parts
from compose.campus.plan import parse_plan
from compose.parts.standing import Standing
from compose.place import ROOT
from compose.servers.ports import LOOPBACK, free_port
from compose.servers.servers import BrokerFiles, BrokerPorts, embedded_broker, mosquitto
from edge.files.memory import read_image
from shared import inventory as inventories
from shared.ids import DeviceId, PsamId
from shared.purse.cos.card import UserCard
from shared.purse.cos.psam import Psam
from tests.bench.tap import card_of, psam_of

BOX = "canteen-1"
TILLS = 32
CARDS = 100
OPENING_FEN = 50_000
STEP_S = 60.0
_TAIL_BYTES = 16_384


@dataclass(frozen=True, slots=True)
class Body:
    """A terminal that the bench plays: its numbers, its link key, its PSAM."""

    device: DeviceId
    psam_id: PsamId
    key: bytes
    psam: Psam


@dataclass(frozen=True, slots=True)
class Made:
    """A provisioned data folder, its software cards and its terminals."""

    data: Path
    cards: tuple[UserCard, ...]
    bodies: tuple[Body, ...]
    partition: int
    tills: int


@dataclass(frozen=True, slots=True)
class Scene:
    """The campus while it stands. edge can be stopped and started again."""

    where: Where
    edge: Standing
    ingest: Standing

    @property
    def tcp(self) -> tuple[str, int]:
        """Where the terminals connect."""
        return LOOPBACK, self.where.ports[BOX]


def make(folder: Path, *others: str, tills: int = TILLS) -> Made:
    """Provision a campus with so many tills on TCP and CARDS cards. others: boxes that have rights and no process."""
    data, plan = folder / "campus", folder / "plan.json"
    plan.write_text(json.dumps(plan_of(tills, *others)), encoding="utf-8")
    run("provisioning", "campus", "--data", str(data), "--plan", str(plan))
    return made_of(data, BOX)


def made_of(data: Path, box: str) -> Made:
    """What there is to play in a provisioned data folder: the terminals of this box, and all cards."""
    signer = bytes.fromhex(json.loads((data / "campus.json").read_text(encoding="utf-8"))["campus_key"])
    sealed = (data / "inventory.bin").read_bytes()
    inventory = inventories.open_sealed(sealed, Ed25519PublicKey.from_public_bytes(signer))
    psams = {row.device: row.psam for row in inventory.psams}
    edge = json.loads((data / "boxes" / box / "edge.json").read_text(encoding="utf-8"))
    index = json.loads((data / "cards" / "index.json").read_text(encoding="utf-8"))
    cards = tuple(card_of(read_image(data / "cards" / row["file"])) for row in index.values())
    bodies = tuple(_body(data, row, psams) for row in edge["terminals"])
    return Made(data, cards, bodies, edge["partition"], len(bodies))


@contextmanager
def standing(made: Made, folder: Path, dsn: str = "", *, full: bool = False) -> Iterator[Scene]:
    """All processes up; `folder` gets logs and sockets and must have a short path. full: mosquitto with its rights."""
    doors = BrokerPorts(free_port(), free_port() if full else 0)
    tcp = {BOX: free_port()}
    where = Where(made.data, folder, doors.boxes, free_port(), tcp, full=full, dsn=dsn, cloud_port=doors.cloud)
    run("cloud", "import", "--data", str(made.data), *(("--dsn", dsn) if dsn else ()))
    keys, ingest, *_ = core_parts(where, ())
    (edge,) = field_parts(where, parse_plan(plan_of(made.tills)))
    broker = embedded_broker(doors.boxes)
    if full:
        broker = mosquitto(folder / "broker", doors, BrokerFiles.of_campus(made.data))
    with ExitStack() as stack:
        for part in (broker, keys):
            stack.enter_context(Standing(part, folder))
        cloud = stack.enter_context(Standing(ingest, folder))
        yield Scene(where, stack.enter_context(Standing(edge, folder)), cloud)


def status(standing: Standing) -> dict[str, Any]:
    """The newest STATUS of a process; empty before its first."""
    with standing.log.open("rb") as log:
        log.seek(max(0, standing.log.stat().st_size - _TAIL_BYTES))
        lines = [line for line in log.read().split(b"\n")[:-1] if line.startswith(b"STATUS {")]
    return dict(json.loads(lines[-1][7:])) if lines else {}


def run(module: str, *words: str) -> None:
    """A command of the product to its end; RuntimeError when it ends badly."""
    command = (sys.executable, "-P", "-m", module, *words)
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
        timeout=STEP_S,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{module} {words[0]}: {(done.stdout + done.stderr)[-500:]}")


def _body(data: Path, row: dict[str, Any], psams: dict[DeviceId, PsamId]) -> Body:
    device = DeviceId(bytes.fromhex(row["device"]))
    psam = psam_of(read_image(data / "terminals" / row["name"] / "psam.bin"))
    return Body(device, psams[device], bytes.fromhex(row["key"]), psam)


def plan_of(count: int, *others: str) -> dict[str, Any]:
    """What is provisioned."""
    tills = [
        {"name": f"pos-{n:02d}", "kind": "pos", "link": "tcp", "address": 0, "merchant": f"档口{n % 4}",
         "place": f"{n}号窗口"}
        for n in range(1, count + 1)
    ]  # fmt: skip
    boxes = [_box(BOX, tills), *(_box(name, [tills[0] | {"name": f"pos-{name}"}]) for name in others)]
    cards = [{"label": f"{n:04d}", "opening_fen": OPENING_FEN} for n in range(1, CARDS + 1)]
    return {
        "campus": 1, "name": "演示校园", "demo": True, "boxes": boxes, "cards": cards, "caps": None, "hotlist": [],
    }  # fmt: skip


def _box(name: str, terminals: list[dict[str, Any]]) -> dict[str, Any]:
    return {"box": name, "name": name, "links": [{"name": "tcp", "kind": "tcp", "plain": True}], "terminals": terminals}
