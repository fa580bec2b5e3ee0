"""A folder that others may pass through, whatever the process keeps private."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from compose.place import PASSABLE, make_passable


@pytest.fixture
def _private() -> Iterator[None]:
    mask = os.umask(0o077)
    yield
    os.umask(mask)


@pytest.mark.usefixtures("_private")
def test_others_pass_through_a_folder_that_was_made_and_one_that_was_there_stays(tmp_path: Path) -> None:
    made, there = tmp_path / "a" / "made", tmp_path / "there"
    there.mkdir()
    make_passable(made)
    make_passable(there)
    modes = [folder.stat().st_mode & 0o777 for folder in (made, made.parent, there)]
    assert modes == [PASSABLE, PASSABLE, 0o700]
