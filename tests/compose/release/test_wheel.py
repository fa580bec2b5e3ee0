"""The wheel as somebody installs it: without the checkout, with the packages of one extra and no others."""

import json
import os
import subprocess
import sys
from importlib.metadata import Distribution, distribution
from pathlib import Path
from zipfile import ZipFile

import pytest

from compose.lock.locked import BASE, FILE, parse
from compose.place import ROOT
from compose.release.wheel import build

SMALL = {"campus": "t", "name": "演示", "demo": True, "boxes": [], "cards": []}
WEB = ("flask", "werkzeug", "jinja2", "uvicorn", "sqlalchemy", "gmqtt", "xlsxwriter", "webauthn")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("wheel"))


def installed(wheel: Path, folder: Path, *extras: str) -> Path:
    """The wheel unpacked, and beside it what the lock has for these extras, as it lies here."""
    with ZipFile(wheel) as opened:
        opened.extractall(folder)
    for package in parse((ROOT / FILE).read_text(encoding="utf-8")):
        if package.is_for({BASE, *extras}):
            _lay(folder, distribution(package.name))
    return folder


def _lay(folder: Path, of: Distribution) -> None:
    for top in {file.parts[0] for file in of.files or () if file.parts[0] not in ("..", "__pycache__")}:
        if not (folder / top).exists():
            (folder / top).symlink_to(Path(str(of.locate_file(top))))


def openykt(folder: Path, *words: object) -> subprocess.CompletedProcess[str]:
    """The command of the wheel: neither this checkout nor this Python's own packages are there."""
    command = [sys.executable, "-S", "-P", "-c", "from shared.input.openykt import run; run()", *map(str, words)]
    there = {"PYTHONPATH": str(folder), "PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "zh_CN.UTF-8"}
    return subprocess.run(command, cwd="/", env=there, capture_output=True, text=True, check=False, timeout=120)


def test_a_box_needs_nothing_of_the_web(wheel: Path, tmp_path: Path) -> None:
    box = installed(wheel, tmp_path / "box", "edge")
    assert [name for name in WEB if (box / name).exists()] == []
    told = openykt(box, "edge", "run", "--help")
    assert (told.returncode, told.stderr) == (0, "")
    assert "openykt edge run" in told.stdout
    assert "./ykt" not in told.stdout
    missing = openykt(box, "cloud", "status")
    assert (missing.returncode, missing.stderr) == (2, "未安装：pip install openykt[cloud]\n")
    assert openykt(box, "nothing").returncode == 2
    assert "openykt 部件" in openykt(box, "--help").stdout
    assert "usage: openykt PART" in openykt(box, "--lang", "en", "--help").stdout


def test_a_campus_is_made_and_its_books_begin_far_from_any_checkout(wheel: Path, tmp_path: Path) -> None:
    school = installed(wheel, tmp_path / "school", "cloud", "provisioning")
    plan = tmp_path / "plan.json"
    assert openykt(school, "provision", "plan", "demo", "--cards", 3, "--out", plan).returncode == 0
    made = openykt(school, "provision", "campus", "--data", tmp_path / "campus", "--plan", plan)
    assert made.returncode == 0, made.stderr
    brought = openykt(school, "cloud", "import", "--data", tmp_path / "campus")
    assert (brought.returncode, brought.stderr) == (0, "")
    asked = openykt(school, "cloud", "report", "--data", tmp_path / "campus", "--json")
    assert json.loads(asked.stdout)
    link = openykt(school, "cloud", "sign-in", "--data", tmp_path / "campus")
    assert "https://" in link.stdout, link.stderr
    assert not (school / "var").exists()


def test_the_same_sources_make_the_same_bytes(wheel: Path, tmp_path: Path) -> None:
    assert build(tmp_path).read_bytes() == wheel.read_bytes()


def test_what_is_no_python_is_in_it(wheel: Path) -> None:
    with ZipFile(wheel) as opened:
        names = opened.namelist()
    for part in ("templates/base.html", "static/frame/", "words/catalogue.py"):
        assert any(f"cloud/console/{part}" in name for name in names), part
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)
    assert [name for name in names if name.startswith(("tests/", "compose/", "docs/"))] == []
