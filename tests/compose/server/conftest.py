"""One installation as init makes it, for whoever looks at it or takes a copy."""

import os
import subprocess
from pathlib import Path

import pytest

from compose.server.engine import Engine
from compose.server.making import Wanted, make
from shared.words.voice import Text

ENGINE = Engine("podman", ("docker-compose",), "unix:///run/podman/podman.sock")


def quiet(_: Text) -> None:
    """Nobody listens."""


@pytest.fixture(scope="session")
def as_made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Looked at, never changed."""
    if os.geteuid():
        pytest.skip("gives files to other users")
    root = tmp_path_factory.mktemp("server") / "ykt"
    make(Wanted(root, "192.0.2.7", "v1", None, 3), ENGINE, quiet)
    return root


@pytest.fixture
def root(as_made: Path, tmp_path: Path) -> Path:
    """One's own, with the same owners."""
    subprocess.run(("cp", "-a", as_made, tmp_path / "own"), check=True)
    return tmp_path / "own"
