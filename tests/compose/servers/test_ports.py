"""Ports of two launchers at once: each is found by one of them only, until that one ends."""

import os
import socket
import subprocess
import sys
from collections import deque
from contextlib import contextmanager
from pathlib import Path

import pytest

from compose.place import ROOT
from compose.servers import ports
from compose.servers.ports import LOOPBACK, NoPort, free_port, take_port

OTHER = "import sys; from compose.servers.ports import {0}; print({0}({1}), flush=True); sys.stdin.read()"


@contextmanager
def other_launcher(function, argument=""):
    """A process that holds what it found; what it found, as text."""
    command = (sys.executable, "-P", "-c", OTHER.format(function, argument))
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={"PYTHONPATH": str(ROOT)}
    ) as process:
        yield process.stdout.readline().strip()


def test_a_port_that_another_launcher_has_found_is_not_ours():
    with other_launcher("free_port") as found:
        assert not take_port(int(found)), "nobody listens there yet"
    assert take_port(int(found)), "it goes with the process"


def test_what_we_hold_is_not_theirs():
    port = free_port()
    with other_launcher("take_port", port) as taken:
        assert taken == "False"


def test_a_port_is_found_once():
    assert len({free_port() for _ in range(100)}) == 100


def test_no_port_is_found_that_the_kernel_gives_away():
    first, last = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    assert not any(first <= free_port() <= last for _ in range(50))


def test_a_port_with_a_server_is_not_found(monkeypatch):
    with socket.socket() as server:
        server.bind((LOOPBACK, 0))
        server.listen()
        monkeypatch.setattr(ports, "FIRST", server.getsockname()[1])
        monkeypatch.setattr(ports, "LAST", server.getsockname()[1])
        with pytest.raises(NoPort):
            free_port()


def test_a_port_with_a_server_is_not_taken():
    with socket.socket() as server:
        server.bind((LOOPBACK, 0))
        server.listen()
        assert not take_port(server.getsockname()[1])


def test_of_those_kept_the_oldest_goes(monkeypatch):
    monkeypatch.setattr(ports, "_kept", deque())
    monkeypatch.setattr(ports, "KEPT_MAX", 2)
    first, second, _ = (free_port() for _ in range(3))
    with other_launcher("take_port", first) as oldest, other_launcher("take_port", second) as next_one:
        assert (oldest, next_one) == ("True", "False")
    assert len(ports._kept) == 2
    while ports._kept:
        os.close(ports._kept.popleft())


def test_no_port_is_said(monkeypatch):
    monkeypatch.setattr(ports, "TRIED_MAX", 0)
    with pytest.raises(NoPort, match="没有空闲端口"):
        free_port()
