"""The morning check: what yesterday left is wrong, unknown or in order; mended where it can be, and signed."""

import re
from collections.abc import Callable
from contextlib import AsyncExitStack

import pytest
from playwright.async_api import Locator, Page, expect

from cloud.console.access.rights import Role
from edge.link.messages import Type
from edge.link.tcp.framing import FrameDecoder, encode
from shared.words.voice import Text
from tests.scenes import plans
from tests.scenes.campus import Campus
from tests.scenes.plans import in_plain
from tests.scenes.relay import Hears, Relay
from tests.scenes.scene import Scene, Stage
from tests.scenes.screens import Screens
from tests.scenes.truth import require_truth

pytestmark = [pytest.mark.process, pytest.mark.browser]
OWES, WHO = "pos-1", "王芳"
NOTE = "已请运维补备份"


class LosesRecords:
    """A line on which records are lost and everything else comes through, until it is mended."""

    def __init__(self) -> None:
        self.is_mended = False

    def watch(self) -> tuple[Hears, Hears]:
        """For one connection."""
        decoder = FrameDecoder()

        def goes_up(data: bytes) -> bytes:
            passes = (one for one in decoder.feed(data) if self.is_mended or one[0] != Type.RECORD)
            return b"".join(encode(one) for one in passes)

        return goes_up, lambda data: data


def line(page: Page, name: str) -> Locator:
    """A row of the check."""
    return page.locator("#fresh tbody tr").filter(has=page.get_by_text(name, exact=True))


async def _looks(stage: Stage, page: Page) -> None:
    with stage.step(
        Text("早上看一眼", "a look in the morning"),
        Text(
            "账平；一台没收齐，点名；没人说过的是未知",
            "balanced; one till has not brought all, by name; the unsaid is unknown",
        ),
    ) as step:
        await page.get_by_role("link", name="晨间核对", exact=True).click()
        await expect(line(page, "账本平")).to_contain_text("正常")
        await expect(line(page, "终端收齐")).to_contain_text(OWES)
        await expect(line(page, "终端收齐")).to_contain_text("不对")
        await expect(line(page, "备份")).to_contain_text("未知")
        await expect(line(page, "银行专户差额")).to_contain_text("未知")
        step.seen = (await line(page, "终端收齐").inner_text()).replace("\t", " ")


async def _types_bank(stage: Stage, page: Page) -> None:
    """A slip of the finger first; then the sum that the books have."""
    with stage.step(
        Text("填银行数：先填错，再填对", "the bank's figure: a slip first"),
        Text("先不对；再填对，还有人欠着，仍是未知", "wrong; then even, and while a till owes it is not known"),
    ) as step:
        await page.get_by_label("银行专户余额").fill("1.00")
        await page.get_by_role("button", name="填入").click()
        await expect(line(page, "银行专户差额")).to_contain_text("不对")
        found = re.search(r"账面 ¥([\d,.]+)", await line(page, "银行专户差额").inner_text())
        assert found, "the books' own sum is not told"
        await page.get_by_label("银行专户余额").fill(found[1])
        await page.get_by_role("button", name="填入").click()
        await expect(line(page, "银行专户差额")).to_contain_text("未知")
        await expect(line(page, "银行专户差额")).to_contain_text(OWES)
        step.seen = f"¥{found[1]}"


async def _signs(stage: Stage, page: Page, losing: LosesRecords) -> None:
    with stage.step(
        Text("线修好了", "the line is mended"), Text("页上自己变成收齐", "the page says by itself that all is there")
    ):
        losing.is_mended = True
        await expect(line(page, "终端收齐")).to_contain_text("正常")
        await expect(line(page, "银行专户差额")).to_contain_text("正常")
    with stage.step(
        Text("签字", "she signs"), Text("签的是此刻所见，留下不变", "what she sees at that moment, kept as it is")
    ) as step:
        await page.get_by_label("处理说明").fill(NOTE)
        await page.get_by_role("button", name="签字").click()
        await expect(page.locator("#fresh")).to_contain_text("今天已签")
        await page.get_by_role("listitem").filter(has_text=NOTE).get_by_role("link").click()
        await expect(page.locator("body")).to_contain_text("签字时的核对结果")
        await expect(page.locator("tbody tr").filter(has_text="备份")).to_contain_text("未知")
        await expect(page.locator("tbody tr").filter(has_text="终端收齐")).to_contain_text("正常")
        await page.go_back()
        await expect(page.get_by_role("button", name="签字")).to_have_count(0)
        step.seen = Text(f"{WHO} 已签", f"signed by {WHO}")


async def _play(stage: Stage) -> None:
    async with AsyncExitStack() as stack:
        room = in_plain(stage.room(plans.three_tills))
        campus = await stack.enter_async_context(Campus(room, seed=96, rate=1.0, tear=0.0, watched=True, shown=True))
        screens = await stack.enter_async_context(Screens(stage, campus))
        losing, (port,) = LosesRecords(), campus.where.ports.values()
        relay = await stack.enter_async_context(Relay(port, losing.watch))
        campus.reach(f"t-{OWES}", port, relay.port)
        await campus.open()
        page = await screens.person(WHO, Role.FINANCE)
        await _looks(stage, page)
        await _types_bank(stage, page)
        await _signs(stage, page, losing)
        with stage.step(Text("收市", "the day is closed"), Text("账目属实", "the books are true")) as step:
            await campus.close_shop()
            step.seen = str(require_truth(campus).posted)
            screens.require_quiet()


SCENE = Scene(
    "morning",
    Text("晨间核对与签字", "morning check and signature"),
    Text(
        "谁没收齐、银行差多少、哪些未知，一页看完；修好的自己变，签的就是所见，签了就留下",
        "who owes, the bank's figure, what is unknown: on one page; what is seen is what is signed, for good",
    ),
    _play,
)


def test_what_it_shows(plays: Callable[[Scene], None]) -> None:
    plays(SCENE)
