"""Every TCP door that a whole campus opens is known: it speaks strong TLS alone, or it is on loopback and said why."""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from compose.place import PASSABLE
from tests.tls_probe import Listener, listeners, scan

pytestmark = [pytest.mark.process, pytest.mark.postgres, pytest.mark.large]
BOUND_S = 120.0
LOOPBACK = ("127.0.0.1", "::1", "::ffff:127.0.0.1")
PLAIN = {
    "victoria-metrics": "the store of metrics; no secret and no person is in it",
    "cloud.emulators": "stand-ins for mail, SMS and payment providers, of a demonstration alone",
    "--health": "health and metrics of a service: counts, and no input",
}
"""Who may speak plainly, on loopback alone: a word of its command line, and why."""
TLS_DOORS = {
    "console": "cloud console", "broker": "mosquitto", "box": "edge run", "wallet": "cloud wallet",
    "accounts": "cloud accounts", "open": "cloud open",
}  # fmt: skip
"""Who must speak TLS, and is there in this campus."""
EMULATORS = {"mail and SMS": "cloud.emulators --smtp", "payment providers": "cloud.emulators providers"}
"""Who is there and speaks plainly: scanned with the others."""


@pytest.fixture
def new(room: Path) -> Iterator[Path]:
    place = Path(tempfile.mkdtemp(prefix="ykt-doors-"))
    place.chmod(PASSABLE)
    shutil.copy(room / "plan.json", place)
    (place / "plan.json").chmod(0o600)
    yield place
    shutil.rmtree(place)


def doors(new: Path) -> dict[Listener, tuple[bool, tuple[str, ...], tuple[str, ...]]]:
    argv = (sys.executable, "-P", "-m", "compose", "up", "--full", "--open", "--data", str(new), "--for", "10m")
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, umask=0o022) as up:
        last_s = time.monotonic() + BOUND_S
        while missing := _missing(new, up.pid):
            assert up.poll() is None, up.stdout.read() if up.stdout else ""
            assert time.monotonic() < last_s, missing
            time.sleep(0.05)
        found = {door: scan(door.host, door.port) for door in set(listeners(up.pid))}
        up.terminate()
        said, _ = up.communicate(timeout=BOUND_S)
    assert up.returncode == 0, said
    return found


def _missing(new: Path, pid: int) -> list[str]:
    """Whoever is to listen and does not yet; a first sale, too."""
    sold = any(log.stat().st_size for log in new.glob("campus/terminals/*/shown.log"))
    here = [door.command for door in listeners(pid)]
    wanted = (*TLS_DOORS.values(), *EMULATORS.values())
    return [*(word for word in wanted if not any(word in one for one in here)), *([] if sold else ["a sale"])]


def test_every_door_of_a_campus(new: Path) -> None:
    found = doors(new)
    spoken = {door for door, (is_tls, _, _) in found.items() if is_tls}
    assert {(door.command, old, weak) for door, (_, old, weak) in found.items() if old or weak} == set()
    for name, word in TLS_DOORS.items():
        assert any(word in door.command for door in spoken), name
    plain = found.keys() - spoken
    assert {door for door in plain if door.host not in LOOPBACK} == set(), "plain beyond this machine"
    assert {door for door in plain if not any(word in door.command for word in PLAIN)} == set()
