"""What takes long says on a terminal how far it is, on standard error, and leaves nothing of it behind."""

import os
import pty
import subprocess
import sys

import pytest

from compose.place import ROOT


def made(tmp_path, term, stdout=subprocess.PIPE):
    """A campus of two cards, made at a terminal; what was drawn on standard error, and what standard output has."""
    plan = (sys.executable, "-P", "-m", "provisioning", "plan", "demo", "--cards", "2", "--out", tmp_path / "plan.json")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": term, "YKT_LANG": "en"}
    subprocess.run(plan, check=True, env=environment)
    words = ("campus", "--plan", tmp_path / "plan.json", "--data", tmp_path / "campus")
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        (sys.executable, "-P", "-m", "provisioning", *words), env=environment, stdout=stdout, stderr=theirs
    ) as process:
        os.close(theirs)
        drawn = _until_closed(ours)
        said = process.stdout.read() if process.stdout else b""
    assert process.returncode == 0, drawn
    return drawn, said


def _until_closed(fd):
    drawn = b""
    try:
        while part := os.read(fd, 65536):
            drawn += part
    except OSError:  # the other end of a pty is gone
        return drawn
    finally:
        os.close(fd)
    return drawn


def test_on_a_terminal_it_is_drawn_and_gone(tmp_path):
    drawn, said = made(tmp_path, "xterm")
    assert "… making cards and keys".encode() in drawn
    assert drawn.endswith(b"\r\x1b[K")
    assert b"\n" not in drawn
    assert b"\x1b" not in said


@pytest.mark.parametrize("term", ["dumb", ""])
def test_a_terminal_that_cannot_be_drawn_on_sees_nothing(tmp_path, term):
    drawn, said = made(tmp_path, term)
    assert drawn == b""
    assert said.startswith(b"made ")
