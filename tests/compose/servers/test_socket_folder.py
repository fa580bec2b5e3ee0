"""A database whose data folder has too long a path for a socket: one private folder, found again, or refused."""

import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from compose.place import ROOT
from compose.servers import socket_folder as rule
from compose.servers.socket_folder import FolderNotOurs, socket_folder

NOBODY = "nobody"
LONG = "/".join(["深" * 20] * 3)
TWICE = """
import json, os, sys
from pathlib import Path
import psycopg
from compose.servers.postgres import postgres, running_postgres
from compose.parts.standing import Standing
if os.geteuid() == 0:  # not before: what is imported may lie where that user cannot read
    sys.executable = os.path.realpath(sys.executable)
    os.setgroups(())
    os.setgid(int(sys.argv[4]))
    os.setuid(int(sys.argv[3]))
data = Path(sys.argv[1])
server = postgres(data)
with Standing(server.part, data.parent):
    with psycopg.connect(server.create_database("found")) as db:
        db.execute("SELECT 1")
    os.environ["XDG_RUNTIME_DIR"] = sys.argv[2]
    with psycopg.connect(running_postgres(data).dsn("found")) as db:
        db.execute("SELECT 1")
    del os.environ["XDG_RUNTIME_DIR"]
print(json.dumps([str(server.sockets), str(postgres(data).sockets), oct(server.sockets.stat().st_mode & 0o777)]))
"""


@pytest.fixture
def as_nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No root and no XDG_RUNTIME_DIR: the folder that all share, here one of the test's own."""
    monkeypatch.setattr(rule, "SHARED", tmp_path)
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() or 65534)
    return tmp_path


def test_a_short_path_has_its_socket_beside_its_files(tmp_path: Path) -> None:
    assert socket_folder(Path("/d/postgres"), "", {}) == Path("/d/postgres/run")


def test_a_long_path_has_one_short_folder_of_its_own(as_nobody: Path) -> None:
    place = Path("/d") / LONG / "postgres"
    found = socket_folder(place, "", {})
    assert found == socket_folder(place, "", {})
    assert found.parent == as_nobody
    assert found != socket_folder(place.with_name("other"), "", {})
    assert socket_folder(place, "", {"XDG_RUNTIME_DIR": "/run/user/7"}).parent == Path("/run/user/7")
    assert socket_folder(place, "", {"XDG_RUNTIME_DIR": f"/run/{LONG}"}) == found, "that one is too long as well"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make what is somebody else's")
def test_somebody_elses_folder_is_refused(as_nobody: Path) -> None:
    place = Path("/d") / LONG
    squatted = socket_folder(place, "", {})
    squatted.mkdir(mode=0o700)
    os.chown(squatted, 4711, 4711)
    with pytest.raises(FolderNotOurs, match="拒绝使用"):
        socket_folder(place, "", {})
    os.chown(squatted, os.geteuid(), -1)
    assert socket_folder(place, "", {}) == squatted


@pytest.mark.parametrize("what", ["open", "link", "dangling", "file"])
def test_what_others_could_enter_is_refused(as_nobody: Path, what: str) -> None:
    place = Path("/d") / LONG
    found = socket_folder(place, "", {})
    (as_nobody / "mine").mkdir(mode=0o700)
    if what == "open":
        found.mkdir()
        found.chmod(0o750)
    elif what == "file":
        found.touch(mode=0o600)
    else:
        found.symlink_to(as_nobody / ("mine" if what == "link" else "nothing"))
    for path in (as_nobody / "mine", found):
        os.chown(path, os.geteuid(), -1, follow_symlinks=False)
    with pytest.raises(FolderNotOurs):
        socket_folder(place, "", {})


@pytest.mark.postgres
@pytest.mark.process
def test_the_server_of_a_long_path_is_found_again_by_every_call() -> None:
    """As an ordinary user without a session: prepared, reached, reached from a session, and prepared once more."""
    room = Path(tempfile.mkdtemp(prefix="openykt-test-", dir="/var/tmp"))
    data, session = room / LONG / "data", room / "session"
    data.parent.mkdir(parents=True)
    session.mkdir(mode=0o700)
    for part in ("compose", "shared"):  # a checkout may be closed to this user
        shutil.copytree(ROOT / part, room / "code" / part, ignore=shutil.ignore_patterns("__pycache__"))
    user = pwd.getpwnam(NOBODY) if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    for path in (room, *room.rglob("*")):
        os.chown(path, user.pw_uid, user.pw_gid)
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(room / "code"), "LC_ALL": "C.UTF-8"}
    sockets = None
    try:
        words = (sys.executable, "-P", "-c", TWICE, str(data), str(session), str(user.pw_uid), str(user.pw_gid))
        done = subprocess.run(words, capture_output=True, text=True, cwd="/", env=environment, check=False)
        assert done.returncode == 0, done.stderr
        first, again, mode = json.loads(done.stdout.splitlines()[-1])
        sockets = Path(first)
        assert (first, mode) == (again, "0o700")
        assert sockets.parent == Path("/tmp")
    finally:
        shutil.rmtree(room)
        if sockets is not None:
            shutil.rmtree(sockets, ignore_errors=True)
