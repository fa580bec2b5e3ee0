"""A box is broken in many ways; the doctor names each by the check that is meant, and never falls over itself."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge.doctor.checks import Around, box_checks
from edge.doctor.links import can_answer
from edge.outbox.opening import BALLAST, FILE, open_outbox
from edge.process.standing import STATUS_EVERY, STATUS_FILE, StatusFile
from edge.settings import LinkKind, LinkSetting, load
from provisioning.certificates import authority
from shared.support.checks import State, worst
from shared.support.doctor import examine
from shared.support.machine import machine_checks
from tests.edge.campus_rig import ROOT, edge_json
from tests.edge.rig import BOX

AROUND = {"clock-synchronised", "disk-room", "journal", "memory", "mounted"}
"""What depends on the machine that tests run on."""
NOW = datetime.now(UTC)
NOBODY = 65_534


def pair(folder: Path, name: str, ca: authority.Authority, now: datetime = NOW) -> None:
    key = authority.new_key()
    (folder / f"{name}.pem").write_bytes(authority.issue_client(ca, key.public_key(), BOX, now))
    (folder / f"{name}.key").write_bytes(authority.private_pem(key))


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "boxes" / BOX
    folder.mkdir(parents=True)
    ca = authority.new_authority("campus", NOW)
    tls = {"ca": "ca.pem", "certificate": "box.pem", "key": "box.key"}
    (folder / "edge.json").write_text(json.dumps(edge_json(tls=tls)), encoding="utf-8")
    (folder / "ca.pem").write_bytes(authority.certificate_pem(ca))
    pair(folder, "box", ca)
    opened = open_outbox(folder, load(folder / "edge.json").outbox, bytes(8))
    opened.store.close()
    (folder / "edge.lock").touch()
    for file in folder.iterdir():
        file.chmod(0o600)
    return folder


@pytest.fixture
def box(sound: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sound, tmp_path / "boxes" / BOX))


def found(box: Path, run: Path = Path("/nowhere"), broker: str = "", conf: Path = Path("/nowhere")) -> dict[str, State]:
    """The worst answer of each check."""
    around = Around(box, run, broker, conf=conf)
    results = examine([*box_checks(around), *machine_checks(box)])
    return {
        one.check.id: worst(other.answer.state for other in results if other.check.id == one.check.id)
        for one in results
    }


def test_a_sound_box_has_nothing_wrong(box: Path) -> None:
    states = found(box)
    assert {name for name, state in states.items() if state is State.BAD} - AROUND == set()
    assert {name for name, state in states.items() if state is State.UNKNOWN} - AROUND == {"broker", "terminals"}


def rot(file: Path, at: int = 0) -> None:
    raw = bytearray(file.read_bytes())
    raw[at : at + 64] = os.urandom(64)
    file.write_bytes(raw)


def damage_a_row(box: Path) -> None:
    with sqlite3.connect(box / FILE) as db:
        db.execute("INSERT INTO record VALUES (1, 1, ?, ?, 7)", (bytes(26), b"nothing"))
    db.close()


def age(box: Path, days: int, name: str = "box") -> None:
    """A pair of that age, and the CA that has signed it."""
    ca = authority.new_authority("campus", NOW)
    (box / "ca.pem").write_bytes(authority.certificate_pem(ca))
    pair(box, name, ca, NOW - timedelta(days=days))


def other_settings(box: Path) -> None:
    (box / "edge.json").write_text(json.dumps(edge_json() | {"box": "bus-9"}), encoding="utf-8")


def give_to_nobody(box: Path) -> None:
    os.chown(box / "box.pem", NOBODY, NOBODY)


def from_the_future(box: Path) -> None:
    later = NOW.timestamp() + 90_000
    os.utime(box / FILE, (later, later))


WAYS: dict[str, tuple[Callable[[Path], object], str, State]] = {
    "no folder": (shutil.rmtree, "data-folder", State.BAD),
    "a file where the folder was": (lambda box: (shutil.rmtree(box), box.touch()), "data-folder", State.BAD),
    "no settings": (lambda box: (box / "edge.json").unlink(), "settings", State.BAD),
    "half of the settings": (lambda box: os.truncate(box / "edge.json", 200), "settings", State.BAD),
    "empty settings": (lambda box: os.truncate(box / "edge.json", 0), "settings", State.BAD),
    "no text at all": (lambda box: rot(box / "edge.json"), "settings", State.BAD),
    "a folder for settings": (lambda box: ((box / "edge.json").unlink(), (box / "edge.json").mkdir()), "settings",
                              State.BAD),
    "settings of another box": (other_settings, "settings", State.BAD),
    "an open key": (lambda box: (box / "box.key").chmod(0o644), "secret-modes", State.BAD),
    "open settings": (lambda box: (box / "edge.json").chmod(0o640), "secret-modes", State.BAD),
    "another owner": (give_to_nobody, "owners", State.BAD),
    "no certificate": (lambda box: (box / "box.pem").unlink(), "certificate", State.BAD),
    "a rotten certificate": (lambda box: rot(box / "box.pem", 40), "certificate", State.BAD),
    "no authority": (lambda box: (box / "ca.pem").unlink(), "certificate", State.BAD),
    "an ended certificate": (lambda box: age(box, 800), "certificate", State.BAD),
    "one that ends this week": (lambda box: age(box, 726), "certificate", State.BAD),
    "one that ends next month": (lambda box: age(box, 700), "certificate", State.CARE),
    "a certificate of tomorrow": (lambda box: age(box, -2), "certificate", State.BAD),
    "another campus's pair": (lambda box: pair(box, "box", authority.new_authority("other", NOW)), "certificate",
                              State.BAD),
    "an empty outbox": (lambda box: os.truncate(box / FILE, 0), "outbox", State.BAD),
    "half a pair put back": (lambda box: (box / "box.key").write_bytes(
        authority.private_pem(authority.new_key())), "certificate-key", State.BAD),
    "no key": (lambda box: (box / "box.key").unlink(), "certificate-key", State.BAD),
    "a rotten key": (lambda box: rot(box / "box.key", 40), "certificate-key", State.BAD),
    "a rotten outbox": (lambda box: rot(box / FILE), "outbox", State.BAD),
    "an outbox that is a folder": (lambda box: ((box / FILE).unlink(), (box / FILE).mkdir()), "outbox", State.BAD),
    "a damaged row": (damage_a_row, "outbox", State.BAD),
    "no outbox": (lambda box: (box / FILE).unlink(), "outbox", State.UNKNOWN),
    "the ballast used up": (lambda box: (box / BALLAST).unlink(), "ballast", State.BAD),
    "nobody runs it": (lambda _: None, "running", State.CARE),
    "a clock that was fast": (from_the_future, "clock", State.BAD),
}  # fmt: skip
"""How it is broken, which check says so, and what it says."""


@pytest.mark.parametrize("way", WAYS)
def test_it_is_named_by_its_check(box: Path, way: str) -> None:
    if way == "another owner" and os.geteuid() != 0:
        pytest.skip("only root gives files away")
    breaks, name, state = WAYS[way]
    breaks(box)
    assert found(box)[name] is state


def test_a_broker_that_is_not_there(box: Path) -> None:
    assert found(box, broker="127.0.0.1:1")["broker"] is State.BAD


@pytest.mark.parametrize(
    ("said", "state"),
    [(b"BROKER=127.0.0.1:1\n", State.BAD), (b"BROKER=\n", State.UNKNOWN), (b"BROKER=nonsense\n", State.BAD),
     (b"\xff\xfe\n", State.UNKNOWN)],
)  # fmt: skip
def test_the_broker_of_the_installation(box: Path, tmp_path: Path, said: bytes, state: State) -> None:
    conf = tmp_path / "edge.conf"
    conf.write_bytes(said)
    assert found(box, conf=conf)["broker"] is state


@pytest.mark.parametrize(
    ("said", "state"),
    [({"broker": "127.0.0.1:1", "server": "a:1", "code": "c"}, State.BAD), ({"broker": 7}, State.BAD)],
)
def test_the_broker_that_a_box_was_told_when_it_was_enrolled(box: Path, said: object, state: State) -> None:
    (box / "place.json").write_text(json.dumps(said), encoding="utf-8")
    assert found(box)["broker"] is state


@pytest.mark.parametrize(("joined", "state"), [(3, State.GOOD), (1, State.CARE)])
def test_terminals_that_have_joined(box: Path, tmp_path: Path, joined: int, state: State) -> None:
    told = StatusFile({"RUNTIME_DIRECTORY": str(tmp_path)})
    for _ in range(STATUS_EVERY + 1):
        told.tell({"joined": joined})
    assert found(box, run=tmp_path)["terminals"] is state
    os.utime(tmp_path / STATUS_FILE, (1, 1))
    assert found(box, run=tmp_path)["terminals"] is State.UNKNOWN


@pytest.mark.parametrize(
    ("flags", "errors", "state"), [("0x1", 3, State.GOOD), ("0x1", 5_000, State.CARE), ("0x0", 0, State.BAD)]
)
def test_a_can_interface(tmp_path: Path, flags: str, errors: int, state: State) -> None:
    (tmp_path / "statistics").mkdir()
    (tmp_path / "flags").write_text(f"{flags}\n", encoding="ascii")
    (tmp_path / "statistics" / "rx_errors").write_text(f"{errors}\n", encoding="ascii")
    link = LinkSetting("can0", LinkKind.CAN, 125_000, 0)
    assert can_answer(link, tmp_path).state is state
    assert can_answer(link, tmp_path / "gone").state is State.UNKNOWN


@pytest.mark.process
@pytest.mark.parametrize("way", ["no folder", "half of the settings", "a rotten outbox"])
def test_the_command_says_so_and_nothing_else(box: Path, tmp_path: Path, way: str) -> None:
    breaks, name, _ = WAYS[way]
    breaks(box)
    words = (sys.executable, "-m", "edge", "doctor", "--data", str(tmp_path), "--json", "--box", BOX)
    ended = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (1, "")
    said = json.loads(ended.stdout)
    assert name in {one["id"] for one in said["checks"] if one["state"] == "bad"}
