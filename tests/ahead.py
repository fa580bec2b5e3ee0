"""Long commands of some tests, begun when the session begins: the tests before them leave a core idle.

A test says `@pytest.mark.ahead("torn")`, takes the fixture `ahead` and waits for its end. They begin once per run, with
`--ahead`, in the process that began the session, whose workers are told where each says how it ended; without it a
command begins with its test.
"""

import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, Self

import pytest

from compose.parts.leash import Leash

ROOT = Path(__file__).parents[1]
NICE = 5
"""The other tests go first."""
LOOK_S = 0.05


class Long(NamedTuple):
    """The words of a command: the `whole` of it and the `sample` of it that `test` runs."""

    whole: tuple[str, ...]
    sample: tuple[str, ...]


TORN_ONE_IN = 20
"""Of the points of a scenario."""
SEEDS = 200
SEEDS_OF_A_SAMPLE = 50
LONG = {
    "sim": Long(
        ("tests.sim", "--seeds", f"0:{SEEDS}", "--jobs", "1", "--happened"),
        ("tests.sim", "--seeds", f"0:{SEEDS_OF_A_SAMPLE}", "--jobs", "1", "--happened"),
    ),
    "torn": Long(
        ("tests.torn", "--jobs", "1"),
        ("tests.torn", "--jobs", "1", "--one-in", str(TORN_ONE_IN)),
    ),
}

TELLS_ITS_END = '"$@" >"$0/out" 2>"$0/err"; echo $? >"$0/code.new"; mv "$0/code.new" "$0/code"'
"""A shell, because another process than its parent waits for the end, and cannot ask the kernel for the code."""


class Command:
    """A module of ours running as a process of its own; gone with the session, also when that is killed."""

    def __init__(self, words: tuple[str, ...], folder: Path) -> None:
        self.folder = folder
        self._leash = Leash()
        argv = ["sh", "-c", TELLS_ITS_END, str(folder), "nice", "-n", str(NICE), sys.executable, "-m", *words]
        self._process = subprocess.Popen(argv, cwd=ROOT, start_new_session=True)
        self._leash.hold(self._process.pid, signal.SIGTERM)

    @property
    def pid(self) -> int:
        """Of the process group."""
        return self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._leash.close()
        self._process.wait()


class Ended(NamedTuple):
    """How a command ended, and all that it said."""

    returncode: int
    stdout: str
    stderr: str


def ended(folder: Path, bound_s: float) -> Ended:
    """The end of the command of this folder. TimeoutError when it is not over by then."""
    last_s = time.monotonic() + bound_s
    while not (folder / "code").exists():
        if time.monotonic() > last_s:
            raise TimeoutError(f"not over within {bound_s:g} s: {folder}")
        time.sleep(LOOK_S)
    out, err = ((folder / name).read_text("utf-8", "replace") for name in ("out", "err"))
    return Ended(int((folder / "code").read_text()), out, err)


BEGUN: pytest.StashKey[dict[str, Path]] = pytest.StashKey()
"""Folders of the long commands that run, by name."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--ahead`: the whole suite says it."""
    group = parser.getgroup("openykt")
    group.addoption("--ahead", action="store_true", help="先启动长命令 / begin the long commands first")


@pytest.hookimpl(wrapper=True)
def pytest_sessionstart(session: pytest.Session) -> Iterator[None]:
    """Begin the long commands, once per run; a worker is told of them."""
    config = session.config
    if (told := getattr(config, "workerinput", None)) is not None:
        config.stash[BEGUN] = {name: Path(folder) for name, folder in told["ahead"].items()}
    elif not config.option.ahead or config.option.collectonly:
        config.stash[BEGUN] = {}
    else:
        _begin(config)
    return (yield)


def _begin(config: pytest.Config) -> None:
    held = ExitStack()
    config.add_cleanup(held.close)
    folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="openykt-ahead-")))
    config.stash[BEGUN] = {name: folder / name for name in LONG}
    for name, one in config.stash[BEGUN].items():
        one.mkdir()
        held.enter_context(Command(_words(config, name), one))


def _words(config: pytest.Config, name: str) -> tuple[str, ...]:
    return LONG[name].whole if config.option.all else LONG[name].sample


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker where the long commands say how they ended."""
    node.workerinput["ahead"] = {name: str(folder) for name, folder in node.config.stash[BEGUN].items()}


@pytest.fixture
def ahead(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[float], Ended]]:
    """Waits at most so many seconds for the end of the command of this test's marker, begun before or now."""
    name = request.node.get_closest_marker("ahead").args[0]
    begun = request.config.stash[BEGUN].get(name)
    if begun is not None:
        yield partial(ended, begun)
        return
    with Command(_words(request.config, name), tmp_path) as command:
        yield partial(ended, command.folder)
