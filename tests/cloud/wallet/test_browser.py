"""The wallet in a real browser with a phone's screen: its one-time link, three balances, a loss, no network."""

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from compose.parts.standing import Standing
from compose.servers.ports import free_port
from tests.cloud.campus import Campus, part
from tests.cloud.console.screen import CHROMIUM, QUIET
from tests.patience import PATIENCE_S

pytestmark = [pytest.mark.browser, pytest.mark.process]
PHONE = {"width": 390, "height": 780}
FIRST_LOAD_MAX = 60_000
"""Octets, packed, of all that a first visit brings."""


@dataclass
class Wallet:
    address: str
    link: str
    accounts: Standing
    front: Standing


@pytest.fixture
def wallet(provisioned: Campus, campus: Campus, tmp_path: Path) -> Iterator[Wallet]:
    """Both processes. The front has a folder of its own, with nothing in it but what it may have."""
    behind, before = free_port(), free_port()
    outside = tmp_path / "zone"
    address = f"https://127.0.0.1:{before}/"
    with Standing(part("accounts", "cloud", "accounts", "--data", campus.data, "--port", behind), tmp_path) as accounts:
        shutil.copytree(provisioned.data / "front", outside / "front")
        shutil.copy(campus.data / "front" / "token", outside / "front" / "token")
        words = ("--data", outside, "--port", before, "--accounts", f"https://127.0.0.1:{behind}")
        with Standing(part("wallet", "cloud", "wallet", *words), tmp_path) as front:
            (link,) = re.findall(r"link:(\S+)", accounts.log.read_text())
            yield Wallet(address, f"{address}#link={link}", accounts, front)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE_S * 1000)
    with sync_playwright() as player:
        chromium = player.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield chromium
        chromium.close()


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(ignore_https_errors=True, viewport=PHONE, locale="zh-CN", has_touch=True)
    yield context
    context.close()


@pytest.fixture
def page(phone: BrowserContext) -> Iterator[Page]:
    page = phone.new_page()
    said: list[str] = []
    page.on("console", lambda one: said.append(one.text) if one.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    assert [line for line in said if not re.search(r"ERR_|status of (401|403|503)", line)] == []


def has_balances(page: Page) -> None:
    for name in ("onCard", "pending", "online"):
        expect(page.locator(f"[data-name={name}] .fen")).to_have_text(re.compile(r"^¥\d+\.\d\d$"))


def is_kept(page: Page) -> None:
    """The service worker has taken over: what it keeps is kept."""
    page.evaluate("navigator.serviceWorker.ready.then(() => new Promise(done => navigator.serviceWorker.controller"
                  " ? done() : navigator.serviceWorker.addEventListener('controllerchange', done)))")  # fmt: skip


def test_a_parent_opens_the_link_and_sees_three_balances_apart(page: Page, wallet: Wallet) -> None:
    brought: list[int] = []
    page.on("response", lambda one: brought.append(int(one.headers.get("content-length", "0"))))
    page.goto(wallet.link)
    has_balances(page)
    assert page.url == wallet.address, "the link's token stays in no history"
    assert sum(brought) <= FIRST_LOAD_MAX
    page.select_option("select", index=1)
    expect(page.locator("main h1")).to_have_text("演练同学002")


def test_the_pages_have_no_fault_and_fit_a_small_screen(page: Page, wallet: Wallet) -> None:
    page.goto(wallet.link)
    has_balances(page)
    for name in ("home", "statement", "loss"):
        page.click(f"nav a[href='#{name}']")
        expect(page.locator(f"nav a[href='#{name}']")).to_have_attribute("aria-current", "page")
        expect(page.locator("main h1")).to_be_visible()
        found = [(one["id"], one["nodes"][0]["target"]) for one in Axe().run(page).response["violations"]]
        assert found == [], name
        page.set_viewport_size({"width": 320, "height": 640})
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, name
        page.set_viewport_size(PHONE)


def test_a_loss_is_two_taps_and_found_again_one(page: Page, wallet: Wallet) -> None:
    page.goto(wallet.link)
    page.click("nav a[href='#loss']")
    page.click("main > button.danger")
    page.click("dialog button.danger")
    expect(page.locator(".state")).to_contain_text("已挂失")
    page.click("main > button")
    expect(page.locator(".state")).to_contain_text("正常")


def test_without_a_network_it_shows_what_it_saw_and_when(page: Page, phone: BrowserContext, wallet: Wallet) -> None:
    page.goto(wallet.link)
    has_balances(page)
    is_kept(page)
    phone.set_offline(True)
    page.goto(wallet.address)
    expect(page.locator("#stale")).to_contain_text("连不上网络")
    has_balances(page)
    phone.set_offline(False)


def test_while_the_accounts_are_away_the_wallet_stands_and_says_so(page: Page, wallet: Wallet) -> None:
    page.goto(wallet.link)
    has_balances(page)
    wallet.accounts.kill()
    page.reload()
    expect(page.locator("#stale")).to_be_visible()
    page.click("nav a[href='#statement']")
    expect(page.locator("[role=alert]")).to_contain_text("暂不可用")
    wallet.accounts.start()
    page.click("main button")
    expect(page.locator("main h1")).to_have_text("账单")


def test_who_signs_out_leaves_nothing_on_the_phone(page: Page, wallet: Wallet) -> None:
    page.goto(wallet.link)
    has_balances(page)
    page.click("header button:last-child")
    expect(page.locator("main h1")).to_have_text("登录")
    kept = json.loads(page.evaluate("JSON.stringify(Object.keys(localStorage))"))
    assert [name for name in kept if name.startswith("wallet.kept.")] == []
    page.goto(wallet.link)  # it was good once
    expect(page.locator("#said")).to_contain_text("链接已用过")
