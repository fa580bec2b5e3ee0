"""The command that runs ahead: told as it ended, bounded, and gone when the session goes."""

import subprocess
from pathlib import Path

import pytest

from tests.ahead import Command

BOUND_S = 30.0


def test_it_tells_how_it_ended() -> None:
    with Command(("compose", "--needs", "sim")) as command:
        done = command.result(BOUND_S)
    assert done.returncode == 0
    assert "dev" in done.stdout
    with Command(("compose", "nothing-of-the-kind")) as command:
        failed = command.result(BOUND_S)
    assert failed.returncode == 2
    assert "nothing-of-the-kind" in failed.stderr


def test_what_hangs_is_bounded_and_ended() -> None:
    with Command(("http.server", "--bind", "127.0.0.1", "0")) as command:
        with pytest.raises(subprocess.TimeoutExpired):
            command.result(0.1)
        pid = command.pid
    assert not Path(f"/proc/{pid}").exists()
