"""The campus is made once per run; each attack gets a copy of its own."""

import shutil
from pathlib import Path

import pytest

from tests.attack.place import make
from tests.once import once, shared


@pytest.fixture(scope="session")
def _made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin") is None:
        pytest.skip("mosquitto is not installed")
    return once(shared(tmp_path_factory, "attack"), "made", make)


@pytest.fixture
def room(_made: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(_made, tmp_path / "room"))
