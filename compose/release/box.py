"""A box's release: one folder per version, made on any PC for arm64 or amd64, with bytecode; nothing is built on a box.

The folder holds the wheel's edge and shared, what the lock has for the extra `edge` (by content alone, as files for
that machine), a launcher that refuses another Python in words, the bill of materials, the licences and MANIFEST.json.
"""

import shutil
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from zipfile import ZipFile

from compose.lock.locked import BASE, FILE, encode, parse
from compose.lock.sbom import bill
from compose.place import ROOT
from compose.release.licences import licences
from compose.release.tree import settle, write_manifest
from compose.release.wheel import NotBuilt, run
from shared.words.voice import Text

EXTRAS = (BASE, "edge")
PYTHON = "3.13"
"""Of Debian 13, which a box runs."""
PLATFORMS = {"aarch64": "manylinux_2_28_aarch64", "x86_64": "manylinux_2_28_x86_64"}
DEBIAN = {"aarch64": "arm64", "x86_64": "amd64"}
LAUNCHER = "compose/templates/box/openykt.sh"
EDGE, TILL = "edge", "till"
"""Products: a box, and the body of a till."""
BESIDE = {EDGE: "", TILL: ":/usr/lib/python3/dist-packages"}
"""Where else packages are found: a till draws and reads cards by Debian's own, which has them for each processor."""
_PARTS = ("cloud", "edge", "provisioning")
"""Packages of the wheel, each with an extra of its name."""
_BY_PIP = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json")


class Terms(NamedTuple):
    """What is released. commit: of the sources, hex; dated_s: its date; product: what it is for."""

    version: str
    machine: str
    commit: str
    dated_s: int
    product: str = EDGE

    @property
    def name(self) -> str:
        """Of the folder, and of the archive before its ending."""
        return f"openykt-{self.product}-{self.version}-{self.machine}"


def make(wheel: Path, out: Path, terms: Terms, extras: Sequence[str] = EXTRAS) -> Path:
    """The folder in `out`, for these extras, without the parts of others.

    NotBuilt: another Python would write the bytecode, a licence is not ours to hand on, pip
    refuses. OSError."""
    if f"{sys.version_info.major}.{sys.version_info.minor}" != PYTHON:
        raise NotBuilt(str(Text(f"须用 Python {PYTHON} 制作", f"is to be made by Python {PYTHON}")))
    folder = out / terms.name
    folder.mkdir(parents=True)
    lib = folder / "lib"
    _install(lib, terms.machine, extras)
    with ZipFile(wheel) as opened:
        opened.extractall(lib)
    _tidy(lib, extras)
    _papers(folder, lib, extras)
    _compile(folder)
    (folder / "bin").mkdir()
    (folder / "bin/openykt").write_text(launcher(terms.product), encoding="utf-8")
    write_manifest(folder, terms._asdict() | {"format": 1, "python": PYTHON})
    settle(folder, terms.dated_s)
    return folder


def launcher(product: str) -> str:
    """What starts a release of it: a script that refuses another Python in words."""
    text = (ROOT / LAUNCHER).read_text(encoding="utf-8")
    return text.replace("@PYTHON@", PYTHON).replace("@BESIDE@", BESIDE[product])


def _install(lib: Path, machine: str, extras: Sequence[str]) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as wanted:
        wanted.write(_wanted(extras))
        wanted.flush()
        machines = [("--platform", name) for name in (PLATFORMS[machine], f"manylinux2014_{machine}")]
        words = (
            "-P", "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check", "--target", str(lib),
            *(word for pair in machines for word in pair), "--python-version", PYTHON, "--implementation", "cp",
            "--only-binary", ":all:", "--no-compile", "--no-deps", "--require-hashes", "-r", wanted.name,
        )  # fmt: skip
        run((sys.executable, *words), ROOT)


def _wanted(extras: Sequence[str]) -> str:
    return encode(one for one in parse((ROOT / FILE).read_text(encoding="utf-8")) if one.is_for(extras))


def _tidy(lib: Path, extras: Sequence[str]) -> None:
    for name in ("bin", *(part for part in _PARTS if part not in extras)):
        shutil.rmtree(lib / name, ignore_errors=True)
    for name in _BY_PIP:
        for path in lib.glob(f"*.dist-info/{name}"):
            path.unlink()
    for path in sorted(lib.rglob("__pycache__")):
        shutil.rmtree(path)


def _papers(folder: Path, lib: Path, extras: Sequence[str]) -> None:
    found = licences(lib)
    if strange := [one for one in found if not one.may]:
        names = ", ".join(f"{one.name} {' / '.join(one.licence) or '?'}" for one in strange)
        raise NotBuilt(str(Text(f"许可证不能随发行：{names}", f"a licence that is not ours to hand on: {names}")))
    rows = [f"{one.name} {one.version}: {' / '.join(one.licence)}\n" for one in found]
    (folder / "LICENCES").write_text("".join(rows), encoding="utf-8")
    shutil.copy(ROOT / "LICENSE", folder / "LICENSE")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (folder / "SBOM.json").write_text(bill(project, _wanted(extras)), encoding="utf-8")


def _compile(folder: Path) -> None:
    """Bytecode that is believed without a look at its source: the manifest holds the digests of both."""
    words = ("-P", "-m", "compileall", "-q", "-j", "1", "--invalidation-mode", "unchecked-hash")
    run((sys.executable, *words, "-s", str(folder), "lib"), folder, PYTHONHASHSEED="0")
