"""One demonstration campus, made once by the real command; tests only read it, or copy what they change."""

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from provisioning.custody.files import open_level
from provisioning.keys.store import KeyStore, Level
from provisioning.plan.demo import demo_plan
from shared import inventory
from shared.inventory import Inventory

ROOT = Path(__file__).parents[2]


def provisioning(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "provisioning", *map(str, words)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)


@dataclass(frozen=True, slots=True)
class Campus:
    data: Path
    plan: dict
    inventory: Inventory
    school: KeyStore

    def json(self, path: str) -> dict:
        return json.loads((self.data / path).read_text())


def demo_with_hotlist() -> dict:
    caps = {"single_fen": 5_000, "day_fen": 20_000}
    return demo_plan(40) | {
        "hotlist": ["0007", "0033"],
        "caps": caps,
        "hosts": ["onecard.example"],
        "console": "https://onecard.example/",
        "ceiling_fen": 150_000,
    }


@pytest.fixture(scope="session")
def campus(tmp_path_factory) -> Campus:
    folder = tmp_path_factory.mktemp("campus")
    plan = demo_with_hotlist()
    (folder / "plan.json").write_text(json.dumps(plan))
    done = provisioning("campus", "--data", folder / "d", "--plan", folder / "plan.json")
    assert done.returncode == 0, done.stderr
    assert "40 张卡" in done.stdout
    data = folder / "d"
    signer = inventory_key(json.loads((data / "campus.json").read_text()))
    made = inventory.open_sealed((data / "inventory.bin").read_bytes(), signer)
    return Campus(data, plan, made, open_level(data, Level.SCHOOL))


def inventory_key(campus_json: dict):
    return Ed25519PublicKey.from_public_bytes(bytes.fromhex(campus_json["campus_key"]))


@pytest.fixture(scope="session")
def provision():
    """Runs one verb of the real command."""
    return provisioning


@pytest.fixture(scope="session")
def token_campus(campus, tmp_path_factory) -> Path:
    """The same campus, its masters moved into a SoftHSM token by the real command."""
    data = tmp_path_factory.mktemp("token") / "d"
    shutil.copytree(campus.data, data)
    done = provisioning("token", "--data", data, "--who", "甲")
    assert (done.returncode, done.stderr) == (0, "")
    assert "12 个主密钥" in done.stdout
    return data


@pytest.fixture
def own(campus, tmp_path) -> Path:
    """A campus of this test's own, without what the issuing office does not need."""
    data = tmp_path / "d"
    data.mkdir()
    for name in ("keys", "cards", "terminals"):
        shutil.copytree(campus.data / name, data / name)
    for name in ("campus.json", "inventory.bin"):
        shutil.copy(campus.data / name, data / name)
    return data
