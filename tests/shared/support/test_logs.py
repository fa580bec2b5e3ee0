"""What a process writes of itself: clean, bounded, one line an event; louder at a signal, and back by itself."""

import io
import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from compose.place import ROOT
from shared.support.logs import JSON, LOUD, QUIET, TEXT_MAX, VARIABLE, Loudness, about, set_up
from tests.patience import PATIENCE_S

log = logging.getLogger("edge.process.agent")


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    root, was = logging.getLogger(), signal.getsignal(signal.SIGUSR2)
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:], _ = handlers, root.setLevel(level)
    signal.signal(signal.SIGUSR2, was)


def told(form: str) -> io.StringIO:
    out = io.StringIO()
    set_up("edge", {VARIABLE: form}, out)
    return out


def test_one_object_a_line_and_what_it_is_about() -> None:
    out = told(JSON)
    with about(box="canteen-1", job=7, text="not over our own"):
        log.warning("card %s refused\nfor password=geheim", "6217001234567890123")
    log.info("quiet")
    (line,) = out.getvalue().splitlines()
    found = json.loads(line)
    assert found.pop("at").startswith("20")
    assert found == {
        "level": "warning", "part": "edge", "logger": "edge.process.agent", "box": "canteen-1", "job": 7,
        "text": "card …0123 refused\nfor password=…",
    }  # fmt: skip


def test_for_people_what_has_several_lines_stays_one_event() -> None:
    out = told("")
    with about(box="canteen-1"):
        log.warning("first\nsecond")
    assert out.getvalue().partition(" ")[2] == "WARNING edge.process.agent: first\n  second box=canteen-1\n"


def test_a_traceback_is_cleaned_and_bounded() -> None:
    out = told(JSON)
    try:
        raise ValueError("postgresql://ykt:geheim@db " + "x" * 2 * TEXT_MAX)
    except ValueError:
        log.exception("it broke")
    text = json.loads(out.getvalue())["text"]
    assert "geheim" not in text
    assert len(text) <= TEXT_MAX
    assert text.startswith("it broke\nTraceback")


def test_louder_for_a_while_and_back_by_itself() -> None:
    logger = logging.getLogger("of.this.test")
    logger.setLevel(QUIET)
    of = Loudness(logger, 0.05)
    of.turn()
    assert of.is_loud
    last_s = time.monotonic() + PATIENCE_S
    while of.is_loud:
        assert time.monotonic() < last_s
        time.sleep(0.005)
    assert logger.level == QUIET


def test_the_same_again_takes_it_back_at_once() -> None:
    logger = logging.getLogger("of.this.test")
    logger.setLevel(QUIET)
    of = Loudness(logger, 600)
    of.turn()
    assert logger.level == LOUD
    of.turn()
    assert logger.level == QUIET


SPEAKS = """
import logging, os, sys
from shared.support.logs import set_up
set_up("edge", os.environ)
print("READY", flush=True)
for _ in sys.stdin:
    logging.getLogger("edge").debug("heard")
    print("said", flush=True)
"""


@pytest.mark.process
def test_a_signal_makes_a_running_process_loud() -> None:
    words = (sys.executable, "-c", SPEAKS)
    with subprocess.Popen(
        words, cwd=ROOT, env=os.environ | {VARIABLE: JSON}, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert None not in (process.stdin, process.stdout, process.stderr)
        process.stdout.readline()
        process.stdin.write("1\n")
        process.stdin.flush()
        process.stdout.readline()
        process.send_signal(signal.SIGUSR2)
        process.stdin.write("2\n3\n")
        process.stdin.close()
        said = process.stderr.read().splitlines()
    assert 1 <= len(said) <= 2, "quiet before the signal, loud behind it"
    assert json.loads(said[-1])["text"] == "heard"
