"""Firmware goes to a canteen of eight tills on one bus while they sell; one plug is out, one image is bad."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from edge.terminal.station.slot_file import NAME as SLOT
from shared.words.voice import Text
from tests.scenes import plans
from tests.scenes.campus import Campus
from tests.scenes.plans import command, run
from tests.scenes.scene import Scene, Stage
from tests.scenes.truth import require_truth

pytestmark = [pytest.mark.process, pytest.mark.large]
GOOD = "def words(face, zh, en):\n    return '·' + zh, '- ' + en\n"
BAD = "def words(face, zh, en):\n    return '成功', 'paid'\n"
SIZE = 20 * 1024
"""Long enough that a plug can be pulled in the middle: about four seconds of the bus."""
UNPLUGGED, KILLED = "t-pos-8", "t-pos-7"
QUIET_S = 12
"""Cards come each second, so that it is quiet for so long only when the shop has closed."""
STORED, IN_USE, REFUSED = 2, 0, 16
PLACE = 1028
"""Of a page in a slot's file."""
WHO = ("--who", "王芳", "--reason", "新版")


class Office:
    """The officers who sign, and whoever rolls out."""

    def __init__(self, campus: Campus) -> None:
        self.campus = campus

    def signed(self, release: int, program: str) -> Path:
        """Off line; of some length."""
        file, out = self.campus.room / f"{release}.py", self.campus.room / f"{release}.fw"
        file.write_text(f"{program}# {Random(release).randbytes(SIZE // 2).hex()}\n", encoding="utf-8")
        command(
            "provisioning", "firmware", "sign", file, "--data", self.campus.data, "--model", "pos", "--release",
            release, "--name", f"r{release}", "--who", "张三", "--out", out,
        )  # fmt: skip
        return out

    def roll_out(self, file: Path, release: int) -> None:
        """To all at once, and no rule stops it."""
        self._say("release", str(file))
        self._say("roll-out", f"pos:{release}", "--all", "--stop-at", "0%", *WHO)

    def rows(self) -> dict[str, dict[str, Any]]:
        """Till → what the platform says of it in the newest roll-out."""
        said = json.loads(self._say("status", "--json", ends=(0, 1)))
        return {f"t-{row['terminal']}": row for row in said["rows"]}

    def reported(self, kind: int = 3) -> dict[str, tuple[int, int, int]]:
        """Till → generation in use, generation spoken of, verdict: its own newest word."""
        sql = (
            "SELECT d.name, r.generation, r.offered, r.verdict FROM document_reported r "
            "JOIN device d ON d.device = r.device WHERE r.kind = ?"
        )
        return {f"t-{name}": (in_use, offered, said) for name, in_use, offered, said in self.campus.asked(sql, kind)}

    def are(self, names: list[str], verdict: int, offered: int) -> bool:
        said = self.reported()
        return all(said.get(name, (0, 0, -1))[1:] == (offered, verdict) for name in names)

    def running(self) -> set[int]:
        """Releases that the tills say they run."""
        return {self.campus.status(name).get("firmware", 0) for name in self.campus.bodies}

    def _say(self, *words: str, ends: tuple[int, ...] = (0,)) -> str:
        done = run("cloud", "firmware", *words, "--data", self.campus.data)
        assert done.returncode in ends, done.stdout + done.stderr
        return done.stdout


def pages_at(campus: Campus, name: str) -> int:
    """Pages that a till's slot has a place for by now: it grows as they come."""
    file = campus.data / "terminals" / name.removeprefix("t-") / SLOT
    return file.stat().st_size // PLACE if file.exists() else 0


async def _play(stage: Stage) -> None:
    async with Campus(stage.room(plans.eight_on_can), seed=71, rate=1.0, tear=0.0) as campus:
        office, patience_s = Office(campus), 60.0 * stage.slow
        good, bad = office.signed(2, GOOD), office.signed(3, BAD)
        for name in campus.bodies:
            campus.say(name, "--quiet", str(QUIET_S))
        others = [name for name in campus.bodies if name != UNPLUGGED]
        with stage.step(Text("八台都在卖", "all eight sell"), Text("运行第 1 版", "and run release 1")):
            await campus.open()
            await campus.until_shown(8)
            await campus.until("all say so", lambda: office.running() == {1})
        with stage.step(
            Text("一台拔了线；第 2 版下发，一台中途断电", "one is unplugged; release 2 comes, one is killed meanwhile"),
            Text("七台收齐，其间照常收款", "seven have it, and have sold meanwhile"),
        ) as step:
            await campus.kill(UNPLUGGED)
            await asyncio.to_thread(office.roll_out, good, 2)
            await campus.until("pages are on their way", lambda: pages_at(campus, KILLED) >= 3, patience_s)
            sold = campus.shown()
            await campus.kill(KILLED)
            had = pages_at(campus, KILLED)
            await campus.start(KILLED)
            await campus.until("seven have it", lambda: office.are(others, STORED, 2), patience_s)
            assert campus.shown() > sold, "nothing was sold meanwhile"
            sales = campus.shown() - sold
            step.seen = Text(f"断电时有 {had} 页；其间 {sales} 笔", f"{had} pages by then; {sales} sales")
        with stage.step(
            Text("拔线的一台恢复", "the unplugged one is back"), Text("收齐，不试用", "it has it, and tries nothing")
        ):
            row = (await asyncio.to_thread(office.rows))[UNPLUGGED]
            assert row["state"] not in ("in-use", "stored"), f"nobody there, and yet {row}"
            await campus.start(UNPLUGGED)
            await campus.until("it has it", lambda: office.are([UNPLUGGED], STORED, 2), patience_s)
            assert office.running() == {1}, "somebody runs it while cards come"
        with stage.step(
            Text("收市", "the shop closes"), Text("八台换到第 2 版，自己报告", "eight run release 2 and say so")
        ):
            await campus.close_shop(patience_s)
            await campus.until("all use it", lambda: office.are(campus.bodies, IN_USE, 2), patience_s)
            await campus.until("all say so", lambda: office.running() == {2})
        with stage.step(
            Text("第 3 版是坏的", "release 3 is a bad one"), Text("八台自动退回，逐台点名", "all go back and are named")
        ) as step:
            await asyncio.to_thread(office.roll_out, bad, 3)
            await campus.until("all have gone back", lambda: office.are(campus.bodies, REFUSED, 3), patience_s)
            await campus.until("each is named", lambda: len(campus.facts("firmware-returned")) >= 8)
            assert office.running() == {2}, "somebody runs another one than before"
            states = {row["state"] for row in (await asyncio.to_thread(office.rows)).values()}
            step.seen = Text(f"平台上的状态：{states}", f"states at the platform: {states}")
        with stage.step(Text("账目", "the books"), Text("旧版写的流水都在", "hold what the old release wrote")) as step:
            view = require_truth(campus)
            step.seen = Text(f"{view.posted} 笔入账", f"{view.posted} posted")


SCENE = Scene(
    "canteen-firmware",
    Text("固件下发到食堂", "firmware to a canteen"),
    Text(
        "CAN 上八台边卖边收第 2 版，一台拔了线、一台中途断电都补齐，收市后换上；坏的第 3 版各台自动退回并点名",
        "eight tills on CAN take release 2 while they sell, one unplugged, one killed; from a bad 3 all go back",
    ),
    _play,
)


def test_a_canteen_takes_a_release_while_it_sells_and_goes_back_from_a_bad_one(plays: Callable[[Scene], None]) -> None:
    plays(SCENE)
