"""The command on a real bus process: a sound line, one without terminators, one with nobody on it."""

import contextlib
import json
import subprocess
import sys

import can
import pytest

from edge.link.sim.can_load import bus_daemon

pytestmark = pytest.mark.process


def commission(path, *words: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "edge", "commission", "--link", "can0", "--can", f"simbus:{path}", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stdout or done.stderr


@contextlib.contextmanager
def listener(path):
    with can.Bus(interface="simbus", channel=str(path), ignore_config=True, ignore_rx_error_frames=True,
                 can_filters=[{"can_id": 1, "can_mask": 0x1FFFFFFF, "extended": True}]):  # fmt: skip
        yield


def test_a_sound_line_is_unknown_until_it_was_measured_long_and_by_hand():
    with bus_daemon(125_000) as path, listener(path):
        code, said = commission(path, "--minutes", "0.05", "--json")
        found = json.loads(said)
        assert (code, found["judged"], found["why"]) == (0, "unknown", "the ohms were not measured")
        assert found["lines"] == {"rest": "fit", "load": "fit", "ohms": "unknown"}
        assert found["load"]["load"] > 0.5
        assert found["load"]["errors"] == 0
        code, said = commission(path, "--minutes", "0.02", "--ohms", "60")
        assert code == 0
        assert "____" in said


def test_a_line_without_terminators_is_not_fit():
    with bus_daemon(125_000, "--unterminated", "1", "--metres", "300") as path, listener(path):
        code, said = commission(path, "--minutes", "0.05", "--json")
        assert (code, json.loads(said)["judged"]) == (1, "not-fit")


def test_an_empty_line_is_unknown_and_no_line_is_an_error(tmp_path):
    with bus_daemon(125_000) as path:
        _, said = commission(path, "--minutes", "0.02", "--ohms", "60", "--json")
        assert json.loads(said)["why"] == "no other node answers on the bus"
    assert commission(tmp_path / "none")[0] == 2


@pytest.mark.parametrize("words", [
    [], ["--wire", "0"], ["--wire", "100", "--link", "can0"], ["--link", "can0", "--minutes", "0"],
])  # fmt: skip
def test_wrong_use(words):
    done = subprocess.run([sys.executable, "-m", "edge", "commission", *words], capture_output=True, check=False)
    assert done.returncode == 2
