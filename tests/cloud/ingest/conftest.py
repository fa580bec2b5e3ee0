"""Real brokers of one test each: they are killed, and their data is thrown away."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from compose.parts.standing import Standing
from compose.servers.ports import free_port
from compose.servers.servers import embedded_broker, mosquitto_plain


class Broker:
    """A broker on loopback; killed means that its data is gone, for both keep it in memory."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind = kind
        self.port = free_port()
        part = embedded_broker(self.port) if kind == "iotcore" else mosquitto_plain(self.port)
        self.standing = Standing(part, folder)

    def kill(self) -> None:
        self.standing.kill()

    def start(self) -> None:
        self.standing.start()


@pytest.fixture(params=["iotcore", "mosquitto"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    """Each test runs on the embedded broker and on mosquitto in its default configuration."""
    made = Broker(request.param, tmp_path)
    with made.standing:
        yield made


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Broker]:
    """The embedded broker alone."""
    made = Broker("iotcore", tmp_path)
    with made.standing:
        yield made
