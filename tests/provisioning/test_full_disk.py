"""A disk that is really full: a small file system of its own, filled to the last page, then freed.

Beside test_killed_commands.py, which refuses each touch one by one: here the kernel says when, amid a write.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from provisioning.custody import chain as custody_chain
from tests.provisioning.test_killed_commands import (
    batch_comes_to_its_end,
    batch_until,
    every_blank_has_its_body,
    every_psam_has_its_body,
    lease,
    make,
    receive,
    start,
)
from tests.small_disk import mounted

ROOT = Path(__file__).parents[2]
SIZE = "1500k"
pytestmark = pytest.mark.process


@pytest.fixture
def small(own, tmp_path):
    """The campus on a file system of SIZE; skipped where we may not mount one."""
    room = tmp_path / "small"
    room.mkdir()
    with mounted(room, SIZE):
        shutil.copytree(own, room / "d")
        yield room


def say(*words) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "provisioning", *map(str, words)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)


def fill(room: Path, leave: int) -> Path:
    """All space but so many bytes."""
    space = os.statvfs(room)
    filler = room / "filler"
    filler.write_bytes(bytes(max(0, space.f_bavail * space.f_frsize - leave)))
    return filler


VERBS = {
    "psam make": (lambda _room: None, make, every_psam_has_its_body),
    "receive": (lambda _room: None, receive, every_blank_has_its_body),
    "lease": (batch_until(start), lease, batch_comes_to_its_end),
}


@pytest.mark.parametrize("leave", [0, 4096, 8192])
@pytest.mark.parametrize("verb", VERBS)
def test_a_full_disk_is_said_and_nothing_is_lost(small, verb, leave) -> None:
    prepare, words, after = VERBS[verb]
    prepare(small)
    filler = fill(small, leave)
    done = say(*words(small))
    assert done.returncode in (1, 2), done
    assert "磁盘已满" in done.stderr
    assert "Traceback" not in done.stderr
    filler.unlink()
    assert custody_chain.faults((small / "d/keys/custody.log").read_bytes()) == []
    again = say(*words(small))
    assert again.returncode == 0, again
    after(small)
