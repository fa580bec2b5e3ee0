"""A console process over a made campus, and a real browser that looks at it; a word on its console fails the test."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from playwright.sync_api import Browser, Page, expect, sync_playwright

from cloud.console.access import accounts
from compose.campus.campus import step
from compose.servers.ports import free_port
from tests.cloud.console.screen import CHROMIUM, QUIET, Console
from tests.once import once, shared
from tests.patience import PATIENCE_S


@pytest.fixture(scope="session", autouse=True)
def _cheap_passwords() -> Iterator[None]:
    """Of consoles in this process: two passwords took most of a test's time. A console's own process pays the price."""
    cheap = partial(PasswordHasher, time_cost=1, memory_cost=8, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accounts, "PasswordHasher", cheap)
        yield


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A campus as provisioning made it, imported. Only copies are changed."""
    return once(shared(tmp_path_factory, "small"), "campus", _make)


def _make(room: Path) -> None:
    plan = room.with_name("plan.json")
    for words in (
        ("provisioning", "plan", "demo", "--cards", "5", "--out", str(plan)),
        ("provisioning", "campus", "--data", str(room), "--plan", str(plan)),
        ("cloud", "import", "--data", str(room)),
    ):
        subprocess.run(step("step", *words).argv, check=True, stdout=subprocess.DEVNULL)


@pytest.fixture
def console(small: Path, tmp_path: Path) -> Iterator[Console]:
    room = shutil.copytree(small, tmp_path / "campus")
    argv = [sys.executable, "-P", "-m", "cloud", "console", "--data", str(room), "--port", str(free_port())]
    with running(argv) as (process, said):
        found = re.match(r"READY console (\S+) (\S+)", said)
        assert found
        yield Console(process, found[1], found[2], room / "cloud" / "ca.pem")


@contextmanager
def started(console: Console) -> Iterator[subprocess.Popen[str]]:
    """The same console once more, after its process has ended."""
    assert isinstance(console.process.args, list)
    with running([str(word) for word in console.process.args]) as (process, _):
        yield process


@contextmanager
def running(argv: list[str]) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A console's process, and what it said when it was ready."""
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"})
    assert process.stdout
    try:
        yield process, process.stdout.readline()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE_S * 1000)
    with sync_playwright() as player:
        chromium = player.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(ignore_https_errors=True, viewport={"width": 1440, "height": 900})
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda one: said.append(one.text) if one.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    assert [line for line in said if not re.search(r"ERR_|status of (401|422|503)", line)] == []
    context.close()
