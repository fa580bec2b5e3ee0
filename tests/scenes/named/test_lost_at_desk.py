"""A lost card at the desk, in the browser: reported, its spread watched live, refused at the tills, replaced."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from playwright.async_api import Page, expect

from cloud.console.access.rights import Role
from shared.clocks.campus_clock import WALL
from shared.words.voice import Text
from tests.scenes import plans
from tests.scenes.campus import Campus
from tests.scenes.office import explained
from tests.scenes.plans import DESK, STRANGER, TO_BE_LOST, command
from tests.scenes.scene import Scene, Stage
from tests.scenes.screens import Screens
from tests.scenes.truth import require_posted

pytestmark = [pytest.mark.process, pytest.mark.browser]
TILLS = ("pos-1", "pos-2", "pos-3")
MEAL_FEN, LUNCH_S = 100, 1200
REFUSED, PAID = "declined 黑名单卡", "done 成功"
CLERK, WHY = "王芳", "丢在操场"


def lunch(till: int, from_s: int) -> Iterator[dict[str, Any]]:
    """Somebody else each third second; between them the card that is lost, at all tills by turns."""
    for s in range(0, LUNCH_S, 3):
        yield {"card": f"{2 * till:04d}", "amount_fen": 10, "at": from_s + s}
        yield {"card": TO_BE_LOST, "amount_fen": MEAL_FEN, "at": from_s + s + till - 1}


async def shows(campus: Campus, face: str, since_s: float, *tills: str) -> None:
    """Each of these has shown it since then."""

    def each() -> bool:
        shown = (campus.displays.get(f"t-{name}", ()) for name in tills)
        return all(any(at >= since_s and text.startswith(face) for at, text in one) for one in shown)

    await campus.until(f"{face} at {tills}", each, 60.0)


async def _report(stage: Stage, campus: Campus, page: Page) -> None:
    with stage.step(
        Text("卡务员找到卡，挂失", "the clerk finds the card and reports it"), Text("已挂失", "it is lost")
    ):
        await page.get_by_role("link", name="卡务", exact=True).click()
        await page.locator("form.finder input[type=search]").fill(TO_BE_LOST)
        await page.keyboard.press("Enter")
        await page.locator("tbody").get_by_role("link", name=TO_BE_LOST).click()
        await expect(page.locator("body")).to_contain_text("从未列入黑名单")
        await page.get_by_label("缘由").fill(WHY)
        await page.get_by_role("button", name="挂失", exact=True).click()
        await expect(page.locator("#fresh")).to_contain_text("已挂失")
    since_s = time.time()
    with stage.step(
        Text("到达情况自己在动", "the spread moves by itself"), Text("在线终端全部到达", "all that are online have it")
    ) as step:
        spread = page.get_by_label("黑名单到达情况").first
        await expect(spread).to_contain_text("在线终端已全部到达")
        step.seen = await spread.locator(".big").inner_text()
        assert step.seen.endswith(f"{len(campus.bodies)} / {len(campus.bodies) + 1}"), step.seen
        await expect(spread.locator("li")).to_have_text([DESK])  # its body is not a till, and joins when it loads
    with stage.step(Text("三个窗口", "the three tills"), Text("各拒收一次", "each is seen to refuse it")):
        await shows(campus, REFUSED, since_s, *TILLS)


async def _replace(stage: Stage, campus: Campus, page: Page) -> None:
    with stage.step(
        Text("补卡：空白卡，余额随卡", "a new card, with the balance"), Text("页上是新卡号", "the page names it")
    ) as step:
        await page.get_by_role("link", name=f"卡务 {TO_BE_LOST}").click()
        words = ("--data", campus.data, "--label", TO_BE_LOST)
        await asyncio.to_thread(command, "edge.desk", "reissue", *words, "--new", STRANGER)
        await expect(page.locator("#fresh").get_by_role("link", name=STRANGER)).to_be_visible()
        step.seen = await page.locator(".facts-of dd").first.inner_text()
        await page.locator("#fresh").get_by_role("link", name=STRANGER).click()
        await expect(page.locator("tbody")).to_contain_text(STRANGER)


async def _play(stage: Stage) -> None:
    async with AsyncExitStack() as stack:
        campus = await stack.enter_async_context(Campus(stage.room(plans.with_a_desk), seed=94, shown=True))
        screens = await stack.enter_async_context(Screens(stage, campus))
        command("cloud", "cashier", "--data", campus.data, "--name", CLERK)
        from_s = WALL.at(time.time())
        for n, name in enumerate(TILLS, 1):
            campus.plays(f"t-{name}", lunch(n, from_s))
        await campus.open()
        page = await screens.person(CLERK, Role.CARDS)
        with stage.step(Text("午餐", "lunch"), Text("三个窗口都收这张卡", "all three tills take the card")):
            await shows(campus, PAID, 0, *TILLS)
        await _report(stage, campus, page)
        await _replace(stage, campus, page)
        with stage.step(Text("收市", "the day is closed"), Text("账目属实", "the books are true")) as step:
            await campus.close_shop()
            if campus.asked("SELECT 1 FROM loss"):  # a meal between the report and the first refusal
                assert await explained(campus, "名单到达之前") <= MEAL_FEN * len(TILLS) * stage.slow
            require_posted(campus)
            step.seen = screens.require_quiet()


SCENE = Scene(
    "lost-at-desk",
    Text("柜台挂失", "a lost card at the desk"),
    Text(
        "卡务员在浏览器里挂失：到达情况自己在动，三个窗口拒收，当场补卡，余额随卡",
        "reported in the browser, its spread watched live, refused at three tills, replaced while its owner waits",
    ),
    _play,
)


def test_what_it_shows(plays: Callable[[Scene], None]) -> None:
    plays(SCENE)
