"""Firmware goes to a canteen of eight tills on one bus while they sell; one plug is out, one image is bad."""

import asyncio
from collections.abc import Callable

import pytest

from shared.words.voice import Text
from tests.scenes import plans
from tests.scenes.campus import Campus
from tests.scenes.officers import GOOD, Officers, pages_at
from tests.scenes.scene import Scene, Stage
from tests.scenes.truth import require_truth

pytestmark = [pytest.mark.process, pytest.mark.large]
BAD = "def words(face, zh, en):\n    return '成功', 'paid'\n"
UNPLUGGED, KILLED = "t-pos-8", "t-pos-7"
QUIET_S = 12
"""Cards come each second, so that it is quiet for so long only when the shop has closed."""
STORED, IN_USE, REFUSED = 2, 0, 16


async def _play(stage: Stage) -> None:
    async with Campus(stage.room(plans.eight_on_can), seed=71, rate=1.0, tear=0.0) as campus:
        office, patience_s = Officers(campus), 60.0 * stage.slow
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
