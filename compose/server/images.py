"""The images of a school's server, from files of the checkout and Debian's archive: no registry is asked.

The base is debootstrap's, imported; the others stand on it (compose/images). The platform's has the release in it: the
wheel, what the lock has for the cloud and for provisioning, bytecode.
"""

import platform
import shutil
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path

from compose.lock.locked import BASE as OF_ALL
from compose.place import ROOT
from compose.release import box
from compose.release.wheel import build as build_wheel
from compose.release.wheel import run
from compose.server.engine import Engine
from shared.words.voice import Text

SUITE = "trixie"
BASE = f"localhost/openykt-debian:{SUITE}"
PACKAGES = "python3,ca-certificates,netbase,tzdata"
SOURCES = ROOT / "compose/images"
NAMES = ("platform", "postgres", "broker", "metrics", "backup")
EXTRAS = (OF_ALL, "cloud", "provisioning")
BUILD_S = 1_200.0
"""Longest that one image may take: a slow mirror is no fault."""
FOLDER = "openykt"

Say = Callable[[Text], None]


def build(engine: Engine, version: str, say: Say, base: Path | None = None) -> None:
    """All of them, as localhost/openykt-NAME:version. base: debootstrap's folder or its .tar; else it is made, where
    there is no image of it. NotBuilt, EngineRefused, OSError."""
    with tempfile.TemporaryDirectory(prefix="ykt-") as room:
        context = Path(room) / "context"
        copy_sources(SOURCES, context)
        _make_base(engine, Path(room), say, base)
        say(Text("发行文件夹与字节码", "the release's folder, with bytecode"))
        make_folder(Path(room), context / FOLDER, version)
        for name in NAMES:
            say(Text(f"镜像 {image(name, version)}", f"image {image(name, version)}"))
            file = context / f"{name}.Containerfile"
            words = ("build", "--quiet", "--network", "host", "-t", image(name, version), "-f", str(file), str(context))
            engine.run(*words, timeout_s=BUILD_S)


def copy_sources(sources: Path, context: Path) -> None:
    """With modes for everybody: a container's user is not its owner, and a checkout may be private."""
    shutil.copytree(sources, context)
    context.chmod(0o755)
    for file in context.iterdir():
        file.chmod(0o755 if file.stat().st_mode & 0o100 else 0o644)


def image(name: str, version: str) -> str:
    """Its full name; no registry is at that address."""
    return f"localhost/openykt-{name}:{version}"


def make_folder(room: Path, folder: Path, version: str) -> None:
    """The platform as one folder: bin/openykt and lib/, licences checked. NotBuilt, OSError."""
    terms = box.Terms(version, platform.machine(), "", 0)
    made = box.make(build_wheel(room), room / "made", terms, EXTRAS)
    made.rename(folder)


def _make_base(engine: Engine, room: Path, say: Say, given: Path | None) -> None:
    if is_there(engine, BASE):
        return
    tree = given or room / "base"
    if not tree.exists():
        say(Text(f"debootstrap {SUITE}，约半分钟", f"debootstrap {SUITE}, about half a minute"))
        run(("debootstrap", "--variant=minbase", f"--include={PACKAGES}", SUITE, str(tree)), room)
    file = tree if tree.is_file() else _packed(tree, room / "base.tar")
    engine.run("import", str(file), BASE, timeout_s=BUILD_S)


def _packed(tree: Path, file: Path) -> Path:
    with tarfile.open(file, "w") as out:
        out.add(tree, ".")
    return file


def is_there(engine: Engine, name: str) -> bool:
    """Has the engine this image?"""
    return bool(engine.run("images", "--quiet", name).strip())
