"""A limit is changed at noon: signed by persons, at every terminal before lunch, in use when lunch begins, no sooner.

The power goes in between; what is written says under which parameters.
"""

import asyncio
from collections.abc import Callable

import pytest

from shared.wire.fleet_lane import Verdict
from shared.words.voice import Text
from tests.scenes import plans
from tests.scenes.campus import Campus
from tests.scenes.office import SHORTLY_S, TILLS, Office, before_lunch, in_the_morning
from tests.scenes.scene import Scene, Stage
from tests.scenes.truth import require_truth

pytestmark = pytest.mark.process
LIMIT_FEN = 800
DISCOUNT = """[[limit]]
meals = ["午餐"]
discount = "10%"
bearer = "学校"
"""


async def _play(stage: Stage) -> None:
    async with Campus(stage.room(plans.on_tcp), seed=31, tear=0.0, clock=in_the_morning()) as campus:
        await campus.open()
        office = Office(campus, more=DISCOUNT)
        tills = {name: bytes(device) for name, device in campus.asked(TILLS)}
        await asyncio.to_thread(office.push, "100.00")
        await campus.until("the first is stored", lambda: office.are(Verdict.STORED, 1, {*tills.values()}))
        told = Text("先说会拒绝哪些，两人才生效", "first what it would have refused, then two persons")
        with stage.step(Text("中心收紧单笔限额", "the centre tightens a limit"), told) as step:
            asked = await asyncio.to_thread(office.push, "8.00", "--reason", "控费")
            step.seen = Text(f"上周会拒 {len(asked['refused'])} 组", f"{len(asked['refused'])} groups of last week")
            assert asked["refused"], "it does not say what it would have refused"
            await asyncio.to_thread(office.say, "confirm", "--proposal", str(asked["proposal"]), "--who", "李明")
        with stage.step(
            Text("午餐前到每台终端", "at every terminal before lunch"), Text("已存未用", "stored, not in use")
        ):
            await campus.until("the second is stored", lambda: office.are(Verdict.STORED, 2, {*tills.values()}))
            early = [generation for generation, _, _ in office.reported().values() if generation]
            assert not early, f"in use before lunch: {early}"
        with stage.step(
            Text("停过电，午餐开始生效", "the power goes and comes back; in use at lunch"),
            Text("每台第 2 版", "2 at each"),
        ):
            await campus.again_at(before_lunch(SHORTLY_S))
            await campus.until("it counts", lambda: office.are(Verdict.IN_USE, 2, {*tills.values()}))
        with stage.step(
            Text("午餐的每一笔", "every sale of lunch"), Text("≤ ¥8.00，写明第 2 版", "≤ ¥8.00, under 2")
        ) as step:
            await campus.until_shown(6)
            await campus.until("the school bears a discount", office.discounts)
            await campus.close_shop()
            step.seen = _require_kept(office, [*tills.values()])
            assert office.served(2), "nothing is counted under its generation"
        with stage.step(Text("收市", "the day is closed"), Text("账目属实", "the books are true")):
            require_truth(campus)


def _require_kept(office: Office, tills: list[bytes]) -> Text:
    """What was sold under the new limit keeps to it, and nothing was sold under the old one after it."""
    count = 0
    for device in tills:
        found = office.versions(device)
        at_lunch = [fen for version, fen in found if version == 2]
        assert [version for version, _ in found] == sorted(version for version, _ in found), found
        assert all(fen <= LIMIT_FEN for fen in at_lunch), found
        count += len(at_lunch)
    assert count, "nothing was sold at lunch"
    return Text(f"{count} 笔", f"{count} sales")


SCENE = Scene(
    "limit-at-noon",
    Text("中午改限额", "a limit is changed at noon"),
    Text(
        "上午收紧单笔限额：午餐前到每台终端，午餐开始才生效，其间停电",
        "a limit is tightened in the morning: everywhere before lunch, in use when it begins; the power goes between",
    ),
    _play,
)


def test_a_limit_is_changed_at_noon(plays: Callable[[Scene], None]) -> None:
    plays(SCENE)
