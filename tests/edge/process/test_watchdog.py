"""A box and its watchdog: what systemd hears of a real one, and how one ends whose disk stands still."""

import sqlite3
import sys
from pathlib import Path

import pytest

from edge.outbox.opening import FILE
from shared.support.watchdog import SOCKET, STUCK, VARIABLE
from tests.edge.campus_rig import EdgeProcess
from tests.patience import PATIENCE_S
from tests.shared.support.test_watchdog import supervisor

__all__ = ["supervisor"]

PATIENT = """
import runpy, sqlite3, sys
connect = sqlite3.connect
sqlite3.connect = lambda *words, **options: connect(*words, timeout=600, **options)
sys.argv = ["edge", *sys.argv[2:]]
runpy.run_module("edge", run_name="__main__")
"""
"""A box whose SQLite waits for a lock as long as a dead disk would keep it: ten minutes."""


def heard_until(supervisor, word: str) -> list[str]:
    heard: list[str] = []
    while not heard or word not in heard[-1]:
        heard.append(supervisor.recv(1024).decode())
    return heard


@pytest.mark.process
def test_a_box_is_ready_alive_and_ends(supervisor, tmp_path: Path, broker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SOCKET, supervisor.getsockname())
    monkeypatch.setenv(VARIABLE, "8")
    edge = EdgeProcess(tmp_path / "data", broker.port)
    edge.start()
    assert heard_until(supervisor, "READY=1") == ["READY=1"]
    assert heard_until(supervisor, "WATCHDOG=1")
    assert heard_until(supervisor, "WATCHDOG=1")
    assert edge.stop() == 0
    assert heard_until(supervisor, "STOPPING=1")


@pytest.mark.process
def test_a_disk_that_hangs_ends_the_box_and_is_named(
    tmp_path: Path, broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody holds the outbox, so that the writer waits within SQLite: it is the disk alone that stands still."""
    monkeypatch.setenv(VARIABLE, "3")
    edge = EdgeProcess(tmp_path / "data", broker.port, program=(sys.executable, "-c", PATIENT))
    edge.start()
    other = sqlite3.connect(edge.folder / FILE, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert edge.process.wait(timeout=PATIENCE_S) == STUCK
    assert "FAULT edge is stuck: disk;" in edge.process.stderr.read()
    other.close()
    for pipe in (edge.process.stdin, edge.process.stdout, edge.process.stderr):
        pipe.close()
