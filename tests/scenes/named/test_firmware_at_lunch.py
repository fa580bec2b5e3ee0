"""A release is rolled out at lunch: nothing of it goes to any till, and each says why, until it is stopped."""

import asyncio
from collections.abc import Callable

import pytest

from shared.words.voice import Text
from tests.scenes import plans
from tests.scenes.campus import Campus
from tests.scenes.office import Office, before_lunch
from tests.scenes.officers import GOOD, Officers, pages_at
from tests.scenes.scene import Scene, Stage
from tests.scenes.truth import require_truth

pytestmark = [pytest.mark.process, pytest.mark.large]


async def _play(stage: Stage) -> None:
    room, patience_s = stage.room(plans.eight_on_can), 30.0 * stage.slow
    async with Campus(room, seed=73, rate=1.0, tear=0.0, clock=before_lunch()) as campus:
        office, officers = Office(campus), Officers(campus)
        good = officers.signed(2, GOOD)
        with stage.step(
            Text("就要开午餐", "lunch is about to begin"), Text("八台在卖，参数已收", "eight sell by parameters")
        ):
            await campus.open()
            await campus.until_shown(8)
            await asyncio.to_thread(office.push, "100.00")
            await campus.until("all have them", lambda: len(office.reported()) == 8, patience_s)
        with stage.step(
            Text("这时下发固件", "firmware is rolled out now"), Text("八台都在等：餐时", "eight wait, for a meal")
        ) as step:
            await asyncio.to_thread(officers.roll_out, good, 2)
            await campus.until("each says why", lambda: _whys(officers) == {("waiting", "meal")}, patience_s)
            sold = campus.shown()
            await campus.until_shown(16)
            assert not any(pages_at(campus, name) for name in campus.bodies), "a page has come"
            sales = campus.shown() - sold
            step.seen = Text(f"其间 {sales} 笔，一页未发", f"{sales} sales, no page sent")
        with stage.step(
            Text("叫停，收市", "it is stopped, the shop closes"), Text("仍是第 1 版", "release 1 as before")
        ):
            await asyncio.to_thread(officers.say, "stop", "1", "--who", "王芳", "--reason", "改日", ends=(0, 1))
            await campus.close_shop(patience_s)
            assert officers.running() == {1}, "somebody runs another one"
            require_truth(campus)


def _whys(officers: Officers) -> set[tuple[str, str | None]]:
    return {(row["state"], row["why"]) for row in officers.rows().values()}


SCENE = Scene(
    "firmware-at-lunch",
    Text("开餐时下发固件", "firmware at lunch"),
    Text(
        "CAN 上八台正要开午餐时下发新版：网关一页也不发，逐台说明是餐时，叫停后照旧",
        "eight tills on CAN are about to serve lunch when a release is rolled out: no page goes, and each says why",
    ),
    _play,
)


def test_nothing_of_a_release_goes_out_at_lunch_and_each_till_says_why(plays: Callable[[Scene], None]) -> None:
    plays(SCENE)
