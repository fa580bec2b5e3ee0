"""What `up` leaves under its data folder is its owner's alone, while it sells and after, on both kinds of servers."""

import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from compose.place import PASSABLE

pytestmark = pytest.mark.process
BOUND_S = 180.0
OPEN = "[4/4]"
"""The last line of an opening."""
LONGEST = "5m"
"""It ends by itself should this test fail; else it is told to."""
OTHERS = 0o077


@pytest.fixture
def new(room: Path) -> Iterator[Path]:
    """A folder with the plan of a few terminals, where a server's own user may pass, but not look around."""
    place = Path(tempfile.mkdtemp(prefix="ykt-private-"))
    place.chmod(PASSABLE)
    shutil.copy(room / "plan.json", place)
    (place / "plan.json").chmod(0o600)
    yield place
    shutil.rmtree(place)


def for_others(data: Path) -> dict[str, str]:
    """What others could do something with, by its path. Links are what they point to; what went meanwhile is gone."""
    found = {}
    for path in [data, *data.rglob("*")]:
        try:
            mode = path.lstat().st_mode
        except FileNotFoundError:
            continue
        if mode & OTHERS and not stat.S_ISLNK(mode):
            found[str(path.relative_to(data))] = stat.filemode(mode)
    return found


def sells(new: Path) -> bool:
    return any(log.stat().st_size for log in new.glob("campus/terminals/*/shown.log"))


@pytest.mark.parametrize("words", [(), pytest.param(("--full",), marks=pytest.mark.postgres)], ids=["", "full"])
def test_nothing_under_the_data_folder_is_for_others(new: Path, words: tuple[str, ...], tmp_path: Path) -> None:
    argv = (sys.executable, "-P", "-m", "compose", "up", "--data", str(new), "--for", LONGEST, *words)
    said = tmp_path / "said"
    with (
        said.open("w") as out,
        subprocess.Popen(argv, stdout=out, stderr=subprocess.STDOUT, umask=0o022) as up,
    ):
        last_s = time.monotonic() + BOUND_S
        while OPEN not in said.read_text() or not sells(new):
            assert up.poll() is None, said.read_text()
            assert time.monotonic() < last_s
            time.sleep(0.02)
        selling = for_others(new)
        up.send_signal(signal.SIGINT)
        assert up.wait(BOUND_S) == 0, said.read_text()
    assert selling == for_others(new) == {".": stat.filemode(stat.S_IFDIR | PASSABLE)}
