"""A copy of the checkout in which a mistake is planted, tests are run, and the mistake is taken out again."""

import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import NamedTuple

import pytest

from shared.words.voice import Text

MEMORY_BYTES = 4 << 30
"""Of a run of tests: a loop that was made endless fills no machine."""
MARKS = "not process and not postgres and not browser and not large"
"""Tests of a module by itself: no servers, no processes."""
_LEFT_OUT = ".git", ".venv", "var", "node_modules", "__pycache__", ".mypy_cache", ".ruff_cache", ".hypothesis"


class Verdict(Enum):
    """What became of a mutant."""

    KILLED = Text("发现", "killed")
    SURVIVED = Text("存活", "survived")
    TIMED_OUT = Text("超时", "timed out")
    UNASKED = Text("无测试", "no test to ask")
    NOT_GREEN = Text("不植入也不通过", "tests fail without it")


class Ran(NamedTuple):
    """code None: it did not end in time and was ended."""

    code: int | None
    took_s: float
    said: str


class Scratch:
    """The copy; the checkout is only read."""

    def __init__(self, root: Path, folder: Path) -> None:
        self.root = folder / "copy"
        shutil.copytree(root, self.root, ignore=shutil.ignore_patterns(*_LEFT_OUT))

    def test(self, tests: Sequence[Path], limit_s: float, *, keep_bytecode: bool) -> Ran:
        """Run these tests up to the first that fails."""
        words = ("-x", "-q", "-n", "0", "-p", "no:cacheprovider", "-p", "no:randomly", "-m", MARKS)
        command = (sys.executable, "-m", "pytest", *words, *map(str, tests))
        own = {"PYTHONPATH": str(self.root), "PYTHONDONTWRITEBYTECODE": "" if keep_bytecode else "1"}
        began = time.monotonic()
        child = subprocess.Popen(
            command, cwd=self.root, env=os.environ | own, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            start_new_session=True, preexec_fn=_bound_memory,  # no thread of ours is there to fork
        )  # fmt: skip
        try:
            said, _ = child.communicate(timeout=limit_s)
            code: int | None = child.returncode
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            said, _ = child.communicate()
            code = None
        return Ran(code, time.monotonic() - began, said)

    def verdict(self, file: Path, text: str, tests: Sequence[Path], limit_s: float) -> Verdict:
        """Plant it, ask the tests, take it out again: the bytecode of the original stays good, for its time does."""
        there = self.root / file
        original, stat = there.read_bytes(), there.stat()
        there.write_text(text, encoding="utf-8")
        os.utime(there, (0, 0))  # no bytecode is as old
        try:
            ran = self.test(tests, limit_s, keep_bytecode=False)
        finally:
            there.write_bytes(original)
            os.utime(there, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        return Verdict.TIMED_OUT if ran.code is None else Verdict.KILLED if ran.code else Verdict.SURVIVED


def is_green(ran: Ran) -> bool:
    """Do the tests pass without a mistake? That there is none counts, too: then every mutant survives."""
    return ran.code in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)


def has_none(ran: Ran) -> bool:
    """Was there no test to ask?"""
    return ran.code == pytest.ExitCode.NO_TESTS_COLLECTED


def _bound_memory() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
