"""Whose a socket of the key process is: its owner's alone, or also the group's whose folder it stands in."""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioning.process.process import listen
from shared.errors import ConfigFault

GROUP = 10_006


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="keys-"))
    yield made
    shutil.rmtree(made)


def test_it_is_its_owners_alone_whatever_the_folder(folder: Path) -> None:
    folder.chmod(0o2750)
    listen(folder / "s").close()
    assert stat.S_IMODE((folder / "s").stat().st_mode) == 0o600


def test_asked_for_it_is_the_group_s_of_the_folder(folder: Path) -> None:
    if os.geteuid() == 0:
        os.chown(folder, -1, GROUP)
    folder.chmod(0o2750)
    listen(folder / "s", for_group=True).close()
    found = (folder / "s").stat()
    assert stat.S_IMODE(found.st_mode) == 0o660
    assert found.st_gid == folder.stat().st_gid


def test_a_folder_that_was_made_for_nobody_is_refused(folder: Path) -> None:
    """Without the bit the socket would be of this process's own group, which may have strangers in it."""
    with pytest.raises(ConfigFault, match="--for-group"):
        listen(folder / "s", for_group=True)
    assert not (folder / "s").exists()
