"""A data folder appears whole or not at all: killed at any point, filled before, or made by two at once."""

import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioning.campus import folder
from provisioning.campus.file import File
from provisioning.campus.folder import FolderInUse, make_folder

ROOT = Path(__file__).parents[3]
FILES = [File("a.json", b"{}"), File("keys/k", b"secret"), File("boxes/b-1/edge.json", b"1")]

KILLED = """
import os, signal, sys
from pathlib import Path
from datetime import UTC, datetime
from provisioning.campus.campus import Making, campus_files
from provisioning.plan.demo import demo_plan
from provisioning.campus.folder import make_folder
from provisioning.plan.plan import parse_plan
def until(last):
    making = Making(parse_plan(demo_plan(20)), 800_000_000, datetime.now(UTC), os.urandom)
    for n, file in enumerate(campus_files(making)):
        if n == last:
            os.kill(os.getpid(), signal.SIGKILL)
        yield file
    os.kill(os.getpid(), signal.SIGKILL)
make_folder(Path(sys.argv[1]), until(int(sys.argv[2])))
"""


def beside(place):
    return sorted(path.name for path in place.iterdir())


def test_everything_is_written_with_its_mode(tmp_path) -> None:
    make_folder(tmp_path / "up" / "d", FILES)
    data = tmp_path / "up" / "d"
    modes = {str(path.relative_to(data)): path.stat().st_mode & 0o777 for path in data.rglob("*")}
    folders = {"keys": 0o700, "boxes": 0o700, "boxes/b-1": 0o700}
    assert modes == folders | {"a.json": 0o600, "keys/k": 0o600, "boxes/b-1/edge.json": 0o600}
    assert data.stat().st_mode & 0o777 == 0o700
    assert (data / "keys/k").read_bytes() == b"secret"
    assert beside(tmp_path / "up") == ["d"]


def test_an_empty_folder_may_stand_there_already(tmp_path) -> None:
    (tmp_path / "d").mkdir()
    make_folder(tmp_path / "d", FILES)
    assert (tmp_path / "d/a.json").exists()


def test_a_filled_folder_is_refused_and_left_alone(tmp_path) -> None:
    data = tmp_path / "d"
    data.mkdir()
    (data / "mine").write_text("x")
    with pytest.raises(FolderInUse, match="数据目录不是空的"):
        make_folder(data, FILES)
    assert beside(data) == ["mine"]
    assert beside(tmp_path) == ["d"]


def test_a_file_in_its_place_is_refused(tmp_path) -> None:
    (tmp_path / "d").write_text("x")
    with pytest.raises(FolderInUse, match="不是目录"):
        make_folder(tmp_path / "d", FILES)


def test_a_folder_filled_meanwhile_is_refused(tmp_path) -> None:
    def fill_it_meanwhile():
        yield FILES[0]
        (tmp_path / "d").mkdir()
        (tmp_path / "d" / "mine").write_text("x")

    with pytest.raises(FolderInUse):
        make_folder(tmp_path / "d", fill_it_meanwhile())
    assert beside(tmp_path) == ["d"]
    assert beside(tmp_path / "d") == ["mine"]


@given(st.integers(0, len(FILES)))
@settings(max_examples=10)
def test_a_making_that_fails_leaves_nothing(tmp_path_factory, count) -> None:
    tmp_path = tmp_path_factory.mktemp("failing")

    def failing():
        yield from FILES[:count]
        raise OSError(28, "no space left")

    with pytest.raises(OSError, match="no space"):
        make_folder(tmp_path / "d", failing())
    assert beside(tmp_path) == []


@pytest.mark.process
@pytest.mark.parametrize("last", [0, 3, 30, 10_000])
def test_a_killed_run_leaves_no_data_folder_and_the_next_run_clears_up(tmp_path, last) -> None:
    data = tmp_path / "d"
    done = subprocess.run([sys.executable, "-P", "-c", KILLED, data, str(last)], cwd=ROOT, check=False, timeout=120)
    assert done.returncode == -signal.SIGKILL
    assert beside(tmp_path) == [".d.making"]
    assert (tmp_path / ".d.making").stat().st_mode & 0o777 == 0o700
    make_folder(data, FILES)
    assert beside(tmp_path) == ["d"]
    assert beside(data) == ["a.json", "boxes", "keys"]


def test_two_runs_at_once_are_refused(tmp_path) -> None:
    making = tmp_path / ".d.making"
    making.mkdir()
    (making / "theirs").write_text("x")
    fd = os.open(making, os.O_RDONLY)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        with pytest.raises(FolderInUse, match="另一个程序正在生成"):
            make_folder(tmp_path / "d", FILES)
    finally:
        os.close(fd)
    assert beside(making) == ["theirs"]


def test_a_claim_on_a_folder_that_became_somebodys_data_meanwhile_is_refused(tmp_path) -> None:
    making = tmp_path / ".d.making"
    making.mkdir()
    lock = os.open(making, os.O_RDONLY)
    try:
        making.rename(tmp_path / "d")
        with pytest.raises(FolderInUse):
            folder._claim(making, lock)
        making.mkdir()
        with pytest.raises(FolderInUse):
            folder._claim(making, lock)
    finally:
        os.close(lock)
