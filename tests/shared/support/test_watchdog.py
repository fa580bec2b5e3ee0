"""What a supervisor hears of a process of ours, and how one ends that is stuck: on real sockets and real processes."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from compose.place import ROOT
from shared.support.watchdog import (
    LOOK_S,
    LOOKS_MIN,
    SOCKET,
    STUCK,
    STUCK_S,
    VARIABLE,
    Errand,
    Standing,
    Systemd,
    looks_of,
    stuck,
)

SECONDS = 30.0


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as found:
        found.bind(str(tmp_path / "notify"))
        found.settimeout(SECONDS)
        yield found


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


def test_so_many_looks_in_a_row_and_no_fewer() -> None:
    of = Standing(3)
    assert [of.look({"loop": n, "disk": 0}) for n in range(5)] == [[], [], [], ["disk"], ["disk"]]
    assert of.look({"loop": 5, "disk": 1}) == []
    assert [of.look({"loop": 5, "disk": 1}) for _ in range(3)][-1] == ["loop", "disk"]
    assert [Standing(0).look({"loop": 0}) for _ in range(9)] == [[]] * 9


@pytest.mark.parametrize(
    ("said", "look_s", "looks"),
    [
        (None, LOOK_S, round(STUCK_S / LOOK_S)),
        ("nonsense", LOOK_S, round(STUCK_S / LOOK_S)),
        ("60", LOOK_S, 12),
        ("2", 0.5, LOOKS_MIN),
        ("0", LOOK_S, 0),
        ("-1", LOOK_S, 0),
        ("nan", LOOK_S, 0),
        ("inf", LOOK_S, 0),
    ],
)
def test_the_bound_is_of_the_environment(said: str | None, look_s: float, looks: int) -> None:
    assert looks_of({} if said is None else {VARIABLE: said}) == (look_s, looks)


def test_an_errand_is_a_duty_only_while_somebody_asks() -> None:
    of = Errand()
    assert of.moved() < of.moved()
    with of:
        before = of.moved()
        assert of.moved() == before
    assert of.moved() > before


HANGS = """
import threading
from shared.support.watchdog import Duty, Watchdog
disk = Duty()
with Watchdog("box", lambda: {"disk": disk.turns}) as watchdog:
    watchdog.ready()
    threading.Lock().acquire() and threading.Event().wait()
"""


def run(bound_s: str, **options: object) -> "subprocess.Popen[bytes]":
    environment = os.environ | {VARIABLE: bound_s}
    return subprocess.Popen([sys.executable, "-c", HANGS], cwd=ROOT, env=environment, **options)  # type: ignore[call-overload]


@pytest.mark.process
def test_a_stuck_process_ends_by_itself_and_says_where_it_stood() -> None:
    with run("0.4", stderr=subprocess.PIPE) as process:
        _, said = process.communicate(timeout=SECONDS)
    assert process.returncode == STUCK
    assert said.startswith(f"FAULT box is stuck: disk; it ends with {STUCK}\n".encode())
    assert b'File "<string>", line 7' in said


@pytest.mark.process
def test_it_ends_though_nobody_reads_what_it_says() -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    try:
        while os.write(writing, b"x" * 4096):
            pass
    except BlockingIOError:
        os.set_blocking(writing, True)
    with run("0.4", stderr=writing) as process:
        assert process.wait(timeout=SECONDS) == STUCK
    os.close(reading)
    os.close(writing)
