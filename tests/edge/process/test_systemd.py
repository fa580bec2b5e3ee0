"""What systemd hears of a box: on a real socket, of a real process; and of one whose disk stands still."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.process.systemd import SOCKET, Systemd, stuck
from tests.edge.campus_rig import EdgeProcess

SECONDS = 30.0


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as found:
        found.bind(str(tmp_path / "notify"))
        found.settimeout(SECONDS)
        yield found


def heard_until(supervisor: socket.socket, word: str) -> list[str]:
    heard: list[str] = []
    while not heard or word not in heard[-1]:
        heard.append(supervisor.recv(1024).decode())
    return heard


@pytest.mark.process
def test_a_box_is_ready_alive_and_ends(
    supervisor: socket.socket, tmp_path: Path, broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SOCKET, supervisor.getsockname())
    edge = EdgeProcess(tmp_path / "data", broker.port)
    edge.start()
    assert heard_until(supervisor, "READY=1") == ["READY=1"]
    assert heard_until(supervisor, "WATCHDOG=1")
    assert heard_until(supervisor, "WATCHDOG=1")
    assert edge.stop() == 0
    assert heard_until(supervisor, "STOPPING=1")


def test_a_disk_that_stands_still_is_named_and_nothing_is_alive(supervisor: socket.socket) -> None:
    of = Systemd({SOCKET: supervisor.getsockname()})
    of.alive({"loop": 1, "disk": 1})
    of.alive({"loop": 2, "disk": 1})
    of.alive({"loop": 3, "disk": 1})
    of.alive({"loop": 4, "disk": 2})
    said = [supervisor.recv(1024).decode() for _ in range(4)]
    assert said == ["WATCHDOG=1\nSTATUS=", *["STATUS=disk: no progress"] * 2, "WATCHDOG=1\nSTATUS="]


def test_nobody_listens_and_a_listener_that_went_cost_nothing(tmp_path: Path) -> None:
    for environment in ({}, {SOCKET: str(tmp_path / "gone")}, {SOCKET: "@nobody"}):
        of = Systemd(environment)
        of.ready()
        of.alive({"loop": 1})
        of.ending()


def test_what_has_not_moved() -> None:
    assert stuck({}, {"loop": 0, "disk": 0}) == []
    assert stuck({"loop": 1, "disk": 5}, {"loop": 2, "disk": 5}) == ["disk"]
