"""A campus of the test's own, a real mosquitto, the real signer and door: all that a box meets when it comes in."""

import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from cloud.keys.signer import SignerClient
from compose.campus import campus as parts
from compose.parts.standing import Standing
from compose.servers.ports import free_port
from compose.servers.servers import BrokerFiles, BrokerPorts, mosquitto
from tests.patience import PATIENCE_S

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True, slots=True)
class Rig:
    data: Path
    sockets: Path
    places: parts.Places
    broker: Standing
    signer: Standing
    door: Standing

    @property
    def server(self) -> str:
        return f"127.0.0.1:{self.places.server}"

    def office(self) -> SignerClient:
        return SignerClient(self.sockets / parts.OFFICE_SOCKET)

    def wait_proved(self) -> int:
        """The number of the list, once the broker was proved to have it."""
        def proved():
            with self.office() as office:
                standing = office.standing()
            return standing.number if standing.number and standing.number == standing.proved else 0
        return until(proved)

    def row(self, box: str):
        with self.office() as office:
            return next(row for row in office.rows() if row.box == box)


@pytest.fixture(scope="module")
def rig(campus, tmp_path_factory):
    folder = tmp_path_factory.mktemp("enrol")
    data = folder / "d"
    shutil.copytree(campus.data, data)
    sockets = Path(tempfile.mkdtemp(prefix="enrol-"))
    places = parts.Places(free_port(), free_port(), free_port())
    with ExitStack() as ends:
        ends.callback(shutil.rmtree, sockets)
        ports = BrokerPorts(places.boxes, places.cloud)
        broker = ends.enter_context(Standing(mosquitto(folder / "b", ports, BrokerFiles.of_campus(data)), folder))
        signer = ends.enter_context(Standing(parts.signer(data, sockets, places), folder))
        door = ends.enter_context(Standing(parts.enrol_door(data, sockets, places.server), folder))
        yield Rig(data, sockets, places, broker, signer, door)


def until(looks):
    """What it gives, as soon as it gives something."""
    last_s = time.monotonic() + PATIENCE_S
    while not (found := looks()):
        assert time.monotonic() < last_s
        time.sleep(0.02)
    return found


def edge(*words: object, timeout_s: float = PATIENCE_S) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "edge", *map(str, words)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=timeout_s)
