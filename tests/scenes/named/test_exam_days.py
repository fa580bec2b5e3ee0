"""Three exam days without network: cards and meals by number go on, all of it posts afterwards, and limits are told."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from shared.clocks.campus_clock import WALL
from shared.clocks.clock import DAY_S
from shared.fleet.enrolled import week_of
from shared.words.voice import Text
from tests.scenes import plans
from tests.scenes.campus import Campus
from tests.scenes.hand import Hand
from tests.scenes.meals import ADA, BEN, FEN, enrol, given, require_meals, until_listed
from tests.scenes.plans import BOX
from tests.scenes.scene import Scene, Stage
from tests.scenes.truth import require_posted

pytestmark = [pytest.mark.process, pytest.mark.large]
FIRST, SECOND = "pos-1", "pos-2"
APART = tuple(f"t-{name}" for name in (FIRST, SECOND))
RICH = "0002"
"""A card with money on it."""
NOON_S = 12 * 3600
FIELD = f"edge-{BOX}"


def monday_s() -> int:
    """The first second of the Monday behind today."""
    today = WALL.at(time.time()) // DAY_S
    return next(day for day in range(today + 1, today + 9) if week_of(day) != week_of(day - 1)) * DAY_S


def noon(day_s: int) -> str:
    """A campus clock of that day."""
    return f"{day_s + NOON_S}:{time.time()}:1"


async def _before(stage: Stage, room: Path, day_s: int) -> None:
    """The Sunday before: the list comes."""
    clock = noon(day_s - DAY_S)
    async with Campus(room, seed=131, clock=clock) as campus:
        await campus.open(*APART)
        enrol(campus)
        with stage.step(Text("考前", "before the exams"), Text("两台有名单", "two tills have the list")):
            async with Hand(campus, FIRST, clock=clock), Hand(campus, SECOND, clock=clock):
                await until_listed(campus, FIRST, SECOND)


async def _exam(stage: Stage, room: Path, day_s: int, number: int) -> None:
    """The box alone: no network, no centre."""
    clock = noon(day_s)
    async with Campus(room, seed=132 + number, clock=clock) as campus:
        await campus.start(FIELD)
        day = Text(f"考试第 {number} 天，断网", f"exam day {number}, off line")
        with stage.step(day, Text("刷卡与学号照常", "cards and numbers go on")):
            async with Hand(campus, FIRST, clock=clock) as hand:
                await hand.types(f"card {RICH}", "> ")
                await hand.types("1", "成功 ¥1.00")
                if number <= 2:
                    await hand.eats(ADA, "成功 ¥15.00")
                else:
                    await hand.types(f"meal {ADA}", "本周已记满")
                    await hand.eats(BEN, "成功 ¥15.00")
            async with Hand(campus, SECOND, clock=clock) as hand:
                if number == 1:
                    await hand.eats(ADA, "成功 ¥15.00")
        await campus.stop(FIELD)


async def _after(stage: Stage, room: Path, day_s: int) -> None:
    async with Campus(room, seed=139, clock=noon(day_s)) as campus:
        named = Text("每餐入账一次，重复与超次点名", "each posted once; what is beyond is named")
        with stage.step(Text("网络恢复", "the network is back"), named) as step:
            await campus.open()
            await campus.until("all meals are posted", lambda: len(given(campus)) == 4)
            await campus.close_shop()
            assert [row[:2] for row in given(campus)] == [(ADA, FEN), (ADA, FEN), (ADA, FEN), (BEN, FEN)]
            beyond = sorted(bits for number, _, _, bits in given(campus) if number == ADA)
            assert sum(bits & 1 for bits in beyond) == 1, f"taken at two tills in one meal: {beyond}"
            assert sum(bits >> 1 & 1 for bits in beyond) == 1, f"a third one in a week: {beyond}"
            assert campus.facts("meal-twice")
            assert campus.facts("meal-beyond")
            require_meals(campus)
            require_posted(campus)
            step.seen = Text("四餐，一次重复，一次超周", "four meals, one a second one, one above the week's number")


async def _play(stage: Stage) -> None:
    room, day_s = stage.room(plans.on_tcp), monday_s()
    await _before(stage, room, day_s)
    for number in (1, 2, 3):
        await _exam(stage, room, day_s + (number - 1) * DAY_S, number)
    await _after(stage, room, day_s + 3 * DAY_S)


SCENE = Scene(
    "exam-days",
    Text("三天断网考试", "three exam days without network"),
    Text(
        "网关断网三天，刷卡与学号照常，之后全部入账，超出每周次数点名",
        "the box is off line for three days; cards and numbers go on, all posts afterwards, the week's limits are told",
    ),
    _play,
)


def test_what_it_shows(plays: Callable[[Scene], None]) -> None:
    plays(SCENE)
