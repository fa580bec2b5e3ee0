"""12:05, no power in the canteen: paper for some, tills back, the rest by number; nobody hungry, no record lost."""

import time
from collections.abc import Callable

import pytest

from shared.clocks.campus_clock import WALL
from shared.clocks.clock import time_text
from shared.words.voice import Text
from tests.scenes import plans
from tests.scenes.campus import Campus
from tests.scenes.hand import Hand
from tests.scenes.meals import (
    ADA,
    BEN,
    CAT,
    DAN,
    FEN,
    FIRST,
    NOBODY,
    SECOND,
    enrol,
    given,
    owed,
    require_meals,
    sheet,
    until_listed,
)
from tests.scenes.plans import BOX, STRANGER, command
from tests.scenes.scene import Scene, Stage
from tests.scenes.truth import require_truth

pytestmark = [pytest.mark.process, pytest.mark.large]
COUNTER, STALL = "pos-3", "pos-3"
APART = f"t-{COUNTER}"
FIELD = f"edge-{BOX}"


async def _play(stage: Stage) -> None:
    async with Campus(stage.room(plans.on_tcp), seed=121) as campus:
        await campus.open(APART)
        enrol(campus)
        async with Hand(campus, COUNTER) as hand:
            with stage.step(Text("名单到终端", "the list comes to the tills"), Text("学号可用", "numbers count")):
                await until_listed(campus, COUNTER)
            with stage.step(Text("无人的学号", "nobody's number"), Text("拒绝，无记录", "refused, no record")) as step:
                await hand.types(f"meal {NOBODY}", "没有这个学号")
                step.seen = Text("没有这个学号", "nobody has this number")
            await campus.until_shown(3)
            with stage.step(Text("12:05 全部断电", "12:05, all power is gone"), Text("都停了", "all stand still")):
                await hand.kill()
                await campus.kill(FIELD, *(name for name in campus.bodies if name != APART))
        with stage.step(Text("纸上记餐", "meals on paper"), Text("错单整张拒绝", "a faulty sheet is refused whole")):
            _paper(campus)
        with stage.step(
            Text("来电，其余按学号", "power again, the rest by number"), Text("每人一餐", "a meal for each")
        ) as step:
            await campus.start(FIELD, *(name for name in campus.bodies if name != APART))
            async with Hand(campus, COUNTER) as hand:
                await hand.eats(CAT, "成功 ¥15.00")
                await hand.eats(DAN, "成功 ¥15.00")
                assert "应急" not in hand.screen, hand.screen
                await hand.types(f"meal {DAN}", "本餐次已记过")
            step.seen = Text("两人，第二次被拒", "two persons, a second time is refused")
        fits = Text("每餐一次，欠款相符", "each posted once, debts fit")
        with stage.step(Text("收市", "the day is closed"), fits) as step:
            await campus.start(APART)
            await campus.close_shop()
            assert [row[:3] for row in given(campus)] == [
                (ADA, FEN, True), (BEN, FEN, True), (CAT, FEN, False), (DAN, FEN, False)
            ]  # fmt: skip
            require_meals(campus)
            step.seen = Text(f"欠 {len(owed(campus))} 人", f"{len(owed(campus))} persons owe")
        with stage.step(Text("下次充值", "the next deposit"), Text("先还餐费", "repays the meal first")):
            command("cloud", "deposit", "--data", campus.data, "--card", STRANGER, "--yuan", "20", "--key", "after")
            assert ADA not in owed(campus), owed(campus)
            require_truth(campus)


def _paper(campus: Campus) -> None:
    """One person proposes, another confirms; a sheet with one wrong number changes nothing."""
    day = time_text(WALL.at(time.time()))[:10]
    whole = ("--stall", STALL, "--day", day, "--meal", "2", "--reason", "停电", "--data", campus.data)
    said = command("cloud", "meal-sheet", sheet(campus, ADA, NOBODY), "--who", FIRST, *whole, code=1)
    assert "不在册" in said, said
    assert not campus.asked("SELECT 1 FROM proposal"), "a faulty sheet was proposed"
    said = command("cloud", "meal-sheet", sheet(campus, ADA, BEN), "--who", FIRST, *whole)
    (number,) = campus.asked("SELECT id FROM proposal")[0]
    assert not given(campus)
    command("cloud", "meal-sheet", "--confirm", number, "--who", FIRST, "--data", campus.data, code=2)
    command("cloud", "meal-sheet", "--confirm", number, "--who", SECOND, "--data", campus.data)
    assert len(given(campus)) == 2


SCENE = Scene(
    "power-cut",
    Text("12:05 停电", "power cut at 12:05"),
    Text(
        "食堂全停：先记纸，来电后按学号，每餐入账一次，下次充值先还",
        "all dark: some on paper, the rest by number, each meal posted once and repaid by the next deposit",
    ),
    _play,
)


def test_what_it_shows(plays: Callable[[Scene], None]) -> None:
    plays(SCENE)
