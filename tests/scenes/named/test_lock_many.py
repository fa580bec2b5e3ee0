"""200 tills are locked from the console while three are away: by two persons, and each row says what is true."""

import asyncio
import re
from collections.abc import Callable
from contextlib import AsyncExitStack

import pytest
from playwright.async_api import Page, expect

from cloud.console.access.rights import Role
from shared.words.voice import Text
from tests.scenes import plans
from tests.scenes.campus import Campus
from tests.scenes.hall import hall
from tests.scenes.scene import Scene, Stage
from tests.scenes.screens import Screens

pytestmark = [pytest.mark.process, pytest.mark.browser]
AWAY, CANARIES = {"pos-2", "pos-3", "pos-4"}, 2
HALL, AWAY_HALL = "t-hall", "t-away"
WHY = "停水"
BOUND_S = 180.0


def _peopled(campus: Campus) -> int:
    """All tills in two parts: those that stay, those whose switch will fail. How many there are."""
    tills = {terminal.name for _, _, terminal in campus.plan.terminals()}
    for name in campus.bodies:
        del campus.parts[name]
    campus.parts[HALL], campus.parts[AWAY_HALL] = (
        hall(campus, HALL, tills - AWAY), hall(campus, AWAY_HALL, AWAY),
    )  # fmt: skip
    return len(tills)


async def _until_all_are_there(page: Page, address: str, every: int) -> None:
    """A terminal has joined a moment before its box says so, and the counts to choose by are as old as the page."""
    async with asyncio.timeout(BOUND_S):
        while f"符合筛选的全部 {every} 台" not in await page.locator("body").inner_text():
            await page.goto(address)


async def _choose(page: Page, verb: str) -> None:
    await page.locator("#choose select").select_option(verb)
    await page.locator("#choose input[value=matching]").check()
    await page.get_by_role("button", name="下一步").click()


async def _canaries(stage: Stage, campus: Campus, page: Page, address: str) -> None:
    """Two tills first, one by one: no canteen is closed by that, so one person may."""
    with stage.step(
        Text("先逐台锁两台", "two first, one by one"), Text(f"{CANARIES} 台已锁", f"{CANARIES} are locked")
    ) as step:
        await page.goto(f"{address}devices?find=pos-1&sort=terminal")
        for row in range(CANARIES):
            await page.locator("tbody input[type=checkbox]").nth(row).check()
        await page.locator("#choose select").select_option("lock")
        await page.locator("#choose input[value=ticked]").check()
        await page.get_by_role("button", name="下一步").click()
        await expect(page.locator("h1")).to_contain_text(f"{CANARIES} 台终端")
        await page.fill("input[name=reason]", WHY)
        await page.fill("input[name=count]", str(CANARIES))
        await page.locator("select[name=manner]").select_option("one")
        await page.get_by_role("button", name=re.compile("^下达")).click()
        await expect(page.locator("body")).to_contain_text(f"完成 {CANARIES} / {CANARIES}")
        await campus.until_status("locked", HALL, lambda said: said["locked"] == CANARIES, BOUND_S)
        step.seen = str(campus.status(HALL)["locked"])


async def _propose(stage: Stage, page: Page, address: str, every: int) -> None:
    with stage.step(
        Text("全部锁定：影响与台数", "all of them: what it stops, and the count"),
        Text(
            "四个食堂会停，须另一人确认；台数写错不受理", "four canteens stop, so two persons; a wrong count is refused"
        ),
    ) as step:
        await page.goto(f"{address}devices")
        await _choose(page, "lock")
        await expect(page.locator("h1")).to_have_text(f"锁定：{every} 台终端")
        await expect(page.locator("body")).to_contain_text(f"{len(AWAY)} 台现在不在线或未知")
        await expect(page.locator("body")).to_contain_text("须另一人确认")
        said = page.locator(".banner", has_text="影响")
        step.seen = await said.inner_text()
        await page.fill("input[name=reason]", WHY)
        await page.fill("input[name=count]", str(every - 1))
        await page.get_by_role("button", name="提交他人确认").click()
        await expect(page.locator("body")).to_contain_text(f"请输入台数 {every}")
        await page.go_back()
        await page.fill("input[name=reason]", WHY)
        await page.fill("input[name=count]", str(every))
        await page.get_by_role("button", name="提交他人确认").click()
        await expect(page.locator("body")).to_contain_text("须由另一人确认")
        await expect(page.get_by_role("button", name="确认并下达")).to_have_count(0)


