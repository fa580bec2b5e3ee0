"""A box's release as it comes: for this machine, laid out by dpkg, run by Debian's Python, far from a checkout."""

import json
import platform
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from compose.place import ROOT
from compose.release import box, debian
from compose.release.licences import Licensed, licences
from compose.release.tree import MANIFEST, archive, wrong_files
from compose.release.wheel import build
from tests.edge.campus_rig import EdgeProcess

DATED_S = 1_790_000_000
TERMS = box.Terms("0.1.0+test", platform.machine(), "c0ffee", DATED_S)
EXPOSURE_MAX = "25"
"""Of systemd's hundred: less is safer."""


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder, archive and .deb of one release."""
    found = tmp_path_factory.mktemp("release")
    folder = box.make(build(found), found, TERMS)
    archive(folder, found / "a.tar.gz", DATED_S)
    debian.package(folder, found, TERMS).rename(found / "a.deb")
    return found


@pytest.fixture
def laid_out(room: Path, tmp_path: Path) -> Path:
    subprocess.run(("dpkg-deb", "-x", room / "a.deb", tmp_path / "root"), check=True)
    return tmp_path / "root"


@pytest.mark.process
def test_what_dpkg_lays_out_runs_a_box(laid_out: Path, tmp_path: Path, broker) -> None:
    release = laid_out / "opt/openykt/releases" / TERMS.name
    program = str(release / "bin/openykt")
    told = subprocess.run((program, "edge", "--help"), cwd="/", capture_output=True, text=True, check=True)
    assert "openykt edge" in told.stdout
    edge = EdgeProcess(tmp_path / "data", broker.port, program=(program,)).start()
    maps = Path(f"/proc/{edge.process.pid}/maps").read_text(encoding="utf-8")
    assert str(release / "lib/cryptography") in maps
    assert sys.prefix not in maps, "nothing of this checkout's own packages"
    assert edge.stop() == 0
    assert wrong_files(release) == [], "it writes nothing into its own folder"


def test_another_python_is_refused_in_words(laid_out: Path) -> None:
    launcher = laid_out / "opt/openykt/releases" / TERMS.name / "bin/openykt"
    launcher.write_text(launcher.read_text().replace(f'!= "{box.PYTHON}"', '!= "2.7"'))
    told = subprocess.run((launcher, "edge"), capture_output=True, text=True, check=False)
    assert told.returncode == 2
    assert told.stderr


def test_each_file_that_changed_is_missing_or_strange_is_named(room: Path, tmp_path: Path) -> None:
    with tarfile.open(room / "a.tar.gz") as opened:
        opened.extractall(tmp_path, filter="data")
    folder = tmp_path / TERMS.name
    assert wrong_files(folder) == []
    (folder / "lib/edge/life.py").write_bytes(b"")
    (folder / "LICENCES").unlink()
    (folder / "lib/new.py").touch()
    assert wrong_files(folder) == ["LICENCES", "lib/edge/life.py", "lib/new.py"]


def test_what_it_is_and_what_is_in_it(room: Path) -> None:
    folder = room / TERMS.name
    told = json.loads((folder / MANIFEST).read_text())
    assert told.items() >= {**TERMS._asdict(), "python": "3.13", "format": 1}.items()
    names = [one.name for one in licences(folder / "lib")]
    assert {"openykt", "paho-mqtt", "python-can"} <= set(names)
    assert {"flask", "sqlalchemy", "pykcs11"}.isdisjoint(names)
    bill = json.loads((folder / "SBOM.json").read_text())
    assert {one["name"] for one in bill["components"]} >= set(names) - {"openykt"}
    assert not (folder / "lib/cloud").exists()
    assert list((folder / "lib").rglob("*.pyc"))
    for path in folder.rglob("*"):
        assert path.stat().st_mtime == DATED_S, path


def test_the_same_folder_gives_the_same_package(room: Path, tmp_path: Path) -> None:
    folder = room / TERMS.name
    assert archive(folder, tmp_path / "b.tar.gz", DATED_S).read_bytes() == (room / "a.tar.gz").read_bytes()
    assert debian.package(folder, tmp_path, TERMS).read_bytes() == (room / "a.deb").read_bytes()


@pytest.mark.parametrize(
    ("words", "may"),
    [
        (("MIT",), True), (("GPL-2.0-or-later",), False), ((), False), (("EPL-2.0 OR GPL-3.0",), True),
        (("Apache-2.0 AND BSD-3-Clause",), True), (("MIT AND GPL-3.0-only",), False), (("?", "MIT License"), True),
    ],
)  # fmt: skip
def test_licences_that_are_ours_to_hand_on(words: tuple[str, ...], may: bool) -> None:
    assert Licensed("x", "1", words).may is may


@pytest.mark.parametrize("name", ["openykt-edge.service", "openykt-trial.service"])
def test_units_are_as_closed_as_they_are_meant_to_be(laid_out: Path, name: str) -> None:
    unit = laid_out / "usr/lib/systemd/system" / name
    command = ("systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE_MAX}", unit)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-400:] + done.stderr


def test_what_starts_releases_stands_alone_and_starts_the_one_of_the_package(laid_out: Path, tmp_path: Path) -> None:
    """By what the package lays out and Debian's Python: no release is imported from, and there is no other yet."""
    lib, shipped = laid_out / "usr/lib/openykt/lib", laid_out / "opt/openykt/shipped"
    assert shipped.resolve().name == TERMS.name
    place, incoming = tmp_path / "place", tmp_path / "incoming"
    incoming.mkdir()
    places = {"PLACE": place, "SHIPPED": shipped, "INCOMING": incoming}
    environment = {f"OPENYKT_BOX_{name}": str(path) for name, path in places.items()} | {"PYTHONPATH": str(lib)}
    box_program = ("/usr/bin/python3", "-B", "-P", "-S", "-m", "edge.upgrade")
    for words in (("step",), ("run", "--", "edge", "--help"), ("status", "--lang", "en")):
        done = subprocess.run((*box_program, *words), env=environment, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), words
    assert TERMS.name in done.stdout
    assert (place / "current").resolve() == shipped.resolve()
    assert (laid_out / "usr/lib/openykt/openykt-box").stat().st_mode & 0o111


def test_its_settings_are_asked_for_before_they_are_replaced(room: Path) -> None:
    told = subprocess.run(("dpkg-deb", "-I", room / "a.deb", "conffiles"), capture_output=True, text=True, check=True)
    assert told.stdout == "/etc/openykt/edge.conf\n"
    assert ROOT not in Path(told.stdout).parents
