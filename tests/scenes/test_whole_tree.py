"""kill -9 of everything at once, and the same data again: nothing that was shown is lost, nothing is posted twice."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest

from tests.patience import PATIENCE_S
from tests.scenes.campus import Campus
from tests.scenes.plans import command
from tests.scenes.truth import require_truth

pytestmark = pytest.mark.process


async def _all_parts(room: Path) -> None:
    rng = Random(21)
    async with Campus(room, seed=21, tear=0.1) as campus:
        await campus.open()
        for _ in range(2):
            await campus.until_shown(15)
            await asyncio.sleep(rng.uniform(0.0, 0.3))
            await campus.start(*await campus.kill_all())
        await campus.until_shown(15)
        await campus.close_shop()
        assert require_truth(campus).posted >= 45
        (by_subsidy,) = campus.asked(
            "SELECT count(*) FROM posting p JOIN account a ON a.id = p.debit WHERE a.kind = 'subsidy'"
        )[0]
        assert by_subsidy, "no subsidy purse has paid"


def test_all_parts_killed_at_once(room: Path) -> None:
    asyncio.run(_all_parts(room))


def _up(room: Path, *words: str) -> "subprocess.Popen[str]":
    argv = (sys.executable, "-P", "-m", "compose", "up", "--data", str(room), *words)
    return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)


def _shown(room: Path) -> int:
    return sum(log.read_bytes().count(b"\n") for log in room.glob("campus/terminals/*/shown.log"))


def _children(pid: int) -> list[int]:
    stats = [path.read_text() for path in Path("/proc").glob("[0-9]*/stat")]
    rows = [(stat.split()[0], stat.rpartition(")")[2].split()[1]) for stat in stats]
    return [int(child) for child, parent in rows if int(parent) == pid]


def test_launcher_killed_with_all_its_parts(room: Path, tmp_path: Path) -> None:
    """As a student does it: a campus from nothing, the plug is pulled, and up again."""
    new = tmp_path / "new"
    new.mkdir()
    shutil.copy(room / "plan.json", new)
    first = _up(new)
    try:
        last_s = time.monotonic() + PATIENCE_S
        while _shown(new) < 8:
            assert first.poll() is None, first.stdout.read() if first.stdout else ""
            assert time.monotonic() < last_s, "waited in vain for 8 成功"
            time.sleep(0.02)
    finally:
        pids = [first.pid, *_children(first.pid)]
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        first.communicate()
    assert len(pids) >= 10, "launcher, leash, broker, keys, ingest, console, edge, terminals"
    again = _up(new, "--for", "2s", "--report", str(tmp_path / "report.json"))
    said, _ = again.communicate(timeout=PATIENCE_S)
    assert again.returncode == 0, said
    report = json.loads((tmp_path / "report.json").read_text())
    assert (report["lost"], report["double"], report["taps"] + report["loads"] >= 8) == (0, 0, True), report
    command("compose.commands.verify", "--data", new)