async def _confirm(stage: Stage, campus: Campus, other: Page, address: str, every: int) -> None:
    there = every - len(AWAY)
    with stage.step(
        Text("第二人确认，下达", "the second person confirms"),
        Text(f"{there} 台完成，{len(AWAY)} 台等着，一台不多说", f"{there} have done it, {len(AWAY)} are waited for"),
    ) as step:
        await other.goto(f"{address}orders")
        await other.get_by_role("button", name="确认并下达").click()
        await expect(other.locator("h1")).to_contain_text("任务")
        await expect(other.locator("#fresh")).to_contain_text(f"完成 {there} / {every}", timeout=BOUND_S * 1000)
        await campus.until_status("locked", HALL, lambda said: said["locked"] == there, BOUND_S)
        said = await other.locator("#fresh > p > b").first.inner_text()
        step.seen = said
        assert campus.status(HALL)["locked"] == there
    with stage.step(
        Text("等着的三台", "the three"), Text("每台一行：已发出，无人答复", "a row each: sent, nobody has answered")
    ) as step:
        await other.locator(".facets a").filter(has_not_text="完成").first.click()
        await expect(other.locator("tbody tr")).to_have_count(len(AWAY))
        names = {text.split()[0] for text in await other.locator("tbody tr td:first-child").all_inner_texts()}
        step.seen = " ".join(sorted(names))
        assert names == AWAY, names
        await other.go_back()


async def _back(stage: Stage, campus: Campus, other: Page, every: int) -> None:
    with stage.step(
        Text("交换机修好，三台回来", "the switch is mended, the three are back"),
        Text("它们自己照办，页上自己变", "they do it by themselves, and the page says so"),
    ) as step:
        await campus.start(AWAY_HALL)
        await expect(other.locator("#fresh")).to_contain_text(f"完成 {every} / {every}", timeout=BOUND_S * 1000)
        await campus.until_status("locked", AWAY_HALL, lambda said: said["locked"] == len(AWAY), BOUND_S)
        step.seen = str(campus.status(HALL)["locked"] + campus.status(AWAY_HALL)["locked"])


async def _retry(stage: Stage, page: Page, address: str) -> None:
    """What no till can do fails at each, and is tried again at these alone."""
    with stage.step(
        Text("向三台要没有的批号的流水", "records of an epoch that three never had"),
        Text("三台各答未成；只重试未成的", "each says no; what failed is tried again, alone"),
    ) as step:
        await page.goto(f"{address}devices?find=pos-2&sort=terminal")
        for row in range(len(AWAY)):
            await page.locator("tbody input[type=checkbox]").nth(row).check()
        await page.locator("#choose select").select_option("reread")
        await page.locator("#choose input[value=ticked]").check()
        await page.get_by_role("button", name="下一步").click()
        await page.fill("input[name=records]", "9:1..3")
        await page.fill("input[name=reason]", "补传")
        await page.get_by_role("button", name=re.compile("^下达")).click()
        await expect(page.locator("#fresh")).to_contain_text(f"未成 {len(AWAY)}")
        first = await page.locator("h1").inner_text()
        await (
            page.locator("form", has=page.get_by_role("button", name=re.compile("重试")))
            .locator("input[name=reason]")
            .fill("再试")
        )
        await page.get_by_role("button", name=re.compile("重试")).click()
        await expect(page.locator("h1")).not_to_have_text(first)
        await expect(page.locator("tbody tr")).to_have_count(len(AWAY))
        step.seen = await page.locator("h1").inner_text()


async def _play(stage: Stage) -> None:
    async with AsyncExitStack() as stack:
        room = stage.room(plans.four_canteens if stage.whole else plans.four_small_canteens)
        campus = await stack.enter_async_context(Campus(room, seed=95, shown=True))
        screens = await stack.enter_async_context(Screens(stage, campus))
        every = _peopled(campus)
        there = every - len(AWAY)
        await campus.open()
        page = await screens.person("王芳", Role.OPERATIONS)
        with stage.step(Text("设备页", "the devices"), Text(f"{every} 台在网", f"{every} are there")) as step:
            await campus.until_status("joined", HALL, lambda said: said["joined"] == there, BOUND_S)
            await campus.until_status("joined", AWAY_HALL, lambda said: said["joined"] == len(AWAY), BOUND_S)
            await page.goto(f"{screens.address}devices?state=never")
            await expect(page.locator("tbody tr")).to_have_count(0)
            await _until_all_are_there(page, f"{screens.address}devices?state=joined", every)
            step.seen = str(every)
        await campus.kill(AWAY_HALL)
        await page.goto(f"{screens.address}devices?state=parted")
        await expect(page.locator("tbody tr")).to_have_count(len(AWAY))
        await _canaries(stage, campus, page, screens.address)
        await _propose(stage, page, screens.address, every)
        other = await screens.person("李明", Role.OPERATIONS)
        await _confirm(stage, campus, other, screens.address, every)
        await _back(stage, campus, other, every)
        await _retry(stage, page, screens.address)
        screens.require_quiet()


SCENE = Scene(
    "lock-200",
    Text("锁定二百台，三台不在", "lock 200 tills with 3 away"),
    Text(
        "四个食堂二百台由两人锁定，三台不在：页上逐台属实，三台回来自己照办，未成的单独重试",
        "two persons lock 200 tills of four canteens, three are away: each row is true; they obey when they are back",
    ),
    _play,
)


def test_what_it_shows(plays: Callable[[Scene], None]) -> None:
    plays(SCENE)
