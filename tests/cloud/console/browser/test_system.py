"""The wall and the tree of services in a real browser: a screen without a person, a console or a part that dies."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from cloud.watch.services.parts import FILE as PARTS
from compose.parts.process import began
from tests.cloud.console.screen import Console, sign_in
from tests.patience import PATIENCE_S

pytestmark = [pytest.mark.browser, pytest.mark.process]
SEEN_MS = PATIENCE_S * 1000


@pytest.fixture
def ingest() -> Iterator[subprocess.Popen[bytes]]:
    """A process that stands for the ingest."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.wait()
    assert process.stdin
    process.stdin.close()


def tell_parts(console: Console, pid: int) -> None:
    """As the launcher would, whose place this process takes."""
    me = os.getpid()
    part = {"state": "ready", "pid": pid, "began": began(pid), "since_ms": int(time.time() * 1000), "restarts": 0,
            "why": "", "after": [], "silent": False, "connected": None}  # fmt: skip
    told = {"format": 1, "pid": me, "began": began(me), "ended": False, "told_ms": 1, "version": "9",
            "parts": {"ingest": part}}  # fmt: skip
    (console.ca.parent / PARTS).write_text(json.dumps(told), encoding="utf-8")


def make_screen(page: Page, console: Console, name: str) -> str:
    """Its link, as the page shows it once."""
    page.goto(f"{console.address}wall/tokens")
    page.fill("input[name=name]", name)
    page.get_by_role("button", name="新建大屏").click()
    return page.locator("code.once").inner_text()


def open_screen(page: Page, link: str) -> None:
    """As somebody else; from an empty page, for one that finds itself signed out goes to the sign-in on its own."""
    page.goto("about:blank")
    page.context.clear_cookies()
    page.goto(link)
    page.get_by_role("button", name="打开大屏").click()
    expect(page.locator("#clock")).to_be_visible()


def test_a_wall_says_by_itself_that_data_are_cut_off(page: Page, console: Console) -> None:
    sign_in(page, console)
    link = make_screen(page, console, "门厅")
    page.clock.install()
    open_screen(page, link)
    expect(page.locator(".number")).to_have_count(5)
    expect(page.locator("#cut")).to_be_hidden()
    console.process.send_signal(signal.SIGKILL)
    console.process.wait()
    page.clock.fast_forward(16_000)
    expect(page.locator("#cut")).to_be_visible()
    expect(page.locator("#cut")).to_contain_text("数据中断")


def test_a_wall_fills_the_largest_screen_scrolls_no_phone_and_takes_up_a_new_version(
    page: Page, console: Console
) -> None:
    sign_in(page, console)
    open_screen(page, make_screen(page, console, "走廊"))
    page.set_viewport_size({"width": 3840, "height": 2160})
    size = page.locator(".number p").first.evaluate("one => parseFloat(getComputedStyle(one).fontSize)")
    assert size >= 100
    least = page.locator(".strip").evaluate("one => parseFloat(getComputedStyle(one).fontSize)")
    assert least >= 48
    assert page.evaluate("document.documentElement.scrollHeight") <= 2160
    page.set_viewport_size({"width": 360, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.locator("#wall").evaluate("wall => { wall.dataset.version = 'of before'; wall.dataset.old = 'yes'; }")
    expect(page.locator("#wall")).not_to_have_attribute("data-old", "yes", timeout=SEEN_MS)
    expect(page.locator(".number")).to_have_count(5)


def test_a_part_that_dies_is_in_the_tree_with_its_reason(
    page: Page, console: Console, ingest: subprocess.Popen[bytes]
) -> None:
    tell_parts(console, ingest.pid)
    sign_in(page, console)
    page.goto(f"{console.address}services")
    row = page.locator(".tree .leaf").filter(has=page.locator(".called", has_text="入账进程"))
    expect(row).to_be_visible()
    expect(row).not_to_contain_text("进程已退出")
    ingest.kill()
    ingest.wait()
    expect(row).to_contain_text("进程已退出", timeout=SEEN_MS)
    expect(row).to_contain_text("异常")


def test_a_branch_that_was_folded_stays_so_though_the_page_keeps_itself_new(page: Page, console: Console) -> None:
    sign_in(page, console)
    page.goto(f"{console.address}services")
    branch = page.locator(".tree > li > details").first
    branch.locator("summary").first.click()
    expect(branch).not_to_have_attribute("open", re.compile(".*"))
    page.evaluate("document.querySelector('#fresh .as-of').textContent = 'old'")
    expect(page.locator("#fresh .as-of")).not_to_have_text("old", timeout=SEEN_MS)
    expect(branch).not_to_have_attribute("open", re.compile(".*"))


def test_metrics_and_first_steps_are_pages_without_a_script(page: Page, console: Console) -> None:
    sign_in(page, console)
    cookies = page.context.cookies()
    browser = page.context.browser
    assert browser
    context = browser.new_context(ignore_https_errors=True, java_script_enabled=False)
    context.add_cookies([{"name": one["name"], "value": one["value"], "url": console.address} for one in cookies])
    plain = context.new_page()
    for path in ("services", "metrics-view", "integrations", "setup", "about", "wall"):
        answer = plain.goto(f"{console.address}{path}")
        assert answer
        assert answer.ok
    plain.goto(f"{console.address}metrics-view")
    plain.select_option("select[name=of]", "ykt_machine")
    plain.get_by_role("button", name="显示").click()
    expect(plain).to_have_url(re.compile("of=ykt_machine"))
    context.close()
