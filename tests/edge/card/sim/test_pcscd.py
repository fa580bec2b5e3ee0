"""A pcscd of our own: where there are no mounts of one's own, where it does not start, and what it leaves behind."""

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest

from edge.card.sim import pcscd as sim_pcscd
from edge.card.sim.pcscd import PcscdMissing, PrivatePcscd, why_not
from edge.card.sim.place import CARD_READER, FIRST_PORT, PSAM_READER, SLOTS
from shared.errors import ConfigFault
from tests.patience import PATIENCE_S

pytestmark = [pytest.mark.process, pytest.mark.skipif(bool(why_not()), reason=str(why_not()))]
ROOT = Path(__file__).parents[4]


@pytest.fixture
def run():
    """Short enough for a unix socket, which pytest's own folders may not be."""
    folder = Path(tempfile.mkdtemp(prefix="ykt-"))
    yield folder
    shutil.rmtree(folder)


def listed(own):
    """In a process of its own: one reads the socket's name once."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", "edge.card", "readers"], cwd=ROOT, capture_output=True, text=True,
        timeout=PATIENCE_S, env={**os.environ, **own.environment}, check=True,
    )  # fmt: skip
    return [line.split("\t")[0] for line in done.stdout.splitlines()]


def listening():
    """The ports, in hexadecimal, at which somebody listens in our own network."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {row[1].rpartition(":")[2] for row in rows if row[3] == "0A"}


def command_lines():
    """Of every process here."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it has ended
            yield path.read_bytes().decode("utf-8", "replace")


def test_it_runs_where_mounts_are_refused(run, tmp_path, monkeypatch):
    """As in a chroot: only the network is its own. Two at once do not know of each other."""
    if os.geteuid() or sim_pcscd.SYSTEM_SOCKET.exists():
        pytest.skip("需要 root，且系统的 pcscd 未运行 / needs root and no pcscd of the system")
    real, bin_ = shutil.which("unshare"), tmp_path / "bin"
    bin_.mkdir()
    (bin_ / "unshare").write_text(f'#!/bin/sh\ncase "$*" in *--mount*) exit 1 ;; esac\nexec {real} "$@"\n')
    (bin_ / "unshare").chmod(0o755)
    monkeypatch.setenv("PATH", f"{bin_}:{os.environ['PATH']}")
    assert "--mount" not in sim_pcscd._unshare()
    (run / "other").mkdir()
    with PrivatePcscd(run) as own:
        own.kill()
        own.start()
        with PrivatePcscd(run / "other") as other:
            assert own.pid != other.pid
            assert listed(other) == [CARD_READER, PSAM_READER]
        assert listed(own) == [CARD_READER, PSAM_READER]


def test_its_ports_are_reached_through_it_alone(run):
    with PrivatePcscd(run) as own:
        own.dial(0).close()
        assert not {f"{FIRST_PORT + slot:04X}" for slot in range(SLOTS)} & listening()
        with pytest.raises(OSError, match="no line"):
            own.dial(2)


def test_it_says_why_it_did_not_start(run):
    with PrivatePcscd(run) as own:
        own.kill()
        with pytest.raises(PcscdMissing, match=r"未能启动：[\s\S]*no-such-driver"):
            own.start(Path("/no-such-driver.so"))


def test_a_pcscd_that_finds_no_readers_is_not_left_behind(run, monkeypatch):
    """A library that is no driver: pcscd runs on without it."""
    monkeypatch.setattr(sim_pcscd, "START_S", 20.0)
    ours = f"{run}/reader.conf.d"
    with PrivatePcscd(run) as own:
        own.kill()
        with pytest.raises(PcscdMissing, match="pcscd 未能启动"):
            own.start(next(Path("/usr/lib").glob("*/libc.so.6")))
    assert not [line for line in command_lines() if ours in line]


def test_a_folder_too_deep_for_a_socket_is_refused(tmp_path):
    with pytest.raises(ConfigFault, match="套接字路径太长"):
        PrivatePcscd(tmp_path / ("deep" * 30))
