"""People at the console in a scene: Debian's Chromium over the console's own HTTPS, and whatever went wrong there."""

import re
import time
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Self

from playwright.async_api import Page, Playwright, ViewportSize, async_playwright, expect

from cloud.console.access.accounts import Accounts
from cloud.console.access.rights import Grant, Role
from shared.words.voice import Text
from tests.cloud.console.screen import CHROMIUM, PASSWORD, QUIET
from tests.scenes.campus import Campus
from tests.scenes.scene import Stage

DESKTOP, PHONE = ViewportSize(width=1440, height=900), ViewportSize(width=360, height=740)
BOUND_MS = 120_000
"""Of each wait at a screen: it ends by its condition, and a bound is met only where something fails."""
_ALLOWED = re.compile(r"ERR_|status of (401|503)")
"""What Chromium itself says of a console that is away."""


class Screens:
    """Use as `async with`. wrong: words on a browser's console, faults of scripts, requests to anywhere else."""

    def __init__(self, stage: Stage, campus: Campus) -> None:
        """The campus is `shown`. Unplayable without a browser."""
        lacking = Text("没有浏览器：apt-get install chromium", "no browser: apt-get install chromium")
        stage.needs(Path(CHROMIUM).exists(), lacking)
        self._campus = campus
        self.address = f"https://127.0.0.1:{campus.where.console_port}/"
        self.wrong: list[str] = []
        self._player: Playwright | None = None

    async def __aenter__(self) -> Self:
        self._player = await async_playwright().start()
        self._chromium = await self._player.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        expect.set_options(timeout=BOUND_MS)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._player is not None
        await self._chromium.close()
        await self._player.stop()

    async def stranger(self, size: ViewportSize = DESKTOP) -> Page:
        """A browser of somebody who has not signed in."""
        context = await self._chromium.new_context(ignore_https_errors=True, viewport=size)
        context.set_default_timeout(BOUND_MS)
        page = await context.new_page()
        page.on("console", lambda said: self._hear(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda fault: self._hear(str(fault)))
        page.on("request", lambda asked: self._look(asked.url))
        return page

    async def person(self, name: str, role: Role, size: ViewportSize = DESKTOP) -> Page:
        """He is invited, chooses a password and sees his first page."""
        page = await self.stranger(size)
        await page.goto(f"{self.address}first-login/{self.invite(name, role)}")
        for field in ("password", "again"):
            await page.fill(f"input[name={field}]", PASSWORD)
        await page.click("button.main")
        await expect(page.locator("nav.menu").first).to_be_attached()
        return page

    def invite(self, name: str, role: Role) -> str:
        """A one-time token of somebody with this role over all of the campus."""
        with closing(Accounts(self._campus.ledger.parent / "console.db")) as accounts:
            token = accounts.make_link(name, int(time.time()))
            accounts.set_grants(name, [Grant(role)])
        return token

    def require_quiet(self) -> str:
        """No browser complained, and nothing was asked of anybody else."""
        assert not self.wrong, self.wrong
        return "0"

    def _hear(self, said: str) -> None:
        if not _ALLOWED.search(said):
            self.wrong.append(said)

    def _look(self, url: str) -> None:
        if not url.startswith((self.address, "data:", "blob:")):
            self.wrong.append(url)


async def sign_in(page: Page, name: str) -> None:
    """At the form that stands there."""
    await page.fill("input[name=name]", name)
    await page.fill("input[name=password]", PASSWORD)
    await page.get_by_role("button", name="登录", exact=True).click()


async def fits(page: Page) -> str:
    """The page scrolls sideways on no screen as wide as this one."""
    width = await page.evaluate("document.documentElement.scrollWidth")
    room = page.viewport_size["width"] if page.viewport_size else 0
    assert width <= room, f"{width} px on {room}"
    return f"{width} px"
