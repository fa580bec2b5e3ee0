"""A small campus in memory that goes through a whole rotation by the real commands, with or without a token."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from provisioning.custody.vault import Vault
from provisioning.issue.campus_facts import read_campus
from provisioning.keys.levels import MASTERS
from provisioning.keys.store import KeyStore
from provisioning.plan.demo import demo_plan
from shared.clocks.clock import DAY_S
from tests.provisioning.cli.test_psam import new_card, psam_files, second_version
from tests.provisioning.desk import WHO, ok

MEMORY = Path("/dev/shm")  # a disk without waiting


@contextmanager
def in_memory() -> Iterator[Path]:
    """A folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None, prefix="ykt-token-") as folder:
        yield Path(folder)


def small_campus(room: Path) -> Path:
    """Three cards, two terminals: DATA is room/d."""
    plan = demo_plan(3)
    box = plan["boxes"][0]
    terminals = box["terminals"][:2]
    links = [link for link in box["links"] if link["name"] in {terminal["link"] for terminal in terminals}]
    (room / "plan.json").write_text(json.dumps(plan | {"boxes": [box | {"terminals": terminals, "links": links}]}))
    ok("campus", "--data", room / "d", "--plan", room / "plan.json")
    return room / "d"


def to_version_2(data: Path, papers: Path, algorithm: str = "3des") -> None:
    """Ceremony, every PSAM, issued, one new card n1: version 1 waits for its cards to expire."""
    papers.mkdir(exist_ok=True)
    second_version(data, papers, "--algorithm", algorithm)
    for psam, file in psam_files(data).items():
        ok("psam", "renew", "--data", data, *WHO, "--psam", psam.hex(), "--file", file)
    ok("rotate", "issue", "--data", data, *WHO, "--version", 2)
    new_card(data, papers)


def after_the_last_card(data: Path, version: int = 1) -> int:
    """A campus second at which no card of the version is valid any more."""
    return max(row.expires for row in read_campus(data).inventory.cards if row.key_version == version) + DAY_S


def journal_rows(data: Path, name: str) -> list[str]:
    """What kind of rows a journal has, in order."""
    return [json.loads(line.split(" ", 1)[1])["row"] for line in (data / "keys" / name).read_text().splitlines()]


def custody_lines(data: Path) -> list[dict[str, object]]:
    """The custody log, line by line."""
    return [json.loads(line) for line in (data / "keys/custody.log").read_bytes().splitlines()]


def only(school: KeyStore, version: int) -> KeyStore:
    """The masters of one version, and what is no master."""
    keys = tuple(key for key in school.keys if key.version == version or key.kind not in MASTERS)
    return KeyStore(school.level, school.campus, keys)


def put_back(data: Path, school: KeyStore) -> None:
    """As if the store had never held anything else."""
    Vault(data).write(school)
