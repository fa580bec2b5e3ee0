"""The plug of a bus is pulled in the middle of a chain: the topology draws where, one alarm explains the others."""

import socket
from collections.abc import Callable
from contextlib import AsyncExitStack

import pytest
from playwright.async_api import Page, expect

from cloud.console.access.rights import Role
from edge.link.sim.can_wire import CableCut, encode_order
from shared.words.voice import Text
from tests.scenes import plans
from tests.scenes.alarmed import Alarm, Alarmed
from tests.scenes.campus import Campus
from tests.scenes.plans import BOX
from tests.scenes.scene import Scene, Stage
from tests.scenes.screens import Screens
from tests.scenes.truth import require_truth

pytestmark = [pytest.mark.process, pytest.mark.browser, pytest.mark.large]
LANE, TILLS, CUT = f"{BOX}/can0", 8, 5
"""The cable is cut behind this place of the chain: three tills are behind it."""
BEFORE, BEHIND = f"pos-{CUT}", f"pos-{CUT + 1}"
BOUND_S = 90.0


def pull(campus: Campus, behind: int | None) -> None:
    """The plug behind that place, or put it in again."""
    argv = next(part.argv for name, part in campus.parts.items() if name.startswith("bus-"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as hand:
        hand.connect(argv[argv.index("--socket") + 1])
        hand.send(encode_order(CableCut(behind)))


def since(campus: Campus, before: set[Alarm]) -> set[Alarm]:
    """Alarms that call a person and did not before."""
    return Alarmed(campus).calling() - before


async def _found(page: Page) -> str:
    """By looking: between which two the lane is broken."""
    lane = page.locator(f'[id="lane-{LANE}"]')
    await expect(lane.locator(".break")).to_have_count(1)
    texts = await lane.locator(".cells > *").all_inner_texts()
    at = texts.index("✂")
    return f"{texts[at - 1].split()[-1]} ✂ {texts[at + 1].split()[-1]}"


async def _play(stage: Stage) -> None:
    async with AsyncExitStack() as stack:
        room = stage.room(plans.eight_on_can)
        campus = await stack.enter_async_context(Campus(room, seed=91, rate=1.0, watched=True, shown=True))
        screens = await stack.enter_async_context(Screens(stage, campus))
        await campus.open()
        page = await screens.person("王芳", Role.OPERATIONS)
        with stage.step(Text("拓扑：一条总线", "the topology: one bus"), Text("八台在网", "eight are there")):
            await page.get_by_role("link", name="拓扑", exact=True).click()
            lane = page.locator(f'[id="lane-{LANE}"]')
            await expect(lane.locator(".cell.ok")).to_have_count(TILLS)
        before = Alarmed(campus).calling()
        pull(campus, CUT)
        between = Text(f"画在 {BEFORE} 与 {BEHIND} 之间，不用刷新", f"drawn between {BEFORE} and {BEHIND}, by itself")
        with stage.step(Text("中间拔了插头", "the plug is pulled in the middle"), between) as step:
            step.seen = await _found(page)
            assert step.seen == f"{BEFORE} ✂ {BEHIND}"
            await expect(lane.locator(".cell.ok")).to_have_count(CUT)
        with stage.step(Text("其后三台", "the three behind it"), Text("脱机照卖", "they sell off line")):
            await campus.until_shown(3, *(f"t-pos-{n}" for n in range(CUT + 1, TILLS + 1)))
        await _one_alarm(stage, campus, page, before)
        pull(campus, None)
        with stage.step(
            Text("插头插回", "the plug is put in again"),
            Text("八台在网，断点消失，报警恢复", "whole; the alarm returns"),
        ) as step:
            await page.get_by_role("link", name="拓扑", exact=True).click()
            await expect(lane.locator(".cell.ok")).to_have_count(TILLS)
            await expect(lane.locator(".break")).to_have_count(0)
            await campus.until("nothing calls", lambda: not since(campus, before), BOUND_S)
            step.seen = screens.require_quiet()
        with stage.step(Text("收市", "the day is closed"), Text("账目属实", "the books are true")) as step:
            await campus.close_shop(BOUND_S)
            step.seen = str(require_truth(campus).posted)


async def _one_alarm(stage: Stage, campus: Campus, page: Page, before: set[Alarm]) -> None:
    """What is called by it is explained by it."""
    with stage.step(Text("报警", "alarms"), Text("一条，其余归于它", "one, which explains the others")) as step:
        await page.get_by_role("link", name="报警中心", exact=True).first.click()
        await page.get_by_role("link", name="总线断开").first.click()
        await expect(page.locator("#fresh")).to_contain_text(f"{BEFORE}")
        await expect(page.locator("main")).to_contain_text("查所指两台之间的线缆")
        new = since(campus, before)
        step.seen = " ".join(rule for rule, _ in sorted(new))
        assert new == {("bus-cut", f"bus:{LANE}/{BEHIND}")}, new


SCENE = Scene(
    "cut-cable",
    Text("找到断开的线缆", "find the cut cable"),
    Text(
        "CAN 上八台在卖，第五与第六台之间断开：拓扑画出断点，一条报警，插回后自行平静",
        "eight tills on CAN, the cable is cut behind the fifth: drawn where it is, one alarm, quiet when it is mended",
    ),
    _play,
)


def test_what_it_shows(plays: Callable[[Scene], None]) -> None:
    plays(SCENE)
