"""Real servers for the tests: started once per run on free ports, ended with the run even if it is killed."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

import pytest

from compose.parts.standing import Standing
from compose.servers.ports import LOOPBACK, free_port
from compose.servers.postgres import Postgres
from compose.servers.postgres import postgres as prepare_postgres
from compose.servers.servers import embedded_broker, mosquitto_plain
from edge.card.sim.pcscd import PrivatePcscd, why_not
from edge.card.sim.server import CardServer
from shared.words.voice import INHERITED, Language, speak
from tests.edge.readers import start_pcscd

pytest_plugins = ("tests.collector", "tests.sample", "tests.examples", "tests.order", "tests.ahead")
"""What a run leaves out, in which order it goes and with which limits, what begins first."""

os.environ[INHERITED] = Language.ZH.value
"""What the processes of the tests speak, whatever the terminal's language is."""


@pytest.fixture(autouse=True)
def _voice() -> None:
    """Each test begins in Chinese; one that looks at English says so by `speak`."""
    speak(Language.ZH)


@dataclass(frozen=True, slots=True)
class Broker:
    """Where a broker listens; `standing` can kill() it and start() it again on the same port."""

    host: str
    port: int
    standing: Standing


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """The embedded broker: MQTT 5, loopback, plain, in memory."""
    port = free_port()
    with Standing(embedded_broker(port), tmp_path_factory.mktemp("broker")) as standing:
        yield Broker(LOOPBACK, port, standing)


@pytest.fixture(scope="session", name="mosquitto_plain")
def _mosquitto_plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """Mosquitto exactly as it comes: default configuration, anonymous, loopback."""
    port = free_port()
    with Standing(mosquitto_plain(port), tmp_path_factory.mktemp("mosquitto")) as standing:
        yield Broker(LOOPBACK, port, standing)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """A PostgreSQL server on a private socket, run by its own user where we are root."""
    folder = Path(tempfile.mkdtemp(prefix="openykt-test-", dir="/var/tmp"))
    folder.chmod(0o711)  # pytest's own folders are closed to the server's user
    try:
        server = prepare_postgres(folder)
        with Standing(server.part, folder):
            yield server
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def postgres(postgres_server: Postgres) -> Iterator[str]:
    """The URI of a fresh database, dropped after the module."""
    name = f"test_{token_hex(4)}"
    yield postgres_server.create_database(name)
    postgres_server.drop_database(name)


@pytest.fixture(scope="session")
def pcscd() -> Iterator[tuple[PrivatePcscd, CardServer]]:
    """A pcscd of our own, two virtual readers, one for all rooms: the environment names it. Skipped by the name of what
    is missing."""
    missing = why_not()
    if missing:
        pytest.skip(str(missing))
    yield from start_pcscd()
