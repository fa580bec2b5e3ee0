"""The wheel of a source tree. Hatchling writes files sorted, with one date: the same tree gives the same bytes."""

import os
import subprocess
import sys
from pathlib import Path

from compose.place import ROOT

DATED_S = 1_580_601_600
"""What hatchling itself dates by where nobody says: a zip knows no year before 1980."""


class NotBuilt(Exception):
    """A tool that builds has refused: its last words. Exit code 1."""

    exit_code = 1


def build(out: Path, source: Path = ROOT) -> Path:
    """The wheel of that tree in the folder. NotBuilt, OSError."""
    words = ("-P", "-m", "hatchling", "build", "-t", "wheel", "-d", str(out.absolute()))
    run((sys.executable, *words), source, SOURCE_DATE_EPOCH=str(DATED_S))
    (made,) = out.glob("openykt-*.whl")
    return made


def run(command: tuple[str, ...], folder: Path, **environment: str) -> str:
    """What a tool that builds says. NotBuilt."""
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise NotBuilt("\n".join((done.stderr or done.stdout).splitlines()[-20:]))
    return done.stdout
