"""What the launcher tells of its parts: written when it changes, whole, and never a reason to end."""

import asyncio
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from compose.campus import lives as lives_module
from compose.campus.lives import FILE, Lives
from compose.parts.part import Part
from compose.parts.process import began
from compose.parts.supervise import Supervisor
from compose.parts.watch import Watch
from tests.patience import PATIENCE_S

SAYS = (
    "import json, sys, time\nprint('READY')\n"
    "while True:\n print('STATUS ' + json.dumps({'connected': False}), flush=True)\n time.sleep(0.1)\n"
)


def part(name: str, script: str = "print('READY', flush=True); import time; time.sleep(600)", **rest: Any) -> Part:
    return Part(name, (sys.executable, "-u", "-c", script), **rest)


def told(folder: Path) -> dict[str, Any]:
    file = folder / FILE
    found: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {"parts": {}}
    return found


async def until(holds: Any) -> None:
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end
        await asyncio.sleep(0.02)


def supervised(tmp_path: Path, lives: Lives) -> Supervisor:
    return Supervisor(tmp_path / "log", on_line=lives.hear_line, on_event=lives.hear)


def test_a_part_is_told_with_its_process_and_its_deaths(tmp_path: Path) -> None:
    async def play() -> None:
        lives = Lives(tmp_path, Watch())
        async with supervised(tmp_path, lives) as parts, lives.kept(parts):
            await parts.start(part("a"), part("b", after=("a",)))
            await until(lambda: told(tmp_path)["parts"].get("b", {}).get("state") == "ready")
            found = told(tmp_path)
            assert (found["format"], found["pid"], found["began"]) == (1, os.getpid(), began(os.getpid()))
            assert found["parts"]["b"]["after"] == ["a"]
            pid = found["parts"]["a"]["pid"]
            assert (pid, found["parts"]["a"]["began"]) == (parts.pid("a"), began(pid))
            os.kill(pid, 9)
            await until(lambda: told(tmp_path)["parts"]["a"]["restarts"] == 1)
            await until(lambda: told(tmp_path)["parts"]["a"]["state"] == "ready")
            again = told(tmp_path)["parts"]["a"]
            assert (again["why"], again["pid"] != pid) == ("exit -9", True)
        assert told(tmp_path)["ended"] is True
        assert {one["pid"] for one in told(tmp_path)["parts"].values()} == {0}

    asyncio.run(play())


def test_what_a_part_says_of_itself_is_told_and_that_it_falls_silent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lives_module, "SILENT_S", 1.0)

    async def play() -> None:
        lives = Lives(tmp_path, Watch())
        async with supervised(tmp_path, lives) as parts, lives.kept(parts):
            await parts.start(part("a", SAYS), part("mute"))
            await until(lambda: told(tmp_path)["parts"].get("a", {}).get("connected") is False)
            assert told(tmp_path)["parts"]["mute"]["connected"] is None
            os.kill(parts.pid("a"), signal.SIGSTOP)
            await until(lambda: told(tmp_path)["parts"]["a"]["silent"])
            assert told(tmp_path)["parts"]["mute"]["silent"] is False, "it never said anything"
            os.kill(parts.pid("a"), signal.SIGCONT)
            await until(lambda: not told(tmp_path)["parts"]["a"]["silent"])

    asyncio.run(play())


def test_a_folder_that_is_not_there_stops_nothing(tmp_path: Path) -> None:
    async def play() -> None:
        lives = Lives(tmp_path / "later", Watch())
        async with supervised(tmp_path, lives) as parts, lives.kept(parts):
            await parts.start(part("a"))
            assert lives.write(parts) is False
            (tmp_path / "later").mkdir()
            await until(lambda: told(tmp_path / "later")["parts"].get("a"))

    asyncio.run(play())
