"""Long commands of some tests, begun when the session begins: the tests before them leave a core idle.

A test says `@pytest.mark.ahead("tests.torn", "--jobs", "1")`, takes the fixture `ahead` and waits for its end. When
few tests were chosen, or the test runs alone, its command begins with it.
"""

import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Self

import pytest

from compose.parts.leash import Leash

ROOT = Path(__file__).parents[1]
FEW = 100
"""With fewer tests than this nothing is begun ahead."""
NICE = 5
"""The other tests go first."""


class Command:
    """A module of ours running as a process of its own; gone with the session, also when that is killed."""

    def __init__(self, words: tuple[str, ...]) -> None:
        self._held = ExitStack()
        self._leash = Leash()
        folder = Path(self._held.enter_context(tempfile.TemporaryDirectory()))
        self._said = [self._held.enter_context((folder / name).open("w+b")) for name in ("out", "err")]
        out, err = self._said
        argv = ["nice", "-n", str(NICE), sys.executable, "-m", *words]
        self._process = subprocess.Popen(argv, cwd=ROOT, stdout=out, stderr=err, start_new_session=True)
        self._leash.hold(self._process.pid, signal.SIGTERM)

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def result(self, bound_s: float) -> subprocess.CompletedProcess[str]:
        """Its end and all that it said. TimeoutExpired when it is not over by then."""
        code = self._process.wait(bound_s)
        self._leash.release(self._process.pid)
        out, err = (_read(said) for said in self._said)
        return subprocess.CompletedProcess(self._process.args, code, out, err)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._leash.close()
        self._process.wait()
        self._held.close()


def words_of(item: pytest.Item) -> tuple[str, ...]:
    """The command that this test asks for; empty if none."""
    marker = item.get_closest_marker("ahead")
    return tuple(marker.args) if marker else ()


def _read(said: IO[bytes]) -> str:
    said.seek(0)
    return said.read().decode("utf-8", "replace")
