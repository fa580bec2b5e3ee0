"""A plan from a PDF in ten minutes: sent, devices placed by mouse and by keyboard, published, and live at once."""

import re
import shutil
import time
from collections.abc import Callable
from contextlib import AsyncExitStack

import pytest
from playwright.async_api import Locator, Page, expect

from cloud.console.access.rights import Role
from shared.words.voice import Text
from tests.cloud.console.pages.places import drawn
from tests.scenes import plans
from tests.scenes.campus import Campus
from tests.scenes.scene import Scene, Stage
from tests.scenes.screens import PHONE, Screens, fits

pytestmark = [pytest.mark.process, pytest.mark.browser]
TEN_MINUTES_S = 600.0
TARGET_PX = 24
BY_MOUSE, BY_KEYS, DIES = "pos-1", "pos-2", "pos-3"


async def _send(page: Page) -> str:
    """A PDF where this machine draws one; else it says so, and the same plan goes as a PNG."""
    has_pdf = shutil.which("pdftoppm") is not None
    if not has_pdf:
        await expect(page.locator("main")).to_contain_text("poppler-utils")
    name, media, raw = (
        ("plan.pdf", "application/pdf", drawn.pdf()) if has_pdf else ("plan.png", "image/png", drawn.png(1200, 800))
    )
    await page.get_by_label("名称").fill("一食堂一楼")
    await page.get_by_label("图纸文件").set_input_files(files=[{"name": name, "mimeType": media, "buffer": raw}])
    await page.get_by_role("button", name="上传").click()
    await expect(page.locator("#plan img")).to_have_js_property("complete", True)
    width = await page.locator("#plan img").evaluate("one => one.naturalWidth")
    assert width >= 200, width
    return f"{name}, {width} px"


async def _by_mouse(page: Page) -> str:
    """Picked from the list, put by a click, dragged to another place."""
    await page.get_by_role("link", name=BY_MOUSE).click()
    box = await page.locator("#plan").bounding_box()
    assert box, "no drawing"
    await page.mouse.click(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2)
    spot = page.locator(".spot")
    await expect(spot).to_have_attribute("data-x", re.compile(r"0\.2[45]"))
    held = await spot.bounding_box()
    assert held, "no symbol"
    await page.mouse.move(held["x"] + held["width"] / 2, held["y"] + held["height"] / 2)
    await page.mouse.down()
    await page.mouse.move(box["x"] + box["width"] * 3 / 4, box["y"] + box["height"] / 4, steps=4)
    await page.mouse.up()
    await expect(page.get_by_role("button", name="退回一步 2")).to_be_visible()
    return str(await spot.get_attribute("data-x"))


async def _by_keys(page: Page) -> str:
    """From its name in the list to its place, without a mouse."""
    await page.get_by_role("link", name=BY_KEYS).focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("input[name=x]")).to_be_focused()
    for percent in ("20", "30"):
        await page.keyboard.press("ControlOrMeta+a")
        await page.keyboard.type(percent)
        await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    spot = page.get_by_role("link", name=BY_KEYS)
    await expect(spot).to_have_attribute("data-y", "0.3")
    await spot.focus()
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_role("button", name="退回一步 4")).to_be_visible()
    return f"{await spot.get_attribute('data-x')} {await spot.get_attribute('data-y')}"


async def _is_hit(target: Locator) -> None:
    """By a finger: no smaller than it may be (WCAG 2.5.8)."""
    box = await target.bounding_box()
    assert box, "it is not there"
    assert min(box["width"], box["height"]) >= TARGET_PX, box


async def _play(stage: Stage) -> None:
    async with AsyncExitStack() as stack:
        campus = await stack.enter_async_context(Campus(stage.room(plans.three_tills), seed=93, shown=True))
        screens = await stack.enter_async_context(Screens(stage, campus))
        await campus.open()
        page = await screens.person("王芳", Role.OPERATIONS)
        began = time.monotonic()
        with stage.step(Text("上传图纸", "the drawing is sent"), Text("看得到图", "it is seen")) as step:
            await page.get_by_role("link", name="平面图", exact=True).click()
            step.seen = await _send(page)
        with stage.step(
            Text("用鼠标放一台、拖一下", "one by mouse, and dragged"), Text("在所放之处", "it is there")
        ) as step:
            step.seen = await _by_mouse(page)
        with stage.step(
            Text("只用键盘放一台、挪一格", "one by keyboard alone"), Text("在所写之处", "it is there")
        ) as step:
            step.seen = await _by_keys(page)
        with stage.step(
            Text("第三台，发布", "the third one, published"), Text("三台都在卖", "all three are alive")
        ) as step:
            await page.get_by_role("link", name=DIES).click()
            await page.get_by_role("button", name="放上去").click()
            await expect(page.locator(".spot")).to_have_count(3)
            await page.get_by_role("button", name="发布").click()
            await page.wait_for_url(re.compile(r"/plans/\d+$"))
            await expect(page.locator(".spot.ok")).to_have_count(3)
            await _is_hit(page.locator(".spot .hit").first)
            stage.at_most(step, time.monotonic() - began, TEN_MINUTES_S)
        with stage.step(
            Text("一台断电", "one loses its power"), Text("图上它变了，不用刷新", "the plan says so, by itself")
        ):
            await campus.kill(f"t-{DIES}")
            await expect(page.locator(".spot.bad")).to_have_count(1)
            await expect(page.locator(".beside li", has_text=DIES)).to_contain_text("断线")
        with stage.step(
            Text("维修的人在手机上点开它", "whoever repairs it opens it on a phone"),
            Text("是它，断线", "it is, cut off"),
        ) as step:
            await page.set_viewport_size(PHONE)
            step.seen = await fits(page)
            await _is_hit(page.locator(".beside li a").first)
            await page.locator(".spot.bad").focus()
            await page.keyboard.press("Enter")
            await expect(page.locator("main")).to_contain_text(DIES)
            await page.go_back()
            await campus.start(f"t-{DIES}")
            await expect(page.locator(".spot.ok")).to_have_count(3)
            screens.require_quiet()


SCENE = Scene(
    "floor-plan",
    Text("十分钟上一张平面图", "a floor plan in ten minutes"),
    Text(
        "上传 PDF 的一页，用鼠标和键盘放上三台，发布后即是实时状态：断一台，图上就变",
        "a page of a PDF is sent, three devices are placed by mouse and keyboard, and the plan is live at once",
    ),
    _play,
)


def test_what_it_shows(plays: Callable[[Scene], None]) -> None:
    plays(SCENE)
