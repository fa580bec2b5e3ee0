"""Services whose real duties hang: each ends by itself with STUCK, and names the duty that stood still."""

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from compose.servers.ports import free_port
from shared.support.watchdog import STUCK, VARIABLE
from tests.cloud.campus import ROOT, Campus
from tests.patience import PATIENCE_S

BOUND_S = "3"


@contextmanager
def serving(out: int, said: Path, *words: object) -> "Iterator[subprocess.Popen[bytes]]":
    command = [sys.executable, "-P", "-m", *map(str, words)]
    with said.open("wb") as errors:
        process = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | {VARIABLE: BOUND_S}, stdout=out, stderr=errors, stdin=subprocess.DEVNULL
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def fill(writing: int) -> None:
    """So that whoever writes next stands in the midst of a line. Through a door of our own: theirs stays as it is."""
    own = os.open(f"/proc/self/fd/{writing}", os.O_WRONLY | os.O_NONBLOCK)
    with suppress(BlockingIOError):
        while os.write(own, bytes(64)):
            pass
    os.close(own)


def until_ready(reading: int) -> None:
    heard = b""
    while not re.search(rb"^READY ", heard, re.MULTILINE):
        heard += os.read(reading, 64) or pytest.fail(heard.decode())


@pytest.mark.process
def test_a_ledger_that_hangs_ends_the_ingest(campus: Campus, keys_socket: Path, broker, tmp_path: Path) -> None:
    """Its loop goes on, and says so each second; the one thread that posts waits for a lock that nobody gives back."""
    reading, writing = os.pipe()
    words = ("cloud", "ingest", "--data", campus.data, "--keys", keys_socket, "--broker", f"127.0.0.1:{broker.port}")
    with serving(writing, tmp_path / "said", *words) as process:
        until_ready(reading)
        with closing(sqlite3.connect(campus.data / "cloud" / "ledger.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            assert process.wait(timeout=PATIENCE_S) == STUCK
    assert "FAULT ingest is stuck: ledger;" in (tmp_path / "said").read_text(encoding="utf-8")
    os.close(reading)
    os.close(writing)


def words_of(name: str, campus: Campus, keys: Path, socket: Path) -> tuple[object, ...]:
    data = ("--data", campus.data)
    return {
        "console": ("cloud", "console", *data, "--port", free_port()),
        "watch": ("cloud", "watch", *data),
        "desk": ("cloud", "desk", *data, "--keys", keys, "--port", free_port()),
        "dock": ("cloud", "dock", *data, "--listen", f"127.0.0.1:{free_port()}"),
        "keys": ("provisioning", "keys", *data, "--socket", socket),
        "signer": (
            "provisioning", "signer", *data, "--door-socket", socket, "--office-socket", socket.with_name("o"),
            "--server", "127.0.0.1:8460", "--broker", "127.0.0.1:8883",
        ),
        "enrol": ("cloud", "enrol", *data, "--signer", socket, "--port", free_port()),
    }[name]  # fmt: skip


@pytest.mark.process
@pytest.mark.parametrize(
    "name",
    ["keys", *(pytest.param(name, marks=pytest.mark.large) for name in ("watch", "console", "desk", "dock"))],
)
def test_a_loop_that_hangs_ends_its_service(
    name: str, campus: Campus, provisioned: Campus, keys_socket: Path, tmp_path: Path
) -> None:
    """Nobody reads what it says: the pipe is full, and its loop stands in the midst of a line, for good."""
    of = provisioned if name == "keys" else campus
    reading, writing = os.pipe()
    with serving(writing, tmp_path / "said", *words_of(name, of, keys_socket, tmp_path / "k")) as process:
        until_ready(reading)
        fill(writing)
        assert process.wait(timeout=PATIENCE_S) == STUCK
    assert re.search(rf"FAULT {name} is stuck: .*loop", (tmp_path / "said").read_text(encoding="utf-8"))
    os.close(reading)
    os.close(writing)


@pytest.mark.process
def test_a_signer_and_a_door_that_hang_end(provisioned: Campus, keys_socket: Path, tmp_path: Path) -> None:
    """As above, both at once: the door's certificate is the signer's work."""
    own = replace(provisioned, data=Path(shutil.copytree(provisioned.data, tmp_path / "own")))
    with ExitStack() as ends:
        hung: dict[str, subprocess.Popen[bytes]] = {}
        for name in ("signer", "enrol"):
            reading, writing = os.pipe()
            ends.callback(os.close, reading)
            ends.callback(os.close, writing)
            words = words_of(name, own, keys_socket, tmp_path / "door")
            hung[name] = ends.enter_context(serving(writing, tmp_path / name, *words))
            until_ready(reading)
            fill(writing)
        assert [one.wait(timeout=PATIENCE_S) for one in hung.values()] == [STUCK, STUCK]
    for name, duty in (("signer", "turn"), ("enrol", "loop")):
        assert f"FAULT {name} is stuck: {duty};" in (tmp_path / name).read_text(encoding="utf-8")
