"""Releases of a box in a scene: made small, signed by the officers, rolled out; the box is started by `openykt-box`.

A release here is a launcher into this checkout: what is upgraded is which folder starts, all around it is real.
"""

import json
import os
import sys
import tarfile
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from compose.place import ROOT
from tests.scenes.campus import Campus
from tests.scenes.plans import command, run

GOOD = 'exec "$PYTHON" -m "$@"'
DIES = "exit 3"
DOES_NOT_IMPORT = "\"$PYTHON\" -c 'import edge.nothing_of_that_name'"
WHO = ("--who", "王芳", "--reason", "新版")
MACHINE = os.uname().machine


def release(room: Path, number: int, does: str = GOOD) -> Path:
    """A folder as `./ykt release --box` makes one, as far as the box looks at it."""
    folder = room / f"openykt-edge-{number}"
    for part in ("bin", "lib"):
        (folder / part).mkdir(parents=True)
    program = folder / "bin/openykt"
    # `prove` is asked of what runs, whatever it is worth otherwise
    program.write_text(f"#!/bin/sh\nPYTHON={sys.executable}\ncd {ROOT}\n{does}\n")
    program.chmod(0o755)
    (folder / "lib/padding").write_text(str(number) * 200_000)
    files = {name: sha256((folder / name).read_bytes()).hexdigest() for name in ("bin/openykt", "lib/padding")}
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    said = {"format": 1, "python": python, "machine": MACHINE, "name": folder.name, "files": files}
    (folder / "MANIFEST.json").write_text(json.dumps(said))
    return folder


class Boxes:
    """Officers who sign, somebody who rolls out, and one box that is started as systemd would."""

    def __init__(self, campus: Campus, box: str) -> None:
        self.campus, self.box, self.part = campus, box, f"edge-{box}"
        self.place, self.incoming = campus.room / "box/place", campus.room / "box/incoming"
        for folder in (self.place, self.incoming):
            folder.mkdir(parents=True)
        old = campus.parts[self.part]
        words = old.argv[old.argv.index("edge") :]
        places = {"PLACE": self.place, "INCOMING": self.incoming, "SHIPPED": release(campus.room / "opt", 1)}
        env = {f"OPENYKT_BOX_{name}": str(path) for name, path in places.items()}
        argv = (sys.executable, "-m", "tests.scenes.box_start", *words)
        campus.parts[self.part] = replace(old, argv=argv, env={**old.env, **env})

    def signed(self, number: int, does: str = GOOD) -> Path:
        """An archive with what the officers have signed beside it."""
        folder = release(self.campus.room / "made", number, does)
        archive = self.campus.room / f"{folder.name}.tar.gz"
        with tarfile.open(archive, "w:gz", compresslevel=0) as out:
            out.add(folder, folder.name)
        self.sign(archive, number)
        return archive

    def sign(self, archive: Path, number: int) -> None:
        """Off line."""
        words = ("firmware", "sign-box", archive, "--data", self.campus.data, "--number", number, "--who", "张三")
        command("provisioning", *words)

    def roll_out(self, archive: Path, number: int) -> None:
        """To this box, and it waits for no quiet moment."""
        self.say("release", str(archive))
        self.say("roll-out", f"{MACHINE}:{number}", "--box", self.box, "--now", "--stop-at", "0%", *WHO)

    def roll_back(self, archive: Path, number: int) -> None:
        """The newest roll-out is taken back: these bytes again, under a higher number."""
        self.sign(archive, number)
        self.say("release", str(archive))
        newest = json.loads(self.say("list", "--json"))["rollouts"][-1]["number"]
        self.say("roll-back", str(newest), "--now", *WHO)

    @property
    def row(self) -> dict[str, Any]:
        """Of the box in the newest roll-out."""
        found: dict[str, Any] = json.loads(self.say("status", "--json", ends=(0, 1)))["rows"][0]
        return found

    @property
    def current(self) -> str:
        """Which release starts."""
        return (self.place / "current").resolve().name

    def say(self, *words: str, ends: tuple[int, ...] = (0,)) -> str:
        done = run("cloud", "box-release", *words, "--data", self.campus.data)
        assert done.returncode in ends, done.stdout + done.stderr
        return done.stdout
