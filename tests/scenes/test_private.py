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
BOUND_S = 90.0
LONGEST = "3m"
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


@pytest.mark.parametrize("words", [(), pytest.param(("--full",), marks=pytest.mark.postgres)], ids=["", "full"])
def test_nothing_under_the_data_folder_is_for_others(new: Path, words: tuple[str, ...]) -> None:
    argv = (sys.executable, "-P", "-m", "compose", "up", "--data", str(new), "--for", LONGEST, *words)
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, umask=0o022) as up:
        last_s = time.monotonic() + BOUND_S
        while not any(log.stat().st_size for log in new.glob("campus/terminals/*/shown.log")):
            assert up.poll() is None, up.stdout.read() if up.stdout else ""
            assert time.monotonic() < last_s
            time.sleep(0.02)
        selling = for_others(new)
        up.send_signal(signal.SIGINT)
        said, _ = up.communicate(timeout=BOUND_S)
    assert up.returncode == 0, said
    assert selling == for_others(new) == {".": stat.filemode(stat.S_IFDIR | PASSABLE)}
